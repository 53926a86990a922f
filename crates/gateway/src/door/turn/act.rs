//! What is done with a decided request, short of sending it on.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use spigot_decision::{Action, Demand, Level, Sender};
use spigot_state::State;
use tokio::time::Instant;

use super::shadow::{self, Filling};
use super::{Original, Turn, authority, target};
use crate::accounts::OpenAttempt;
use crate::body::{Inspected, RequestBody, Through, inspect};
use crate::challenge_routes::{Errand, is_return_address};
use crate::entropy::random;
use crate::http1::told_length;
use crate::pipeline::{Decided, End};
use crate::respond::{Refusal, retry_after};
use crate::shelf::Room;
use crate::stash::{Foreign, Kept, Unkept, is_posted};

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

/// A form that comes is given room in pieces, each twice as large as the one before.
const PIECE_BYTES: u64 = 64 << 10;

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
        if is_form(decided.sender, original.parts) {
            match self.keep(original, body, inspected).await {
                Ok(id) => stash = Some(id),
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

    /// Keeps a posted form whole under an id, or not at all.
    async fn keep(
        &self,
        original: &Original<'_>,
        body: Through,
        inspected: Bytes,
    ) -> Result<[u8; 16], Unkept> {
        let bounds = &self.snapshot.settings.bounds;
        let mut room = self.gateway.stash.room(bounds.stash_bytes_total);
        let whole = match body {
            Through::Inspected(held) if held.rest.is_some() => {
                let Inspected { bytes, rest: Some(rest), .. } = *held else { return Err(Unkept::NoRoom) };
                if told_length(&original.parts.headers).is_some_and(|told| told > bounds.stash_bytes) {
                    return Err(Unkept::TooLarge);
                }
                self.whole_form(bytes, rest, &mut room).await?
            }
            Through::Incoming(_)
            | Through::Answer(..)
            | Through::Begun(_)
            | Through::Injected(_)
            | Through::Tunnel(_) => {
                return Err(Unkept::NoRoom);
            }
            // A copy: it may be a small part of what it was read into.
            Through::Empty | Through::Bytes(_) | Through::Inspected(_) => Bytes::copy_from_slice(&inspected),
        };
        if whole.len() as u64 > bounds.stash_bytes {
            return Err(Unkept::TooLarge);
        }
        let content_type =
            original.content_type().and_then(|kind| HeaderValue::from_bytes(kind.as_bytes()).ok());
        let before = original.kept.and_then(|kept| kept.foreign.clone());
        let kept = Kept {
            id: random(),
            host: self.seen.host.to_owned(),
            target: target(self.seen),
            content_type: content_type.ok_or(Unkept::NoRoom)?,
            body: whole,
            foreign: before.or_else(|| Foreign::of(&original.parts.headers, authority(original.parts))),
        };
        let (id, bytes) = (kept.id, kept.bytes());
        if room.put(id, kept, bytes, self.seen.now) { Ok(id) } else { Err(Unkept::NoRoom) }
    }

    /// Reads the rest of a form, for which there is room as it comes.
    async fn whole_form(
        &self,
        mut bytes: Bytes,
        mut rest: RequestBody,
        room: &mut Room<'_, Kept>,
    ) -> Result<Bytes, Unkept> {
        let bounds = &self.snapshot.settings.bounds;
        let until = Instant::now() + bounds.answer_time;
        let mut most = bytes.len() as u64;
        loop {
            most = most.max(PIECE_BYTES).saturating_mul(2).min(bounds.stash_bytes);
            if !room.hold(most, self.seen.now) {
                return Err(Unkept::NoRoom);
            }
            let read = inspect(rest, bytes, most, until.saturating_duration_since(Instant::now())).await;
            bytes = read.bytes;
            let come = bytes.len() as u64;
            match read.rest {
                None if read.complete => return Ok(bytes),
                _ if come > bounds.stash_bytes => return Err(Unkept::TooLarge),
                Some(more) if come > most => rest = more,
                _ => return Err(Unkept::NoRoom),
            }
        }
    }

    /// What was taken out for a request that is refused: it may be sent once more.
    pub(in crate::door) fn put_back(&self, kept: Option<&Kept>) {
        if let Some(kept) = kept {
            let bytes_total = self.snapshot.settings.bounds.stash_bytes_total;
            self.gateway.stash.keep(kept.clone(), bytes_total, self.seen.now);
        }
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
pub(in crate::door) fn is_form(sender: Sender, parts: &Parts) -> bool {
    sender == Sender::Navigation && is_posted(&parts.method, parts.headers.get(header::CONTENT_TYPE))
}
