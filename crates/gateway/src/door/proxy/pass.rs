//! A request that goes on to the application, and the answer that comes back.

use std::time::Instant;

use http::{HeaderValue, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use spigot_state::State;

use super::Turn;
use super::understand::wanted_upgrade;
use crate::body::Through;
use crate::metrics::Metrics;
use crate::pipeline::{Decided, End};
use crate::respond::{Refusal, remove_hop_by_hop};
use crate::upstream::UpstreamError;

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

fn unavailable(error: &UpstreamError) -> Refusal {
    let (status, detail) = match error {
        UpstreamError::Connect => (StatusCode::BAD_GATEWAY, "It cannot be reached."),
        UpstreamError::Timeout => (StatusCode::GATEWAY_TIMEOUT, "It did not answer in time."),
        UpstreamError::Broken => (StatusCode::BAD_GATEWAY, "It broke off its answer."),
    };
    Refusal { status, code: "upstream", title: "The application is not available", detail }
}

impl<S: State> Turn<'_, S> {
    /// Sends the request to the application and hands its answer back.
    pub(super) async fn pass(
        &self,
        mut parts: http::request::Parts,
        body: Through,
        decided: Decided,
        trickled: bool,
    ) -> Response<Through> {
        let (gateway, snapshot, seen) = (&self.connection.gateway, self.snapshot, self.seen);
        let Some((_, site)) = snapshot.settings.site(seen.host) else {
            return self.refuse(decided, &UNKNOWN_HOST);
        };
        let upgrade = wanted_upgrade(&parts);
        // Taken from the request before its parts are reused: the client's half of an upgrade lives there.
        let client_half =
            upgrade.is_some().then(|| parts.extensions.remove::<hyper::upgrade::OnUpgrade>()).flatten();
        self.rewrite(&mut parts, &decided, upgrade.as_ref());
        let added = self.arrived.elapsed();
        let answer = self
            .connection
            .pool
            .send(
                &site.upstreams,
                Request::from_parts(parts, body),
                snapshot.settings.bounds.connect_time,
                snapshot.settings.bounds.answer_time,
            )
            .await;
        let answered = Instant::now();
        match answer {
            Ok(mut response) => {
                let status = response.status();
                if status == StatusCode::SWITCHING_PROTOCOLS {
                    return self.tunnel(response, upgrade, client_half, decided);
                }
                remove_hop_by_hop(response.headers_mut());
                gateway.report(snapshot, seen, &decided, status.as_u16(), false).await;
                let added = added + answered.elapsed();
                let end = End { trickled, upstream_status: Some(status.as_u16()), ..End::default() };
                self.end_after(decided, end, added);
                response
            }
            Err(error) => {
                Metrics::one(&gateway.metrics.upstream_failures);
                let refusal = unavailable(&error);
                let response = refusal.to(decided.sender, &decided.id.to_string());
                let end = End { trickled, upstream_status: Some(refusal.status.as_u16()), ..End::default() };
                self.end_after(decided, end, added);
                response
            }
        }
    }

    /// Joins the two halves after the upstream's 101, and not before.
    fn tunnel(
        &self,
        response: Response<Through>,
        upgrade: Option<HeaderValue>,
        client_half: Option<hyper::upgrade::OnUpgrade>,
        decided: Decided,
    ) -> Response<Through> {
        let (mut parts, body) = response.into_parts();
        let (Some(_), Some(client_half), Through::Answer(..)) = (upgrade, client_half, &body) else {
            let response = UNASKED.to(decided.sender, &decided.id.to_string());
            let end = End { upstream_status: Some(UNASKED.status.as_u16()), ..End::default() };
            self.end(decided, end);
            return response;
        };
        let upstream_half = parts.extensions.remove::<hyper::upgrade::OnUpgrade>();
        tokio::task::spawn_local(async move {
            // The pooled sender in `body` must live until the upgrade has happened.
            let _body = body;
            let Some(upstream_half) = upstream_half else { return };
            if let (Ok(client), Ok(upstream)) = (client_half.await, upstream_half.await) {
                let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream))
                    .await;
            }
        });
        self.end(decided, End { upstream_status: Some(101), ..End::default() });
        Response::from_parts(parts, Through::Empty)
    }
}
