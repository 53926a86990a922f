//! A server's question about a request, judged.

use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode, Uri, header};
use serde_json::json;
use spigot_state::State;

use super::words::Untold;
use super::{Beside, BesideKind};
use crate::body::{Incoming, Through, inspect};
use crate::door::connection::Connection;
use crate::door::described::{About, Answer, Described, Judgement, Shown};
use crate::metrics::Metrics;
use crate::pipeline::Snapshot;
use crate::respond::{Refusal, problem};
use crate::wire;

/// What is looked at of a body that a server shows: as much as any policy may ask for.
pub(super) const BODY_BYTES: u64 = 1 << 20;

/// How servers say what they show of a body.
static X_ORIGINAL_BODY: HeaderName = HeaderName::from_static("x-original-body");
static PARTIAL_BODY: HeaderName = HeaderName::from_static("x-envoy-auth-partial-body");

impl<S: State> Connection<S> {
    /// Answers a question.
    pub(super) async fn asked(
        &self,
        beside: &Beside,
        snapshot: &Snapshot,
        mut parts: Box<Parts>,
        body: Incoming,
        header_order: u64,
    ) -> Response<Through> {
        let words = beside.kind.words();
        let told = beside.sent(self.peer(), &parts.headers).and_then(|sent| {
            let line = words.request(&parts.method, &parts.uri, &mut parts.headers)?;
            words.take_out(&mut parts.headers)?;
            Ok((sent, line))
        });
        let (sent, line) = match told {
            Ok(told) => told,
            Err(untold) => {
                let mut refusal = untold.refusal();
                if beside.kind.misreads(refusal.status()) {
                    *refusal.status_mut() = StatusCode::FORBIDDEN;
                }
                return refusal;
            }
        };
        let judgement = match target(&line.target, snapshot) {
            Ok(uri) => {
                let body = shown(beside.kind, &line.method, &mut parts.headers, body, snapshot).await;
                parts.method = line.method;
                parts.uri = uri;
                parts.version = http::Version::HTTP_11;
                let described = Described {
                    parts,
                    client: sent.client,
                    secure: sent.secure,
                    tls: None,
                    http2: None,
                    // A script hands fields over in no order.
                    header_order: (!beside.kind.is_script()).then_some(header_order),
                    body,
                };
                let software = self.read_agent(described.user_agent());
                self.gateway.judge_over(self.nobody(), described, software, About::default()).await
            }
            Err(refusal) => {
                Metrics::one(&self.gateway.metrics.requests_refused);
                Judgement::undecided(snapshot, Answer::Instead(refusal.undecided().map(Through::of_ours)))
            }
        };
        beside.kind.reply(&self.gateway, judgement).map(Through::Bytes)
    }
}

impl Untold {
    /// The server's configuration is wrong, and the client has no part in that.
    pub(in crate::door) fn refusal(self) -> Response<Through> {
        problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "untold",
            "The server in front does not say what it has to",
            &format!("Its configuration has to set {}, once; `integrations/` shows how.", self.0),
            json!({}),
        )
    }
}

/// A target as it was told, when it is one.
pub(super) fn target(text: &str, snapshot: &Snapshot) -> Result<Uri, Refusal> {
    if text.len() > snapshot.settings.bounds.target_bytes {
        return Err(wire::Refusal::TargetTooLong.into());
    }
    let path = PathAndQuery::try_from(text).ok().filter(|path| {
        // What is behind a # would be cut off here, and passed on by others.
        path.as_str() == text && (text.starts_with('/') || text == "*")
    });
    path.map(Uri::from).ok_or(Refusal { detail: "its target is no path", ..crate::door::turn::UNCLEAR })
}

/// What a server shows of a body, as far as it comes in time.
async fn shown(
    kind: BesideKind,
    method: &Method,
    headers: &mut HeaderMap,
    body: Incoming,
    snapshot: &Snapshot,
) -> Shown {
    let whole = match kind {
        BesideKind::Nginx | BesideKind::Caddy | BesideKind::Apache | BesideKind::EnvoyGrpc => None,
        // All of it, where its configuration says `forwardBody`.
        BesideKind::Traefik => (!http_body::Body::is_end_stream(&body)).then_some(true),
        BesideKind::Haproxy => headers.remove(&X_ORIGINAL_BODY).map(|told| told == "whole"),
        BesideKind::EnvoyHttp => headers.remove(&PARTIAL_BODY).map(|told| told == "false"),
    };
    let Some(whole) = whole else {
        // The question's own framing is not the request's.
        headers.remove(header::CONTENT_LENGTH);
        let bodiless = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
        return if bodiless { Shown::Nothing } else { Shown::Unseen };
    };
    let read = inspect(body, Bytes::new(), BODY_BYTES, snapshot.settings.bounds.inspect_time).await;
    if read.bytes.is_empty() && read.complete && whole {
        return Shown::Nothing;
    }
    if whole && read.complete { Shown::Whole(read.bytes) } else { Shown::Begun(read.bytes) }
}
