//! A proof comes back from a widget: verified, spent, and answered with a token.

use http::Response;
use serde_json::json;
use spigot_challenge::token::Grounds;
use spigot_challenge::{Kind, Rejection, genuine, recognise};
use spigot_decision::{Count, CountKind, Ending, Subject};
use spigot_state::State;

use super::asked::{Asked, For};
use super::issue::{asks_for_press, describe};
use super::trouble::Trouble;
use super::{PROTOCOL, answer};
use crate::body::Through;
use crate::challenge_routes::grant::Step;
use crate::pipeline::{Decided, Gateway, Seen, Snapshot};
use crate::purpose::Purpose;

impl<S: State> Gateway<S> {
    pub(super) async fn take_proof(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        asked: &Asked,
        errand: &For<'_>,
        decided: Box<Decided>,
    ) -> Result<Response<Through>, Trouble> {
        let challenge = asked.challenge();
        let press = self.is_for_press(snapshot, seen, errand, &challenge);
        let here = errand.seen(seen, press);
        let claimed = Some(asked.claimed_millis());
        if press && !asked.answers_press(errand) {
            let issued = genuine(&snapshot.keyring, &challenge);
            let fresh = self.challenge_for(snapshot, &here, &errand.site, &decided);
            let fresh = describe(snapshot, &fresh, true, seen.now);
            let step = Step::of(issued.as_ref(), "press_missing", seen.now, claimed);
            self.record_step(snapshot, &errand.seen(seen, false), decided, step);
            return Err(Trouble::PressMissing(fresh));
        }
        let proof = asked.proof();
        let solved =
            match self.verify_and_spend(snapshot, &here, &challenge, proof, is_puzzle, &mut None).await {
                Ok(solved) => solved,
                Err(rejection) => {
                    return Err(self.reject(snapshot, seen, asked, errand, decided, rejection).await);
                }
            };
        let pressing = press || asks_for_press(&errand.site, &decided);
        if pressing != press || solved.challenge().level < errand.site.level as u8 {
            // Suspicion came up since the challenge was issued, or the site's level was raised: the proof was good, and
            // more is asked for.
            let here = errand.seen(seen, pressing);
            let next = self.challenge_for(snapshot, &here, &errand.site, &decided);
            let next = describe(snapshot, &next, pressing, seen.now);
            let step = Step::of(Some(solved.challenge()), "more_asked", seen.now, claimed);
            self.record_step(snapshot, &errand.seen(seen, false), decided, step);
            return Ok(answer(&json!({ "protocol": PROTOCOL, "next": next })));
        }
        if !self.has_a_use_left(seen, errand).await {
            let step = Step::of(Some(solved.challenge()), "server_token_used_up", seen.now, claimed);
            self.record_step(snapshot, &errand.seen(seen, false), decided, step);
            return Err(Trouble::ServerTokenInvalid);
        }
        let grounds = Grounds::Solved(&solved, errand.account(), decided.decision.risk);
        let token = self.token(snapshot, &here, &errand.site, grounds);
        self.state.solved(decided.plan.own_subjects(), seen.now).await;
        let step = Step::of(Some(solved.challenge()), "solved", seen.now, claimed);
        self.record_step(snapshot, &errand.seen(seen, false), decided, step);
        Ok(answer(&token))
    }

    /// Whether a challenge was issued with the button. What cannot be recognised was not.
    pub(super) fn is_for_press(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        errand: &For<'_>,
        challenge: &[u8],
    ) -> bool {
        let pressing = errand.seen(seen, true);
        let found = recognise(&snapshot.keyring, challenge, &pressing.binding(), self.start.0, seen.now.0);
        // The network is looked at after the errand.
        matches!(found, Ok(_) | Err(Rejection::OtherNetwork))
    }

    pub(super) async fn reject(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        asked: &Asked,
        errand: &For<'_>,
        decided: Box<Decided>,
        rejection: Rejection,
    ) -> Trouble {
        let challenge = &asked.challenge();
        let issued = genuine(&snapshot.keyring, challenge);
        if !rejection.is_honest() {
            self.report(snapshot, seen, &decided, Ending::Refused).await;
        }
        // An expired one does not say any more whether it was for the button.
        let press = asked.wants_press()
            || asks_for_press(&errand.site, &decided)
            || self.is_for_press(snapshot, seen, errand, challenge);
        // What the site asks for, whatever the one that came back asked for: it may be another site's. And what nobody
        // looked at yet can be sent again as it is.
        let fresh = (rejection.is_honest() && !rejection.is_ours()).then(|| {
            let here = errand.seen(seen, press);
            let fresh = self.challenge_for(snapshot, &here, &errand.site, &decided);
            describe(snapshot, &fresh, press, seen.now)
        });
        let step = Step::of(issued.as_ref(), rejection.name(), seen.now, Some(asked.claimed_millis()));
        self.record_step(snapshot, &errand.seen(seen, false), decided, step);
        Trouble::Rejected(rejection, fresh)
    }

    /// Counts a use of the server token, when there is one.
    async fn has_a_use_left(&self, seen: &Seen<'_>, errand: &For<'_>) -> bool {
        let Some(token) = &errand.server_token else { return true };
        let life = token.expires_millis.saturating_sub(token.issued_millis);
        let count = Count {
            key: self.keys.hash(Purpose::ServerToken.counter(), &[Subject::Text(&token.id)]),
            window_millis: u64::try_from(life).unwrap_or(0).max(1),
            limit: token.uses,
            kind: CountKind::Quota,
            add: true,
        };
        self.state.count(&count, seen.now).await.is_some_and(|used| used <= token.uses)
    }
}

/// Waits and third parties are the interstitial's.
fn is_puzzle(kind: &Kind) -> bool {
    matches!(kind, Kind::Cachewalk(_) | Kind::Pbkdf2(_) | Kind::Sha256 { .. })
}
