//! What is remembered of accounts: from where each was used with success, and how attempts on them go.

mod crowds;
mod successes;

use spigot_decision::policy::Offender;
use spigot_decision::{AccountFacts, AccountOutcome, AccountPlan, Acquaintance, Attempt, Count, Millis};

pub use self::crowds::Crowds;
pub use self::successes::{SUCCESSES_MAX, Successes};
use crate::{Memory, Struck};

/// What is remembered of accounts beside the counts.
#[derive(Default)]
pub struct Accounts {
    /// From where each was used.
    pub successes: Successes,
    /// How attempts go, by route and by client.
    pub crowds: Crowds,
}

impl Memory {
    /// What is known of an account and of who comes for it; a sign-up is counted.
    pub(crate) fn account(&self, plan: &AccountPlan, now: Millis) -> AccountFacts {
        let [anywhere, network, clearance] =
            plan.successes.map(|key| key.is_some_and(|key| self.accounts.successes.contains(key, now)));
        let known = network || clearance;
        let mut facts = AccountFacts {
            remembered: anywhere,
            known,
            crowds: plan.crowds.map(|key| self.accounts.crowds.look(key, plan.window_millis, now)),
            ..AccountFacts::default()
        };
        // A forgotten password must be replaceable while strangers guess at it.
        if plan.kind == Attempt::LogIn {
            let whose = whose(known) as usize;
            facts.failures = self.table.count(&plan.failures[whose], now);
            let lock = self.restrictions.find(plan.locks[whose], now);
            facts.locked = lock.map(|strike| (strike.end, strike.step));
        }
        if let Some([once, alike, burst]) = plan.signups {
            // Whoever sends the same form again is no second account.
            let again = self.table.count(&once, now) > 1;
            let count = |count: Count| self.table.count(&Count { add: !again, ..count }, now);
            (facts.alike, facts.burst) = (count(alike), count(burst));
        }
        facts
    }

    /// Counts how an attempt ended, remembers success, and locks the account to whoever failed too often.
    pub(crate) fn account_ended(&self, outcome: &AccountOutcome, now: Millis) {
        let plan = &outcome.plan;
        for key in plan.crowds {
            self.accounts.crowds.add(key, outcome.failed.then_some(plan.member), plan.window_millis, now);
        }
        if !outcome.failed {
            // Asking for a new password proves nothing, and a sign-up is answered alike when the account is another's.
            if let Some(days) = outcome.remember_days.filter(|_| plan.kind == Attempt::LogIn) {
                for key in plan.successes.into_iter().flatten() {
                    self.accounts.successes.remember(key, days, now);
                }
            }
            return;
        }
        if plan.kind != Attempt::LogIn {
            return;
        }
        let known =
            plan.successes[1..].iter().flatten().any(|key| self.accounts.successes.contains(*key, now));
        let whose = whose(known) as usize;
        let failures = Count { add: true, ..plan.failures[whose] };
        if self.table.count(&failures, now) < outcome.lock.restrict_from {
            return;
        }
        let key = plan.locks[whose];
        match self.restrictions.strike(key, Offender::Account(key), &outcome.lock, now) {
            // The next step takes as many failures again.
            Struck::Began(_) | Struck::Stands => self.table.clear(failures.key),
            // It stays slowed by its count, and the next failure asks for a place again.
            Struck::NoRoom => {}
        }
    }
}

fn whose(known: bool) -> Acquaintance {
    if known { Acquaintance::Known } else { Acquaintance::Strangers }
}

#[cfg(test)]
mod tests;
