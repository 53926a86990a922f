//! What is asked of whoever comes for an account.

use super::Weighing;
use crate::{Action, Evidence, Source};

impl Weighing<'_> {
    pub(super) fn account(&mut self) {
        let Some(account) = self.facts.account else { return };
        if let Some((end, step)) = account.locked.filter(|(end, _)| self.now < *end) {
            self.asks(Source::AccountLocked, Action::Block, Evidence::Until { end, step });
            let wait = end.since(self.now);
            self.retry_after_millis = Some(self.retry_after_millis.map_or(wait, |other| other.max(wait)));
        }
        let settings = &self.policy.accounts;
        let worst = self.failures.max(account.failures);
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
        self.failures > self.policy.accounts.challenge_after
    }
}
