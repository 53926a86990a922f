use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use spigot_decision::{HourFact, Millis};

/// Days over which an hour is compared with the same hour.
const DAYS: i64 = 14;
/// Hours that are remembered: the days compared and the current one.
const HOURS_MAX: usize = ((DAYS + 1) * 24) as usize;
/// Routes that are remembered; a policy has at most 512, and those of earlier policies fade within 15 days.
const ROUTES_MAX: usize = 2048;

/// Each route's requests per clock hour (UTC) of the last 15 days, never per address.
#[derive(Default)]
pub struct Hours {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Hours in which Spigot was running, ascending.
    seen: VecDeque<i64>,
    routes: HashMap<Box<str>, RouteHours>,
}

/// One route's counts.
#[derive(Default)]
struct RouteHours {
    /// Hours with requests, ascending.
    counts: VecDeque<(i64, u32)>,
    /// The first hour in which the route was asked for: earlier ones say nothing about it.
    first: i64,
    /// The current hour and what it is compared with.
    current: i64,
    past_sum: u64,
    days: u8,
    /// The count has changed since it was last kept.
    dirty: bool,
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

impl Hours {
    /// Notes that Spigot runs: hours without a request count as hours with none, hours without Spigot do not count.
    pub fn running(&self, now: Millis) {
        self.inner.lock().mark(now.hour());
    }

    /// Notes every hour from the last one noted up to `now`, for a replay whose log was written throughout.
    pub fn running_through(&self, now: Millis) {
        let mut inner = self.inner.lock();
        let hour = now.hour();
        let from = inner.seen.back().map_or(hour, |last| (last + 1).max(hour - HOURS_MAX as i64));
        for seen in from..=hour {
            inner.mark(seen);
        }
    }

    /// Counts a request of a route and compares its hour with the same hour of the days before.
    pub fn count(&self, route: &str, now: Millis) -> HourFact {
        let hour = now.hour();
        let mut inner = self.inner.lock();
        inner.mark(hour);
        let Inner { seen, routes } = &mut *inner;
        if !routes.contains_key(route) {
            if routes.len() >= ROUTES_MAX {
                routes.retain(|_, hours| {
                    hours.counts.back().is_some_and(|(last, _)| *last > hour - HOURS_MAX as i64)
                });
            }
            if routes.len() >= ROUTES_MAX {
                return HourFact::default();
            }
            routes
                .insert(route.into(), RouteHours { first: hour, current: i64::MIN, ..RouteHours::default() });
        }
        let Some(hours) = routes.get_mut(route) else { return HourFact::default() };
        hours.dirty = true;
        // A clock that steps back counts into the latest hour that is known.
        match hours.counts.back_mut() {
            Some((last, count)) if *last >= hour => *count = count.saturating_add(1),
            _ => hours.counts.push_back((hour, 1)),
        }
        while hours.counts.len() > HOURS_MAX {
            hours.counts.pop_front();
        }
        if hours.current != hour {
            hours.compare(hour, seen);
        }
        let count = hours.counts.back().map_or(0, |(_, count)| *count);
        HourFact { count, past_sum: hours.past_sum, days: hours.days }
    }

    /// The state of a route's current hour, without counting.
    #[must_use]
    pub fn peek(&self, route: &str, now: Millis) -> HourFact {
        let hour = now.hour();
        let mut inner = self.inner.lock();
        let Inner { seen, routes } = &mut *inner;
        let Some(hours) = routes.get_mut(route) else { return HourFact::default() };
        hours.compare(hour, seen);
        let count = hours.counts.back().filter(|(last, _)| *last == hour).map_or(0, |(_, count)| *count);
        HourFact { count, past_sum: hours.past_sum, days: hours.days }
    }

    /// What has changed since the last call: the latest hours of routes with new requests, and the latest hour seen.
    #[must_use]
    pub fn take_changed(&self) -> Vec<HourCount> {
        let mut inner = self.inner.lock();
        let mut changed = Vec::new();
        if let Some(&hour) = inner.seen.back() {
            changed.push(HourCount { route: String::new(), hour, count: 0 });
        }
        for (route, hours) in &mut inner.routes {
            if std::mem::take(&mut hours.dirty) {
                // The last two, because an hour may have turned since.
                let last = hours.counts.iter().rev().take(2);
                changed.extend(last.map(|(hour, count)| HourCount {
                    route: route.to_string(),
                    hour: *hour,
                    count: *count,
                }));
            }
        }
        changed
    }

    /// Takes back what was kept.
    pub fn restore(&self, kept: impl IntoIterator<Item = HourCount>) {
        let mut kept: Vec<HourCount> = kept.into_iter().collect();
        kept.sort_by_key(|record| record.hour);
        let mut inner = self.inner.lock();
        for record in kept {
            if record.route.is_empty() {
                inner.mark(record.hour);
            } else if inner.routes.len() < ROUTES_MAX || inner.routes.contains_key(record.route.as_str()) {
                let hours = inner.routes.entry(record.route.into()).or_insert_with(|| RouteHours {
                    first: record.hour,
                    current: i64::MIN,
                    ..RouteHours::default()
                });
                hours.counts.push_back((record.hour, record.count));
                if hours.counts.len() > HOURS_MAX {
                    hours.counts.pop_front();
                }
            }
        }
    }
}

impl Inner {
    fn mark(&mut self, hour: i64) {
        if self.seen.back().is_none_or(|last| *last < hour) {
            self.seen.push_back(hour);
            if self.seen.len() > HOURS_MAX {
                self.seen.pop_front();
            }
        }
    }
}

impl RouteHours {
    fn compare(&mut self, hour: i64, seen: &VecDeque<i64>) {
        (self.current, self.past_sum, self.days) = (hour, 0, 0);
        for day in 1..=DAYS {
            let past = hour - day * 24;
            if past < self.first || seen.binary_search(&past).is_err() {
                continue;
            }
            self.days += 1;
            if let Ok(at) = self.counts.binary_search_by_key(&past, |(hour, _)| *hour) {
                self.past_sum += u64::from(self.counts[at].1);
            }
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
            kept.borrow_mut().extend(before.take_changed().into_iter().map(|r| ((r.route, r.hour), r.count)));
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
}
