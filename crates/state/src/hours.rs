use std::collections::{BTreeSet, HashMap, VecDeque};

use foldhash::fast::FixedState;
use parking_lot::Mutex;
use spigot_decision::{HourFact, Millis};

/// Days over which an hour is compared with the same hour.
const DAYS: i64 = 14;
/// Hours that are remembered: the days compared and the current one.
const HOURS_MAX: usize = ((DAYS + 1) * 24) as usize;
/// Routes that are remembered; a policy has at most 512, and those of earlier policies fade within 15 days.
const ROUTES_MAX: usize = 2048;

/// Each route's requests per clock hour (UTC) of the last 15 days, never per address.
///
/// A clock that jumps loses nothing: an hour finds its place wherever it lies, and only an hour too many pushes out
/// the oldest one.
#[derive(Default)]
pub struct Hours {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Hours in which Spigot was running, each counted as 0.
    seen: Series,
    /// By name. Names are the policy's, so nobody outside can make them collide.
    routes: HashMap<Box<str>, RouteHours, FixedState>,
}

/// One route's counts.
#[derive(Default)]
struct RouteHours {
    /// Hours with requests.
    counts: Series,
    /// The first hour in which the route was asked for: earlier ones say nothing about it.
    first: i64,
    /// The current hour and what it is compared with.
    current: i64,
    past_sum: u64,
    days: u8,
}

/// Numbers by hour, ascending, at most [`HOURS_MAX`]; and what of them has to be kept.
#[derive(Default)]
struct Series {
    hours: VecDeque<(i64, u32)>,
    /// Hours that were changed since they were kept; at most as many as there are hours.
    changed: BTreeSet<i64>,
    /// Hours that were pushed out since; at most twice as many as there are hours, then the oldest stay in the store.
    removed: Vec<i64>,
}

/// A route's requests in one hour, to be kept over a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// The route's name; empty for the record that Spigot was running in that hour.
    pub route: String,
    /// The hour, counted from the epoch.
    pub hour: i64,
    /// Requests.
    pub count: u32,
}

/// What has changed since hours were kept last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HourChanges {
    /// New and grown counts.
    pub set: Vec<HourCount>,
    /// Routes and hours that are no longer remembered.
    pub removed: Vec<(String, i64)>,
}

impl HourChanges {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }
}

impl Hours {
    /// Notes that Spigot runs: hours without a request count as hours with none, hours without Spigot do not count.
    pub fn running(&self, now: Millis) {
        self.inner.lock().seen.note(now.hour());
    }

    /// Notes every hour from the last one noted up to `now`, for a replay whose log was written throughout.
    pub fn running_through(&self, now: Millis) {
        let mut inner = self.inner.lock();
        let hour = now.hour();
        let from = inner.seen.latest().map_or(hour, |last| (last + 1).max(hour - HOURS_MAX as i64));
        for seen in from..=hour {
            inner.seen.note(seen);
        }
    }

    /// Counts a request of a route and compares its hour with the same hour of the days before.
    pub fn count(&self, route: &str, now: Millis) -> HourFact {
        let hour = now.hour();
        let mut inner = self.inner.lock();
        inner.seen.note(hour);
        let Inner { seen, routes } = &mut *inner;
        if !routes.contains_key(route) {
            if routes.len() >= ROUTES_MAX {
                let remembered = |hours: &RouteHours| hours.counts.latest();
                routes.retain(|_, hours| remembered(hours).is_some_and(|l| l > hour - HOURS_MAX as i64));
            }
            if routes.len() >= ROUTES_MAX {
                return HourFact::default();
            }
            routes
                .insert(route.into(), RouteHours { first: hour, current: i64::MIN, ..RouteHours::default() });
        }
        let Some(hours) = routes.get_mut(route) else { return HourFact::default() };
        hours.first = hours.first.min(hour);
        let count = hours.counts.add(hour);
        if hours.current != hour {
            hours.compare(hour, seen);
        }
        HourFact { count, past_sum: hours.past_sum, days: hours.days }
    }

    /// The state of a route's current hour, without counting.
    #[must_use]
    pub fn peek(&self, route: &str, now: Millis) -> HourFact {
        let hour = now.hour();
        let mut inner = self.inner.lock();
        let Inner { seen, routes } = &mut *inner;
        let Some(hours) = routes.get_mut(route) else { return HourFact::default() };
        if hours.current != hour {
            hours.compare(hour, seen);
        }
        HourFact { count: hours.counts.at(hour).unwrap_or(0), past_sum: hours.past_sum, days: hours.days }
    }

