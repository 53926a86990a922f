use arrayvec::ArrayVec;

use crate::{Action, History, MAX_COUNTS, Millis, OverBudget, Reputation};

/// What look-ups said about an observation.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The counts that the plan asked for, in its order. Shorter than the plan when the state was away.
    pub counts: ArrayVec<u32, MAX_COUNTS>,
    /// The state answered in time.
    pub available: bool,
    /// The strongest restriction in force on any of the plan's subjects.
    pub restriction: Option<RestrictionFact>,
    /// The route's volume in this clock hour against its past.
    pub hour: Option<HourFact>,
    /// The narrowest of the client's cohorts that has used up its budget here.
    pub over_budget: Option<OverBudget>,
    /// ISO 3166-1 code in upper case.
    pub country: Option<[u8; 2]>,
    /// Network number (ASN).
    pub network: Option<u32>,
    /// Device class: `desktop`, `phone`, `tablet`, `bot`.
    pub device: Option<&'static str>,
    /// What lists, and proofs of who a crawler is, say of the address.
    pub reputation: Reputation,
    /// What the client did before.
    pub history: History,
    /// The account that the request names, and who comes for it. In a box: most requests name none.
    pub account: Option<Box<crate::AccountFacts>>,
    /// The domain of the account's address is on a list of ill-reputed ones.
    pub ill_reputed_domain: bool,
}

/// A restriction that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestrictionFact {
    /// What it does.
    pub action: Action,
    /// When it ends.
    pub end: Millis,
    /// Which step of the ladder it is, from 1; 0 when an operator set it.
    pub step: u8,
}

/// A route's requests in one clock hour (UTC) against the same hour of earlier days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HourFact {
    /// Requests in this hour, this one included.
    pub count: u32,
    /// Sum over the same hour of the days seen, at most 14.
    pub past_sum: u64,
    /// How many of the last 14 days were seen in that hour.
    pub days: u8,
}

impl HourFact {
    /// Whether the count exceeds `times_milli / 1000` times the mean: exact, in whole numbers.
    #[must_use]
    pub fn exceeds(&self, times_milli: u32) -> bool {
        u128::from(self.count) * u128::from(self.days) * 1000
            > u128::from(times_milli) * u128::from(self.past_sum)
    }

    /// The mean in thousandths of a request.
    #[must_use]
    pub fn mean_milli(&self) -> u64 {
        if self.days == 0 { 0 } else { self.past_sum.saturating_mul(1000) / u64::from(self.days) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_mean_is_not_more_than_twice() {
        let hour = |count| HourFact { count, past_sum: 14_000, days: 14 };
        assert!(!hour(2000).exceeds(2000));
        assert!(hour(2001).exceeds(2000));
    }
}
