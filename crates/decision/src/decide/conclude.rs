//! From what was found to what is done.

use super::Weighing;
use crate::policy::units::KeyPart;
use crate::policy::{Trigger, Worth};
use crate::{Action, Count, CountKind, Decision, Demand, Evidence, Level, Mode, ReasonKind, Source};

/// When a client that met an unavailable state may try again: long enough for a store to restart or fail over.
const AWAY_SECONDS: u32 = 5;

impl Weighing<'_> {
    /// The strongest action that is asked for; a sufficient clearance answers every challenge.
    pub(super) fn conclude(mut self) -> Decision {
        let settings = &self.route.settings;
        let cleared = self
            .observation
            .clearance
            .filter(|clearance| !self.clearance_void && clearance.level >= settings.level);
        let is_cleared = cleared.is_some() || self.trusted_level() >= Some(settings.level);
        // What one client did by itself since it was cleared is a reason to ask again.
        let own = |source| match source {
            Source::Trigger(Trigger::HighFrequency) => self.frequency.0 > self.frequency.1,
            Source::Limit(index) => {
                self.policy.limits[usize::from(index)].rate.key.contains(&KeyPart::Client)
            }
            Source::FailedAttempts => self.failed_itself(),
            _ => false,
        };
        let verified = self.facts.reputation.verified().is_some();
        let mut strongest = Action::Allow;
        for reason in &self.reasons {
            if let ReasonKind::Asks(action) = reason.kind {
                let challenge = action == Action::Challenge;
                let answered = challenge && (verified || is_cleared && !own(reason.source))
                    || self.worth == Some(Worth::Pass) && trust_answers(reason.source, action);
                if !answered {
                    strongest = strongest.max(action);
                }
            }
        }
        if let Some(clearance) = cleared {
            self.reason(Source::Clearance, ReasonKind::Softens, Evidence::Level(clearance.level));
        }
        if self.passes {
            strongest = Action::Allow;
        }
        let demand = (strongest == Action::Challenge)
            .then_some(Demand { level: settings.level, doublings: self.doublings });
        let trickle = (strongest == Action::Throttle).then_some(Count {
            key: self.plan.trickle_key,
            window_millis: settings.trickle.1,
            limit: settings.trickle.0,
            kind: CountKind::Trickle,
            add: true,
        });
        let wait = match strongest {
            Action::Throttle => Some(settings.trickle.1.cast_signed() / i64::from(settings.trickle.0.max(1))),
            Action::Block => self.retry_after_millis,
            _ => None,
        };
        let mut decision = Decision {
            action: strongest,
            effective: if settings.mode == Mode::Monitor { Action::Allow } else { strongest },
            route: self.plan.route,
            risk: u8::try_from(self.risk.min(100)).unwrap_or(100),
            reasons: self.reasons,
            demand,
            trickle,
            retry_after_seconds: wait.map(|millis| u32::try_from((millis + 999) / 1000).unwrap_or(u32::MAX)),
        };
        if decision.is_unavailable() {
            decision.retry_after_seconds = Some(AWAY_SECONDS);
        }
        decision
    }

    fn trusted_level(&self) -> Option<Level> {
        match self.worth {
            Some(Worth::Level(level)) => Some(level),
            _ => None,
        }
    }
}

/// A program that proved who it is cannot solve challenges, and need not; but an operator who denies its address means
/// it, too.
fn trust_answers(source: Source, action: Action) -> bool {
    match source {
        Source::Risk => true,
        Source::Trigger(Trigger::DenylistedOrigin) | Source::Restriction | Source::FailedAttempts => false,
        _ => action == Action::Challenge,
    }
}
