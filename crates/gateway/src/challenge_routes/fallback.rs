//! The exchange of a puzzle for the one that a browser without a compiler can do. The browser may only ask: what the
//! other puzzle costs, what it buys, and how often it is given are the server's.

use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use spigot_challenge::{Challenge, Kind, Rejection, Terms, from_text, kind, recognise};
use spigot_decision::{Count, CountKind, Ending, Millis, Prefix, Subject};
use spigot_state::State;

use super::ask::{Errand, describe};
use super::grant::Step;
use super::submit::sentence;
use super::terms::{instead, provider_of, work};
use crate::body::Through;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::provider::Fail;
use crate::purpose::Purpose;
use crate::respond::{plain, problem, retry_after};

/// How many one address gets in [`WINDOW_MILLIS`]: people with such browsers behind one address are few, and each is
/// cleared for a while.
const MOST: u32 = 20;
const WINDOW_MILLIS: u64 = 600_000;

#[derive(Deserialize)]
struct Asked {
    challenge: String,
}

impl<S: State> Gateway<S> {
    /// Answers `POST /.spigot/fallback`.
    pub(super) async fn fallback(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        body: &[u8],
    ) -> Response<Through> {
        let decided = self.decide_own(snapshot, seen).await;
        if let Some(refused) = self.refused_for_restriction(&decided) {
            self.record_step(snapshot, seen, decided, Step::restricted());
            return refused;
        }
        let asked = serde_json::from_slice::<Asked>(body).ok();
        let challenge = asked.and_then(|asked| from_text(&asked.challenge)).unwrap_or_default();
        match self.exchanged(snapshot, seen, &challenge).await {
            Ok(fresh) => {
                self.record_step(snapshot, seen, decided, Step::of(Some(&fresh), "issued", seen.now, None));
                let errand = Errand::to("/", "GET");
                let described = describe(snapshot, &fresh, "", &errand, seen.now);
                plain(StatusCode::OK, "application/json", json!({ "challenge": described }).to_string())
            }
            Err(refused) => {
                let mut more = json!({});
                let (status, code, detail) = match refused {
                    Refused::Rejected(rejection) => {
                        if !rejection.is_honest() {
                            self.report(snapshot, seen, &decided, Ending::Refused).await;
                        }
                        more = self.fresh(snapshot, seen, &decided, rejection, &challenge, None);
                        (StatusCode::BAD_REQUEST, rejection.name(), sentence(rejection))
                    }
                    Refused::NotOffered => (
                        StatusCode::FORBIDDEN,
                        "no_fallback",
                        "There is no other puzzle for this one. Solve it.",
                    ),
                    Refused::TooOften => (
                        StatusCode::TOO_MANY_REQUESTS,
                        "too_often",
                        "Too many other puzzles were asked for from this address. Solve this one.",
                    ),
                };
                self.record_step(snapshot, seen, decided, Step::of(None, code, seen.now, None));
                let mut response = problem(status, code, "There is no other puzzle", detail, more);
                if refused == Refused::TooOften {
                    retry_after(&mut response, Some(60));
                }
                response
            }
        }
    }

    pub(super) async fn exchanged(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        challenge: &[u8],
    ) -> Result<Challenge, Refused> {
        let now = seen.now;
        let challenge = recognise(&snapshot.keyring, challenge, &seen.binding(), self.start.0, now.0)?;
        let terms = exchange(snapshot, &challenge, seen.software.device, now).ok_or(Refused::NotOffered)?;
        match self.state.is_spent(&challenge.id, now).await {
            Ok(false) => {}
            Ok(true) => return Err(Rejection::Replay.into()),
            Err(_) => return Err(Rejection::Unavailable.into()),
        }
        let count = Count {
            key: self
                .keys
                .hash(Purpose::Fallback.counter(), &[Subject::Address(Prefix::client(seen.client))]),
            window_millis: WINDOW_MILLIS,
            limit: MOST,
            kind: CountKind::Trickle,
            add: true,
        };
        match self.state.count(&count, now).await {
            Some(count) if count <= MOST => {
                let fresh = self.issue(snapshot, seen, &terms);
                self.breaker.exchanged(&challenge.id, fresh.id);
                self.open.follow(&challenge.id, &fresh, now);
                Ok(fresh)
            }
            Some(_) => Err(Refused::TooOften),
            None => Err(Rejection::Unavailable.into()),
        }
    }
}

/// The other puzzle's terms: the level stays, and so does what risk doubled. In place of a third party whose widget
/// cannot be shown there is what the operator wrote for that.
fn exchange(snapshot: &Snapshot, challenge: &Challenge, device: Option<&str>, now: Millis) -> Option<Terms> {
    if !offered(snapshot, challenge) {
        return None;
    }
    if let Some(provider) = provider_of(snapshot, challenge) {
        return Some(instead(snapshot, provider, challenge, device, now));
    }
    let settings = &snapshot.policy.challenge;
    let level = usize::from(challenge.level).checked_sub(1)?;
    let doublings = challenge.kind.log2_work().saturating_sub(*work(settings, device).get(level)?);
    let log2_n = settings.fallback_log2_work.get(level)?.saturating_add(doublings).min(WORK_MAX);
    Some(Terms { kind: kind::pbkdf2::of_log2(log2_n), ..challenge.terms() })
}

/// 2^15 leaves are seconds of a desktop's and a minute of a phone's WebCrypto.
const WORK_MAX: u8 = 15;

/// Whether a challenge may be exchanged.
pub(super) fn offered(snapshot: &Snapshot, challenge: &Challenge) -> bool {
    match challenge.kind {
        Kind::Cachewalk(_) => {
            let highest = snapshot.policy.challenge.fallback;
            highest.is_some_and(|highest| challenge.level <= highest as u8)
        }
        Kind::Provider(_) => provider_of(snapshot, challenge).is_some_and(|provider| {
            provider.settings.believe_browser && provider.settings.fail != Fail::Closed
        }),
        Kind::Pbkdf2(_) | Kind::Sha256 { .. } | Kind::Wait(_) => false,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Rejected(Rejection),
    NotOffered,
    TooOften,
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}