    /// What has changed since the last call.
    #[must_use]
    pub fn take_changed(&self) -> HourChanges {
        let mut inner = self.inner.lock();
        let mut changes = HourChanges::default();
        inner.seen.take_changed("", &mut changes);
        for (route, hours) in &mut inner.routes {
            hours.counts.take_changed(route, &mut changes);
        }
        changes
    }

    /// Marks changes that could not be kept, so that the next call gives them again.
    pub fn not_kept(&self, changes: HourChanges) {
        let mut inner = self.inner.lock();
        for record in changes.set {
            if let Some(series) = inner.series(&record.route) {
                series.changed.insert(record.hour);
            }
        }
        for (route, hour) in changes.removed {
            if let Some(series) = inner.series(&route) {
                series.remove(hour);
            }
        }
    }

    /// Takes back what was kept.
    pub fn restore(&self, kept: impl IntoIterator<Item = HourCount>) {
        let mut inner = self.inner.lock();
        for HourCount { route, hour, count } in kept {
            if !route.is_empty() && !inner.routes.contains_key(route.as_str()) {
                if inner.routes.len() >= ROUTES_MAX {
                    continue;
                }
                let fresh = RouteHours { first: hour, current: i64::MIN, ..RouteHours::default() };
                inner.routes.insert(route.as_str().into(), fresh);
            }
            if let Some(hours) = inner.routes.get_mut(route.as_str()) {
                hours.first = hours.first.min(hour);
            }
            if let Some(at) = inner.series(&route).and_then(|series| series.slot(hour)) {
                *at = count;
            }
        }
        inner.seen.changed.clear();
        inner.routes.values_mut().for_each(|hours| hours.counts.changed.clear());
    }
}

impl Inner {
    fn series(&mut self, route: &str) -> Option<&mut Series> {
        if route.is_empty() {
            Some(&mut self.seen)
        } else {
            self.routes.get_mut(route).map(|hours| &mut hours.counts)
        }
    }
}

impl Series {
    fn latest(&self) -> Option<i64> {
        self.hours.back().map(|(hour, _)| *hour)
    }

    fn at(&self, hour: i64) -> Option<u32> {
        self.hours.binary_search_by_key(&hour, |(hour, _)| *hour).ok().map(|at| self.hours[at].1)
    }

    /// The number of an hour, made when there is none; `None` when it is older than everything in a full series.
    fn slot(&mut self, hour: i64) -> Option<&mut u32> {
        // The current hour is nearly always the last one.
        let at = match self.latest() {
            Some(last) if last == hour => self.hours.len() - 1,
            _ => match self.hours.binary_search_by_key(&hour, |(hour, _)| *hour) {
                Ok(at) => at,
                Err(0) if self.hours.len() >= HOURS_MAX => return None,
                Err(mut at) => {
                    if self.hours.len() >= HOURS_MAX
                        && let Some((oldest, _)) = self.hours.pop_front()
                    {
                        at -= 1;
                        self.remove(oldest);
                    }
                    self.hours.insert(at, (hour, 0));
                    self.changed.insert(hour);
                    at
                }
            },
        };
        Some(&mut self.hours[at].1)
    }

    fn note(&mut self, hour: i64) {
        if self.latest() != Some(hour) {
            let _ = self.slot(hour);
        }
    }

    fn add(&mut self, hour: i64) -> u32 {
        let Some(count) = self.slot(hour) else { return 0 };
        *count = count.saturating_add(1);
        let count = *count;
        self.changed.insert(hour);
        count
    }

    fn remove(&mut self, hour: i64) {
        self.changed.remove(&hour);
        if self.removed.len() < 2 * HOURS_MAX {
            self.removed.push(hour);
        }
    }

    fn take_changed(&mut self, route: &str, changes: &mut HourChanges) {
        for hour in std::mem::take(&mut self.changed) {
            if let Some(count) = self.at(hour) {
                changes.set.push(HourCount { route: route.to_owned(), hour, count });
            }
        }
        changes.removed.extend(self.removed.drain(..).map(|hour| (route.to_owned(), hour)));
    }
}

