//! The cohorts of one route, and what it usually does in each hour of the day.

use spigot_decision::{Budget, CohortLevel, OverBudget, PlannedBudget};

use super::KeptCohorts;
use super::level::{Group, Level};

/// Days over which the usual of an hour is averaged; older ones fade.
const DAYS: u8 = 7;
/// Hours without a request that are learned as such when the next one comes; a route that rests for longer has no usual
/// that matters.
const EMPTY_HOURS_MAX: i64 = 14 * 24;

pub(super) struct RouteCohorts {
    hour: i64,
    levels: [Level; 3],
    everybody: Group,
    day: [Usual; 24],
    /// As the route's last request had it: what is learned of an hour is cut by it.
    budget: Option<Budget>,
}

/// What is usual in one hour of the day.
#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    mean: f64,
    days: u8,
}

impl RouteCohorts {
    pub(super) fn new(hour: i64) -> Self {
        Self {
            hour,
            levels: Default::default(),
            everybody: Group::default(),
            day: Default::default(),
            budget: None,
        }
    }

    pub(super) fn count(&mut self, planned: &PlannedBudget, counted: bool, hour: i64) -> Option<OverBudget> {
        // A clock that steps back counts into the hour at hand.
        if hour > self.hour {
            self.turn(hour);
        }
        self.budget = Some(planned.budget);
        let speaks = !planned.cleared && self.usual_at(self.hour).days >= planned.budget.needs_days;
        let allowed = |level, usual| {
            let allowed = u64::from(passing(&planned.budget, level, usual));
            u32::try_from(allowed * u64::from(planned.scale_milli) / 1000).unwrap_or(u32::MAX)
        };
        let [both, network, fingerprint] = planned.keys;
        // Whoever has a budget of its own and stays within it has nothing to do with the others of its network or
        // fingerprint. Of those who have none, the wider levels say more.
        let own = both.is_some_and(|key| self.levels[0].knows(key));
        let judged = [both.filter(|_| own), network.filter(|_| !own), fingerprint.filter(|_| !own)];
        if speaks {
            for ((level, cohorts), key) in CohortLevel::ALL.into_iter().zip(&mut self.levels).zip(judged) {
                let Some(key) = key else { continue };
                let (found, usual) = cohorts.find(key, allowed(level, 0.0));
                let (count, budget) = (found.count.saturating_add(1), allowed(level, usual));
                if count > budget {
                    // It is counted where it is over and nowhere else: the others do not pay for it.
                    if counted {
                        cohorts.count(key, found.shared);
                    }
                    return Some(OverBudget { level, shared: found.shared, count, budget });
                }
            }
        }
        let everybody = self.everybody.count.saturating_add(1);
        if counted {
            self.everybody.count = everybody;
        }
        let budget = allowed(CohortLevel::Route, self.everybody.usual);
        if speaks && everybody > budget {
            return Some(OverBudget { level: CohortLevel::Route, shared: false, count: everybody, budget });
        }
        // The others of the narrowest level are counted to see who of them should be known.
        let counts = [both, judged[1], judged[2]];
        for (cohorts, key) in self.levels.iter_mut().zip(counts) {
            if let Some(key) = key.filter(|_| counted) {
                cohorts.count(key, true);
            }
        }
        None
    }

    /// Learns the hour that is over, and what is usual in the one that begins.
    fn turn(&mut self, hour: i64) {
        let (budget, known) = (self.budget, self.usual_at(self.hour).days);
        // As long as nothing is known, all of it is the usual.
        let speaks = |budget: &Budget| known >= budget.needs_days;
        let most = |level, usual| match &budget {
            Some(budget) if speaks(budget) => passing(budget, level, usual),
            _ => u32::MAX,
        };
        let hours = hour - self.hour;
        let passed = self.everybody.count.min(most(CohortLevel::Route, self.everybody.usual));
        self.day[of_day(self.hour)].learn(f64::from(passed));
        for empty in self.hour + 1..hour.min(self.hour + 1 + EMPTY_HOURS_MAX) {
            self.day[of_day(empty)].learn(0.0);
        }
        self.everybody.turn(hours, |usual| most(CohortLevel::Route, usual));
        for (level, cohorts) in CohortLevel::ALL.into_iter().zip(&mut self.levels) {
            cohorts.turn(hours, self.everybody.volume, most(level, 0.0), |usual| most(level, usual));
        }
        self.hour = hour;
        self.begin();
    }

    fn begin(&mut self) {
        let (usual, total) = (self.usual_at(self.hour).mean, self.everybody.volume);
        self.everybody.usual = usual;
        for level in &mut self.levels {
            level.expect(usual, total);
        }
    }

    /// What is usual in an hour, or between its neighbours where that is more: people get up earlier or later.
    fn usual_at(&self, hour: i64) -> Usual {
        let [before, here, after] = [-1, 0, 1].map(|step| self.day[of_day(hour + step)]);
        let beside = if before.days > 0 && after.days > 0 { (before.mean + after.mean) / 2.0 } else { 0.0 };
        Usual { mean: here.mean.max(beside), days: here.days }
    }

    pub(super) fn kept(&self, route: &str) -> KeptCohorts {
        KeptCohorts {
            route: route.to_owned(),
            day: self.day.map(|usual| (usual.mean, usual.days)),
            volume: self.everybody.volume,
            levels: self.levels.each_ref().map(Level::kept),
        }
    }

    pub(super) fn restored(kept: KeptCohorts, hour: i64) -> Self {
        let mut restored = Self::new(hour);
        restored.day = kept.day.map(|(mean, days)| Usual { mean: mean.max(0.0), days: days.min(DAYS) });
        restored.levels = kept.levels.map(Level::restored);
        restored.everybody.volume = kept.volume.max(0.0);
        restored.begin();
        restored
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> [(usize, usize); 3] {
        self.levels.each_ref().map(Level::sizes)
    }
}

impl Usual {
    /// The plain mean of the first days, then each day a seventh.
    fn learn(&mut self, count: f64) {
        self.days = (self.days + 1).min(DAYS);
        self.mean += (count - self.mean) / f64::from(self.days);
    }
}

/// How many of an hour's requests pass. What is few for everybody is much for one fingerprint in one network: there
/// are hundreds of them, and a fleet that is on all of them would have each one's least.
fn passing(budget: &Budget, level: CohortLevel, usual: f64) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, and is never below 0
    let times = (usual * f64::from(budget.times_milli) / 1000.0) as u32;
    let part = match level {
        CohortLevel::Both => 4,
        CohortLevel::Network | CohortLevel::Fingerprint => 2,
        CohortLevel::Route => 1,
    };
    times.max(budget.at_least.div_ceil(part))
}

fn of_day(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(24)).unwrap_or(0)
}
