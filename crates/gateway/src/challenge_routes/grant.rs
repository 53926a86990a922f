//! What a submission leads to: the clearance, and the record of it.

use http::{HeaderValue, Response, StatusCode, header};
use spigot_challenge::{Challenge, Solved, clearance};
use spigot_decision::{Action, Millis, ReasonKind, Sender, Source};
use spigot_event::{ChallengeStep, CountedAs, ProviderStep};
use spigot_state::State;

use super::terms::provider_of;
use crate::body::Through;
use crate::entropy::random;
use crate::metrics::Metrics;
use crate::pipeline::{COOKIE, Decided, End, Gateway, Seen, Snapshot};
use crate::provider::Heard;
use crate::respond::{refusal, retry_after};

/// What happened to a submission, for the record.
#[derive(Clone, Copy)]
pub(super) struct Step {
    step: ChallengeStep,
    /// The challenge's, when it was genuine.
    id: Option<[u8; 16]>,
}

impl Step {
    /// `challenge` is the one that came back, when it was genuine. How long it took is the server's own measure: from
    /// its issue to its submission.
    pub(super) fn of(
        challenge: Option<&Challenge>,
        result: &'static str,
        now: Millis,
        claimed_millis: Option<u32>,
    ) -> Self {
        let step = ChallengeStep {
            kind: challenge.map_or("unknown", |challenge| challenge.kind.name()),
            log2_work: challenge.map_or(0, |challenge| challenge.kind.log2_work()),
            result,
            solve_millis: challenge
                .and_then(|challenge| u32::try_from(now.0.saturating_sub(challenge.issued_millis)).ok()),
            claimed_millis,
            provider: None,
        };
        Self { step, id: challenge.map(|challenge| challenge.id) }
    }

    /// The same, with the third party that it is about and what it said.
    pub(super) fn told(
        self,
        snapshot: &Snapshot,
        challenge: Option<&Challenge>,
        heard: Option<&Heard>,
    ) -> Self {
        let step = ChallengeStep { provider: told(snapshot, challenge, heard), ..self.step };
        Self { step, ..self }
    }

    /// A token that was given without a proof.
    pub(super) fn of_token(result: &'static str) -> Self {
        Self { step: ChallengeStep { kind: "token", result, ..Self::restricted().step }, id: None }
    }

    /// It was not looked at, because of what is known of its sender's browser.
    pub(super) fn refused() -> Self {
        Self::of(None, "refused", Millis(0), None)
    }

    /// It was not looked at, because its sender is restricted.
    pub(super) fn restricted() -> Self {
        Self::of(None, "restricted", Millis(0), None)
    }
}

/// The third party that a challenge names, and what it said.
pub(super) fn told(
    snapshot: &Snapshot,
    challenge: Option<&Challenge>,
    heard: Option<&Heard>,
) -> Option<ProviderStep> {
    let provider = provider_of(snapshot, challenge?)?;
    let index = snapshot.policy.providers.iter().position(|name| *name == provider.settings.name)?;
    Some(ProviderStep {
        index: u8::try_from(index).ok()?,
        answer: heard.map(|heard| heard.word.name()),
        millis: heard.map(|heard| u32::try_from(heard.took.as_millis()).unwrap_or(u32::MAX)),
        risk: heard.and_then(|heard| heard.word.risk()),
    })
}

impl<S: State> Gateway<S> {
    /// The decision about a request to one of our own addresses: it is counted and recorded like others.
    pub(super) async fn decide_own(&self, snapshot: &Snapshot, seen: &Seen<'_>) -> Box<Decided> {
        let clearance = self.clearance(snapshot, seen).await;
        self.decide(snapshot, seen, Default::default(), Default::default(), Sender::Fetch, clearance).await
    }

    /// What a submission says of its browser makes the risk so high that a proof would change nothing: it is a price, and
    /// who pays it with a program is no less a program.
    pub(super) fn refused_for_risk(&self, decided: &Decided) -> Option<Response<Through>> {
        let decision = &decided.decision;
        let risky = decision.effective == Action::Block
            && decision.reasons.iter().any(|reason| {
                reason.source == Source::Risk && reason.kind == ReasonKind::Asks(Action::Block)
            });
        risky.then(|| {
            refusal(
                decided.sender,
                StatusCode::FORBIDDEN,
                "blocked",
                "This request was refused",
                "What this browser says of itself is what programs say. Try another one, or tell the site the decision's id.",
                &decided.id.to_string(),
            )
        })
    }

    /// While a restriction lasts a clearance opens nothing, so proofs are not even looked at: whoever was restricted
    /// for wrong ones costs no more verification.
    pub(super) fn refused_for_restriction(&self, decided: &Decided) -> Option<Response<Through>> {
        let decision = &decided.decision;
        let restricted = decision.effective == Action::Block
            && decision.reasons.iter().any(|reason| {
                reason.source == Source::Restriction && reason.kind == ReasonKind::Asks(Action::Block)
            });
        restricted.then(|| {
            let mut response = refusal(
                decided.sender,
                StatusCode::FORBIDDEN,
                "blocked",
                "This request was refused",
                "Too many attempts failed. Wait until the time in Retry-After is over.",
                &decided.id.to_string(),
            );
            retry_after(&mut response, decision.retry_after_seconds);
            response
        })
    }

    pub(super) fn give_clearance(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        solved: &Solved,
        response: &mut Response<Through>,
    ) {
        self.answered(solved);
        let settings = &snapshot.policy.challenge;
        let (life_millis, quota) = if solved.challenge().kind.is_fallback() {
            (settings.fallback_clearance_millis, settings.fallback_quota)
        } else {
            (settings.clearance_millis, settings.clearance_quota)
        };
        let (value, _) = clearance::seal(
            &snapshot.keyring,
            solved,
            &seen.binding(),
            life_millis,
            quota,
            random(),
            seen.now.0,
        );
        let secure = if seen.secure { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            life_millis / 1000
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }

    /// A submission is an event too. What becomes of a challenge is counted where it was asked for.
    pub(super) fn record_step(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        decided: Box<Decided>,
        step: Step,
    ) {
        match step.step.counted_as() {
            CountedAs::Issued => Metrics::one(&self.metrics.challenges_issued),
            CountedAs::Solved => Metrics::one(&self.metrics.challenges_solved),
            CountedAs::Refused => Metrics::one(&self.metrics.challenges_refused),
            CountedAs::Neither => {}
        }
        let asked = step.id.and_then(|id| self.open.of(&id));
        self.record(
            snapshot,
            seen,
            decided,
            End { challenge: Some(Box::new(step.step)), asked, ..End::default() },
        );
    }
}
