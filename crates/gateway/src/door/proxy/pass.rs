//! A request that goes on to the application, and the answer that comes back.

use std::pin::pin;
use std::time::{Duration, Instant};

use http::{HeaderValue, Response, StatusCode};
use spigot_decision::Sender;
use spigot_event::DecisionId;
use spigot_state::State;

use super::rewrite::Onward;
use super::{Passing, unfinished};
use crate::body::Through;
use crate::door::turn::{Original, Turn, injects};
use crate::honeypot::Injected;
use crate::metrics::Metrics;
use crate::pipeline::{Decided, End};
use crate::respond::{Refusal, remove_hop_by_hop};
use crate::upstream::{Outgoing, Times, UpstreamError};
use crate::wire::before;

const UNKNOWN_HOST: Refusal = Refusal {
    status: StatusCode::MISDIRECTED_REQUEST,
    code: "unknown_host",
    title: "This host is not served here",
    detail: "Check the address.",
};

const UNASKED: Refusal = Refusal {
    status: StatusCode::BAD_GATEWAY,
    code: "upstream",
    title: "The application is not available",
    detail: "It switched protocols unasked.",
};

/// What events show when the client went away before the application answered; nobody is sent it.
const GONE: u16 = 499;

fn unavailable(error: UpstreamError) -> Refusal {
    let (status, detail) = match error {
        UpstreamError::Connect => (StatusCode::BAD_GATEWAY, "It cannot be reached."),
        UpstreamError::Timeout => (StatusCode::GATEWAY_TIMEOUT, "It did not answer in time."),
        UpstreamError::Broken => (StatusCode::BAD_GATEWAY, "It broke off its answer."),
    };
    Refusal { status, code: "upstream", title: "The application is not available", detail }
}

/// A request that the application has been asked. Dropped before it is recorded, the client has gone away: that is
/// recorded then, and the upstream's request ends with the future that held it.
struct Asked<'a, S: State> {
    turn: &'a Turn<'a, S>,
    decided: Option<Box<Decided>>,
    trickled: bool,
    /// Spigot's own time before the application was asked.
    added: Duration,
}

impl<S: State> Asked<'_, S> {
    fn record(&mut self, status: u16, after: Duration) {
        if let Some(decided) = self.decided.take() {
            let end = End { trickled: self.trickled, upstream_status: Some(status), ..End::default() };
            self.turn.end_after(decided, end, self.added + after);
        }
    }
}

impl<S: State> Drop for Asked<'_, S> {
    fn drop(&mut self) {
        self.record(GONE, Duration::ZERO);
    }
}

impl<S: State> Passing<'_, S> {
    /// Sends the request to the application and hands its answer back.
    pub(super) async fn pass(
        &self,
        original: &Original<'_>,
        mut body: Through,
        decided: Box<Decided>,
        trickled: bool,
    ) -> Box<Response<Through>> {
        let (gateway, snapshot, seen) = (self.turn.gateway, self.turn.snapshot, self.turn.seen);
        let Some((_, site)) = snapshot.settings.site(seen.host) else {
            return Box::new(self.turn.refuse(decided, &UNKNOWN_HOST));
        };
        let (sender, id, route) = (decided.sender, decided.id, decided.decision.route);
        let mut asked =
            Asked { turn: &self.turn, decided: Some(decided), trickled, added: self.turn.arrived.elapsed() };
        let upload = body.watched();
        let interims = self.interims.as_deref();
        let answer = if let Some(decided) = &asked.decided {
            let outgoing = Outgoing {
                head: &Onward { passing: self, original, decided },
                body,
                idempotent: original.parts.method.is_idempotent(),
                http1_only: original.upgrade.is_some(),
                interims,
            };
            let times = Times::from(&snapshot.settings.bounds);
            let asking = pin!(self.connection.pool.send(&site.upstreams, outgoing, times));
            before(interims, asking).await
        } else {
            Err(UpstreamError::Broken)
        };
        let answered = Instant::now();
        match answer {
            Ok(mut response) => {
                let status = response.status();
                if status == StatusCode::SWITCHING_PROTOCOLS {
                    return Box::new(self.tunnel(*response, original, &mut asked, sender, id));
                }
                remove_hop_by_hop(response.headers_mut());
                let added = answered.elapsed();
                if let Some(decided) = &asked.decided {
                    response = self.answered(decided, response).await;
                }
                asked.record(status.as_u16(), added);
                if injects(snapshot, route, sender) {
                    return Box::new(Injected::answer(*response, &gateway.honeypot, seen.host));
                }
                response
            }
            Err(error) => {
                let refusal = match upload.and_then(|upload| upload.fault()) {
                    Some(fault) => unfinished(fault),
                    None => {
                        Metrics::one(&gateway.metrics.upstream_failures);
                        if error == UpstreamError::Connect {
                            self.turn.put_back(original.kept);
                        }
                        unavailable(error)
                    }
                };
                asked.record(refusal.status.as_u16(), answered.elapsed());
                Box::new(refusal.to(sender, &id.to_string()))
            }
        }
    }

    /// The upstream's half of the connection after its 101, and not before.
    fn tunnel(
        &self,
        response: Response<Through>,
        original: &Original<'_>,
        asked: &mut Asked<'_, S>,
        sender: Sender,
        id: DecisionId,
    ) -> Response<Through> {
        let (parts, body) = response.into_parts();
        let Some(tunnel) = original.upgrade.and_then(|_: &HeaderValue| body.into_tunnel()) else {
            asked.record(UNASKED.status.as_u16(), Duration::ZERO);
            return UNASKED.to(sender, &id.to_string());
        };
        asked.record(StatusCode::SWITCHING_PROTOCOLS.as_u16(), Duration::ZERO);
        Response::from_parts(parts, Through::Tunnel(tunnel))
    }
}
