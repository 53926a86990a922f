//! Envoy's question by gRPC: one unary call over HTTP/2.

#[cfg(fuzzing)]
pub(crate) mod fuzz;
mod messages;
mod protobuf;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use spigot_state::State;

use self::messages::{Check, allowed, denied, unframed};
use super::asked::{BODY_BYTES, target};
use super::with_description;
use crate::body::{Incoming, Inspected, Through, inspect};
use crate::door::connection::Connection;
use crate::door::described::{About, Answer, Described, Judgement, Shown};
use crate::metrics::Metrics;
use crate::pipeline::Snapshot;
use crate::respond::Refusal;
use crate::settings::Bounds;
use crate::wire;

/// Where Envoy asks.
pub(super) const METHOD: &str = "/envoy.service.auth.v3.Authorization/Check";
/// A message is a body, and a head beside it.
const MESSAGE_BYTES: u64 = BODY_BYTES + (256 << 10);

/// How Envoy says whether it shows all of a body.
static PARTIAL_BODY: HeaderName = HeaderName::from_static("x-envoy-auth-partial-body");

impl<S: State> Connection<S> {
    /// Answers a call. What is no question is refused as a call, which Envoy takes for a failure.
    pub(super) async fn called(&self, snapshot: &Snapshot, body: Incoming) -> Response<Through> {
        let time = snapshot.settings.bounds.inspect_time;
        let read = inspect(body, Bytes::new(), MESSAGE_BYTES, time).await;
        let message = read.whole(MESSAGE_BYTES).and_then(|bytes| unframed(bytes.clone()).ok());
        let Some(check) = message.and_then(|message| Check::read(message).ok()) else {
            return failed("3", "this is no CheckRequest");
        };
        let judgement = match described(check, snapshot) {
            Ok(described) => {
                let software = self.read_agent(described.user_agent());
                self.gateway.judge_over(self.nobody(), described, software, About::default()).await
            }
            Err(Unjudged::Untold(what)) => return failed("3", what),
            Err(Unjudged::Refused(refusal)) => {
                Metrics::one(&self.gateway.metrics.requests_refused);
                let answer = Answer::Instead(refusal.undecided().map(Through::of_ours));
                Judgement::undecided(snapshot, answer)
            }
        };
        replied(match &judgement.answer {
            Answer::Pass(fields) => {
                // Envoy would remove what it has just been given.
                let remove = judgement.remove.iter().filter(|name| !fields.contains_key(*name));
                allowed(fields, &remove.collect::<Vec<_>>())
            }
            Answer::Instead(answer) => denied(answer),
        })
    }
}

enum Unjudged {
    /// The call does not say what it has to.
    Untold(&'static str),
    /// What the call is about is refused.
    Refused(Refusal),
}

fn described(mut check: Check, snapshot: &Snapshot) -> Result<Described, Unjudged> {
    fits(&check.headers, &with_description(&snapshot.settings.bounds)).map_err(Unjudged::Refused)?;
    let client = check.client.ok_or(Unjudged::Untold("the call names no source address"))?;
    let method = Method::from_bytes(check.method.as_bytes());
    let method = method.map_err(|_| Unjudged::Untold("the call names no method"))?;
    let host = HeaderValue::from_str(&check.host);
    check.headers.insert(header::HOST, host.map_err(|_| Unjudged::Untold("the call names no host"))?);
    let uri = target(&check.path, snapshot);
    let uri = uri.map_err(Unjudged::Refused)?;
    let body = shown(&method, &mut check.headers, check.body);
    let (mut parts, ()): (Parts, ()) = Request::new(()).into_parts();
    (parts.method, parts.uri, parts.headers) = (method, uri, check.headers);
    let secure = check.scheme == "https";
    // The map of a message has no order.
    Ok(Described { parts: Box::new(parts), client, secure, tls: None, http2: None, header_order: None, body })
}

/// The bounds of a head, as the wire holds other questions to them.
fn fits(headers: &HeaderMap, bounds: &Bounds) -> Result<(), Refusal> {
    if headers.len() > bounds.headers {
        return Err(wire::Refusal::TooManyFields.into());
    }
    // The colon, the space and the end of each line count there.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > bounds.head_bytes { Err(wire::Refusal::HeadTooLarge.into()) } else { Ok(()) }
}

fn shown(method: &Method, headers: &mut HeaderMap, bytes: Bytes) -> Shown {
    match headers.remove(&PARTIAL_BODY) {
        Some(partial) if partial == "true" => Shown::Begun(bytes),
        Some(_) if bytes.is_empty() => Shown::Nothing,
        Some(_) => Shown::Whole(bytes),
        None if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) => Shown::Nothing,
        None => Shown::Unseen,
    }
}

/// A message, and behind it that all went well.
fn replied(message: Bytes) -> Response<Through> {
    let trailers = [(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))];
    let body = Inspected {
        bytes: message,
        rest: None,
        trailers: Some(trailers.into_iter().collect()),
        fault: None,
        complete: true,
    };
    let mut response = Response::new(Through::Inspected(Box::new(body)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

fn failed(status: &'static str, why: &'static str) -> Response<Through> {
    let mut response = Response::new(Through::Empty);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static(status));
    headers.insert("grpc-message", HeaderValue::from_static(why));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_described_head_has_the_bounds_of_one_that_came() {
        let bounds = Bounds { headers: 3, head_bytes: 60, ..Bounds::default() };
        let check = |fields: &[(&'static str, usize)], refused: Option<u16>| {
            let mut headers = HeaderMap::new();
            for (name, bytes) in fields {
                headers.append(*name, HeaderValue::try_from("x".repeat(*bytes)).unwrap());
            }
            let found = fits(&headers, &bounds).err().map(|refusal| refusal.status.as_u16());
            assert_eq!(found, refused, "{fields:?}");
        };
        check(&[], None);
        check(&[("a", 5), ("a", 5), ("b", 5)], None);
        check(&[("a", 5), ("a", 5), ("b", 5), ("c", 5)], Some(431));
        // Six letters of a name, and four around it.
        check(&[("accept", 50)], None);
        check(&[("accept", 51)], Some(431));
        check(&[("a", 25), ("b", 25)], None);
        check(&[("a", 25), ("b", 26)], Some(431));
    }
}
