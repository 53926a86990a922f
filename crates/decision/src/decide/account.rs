//! What is asked of whoever comes for an account.

use super::Weighing;
use crate::{Action, Evidence, Source};

/// When whoever came while others were being answered may try again: an application judges a password within it.
const OPEN_MILLIS: i64 = 1000;

impl Weighing<'_> {
    pub(super) fn account(&mut self) {
        let Some(account) = self.facts.account.as_deref() else { return };
        if let Some((end, step)) = account.locked.filter(|(end, _)| self.now < *end) {
            self.asks(Source::AccountLocked, Action::Block, Evidence::Until { end, step });
            let wait = end.since(self.now);
            self.retry_after_millis = Some(self.retry_after_millis.map_or(wait, |other| other.max(wait)));
        }
        let settings = &self.policy.accounts;
        let lock = &settings.lock;
        // Whoever waits for an answer may be wrong, and then there is a lock: no more are let through than it takes.
        let guesses = account.failures.saturating_add(account.open);
        if account.open > 0 && guesses >= lock.restrict_from {
            let window_millis = lock.window_millis;
            let evidence = Evidence::Count { count: guesses, limit: lock.restrict_from, window_millis };
            self.asks(Source::AccountLocked, Action::Block, evidence);
            self.retry_after_millis =
                Some(self.retry_after_millis.map_or(OPEN_MILLIS, |other| other.max(OPEN_MILLIS)));
        }
        let worst = self.own_failures().max(guesses);
        if worst > settings.challenge_after {
            let evidence = Evidence::Count {
                count: worst,
                limit: settings.challenge_after,
                window_millis: settings.lock.window_millis,
            };
            self.asks(Source::FailedAttempts, Action::Challenge, evidence);
        }
    }

    /// Its own failures are a reason to ask a client again; those of others on the account are answered by a clearance.
    pub(super) fn failed_itself(&self) -> bool {
        self.own_failures() > self.policy.accounts.challenge_after
    }

    /// Those of the client, and its attempts that may become some.
    fn own_failures(&self) -> u32 {
        self.failures.saturating_add(self.facts.account.as_deref().map_or(0, |account| account.client_open))
    }
}
