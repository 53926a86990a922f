//! What is done with a decided request, short of sending it on.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use spigot_decision::{Action, Demand, Level, Sender};
use spigot_state::State;

use super::shadow::{self, Filling};
use super::{Original, Turn, target};
use crate::accounts::OpenAttempt;
use crate::body::{Inspected, Through, inspect};
use crate::challenge_routes::{Errand, is_return_address};
use crate::entropy::random;
use crate::http1::told_length;
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

/// What is done about a decided request.
pub(in crate::door) enum Verdict {
    /// It goes on to the application.
    Pass {
        /// As one of the few of a throttled client.
        trickled: bool,
    },
    /// It is refused.
    Refuse(&'static Refusal),
    /// A challenge has to be solved first.
    Challenge,
    /// It seems to have succeeded.
    Pretend,
}

impl<S: State> Turn<'_, S> {
    /// What is done. A throttled request is counted among those that pass.
    pub(in crate::door) async fn verdict(&self, decided: &Decided) -> Verdict {
        match decided.decision.effective {
            Action::Allow | Action::Log => Verdict::Pass { trickled: false },
            Action::Throttle => {
                let admitted = match &decided.decision.trickle {
                    Some(trickle) => {
                        let count = self.gateway.state.count(trickle, self.seen.now).await;
                        count.is_some_and(|count| count <= trickle.limit)
                    }
                    None => false,
                };
                if admitted { Verdict::Pass { trickled: true } } else { Verdict::Refuse(&THROTTLED) }
            }
            Action::Challenge => Verdict::Challenge,
            Action::Shadow => {
                let mark = self.snapshot.policy.route(decided.decision.route).settings.shadow.mark;
                if mark { Verdict::Pass { trickled: false } } else { Verdict::Pretend }
            }
            Action::Block if decided.decision.is_unavailable() => Verdict::Refuse(&UNAVAILABLE),
            Action::Block => Verdict::Refuse(&BLOCKED),
        }
    }

    /// Answers with a believable success.
    pub(in crate::door) fn pretend(&self, decided: Box<Decided>) -> Response<Through> {
        let settings = &self.snapshot.policy.route(decided.decision.route).settings;
        let account = decided.account.as_deref().unwrap_or_default();
        let id = decided.id.to_string();
        let response = shadow::answer(settings, Filling { account, path: self.seen.path, decision: &id });
        self.end(decided, End::default());
        response
    }

    /// Answers with a refusal that the application has no part in.
    pub(in crate::door) fn refuse(&self, decided: Box<Decided>, refusal: &Refusal) -> Response<Through> {
        let mut response = refusal.to(decided.sender, &decided.id.to_string());
        retry_after(&mut response, decided.decision.retry_after_seconds);
        self.end(decided, End::default());
        response
    }

    /// Answers with a challenge, and keeps a form that a person sent.
    pub(in crate::door) async fn challenge(
        &self,
        original: &Original<'_>,
        body: Through,
        inspected: Bytes,
        decided: Box<Decided>,
    ) -> Response<Through> {
        let mut stash = None;
        let mut too_large = false;
        if is_form(decided.sender, original.method()) {
            let id = random();
            match self.keep(original, body, inspected, id).await {
                Ok(()) => stash = Some(id),
                Err(why) => too_large = why == Unkept::TooLarge,
            }
        }
        self.ask(decided, |errand| Errand { stash, too_large, ..errand })
    }

    /// Answers with a challenge; `about` adds what its page has to know of the request's body.
    pub(in crate::door) fn ask(
        &self,
        decided: Box<Decided>,
        about: impl for<'e> FnOnce(Errand<'e>) -> Errand<'e>,
    ) -> Response<Through> {
        let return_to = target(self.seen);
        let return_to = if is_return_address(&return_to) { &return_to } else { "/" };
        let errand = about(Errand::to(return_to, self.seen.method));
        let demand = decided.decision.demand.unwrap_or(Demand { level: Level::Medium, doublings: 0 });
        let (response, step) = self.gateway.challenged(self.snapshot, self.seen, &decided, demand, &errand);
        self.end(decided, End { challenge: Some(Box::new(step)), ..End::default() });
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
            Through::Incoming(_)
            | Through::Answer(..)
            | Through::Begun(_)
            | Through::Injected(_)
            | Through::Tunnel(_) => {
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
        let held = self.gateway.stash.keep(id, kept, bounds.stash_bytes_total, self.seen.now);
        if held { Ok(()) } else { Err(Unkept::NoRoom) }
    }

    /// Lets the application report how an attempt on an account ended, where the route says that it does.
    pub(in crate::door) fn open_attempt(&self, decided: &Decided) {
        if let Some(attempt) = self.attempt(decided) {
            self.gateway.attempts.open(decided.id, attempt);
        }
    }

    /// An attempt on a route whose attempts are reported.
    pub(in crate::door) fn attempt(&self, decided: &Decided) -> Option<OpenAttempt> {
        let settings = &self.snapshot.policy.route(decided.plan.route).settings;
        (decided.plan.account.is_some() && settings.attempt.reported).then(|| OpenAttempt {
            policy: self.snapshot.policy.clone(),
            client: self.seen.client,
            clearance: decided.clearance,
            plan: decided.plan.clone(),
            host: self.seen.host.into(),
            opened: self.seen.now,
            _place: decided.open.clone(),
        })
    }

    /// Records how the request ended; all time until now is Spigot's own.
    pub(in crate::door) fn end(&self, decided: Box<Decided>, end: End) {
        self.end_after(decided, end, self.arrived.elapsed());
    }

    /// Records how the request ended, and how much of its time was Spigot's own.
    pub(in crate::door) fn end_after(&self, decided: Box<Decided>, end: End, added: Duration) {
        let added_micros = u32::try_from(added.as_micros()).unwrap_or(u32::MAX);
        self.gateway.record(self.snapshot, self.seen, decided, End { added_micros, ..end });
    }
}

/// Whether a request sends what somebody filled in.
pub(in crate::door) fn is_form(sender: Sender, method: &Method) -> bool {
    sender == Sender::Navigation && !matches!(*method, Method::GET | Method::HEAD)
}
