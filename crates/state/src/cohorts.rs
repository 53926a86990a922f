//! What cohorts of clients usually do on a route, and what they did in this hour.
//!
//! **Whose budget.** Each route knows, at three levels (fingerprint in network, network, fingerprint), the cohorts that
//! make up a thousandth of its volume or more. All others of a level share one budget, so that whoever draws a new
//! fingerprint for each request, or comes from ever new networks, is one of many on one account and gains nothing. A
//! fourth level is everybody, so that the sum is bounded whatever the cohorts are.
//!
//! **What is usual.** A cohort's share of the level's volume over the last days, times the volume that the route usually
//! has in this hour of the day. Learned is what passed: what was over budget is not, so that an attack does not become
//! the usual, and a cohort's usual grows at most by its budget.
//!
//! **Bounded.** [`KNOWN_MAX`] known cohorts and [`NEW_MAX`] that may become known per level, [`ROUTES_MAX`] routes: 90 kB
//! for a route with as many cohorts as there can be.

mod level;
mod route;

use std::collections::HashMap;

use foldhash::fast::FixedState;
use parking_lot::{Mutex, RwLock};
use spigot_decision::{Millis, OverBudget, PlannedBudget};

pub use self::level::KeptLevel;
use self::route::RouteCohorts;

/// Routes that are remembered; a policy has at most 512, and what is kept of earlier ones fades.
const ROUTES_MAX: usize = 512;
/// Cohorts of one level that have a budget of their own: whoever has a thousandth of the volume is among 1,000, and
/// volumes are never spread so evenly.
const KNOWN_MAX: usize = 512;
/// Cohorts that are watched because they may become known; finds each with more than a 257th of what unknown ones do.
const NEW_MAX: usize = 256;

/// Requests of one client in its window of `high_frequency` that count for its cohort. Budgets are about many clients
/// who each do little; one that does much is dealt with by its own counts, and its neighbours do not pay for it.
pub const CLIENT_MOST: u32 = 32;

/// The cohorts of each route.
#[derive(Default)]
pub struct Cohorts {
    /// By name. Names are the policy's, so nobody outside can make them collide.
    routes: RwLock<HashMap<Box<str>, Mutex<RouteCohorts>, FixedState>>,
}

/// What is kept of a route's cohorts over a restart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptCohorts {
    /// The route's name.
    pub route: String,
    /// What is usual in each hour of the day (UTC), and of how many days that is known.
    pub day: [(f64, u8); 24],
    /// The volume of the last days, long past ones as less.
    pub volume: f64,
    /// The levels, narrowest first.
    pub levels: [KeptLevel; 3],
}

impl Cohorts {
    /// Counts a request, or only looks when it is not to be `counted`; says which of its cohorts is over budget.
    pub fn count(
        &self,
        planned: &PlannedBudget,
        route: &str,
        counted: bool,
        now: Millis,
    ) -> Option<OverBudget> {
        let hour = now.hour();
        if let Some(cohorts) = self.routes.read().get(route) {
            return cohorts.lock().count(planned, counted, hour);
        }
        let mut routes = self.routes.write();
        if routes.len() >= ROUTES_MAX && !routes.contains_key(route) {
            return None;
        }
        let cohorts = routes.entry(route.into()).or_insert_with(|| Mutex::new(RouteCohorts::new(hour)));
        cohorts.get_mut().count(planned, counted, hour)
    }

    /// What is to be kept.
    #[must_use]
    pub fn kept(&self) -> Vec<KeptCohorts> {
        let routes = self.routes.read();
        let mut kept: Vec<_> = routes.iter().map(|(name, cohorts)| cohorts.lock().kept(name)).collect();
        kept.sort_by(|a, b| a.route.cmp(&b.route));
        kept
    }

    /// Takes back what was kept. The hours in which nothing ran are unknown, not empty.
    pub fn restore(&self, kept: impl IntoIterator<Item = KeptCohorts>, now: Millis) {
        let mut routes = self.routes.write();
        for kept in kept.into_iter().take(ROUTES_MAX) {
            let name = kept.route.as_str().into();
            routes.insert(name, Mutex::new(RouteCohorts::restored(kept, now.hour())));
        }
    }
}

#[cfg(test)]
mod tests;
