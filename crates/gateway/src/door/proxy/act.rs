//! What is done with a decided request, short of sending it on.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use spigot_decision::{Action, Sender};
use spigot_state::State;

use super::Turn;
use super::rewrite::{Original, target};
use super::shadow::{self, Filling};
use super::understand::told_length;
use crate::body::{Inspected, Through, inspect};
use crate::challenge_routes::{Errand, is_return_address};
use crate::entropy::random;
use crate::pipeline::{Decided, End};
use crate::respond::{Refusal, retry_after};
use crate::stash::{Kept, Unkept};

const THROTTLED: Refusal = Refusal {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "throttled",
    title: "Too many requests",
    detail: "Please wait a moment and try again.",
};

const BLOCKED: Refusal = Refusal {
    status: StatusCode::FORBIDDEN,
    code: "blocked",
    title: "This request was refused",
    detail: "If you think that this is a mistake, quote the id to the site's support.",
};

const UNAVAILABLE: Refusal = Refusal {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "state_unavailable",
    title: "This cannot be checked at the moment",
    detail: "Please try again in a few seconds.",
};

impl<S: State> Turn<'_, S> {
    pub(super) async fn act(
        &self,
        original: &Original<'_>,
        body: Through,
        inspected: Bytes,
        decided: Decided,
    ) -> Response<Through> {
        let gateway = &self.connection.gateway;
        match decided.decision.effective {
            Action::Allow | Action::Log => {}
            Action::Throttle => {
                let admitted = match &decided.decision.trickle {
                    Some(trickle) => gateway
                        .state
                        .count(trickle, self.seen.now)
                        .await
                        .is_some_and(|count| count <= trickle.limit),
                    None => false,
                };
                if !admitted {
                    return self.refuse(decided, &THROTTLED);
                }
            }
            Action::Challenge => return Box::pin(self.challenge(original, body, inspected, decided)).await,
            Action::Shadow => {
                let settings = &self.snapshot.policy.route(decided.decision.route).settings;
                if !settings.shadow.mark {
                    let account = decided.account.as_deref().unwrap_or_default();
                    let id = decided.id.to_string();
                    let response =
                        shadow::answer(settings, Filling { account, path: self.seen.path, decision: &id });
                    self.end(decided, End::default());
                    return response;
                }
            }
            Action::Block if decided.decision.is_unavailable() => return self.refuse(decided, &UNAVAILABLE),
            Action::Block => return self.refuse(decided, &BLOCKED),
        }
        let trickled = decided.decision.effective == Action::Throttle;
        self.pass(original, body, decided, trickled).await
    }

    /// Answers with a refusal that the application has no part in.
    pub(super) fn refuse(&self, decided: Decided, refusal: &Refusal) -> Response<Through> {
        let mut response = refusal.to(decided.sender, &decided.id.to_string());
        retry_after(&mut response, decided.decision.retry_after_seconds);
        self.end(decided, End::default());
        response
    }

    async fn challenge(
        &self,
        original: &Original<'_>,
        body: Through,
        inspected: Bytes,
        decided: Decided,
    ) -> Response<Through> {
        let gateway = &self.connection.gateway;
        let return_to = target(self.seen);
        let return_to = if is_return_address(&return_to) { return_to } else { "/".to_owned() };
        let mut errand =
            Errand { return_to: &return_to, method: self.seen.method, stash: None, too_large: false };
        let keeps =
            decided.sender == Sender::Navigation && !matches!(*original.method(), Method::GET | Method::HEAD);
        if keeps {
            let id = random();
            match self.keep(original, body, inspected, id).await {
                Ok(()) => errand.stash = Some(id),
                Err(why) => errand.too_large = why == Unkept::TooLarge,
            }
        }
        let demand = decided
            .decision
            .demand
            .unwrap_or(spigot_decision::Demand { level: spigot_decision::Level::Medium, doublings: 0 });
        let (response, step) = gateway.challenged(self.snapshot, self.seen, &decided, demand, &errand);
        self.end(decided, End { challenge: Some(step), ..End::default() });
        response
    }

    /// Keeps a posted form whole, or not at all.
    async fn keep(
        &self,
        original: &Original<'_>,
        body: Through,
        inspected: Bytes,
        id: [u8; 16],
    ) -> Result<(), Unkept> {
        let bounds = &self.snapshot.settings.bounds;
        let whole = match body {
            Through::Inspected(held) if held.rest.is_some() => {
                let Inspected { bytes, rest: Some(rest), .. } = *held else { return Err(Unkept::NoRoom) };
                if told_length(&original.parts.headers).is_some_and(|told| told > bounds.stash_bytes) {
                    return Err(Unkept::TooLarge);
                }
                let read = inspect(rest, bytes, bounds.stash_bytes, bounds.answer_time).await;
                if !read.complete && read.bytes.len() as u64 <= bounds.stash_bytes {
                    return Err(Unkept::NoRoom);
                }
                read.bytes
            }
            Through::Incoming(_) | Through::Answer(..) | Through::Begun(_) | Through::Injected(_) => {
                return Err(Unkept::NoRoom);
            }
            Through::Empty | Through::Bytes(_) | Through::Inspected(_) => inspected,
        };
        if whole.len() as u64 > bounds.stash_bytes {
            return Err(Unkept::TooLarge);
        }
        let kept = Kept {
            host: self.seen.host.to_owned(),
            method: original.method().clone(),
            target: target(self.seen),
            content_type: original.content_type().cloned(),
            body: whole,
        };
        let held = self.connection.gateway.stash.keep(id, kept, bounds.stash_bytes_total, self.seen.now);
        if held { Ok(()) } else { Err(Unkept::NoRoom) }
    }

    /// Records how the request ended; all time until now is Spigot's own.
    pub(super) fn end(&self, decided: Decided, end: End) {
        self.end_after(decided, end, self.arrived.elapsed());
    }

    /// Records how the request ended, and how much of its time was Spigot's own.
    pub(super) fn end_after(&self, decided: Decided, end: End, added: Duration) {
        let added_micros = u32::try_from(added.as_micros()).unwrap_or(u32::MAX);
        self.connection.gateway.record(self.snapshot, self.seen, decided, End { added_micros, ..end });
    }
}
