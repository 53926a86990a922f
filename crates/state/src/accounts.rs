//! What is remembered of accounts: from where each was used with success, and how attempts on them go.

mod crowds;
mod opens;
mod successes;

use std::sync::Arc;

use spigot_decision::policy::Offender;
use spigot_decision::{
    AccountFacts, AccountOutcome, AccountPlan, Acquaintance, Attempt, Count, CountKind, Millis, Plan,
};

pub use self::crowds::Crowds;
pub use self::opens::{OpenPlace, Opens};
pub use self::successes::{Acquainted, SUCCESSES_MAX, Successes};
use crate::{Memory, Struck};

/// What is remembered of accounts beside the counts.
#[derive(Default)]
pub struct Accounts {
    /// From where each was used.
    pub successes: Successes,
    /// How attempts go, by route and by client.
    pub crowds: Crowds,
    /// Attempts whose end is not known.
    pub opens: Arc<Opens>,
}

/// What is found where an attempt begins.
#[derive(Debug)]
pub struct Begun {
    /// Failures on the account, as in [`AccountFacts::failures`].
    pub failures: u32,
    /// As in [`AccountFacts::locked`].
    pub locked: Option<(Millis, u8)>,
    /// Attempts of others on the account whose end is not known.
    pub open: u32,
    /// Failures of the client.
    pub client_failures: u32,
    /// Its attempts on accounts where it is not known, as far as their end is not known.
    pub client_open: u32,
    /// Holds this one's place, until how it ended is counted.
    pub place: OpenPlace,
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
            crowds: plan.crowds.map(|key| {
                key.map(|key| self.accounts.crowds.look(key, plan.window_millis, now)).unwrap_or_default()
            }),
            ..AccountFacts::default()
        };
        // A forgotten password must be replaceable while strangers guess at it.
        if plan.kind == Attempt::LogIn {
            (facts.failures, facts.locked) = self.failures(plan, known, now);
        }
        if let Some([once, alike, burst]) = plan.signups {
            // Whoever sends the same form again is no second account.
            let again = self.table.count(&once, now) > 1;
            let count = |count: Count| self.table.count(&Count { add: !again, ..count }, now);
            (facts.alike, facts.burst) = (count(alike), count(burst));
        }
        facts
    }

    /// Failures on an account and then its lock, in this order: what a lock clears of the count is found in the lock.
    fn failures(&self, plan: &AccountPlan, known: bool, now: Millis) -> (u32, Option<(Millis, u8)>) {
        let whose = whose(known) as usize;
        let failures = self.table.count(&plan.failures[whose], now);
        let lock = self.restrictions.find(plan.locks[whose], now);
        (failures, lock.map(|strike| (strike.end, strike.step)))
    }

    /// [`crate::State::begin`] without waiting. The place is taken first and what is counted is read afterwards, while whoever
    /// ends is counted first and leaves afterwards: so each other attempt is found in one of the two, or in both.
    pub fn begin_now(&self, plan: &Plan, now: Millis) -> Option<Begun> {
        let account = plan.account.as_deref().filter(|account| account.kind == Attempt::LogIn)?;
        let known = self.is_known(account, now);
        let whose = whose(known) as usize;
        let own = plan.counts.iter().find(|count| count.kind == CountKind::Failures);
        // Who was there before is presumably right, and an office that begins to work at nine is no attack.
        let client = own.filter(|_| !known).map_or(0, |count| count.key);
        let ([open, client_open], place) =
            self.accounts.opens.enter([account.failures[whose].key, client], now);
        let (failures, locked) = self.failures(account, known, now);
        let client_failures = own.map_or(0, |count| self.table.count(count, now));
        Some(Begun { failures, locked, open, client_failures, client_open, place })
    }

    fn is_known(&self, plan: &AccountPlan, now: Millis) -> bool {
        plan.successes[1..].iter().flatten().any(|key| self.accounts.successes.contains(*key, now))
    }

    /// Counts how an attempt ended, remembers success, and locks the account to whoever failed too often.
    pub(crate) fn account_ended(&self, outcome: &AccountOutcome, now: Millis) {
        let plan = &outcome.plan;
        for key in plan.crowds.of_many.into_iter().chain([plan.crowds.of_client]).flatten() {
            self.accounts.crowds.add(key, plan.member, outcome.failed, plan.window_millis, now);
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
        let whose = whose(self.is_known(plan, now)) as usize;
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
