//! What the breaker took out of force for a while: what is found is told, and nothing follows from it.

use super::{Policy, Trigger};
use crate::signal::SIGNALS;
use crate::{Millis, Source};

/// Signals whose challenges are worth it although people solve them: they protect accounts, or are about who shows
/// plainly that it is a program. Whoever attacks with browsers that solve must not put them out of force.
const KEPT: [&str; 11] = [
    "account_probing",
    "alike_addresses",
    "breached_password",
    "credential_stuffing",
    "disposable_domain",
    "ill_reputed_domain",
    "false_crawler",
    "new_address",
    "signup_burst",
    "spam_detected",
    "steered_browser",
];

/// A reason that asks nobody for a challenge until `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demoted {
    /// Kind and name, as [`Policy::breakable_name`] gives them.
    pub name: String,
    /// Until when.
    pub end: Millis,
}

impl Policy {
    /// Kind and name of a reason that the breaker may demote, `limit login-burst`. What an operator or the ladder of
    /// failures decided is not for it: deny lists, forced challenges, restrictions, routes that ask everybody. Nor are
    /// the signals that protect accounts, or that only programs have.
    #[must_use]
    pub fn breakable_name(&self, source: Source) -> Option<String> {
        let kind = match source {
            Source::Trigger(
                Trigger::HighFrequency | Trigger::TrafficAnomaly | Trigger::PayloadRepetition,
            ) => "trigger",
            Source::Signal(_) if KEPT.contains(&self.source_name(source)) => return None,
            Source::Signal(_) => "signal",
            Source::Limit(_) => "limit",
            Source::Rule(_) => "rule",
            Source::CohortBudget => "budget",
            _ => return None,
        };
        Some(format!("{kind} {}", self.source_name(source)))
    }

    /// Every reason that the breaker may demote.
    fn breakable(&self) -> impl Iterator<Item = Source> {
        let index = |count: usize| 0..u16::try_from(count).unwrap_or(u16::MAX);
        let triggers = Trigger::ALL.into_iter().map(Source::Trigger);
        let signals = (0..u8::try_from(SIGNALS.len()).unwrap_or(u8::MAX)).map(Source::Signal);
        triggers
            .chain(signals)
            .chain(index(self.limits.len()).map(Source::Limit))
            .chain(index(self.rules.len()).map(Source::Rule))
            .chain([Source::CohortBudget])
    }

    /// The sources that these names stand for; names of what the policy no longer has are left out.
    pub(super) fn resolve(&self, demoted: &[Demoted]) -> Vec<(Source, Millis)> {
        if demoted.is_empty() {
            return Vec::new();
        }
        let find = |source: Source| {
            let name = self.breakable_name(source)?;
            demoted.iter().find(|entry| entry.name == name).map(|entry| (source, entry.end))
        };
        self.breakable().filter_map(find).collect()
    }

    /// Whether anything is demoted, or was when the policy was put in force.
    #[must_use]
    pub fn has_demoted(&self) -> bool {
        !self.demoted.is_empty()
    }

    /// Whether a reason is demoted at `now`.
    #[must_use]
    pub fn is_demoted(&self, source: Source, now: Millis) -> bool {
        self.demoted.iter().any(|(demoted, end)| *demoted == source && now < *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::load;

    #[test]
    fn what_protects_accounts_stays_in_force() {
        let policy = load("policy.toml", "").unwrap();
        let index = |name: &str| SIGNALS.iter().position(|signal| signal.name == name).unwrap();
        let source = |name: &str| Source::Signal(index(name).try_into().unwrap());
        let check = |name: &str, breakable: bool| {
            let full = format!("signal {name}");
            assert_eq!(policy.breakable_name(source(name)).is_some(), breakable, "{name}");
            let demoted = policy.resolve(&[Demoted { name: full, end: Millis(1) }]);
            assert_eq!(demoted.len(), usize::from(breakable), "{name}");
        };
        KEPT.into_iter().for_each(|name| check(name, false));
        for name in ["hosting_network", "tool_user_agent", "failed_often", "quick_fill"] {
            check(name, true);
        }
    }
}
