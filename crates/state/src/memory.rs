use spigot_decision::policy::{Ladder, Strike};
use spigot_decision::{Count, CountKind, Facts, History, Millis, Outcome, Plan, RestrictionFact};

use crate::{
    Accounts, Begun, CLIENT_MOST, Claim, Cohorts, Histories, Hours, Mark, RESTRICTION_ACTION, Restrictions,
    SpendError, Spends, State, Struck, Table,
};

/// Everything in the memory of one node.
pub struct Memory {
    /// The counts.
    pub table: Table,
    /// What was spent.
    pub spends: Spends,
    /// The restrictions.
    pub restrictions: Restrictions,
    /// The routes' hours.
    pub hours: Hours,
    /// What cohorts usually do, and did in this hour.
    pub cohorts: Cohorts,
    /// What is remembered of accounts.
    pub accounts: Accounts,
    /// What clients did before.
    pub histories: Histories,
}

/// For 500,000 clients; touched as they come.
const HISTORY_BYTES: usize = 12 << 20;

/// Bounds of [`Memory`].
#[derive(Clone, Copy, Debug)]
pub struct MemorySettings {
    /// Memory for counts, in bytes.
    pub counter_bytes: usize,
    /// Unexpired entries of the spent set.
    pub spends_max: usize,
}

impl Default for MemorySettings {
    /// 128 MiB of counts and a million spends.
    fn default() -> Self {
        Self { counter_bytes: 128 << 20, spends_max: 1_000_000 }
    }
}

impl Memory {
    /// An empty state; `start` is the earliest time that it will be told.
    #[must_use]
    pub fn new(settings: MemorySettings, start: Millis) -> Self {
        Self {
            table: Table::new(settings.counter_bytes, start),
            spends: Spends::new(settings.spends_max),
            restrictions: Restrictions::default(),
            hours: Hours::default(),
            cohorts: Cohorts::default(),
            accounts: Accounts::default(),
            histories: Histories::new(HISTORY_BYTES),
        }
    }

    /// [`State::fetch`] without waiting, for replay.
    #[must_use]
    pub fn fetch_now(&self, plan: &Plan, route: &str, now: Millis) -> Facts {
        let mut facts = Facts { available: true, ..Facts::default() };
        for count in &plan.counts {
            facts.counts.push(self.table.count(count, now));
        }
        facts.history = self.history(plan.own_subjects(), now);
        let strikes = plan.subjects.iter().filter_map(|key| self.restrictions.find(*key, now));
        facts.restriction = strikes.max_by_key(|strike| strike.end).map(|strike| RestrictionFact {
            action: RESTRICTION_ACTION,
            end: strike.end,
            step: strike.step,
        });
        // Whoever is stopped by what it did itself is not the route's traffic: its flood must not bring friction to others.
        let own = |(count, seen): (&Count, &u32)| count.kind == CountKind::Frequency && *seen > count.limit;
        let stopped = facts.restriction.is_some() || plan.counts.iter().zip(&facts.counts).any(own);
        facts.account = plan.account.as_deref().map(|account| Box::new(self.account(account, now)));
        facts.hour = plan
            .hour
            .then(|| if stopped { self.hours.peek(route, now) } else { self.hours.count(route, now) });
        if let Some(planned) = &plan.budget {
            // One client is one client, however much it asks for: its own counts are for that.
            let much =
                |(count, seen): (&Count, &u32)| count.kind == CountKind::Frequency && *seen > CLIENT_MOST;
            let counted = !stopped && !plan.counts.iter().zip(&facts.counts).any(much);
            facts.over_budget = self.cohorts.count(planned, route, counted, now);
        }
        facts
    }

    /// What a client did before. Whoever holds a clearance is known from its address, too, and has solved a challenge.
    fn history(&self, own: &[u64], now: Millis) -> History {
        let Some((client, address)) = own.split_first() else { return History::default() };
        let history = self.histories.seen(*client, now);
        let Some(address) = address.first() else { return history };
        let before = self.histories.find(*address, now);
        History {
            known_seconds: history.known_seconds.max(before.known_seconds),
            solves: history.solves.max(before.solves).max(1),
            ..history
        }
    }

    /// [`State::report`] without waiting, for replay.
    pub fn report_now(&self, outcome: &Outcome, ladder: &Ladder, now: Millis) -> Option<Strike> {
        let mut began = None;
        if let Some(account) = &outcome.account {
            self.account_ended(account, now);
        }
        for (index, count) in outcome.counts.iter().enumerate() {
            let seen = self.table.count(count, now);
            let Some((key, offender)) = outcome.offenders.get(index) else { continue };
            // Not for the network around it, whose history nobody asks for.
            let own = index == 0 || (index == 1 && count.kind == CountKind::FailuresOfAddress);
            if own {
                self.histories.mark(*key, Mark::Failure, now);
            }
            if seen < count.limit {
                continue;
            }
            match self.restrictions.strike(*key, *offender, ladder, now) {
                Struck::Began(strike) => {
                    if own {
                        self.histories.mark(*key, Mark::Restriction, now);
                    }
                    began = Some(strike);
                }
                Struck::Stands => {}
                // It stays slowed by its count.
                Struck::NoRoom => continue,
            }
            // The next step takes as many failures again.
            self.table.clear(count.key);
        }
        began
    }
}

impl State for Memory {
    async fn fetch(&self, plan: &Plan, route: &str, now: Millis) -> Facts {
        self.fetch_now(plan, route, now)
    }

    async fn begin(&self, plan: &Plan, now: Millis) -> Option<Begun> {
        self.begin_now(plan, now)
    }

    async fn count(&self, count: &Count, now: Millis) -> Option<u32> {
        Some(self.table.count(count, now))
    }

    async fn report(&self, outcome: &Outcome, ladder: &Ladder, now: Millis) -> Option<Strike> {
        self.report_now(outcome, ladder, now)
    }

    async fn solved(&self, clients: &[u64], now: Millis) {
        clients.iter().for_each(|key| self.histories.mark(*key, Mark::Solve, now));
    }

    async fn is_spent(&self, id: &[u8; 16], now: Millis) -> Result<bool, SpendError> {
        Ok(self.spends.is_spent(id, now))
    }

    async fn claim(
        &self,
        id: &[u8; 16],
        claimant: u64,
        end: Millis,
        now: Millis,
    ) -> Result<Claim, SpendError> {
        self.spends.claim(id, claimant, end, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn conforms() {
        crate::conformance::run(|start| {
            Memory::new(MemorySettings { counter_bytes: 4 << 20, spends_max: 10_000 }, start)
        })
        .await;
    }
}
