//! What is told of challenges that go out and come back: to the breaker, which reasons asked and which of those were
//! solved; and who holds how many.

use spigot_challenge::{Challenge, Kind, Solved};
use spigot_decision::policy::Policy;
use spigot_decision::{Action, Cohort, Decision, Demand, ReasonKind, Source};
use spigot_state::State;

use crate::pipeline::{Decided, Gateway, Seen, Snapshot};
use crate::purpose::Purpose;

/// Reasons of one challenge that are followed; with more of them it says little of each.
const BLAMED_MAX: usize = 8;
/// However much is held: as often as the risk alone may double it.
pub(super) const DOUBLINGS_MAX: u8 = 3;

impl<S: State> Gateway<S> {
    /// A challenge goes out.
    pub(super) fn asked_for(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        decided: &Decided,
        challenge: &Challenge,
    ) {
        let blamed = blamed(&snapshot.policy, &decided.decision);
        if !blamed.is_empty() {
            let (client, network) = self.whose(seen, decided);
            self.breaker.asked(challenge.id, blamed, client, network, seen.now);
        }
    }

    /// It was solved. A wait proves nothing.
    pub(super) fn answered(&self, solved: &Solved) {
        let challenge = solved.challenge();
        if !matches!(challenge.kind, Kind::Wait(_)) {
            self.breaker.solved(&challenge.id);
        }
    }

    /// A request met a reason that is demoted.
    pub(crate) fn met_demoted(&self, snapshot: &Snapshot, seen: &Seen<'_>, decided: &Decided) {
        if !snapshot.policy.has_demoted() {
            return;
        }
        let (client, network) = self.whose(seen, decided);
        for reason in &decided.decision.reasons {
            if snapshot.policy.is_demoted(reason.source, seen.now)
                && let Some(name) = snapshot.policy.breakable_name(reason.source)
            {
                self.breaker.met(&name, client, network, seen.now);
            }
        }
    }

    /// What is asked for, with more work for whoever holds many challenges at once.
    pub(super) fn with_held(&self, demand: Demand, seen: &Seen<'_>, decided: &Decided) -> Demand {
        let more = self.held.doublings(self.holder(decided), seen.now);
        Demand { doublings: demand.doublings.saturating_add(more).min(DOUBLINGS_MAX), ..demand }
    }

    /// A challenge is held until it is spent or its time is over.
    pub(super) fn holds(&self, seen: &Seen<'_>, decided: &Decided, challenge: &Challenge) {
        self.held.give(self.holder(decided), challenge.id, challenge.expires_millis, seen.now);
    }

    fn holder(&self, decided: &Decided) -> u64 {
        self.keys.key(Purpose::Holder.counter(), &[decided.plan.who.address])
    }

    fn whose(&self, seen: &Seen<'_>, decided: &Decided) -> (u64, u64) {
        let cohort = Cohort { network: decided.place.network, fingerprint: None };
        let network = cohort.network_of(seen.client, &self.keys);
        let counter = Purpose::Breaker.counter();
        (self.keys.key(counter, &[decided.plan.who.address]), self.keys.key(counter, &[network]))
    }
}

/// What a challenge would not have been asked for without. Nothing, where somebody decided that it is asked for anyway.
fn blamed(policy: &Policy, decision: &Decision) -> Vec<Box<str>> {
    let mut blamed: Vec<Box<str>> = Vec::new();
    let mut blame = |source| {
        let Some(name) = policy.breakable_name(source) else { return false };
        if blamed.len() < BLAMED_MAX && !blamed.iter().any(|known| **known == *name) {
            blamed.push(name.into());
        }
        true
    };
    for reason in &decision.reasons {
        if reason.kind != ReasonKind::Asks(Action::Challenge) {
            continue;
        }
        if reason.source == Source::Risk {
            let adding = decision.reasons.iter().filter(|reason| matches!(reason.kind, ReasonKind::Adds(_)));
            adding.for_each(|reason| {
                blame(reason.source);
            });
        } else if !blame(reason.source) {
            return Vec::new();
        }
    }
    blamed
}