impl RouteHours {
    fn compare(&mut self, hour: i64, seen: &Series) {
        (self.current, self.past_sum, self.days) = (hour, 0, 0);
        for day in 1..=DAYS {
            let past = hour - day * 24;
            if past < self.first || seen.at(past).is_none() {
                continue;
            }
            self.days += 1;
            self.past_sum += u64::from(self.counts.at(past).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn fourteen_days() -> Hours {
        let hours = Hours::default();
        for day in 0..14 {
            for n in 0..1000 {
                hours.count("login", Millis(day * 24 * HOUR + n));
            }
        }
        hours
    }

    #[test]
    fn the_2001st_of_a_usual_thousand_exceeds_twice_the_mean() {
        let hours = fourteen_days();
        let now = Millis(14 * 24 * HOUR);
        for n in 1..=2001 {
            let fact = hours.count("login", now);
            assert_eq!(fact, HourFact { count: n, past_sum: 14_000, days: 14 });
            assert_eq!(fact.exceeds(2000), n == 2001);
        }
    }

    #[test]
    fn only_hours_in_which_spigot_ran_count() {
        let hours = Hours::default();
        for day in [0, 1, 3] {
            hours.running(Millis(day * 24 * HOUR));
            if day < 2 {
                hours.count("a", Millis(day * 24 * HOUR));
            }
        }
        assert_eq!(hours.count("a", Millis(4 * 24 * HOUR)), HourFact { count: 1, past_sum: 2, days: 3 });
        assert_eq!(hours.count("new", Millis(4 * 24 * HOUR)), HourFact { count: 1, past_sum: 0, days: 0 });
    }

    #[test]
    fn what_is_kept_comes_back() {
        let before = Hours::default();
        let kept: std::cell::RefCell<HashMap<(String, i64), u32>> = std::cell::RefCell::default();
        for n in 0..400 {
            before.count("login", Millis(n * 17 * 60_000 * 10));
            kept.borrow_mut()
                .extend(before.take_changed().set.into_iter().map(|r| ((r.route, r.hour), r.count)));
        }
        let after = Hours::default();
        after.restore(kept.into_inner().into_iter().map(|((route, hour), count)| HourCount {
            route,
            hour,
            count,
        }));
        let now = Millis(400 * 17 * 60_000 * 10);
        assert_eq!(after.count("login", now), before.count("login", now));
    }

    #[test]
    fn a_clock_that_jumps_loses_nothing() {
        let (hours, noon) = (fourteen_days(), 14 * 24 * HOUR);
        for jump in [20 * 24 * HOUR, -HOUR, 3 * 365 * 24 * HOUR, -400 * 24 * HOUR, i64::MAX - noon - 100] {
            for n in 0..10 {
                hours.count("login", Millis(noon.saturating_add(jump) + n));
                hours.running(Millis(noon.saturating_add(jump) + n));
            }
        }
        let fact = hours.count("login", Millis(noon));
        assert_eq!(fact, HourFact { count: 1, past_sum: 14_000, days: 14 });
        // A first request from a future that turns out not to be is no beginning.
        let hours = Hours::default();
        hours.count("a", Millis(1000 * 24 * HOUR));
        for day in 0..4 {
            hours.count("a", Millis(day * 24 * HOUR));
        }
        assert_eq!(hours.peek("a", Millis(3 * 24 * HOUR)), HourFact { count: 1, past_sum: 3, days: 3 });
    }

    #[test]
    fn the_oldest_hour_gives_way_and_the_store_is_told() {
        let hours = Hours::default();
        let _ = hours.take_changed();
        for hour in 0..HOURS_MAX as i64 + 2 {
            hours.count("a", Millis(hour * HOUR));
        }
        let changes = hours.take_changed();
        assert_eq!(changes.set.len(), 2 * HOURS_MAX);
        let mut removed = changes.removed.clone();
        removed.sort();
        assert_eq!(removed, [("".into(), 0), ("".into(), 1), ("a".into(), 0), ("a".into(), 1)]);
        assert!(hours.take_changed().is_empty());
        hours.not_kept(changes.clone());
        let again = hours.take_changed();
        assert_eq!((again.set.len(), again.removed.len()), (changes.set.len(), changes.removed.len()));
    }
}
