//! The cohorts of one level of one route.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::{KNOWN_MAX, NEW_MAX};

/// What remains of a volume after an hour: half of it after three days.
const HOURLY_DECAY: f64 = 0.990_42;
/// Of the level's volume, what makes a cohort known.
const KNOWN_SHARE: f64 = 0.001;
/// Below this it is forgotten again; lower, so that nobody comes and goes with each hour.
const FORGOTTEN_SHARE: f64 = 0.0005;

/// Cohorts of one kind. Keys are keyed hashes, so nobody outside can make them collide.
#[derive(Default)]
pub(super) struct Level {
    known: HashMap<u64, Group, FixedState>,
    /// All that are not known.
    others: Group,
    /// Those of them that do most (Misra and Gries, "Finding repeated elements", 1982): never more than they did.
    new: HashMap<u64, u32, FixedState>,
}

/// Clients with one budget.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    /// Requests of earlier hours that passed, those of long ago as less.
    pub(super) volume: f64,
    /// What is usual in this hour.
    pub(super) usual: f64,
    /// Requests in this hour.
    pub(super) count: u32,
}

/// What a cohort did in this hour, by itself or together with all that are not known.
pub(super) struct Found {
    pub(super) count: u32,
    pub(super) shared: bool,
}

/// What is kept of a level over a restart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptLevel {
    /// Known cohorts and their volumes, by their keyed hashes.
    pub known: Vec<(u64, f64)>,
    /// The volume of all others.
    pub others: f64,
}

impl Group {
    /// An hour is over: what passed of it is added to what is known.
    pub(super) fn turn(&mut self, hours: i64, most: impl Fn(f64) -> u32) {
        let passed = self.count.min(most(self.usual));
        let decay = HOURLY_DECAY.powi(i32::try_from(hours).unwrap_or(i32::MAX));
        self.volume = self.volume * decay + f64::from(passed);
        self.count = 0;
    }
}

impl Level {
    /// Whether this cohort has a budget of its own.
    pub(super) fn knows(&self, key: u64) -> bool {
        self.known.contains_key(&key)
    }

    /// Whose budget a cohort has, and what is usual for it. One that is not known and did as much as `alone` by itself
    /// is told apart from the others, who do not pay for it.
    pub(super) fn find(&self, key: u64, alone: u32) -> (Found, f64) {
        if let Some(group) = self.known.get(&key) {
            return (Found { count: group.count, shared: false }, group.usual);
        }
        let own = self.new.get(&key).copied().unwrap_or(0);
        if own >= alone {
            return (Found { count: own, shared: false }, 0.0);
        }
        (Found { count: self.others.count, shared: true }, self.others.usual)
    }

    /// Counts one more request of a cohort, and of the others where it is one of them.
    pub(super) fn count(&mut self, key: u64, shared: bool) {
        let group = match self.known.get_mut(&key) {
            Some(group) => group,
            None => {
                note(&mut self.new, key);
                if !shared {
                    return;
                }
                &mut self.others
            }
        };
        group.count = group.count.saturating_add(1);
    }

    /// The hour is over, and `hours` have passed since it began. `most` is what passes of a group with this usual,
    /// `total` the volume of the whole route.
    pub(super) fn turn(&mut self, hours: i64, total: f64, alone: u32, most: impl Fn(f64) -> u32) {
        // Who became conspicuous in an hour of too many gets no budget for it.
        if self.others.count > most(self.others.usual) {
            self.new.clear();
        }
        for group in self.known.values_mut().chain([&mut self.others]) {
            group.turn(hours, &most);
        }
        let enough = (total * KNOWN_SHARE).max(1.0);
        let mut new: Vec<(u64, u32)> = self.new.drain().collect();
        new.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        for (key, count) in new {
            let volume = f64::from(count.min(alone)).min(self.others.volume);
            if volume < enough || self.known.len() >= KNOWN_MAX {
                break;
            }
            self.others.volume -= volume;
            self.known.insert(key, Group { volume, ..Group::default() });
        }
        let faded = total * FORGOTTEN_SHARE;
        let others = &mut self.others.volume;
        self.known.retain(|_, group| {
            let stays = group.volume >= faded.max(0.5);
            if !stays {
                *others += group.volume;
            }
            stays
        });
    }

    /// What is usual for each in an hour in which so much is usual for everybody, whose volume is `total`.
    pub(super) fn expect(&mut self, usual: f64, total: f64) {
        for group in self.known.values_mut().chain([&mut self.others]) {
            group.usual = usual * group.volume / total.max(1.0);
        }
    }

    pub(super) fn kept(&self) -> KeptLevel {
        let mut known: Vec<(u64, f64)> = self.known.iter().map(|(key, group)| (*key, group.volume)).collect();
        known.sort_unstable_by_key(|(key, _)| *key);
        KeptLevel { known, others: self.others.volume }
    }

    pub(super) fn restored(kept: KeptLevel) -> Self {
        let group = |volume: f64| Group { volume: volume.max(0.0), ..Group::default() };
        let known = kept.known.into_iter().take(KNOWN_MAX).map(|(key, volume)| (key, group(volume)));
        Self { known: known.collect(), others: group(kept.others), ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.known.len(), self.new.len())
    }
}

/// Takes one from each when there is no room for a new one; each such step undoes as many that were noted before, so
/// that the work for a request stays bounded on average.
fn note(new: &mut HashMap<u64, u32, FixedState>, key: u64) {
    if let Some(count) = new.get_mut(&key) {
        *count = count.saturating_add(1);
    } else if new.len() < NEW_MAX {
        new.insert(key, 1);
    } else {
        new.retain(|_, count| {
            *count -= 1;
            *count > 0
        });
    }
}
