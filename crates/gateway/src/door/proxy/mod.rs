//! The reverse proxy: a decided request goes on to the application, or is answered here.

mod attempt;
mod pass;
mod rewrite;

use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode, Version, header};
use http_body::Body;
use spigot_decision::Sender;
use spigot_state::State;

use self::attempt::in_steps;
use super::connection::Connection;
use super::turn::{Gone, Looked, Original, Turn, Verdict, sender, wanted_upgrade};
use crate::body::{Fault, Incoming, Patience, RequestBody, Through, inspect};
use crate::http1::told_length;
use crate::in_box::in_box;
use crate::metrics::Metrics;
use crate::respond::Refusal;
use crate::wire::{self, Interims};

/// What a client is told whose body did not come whole.
fn unfinished(fault: Fault) -> Refusal {
    match fault {
        Fault::BrokeOff => Refusal {
            status: StatusCode::BAD_REQUEST,
            code: "bad_request",
            title: "The body broke off",
            detail: "Send the request again.",
        },
        Fault::TooSlow => wire::Refusal::BodyLate.into(),
    }
}

const GONE: Refusal = Refusal {
    status: StatusCode::GONE,
    code: "form_gone",
    title: "This form is not kept here any more",
    detail: "It was sent already, or it waited for more than ten minutes. Go back to it, and send it again if need be.",
};

/// One request on its way through to the application.
pub(super) struct Passing<'a, S> {
    pub(super) connection: &'a Rc<Connection<S>>,
    pub(super) turn: Turn<'a, S>,
    /// Who passes interim answers on, when anybody can.
    pub(super) interims: Option<Rc<dyn Interims>>,
}

impl<S: State> Passing<'_, S> {
    pub(super) async fn take(&self, parts: &Parts, body: Incoming) -> Box<Response<Through>> {
        let turn = &self.turn;
        let (gateway, snapshot, seen) = (turn.gateway, turn.snapshot, turn.seen);
        let sender = sender(&parts.headers);
        let proofs = turn.proofs(parts).await;
        let mut held = gateway.clearance(snapshot, seen).await;
        held.trusted = proofs.trusted;
        let route = (!body.is_end_stream() || !turn.parameters().is_empty()).then(|| turn.route());
        let body_bytes = route.map_or(0, |route| route.settings.body_bytes);
        let read = self.inspected(parts, sender, body, body_bytes).await;
        let (mut body, mut inspected, complete) = match read {
            Ok(read) => read,
            Err(fault) => {
                Metrics::one(&gateway.metrics.requests_refused);
                return Box::new(unfinished(fault).undecided());
            }
        };
        // Who sends the body late would otherwise choose how much of a step is left for the application.
        let came = if route.is_some() { Instant::now() } else { turn.arrived };
        // The form itself is what is decided upon and sent: its host and target are this request's.
        let (kept, gone) = match turn.kept_form(parts, &inspected) {
            Ok(kept) => (kept, false),
            Err(Gone) => (None, true),
        };
        let mut content_type = parts.headers.get(header::CONTENT_TYPE);
        if let Some(kept) = &kept {
            inspected = kept.body.clone();
            body = Through::Bytes(kept.body.clone());
            content_type = Some(&kept.content_type);
        }
        let (removed, in_trap) = turn.take_honeypot(content_type, &mut body, &mut inspected, complete);
        let upgrade = wanted_upgrade(parts);
        let original = Original { parts, kept: kept.as_ref(), removed, upgrade, left_out: proofs.left_out };
        let looked = Looked { inspected: &inspected, complete, unseen: false, in_trap, account: None };
        let decided = turn.decide(&original, looked, route, sender, held).await;
        match turn.verdict(&decided).await {
            Verdict::Pass { .. } | Verdict::Challenge if gone => Box::new(turn.refuse(decided, &GONE)),
            Verdict::Pass { trickled } => match self.step(&decided) {
                None => self.pass(&original, body, decided, trickled).await,
                Some(step) => {
                    let passed = in_box(|| self.pass(&original, body, decided, trickled));
                    in_steps(came, step, passed).await
                }
            },
            Verdict::Refuse(refusal) => {
                turn.put_back(kept.as_ref());
                Box::new(turn.refuse(decided, refusal))
            }
            Verdict::Challenge => {
                Box::new(in_box(|| turn.challenge(&original, body, inspected, decided)).await)
            }
            Verdict::Pretend => Box::new(turn.pretend(decided)),
        }
    }

    /// The beginning of the body, held for a look; gRPC streams go by unseen, because their ends wait for each other.
    /// Half a body must never look like a whole one: a client that broke off, or was too slow, is refused.
    async fn inspected(
        &self,
        parts: &http::request::Parts,
        sender: Sender,
        body: Incoming,
        most: u64,
    ) -> Result<(Through, Bytes, bool), Fault> {
        if http_body::Body::is_end_stream(&body) {
            return Ok((Through::Empty, Bytes::new(), true));
        }
        let bounds = &self.turn.snapshot.settings.bounds;
        let http2 = parts.version == Version::HTTP_2;
        let body = RequestBody::from(body);
        // Over HTTP/1.1 there is no such stream, whatever a request calls itself.
        if sender == Sender::Grpc && http2 && parts.method == Method::POST {
            return Ok((Through::Incoming(body), Bytes::new(), false));
        }
        let body = if http2 { body.paced(Patience::new(bounds)) } else { body };
        let time = bounds.inspect_time;
        let found = in_box(|| inspect(body, Bytes::new(), most, time)).await;
        let (bytes, complete) = (found.bytes.clone(), found.complete);
        if let Some(fault) = found.fault {
            return Err(fault);
        }
        if complete && told_length(&parts.headers).is_some_and(|told| told != bytes.len() as u64) {
            return Err(Fault::BrokeOff);
        }
        let body = if found.rest.is_none() && found.trailers.is_none() {
            Through::Bytes(found.bytes)
        } else {
            Through::Inspected(Box::new(found))
        };
        Ok((body, bytes, complete))
    }
}
