use std::collections::HashSet;

use foldhash::fast::FixedState;
use parking_lot::{Mutex, RwLock};
use spigot_decision::Millis;

/// Hashes of pairs of account and network, or account and clearance, and of accounts alone, each with the day on which
/// it is forgotten. Nobody's name or address is in it, nor can be got out of it without the keys.
///
/// Bounded: [`SUCCESSES_MAX`] in sets of eight. A new one in a full set takes the place of the one that is forgotten
/// first. Only success adds to it, so that a flood of attempts displaces nothing.
pub struct Successes {
    sets: Box<[RwLock<Set>]>,
    /// Keys to be kept; at most [`CHANGED_MAX`], beyond it everything is.
    changed: Mutex<Changed>,
}

#[derive(Default)]
struct Changed {
    everything: bool,
    keys: HashSet<u64, FixedState>,
}

/// What was remembered since it was kept last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acquainted {
    /// What was kept before is void: this is everything.
    pub everything: bool,
    /// Keyed hashes, each with the day on which it is forgotten.
    pub set: Vec<(u64, u32)>,
}

impl Acquainted {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everything && self.set.is_empty()
    }
}

/// Each account that is used takes one entry, and one for each network and clearance: enough for a hundred thousand people
/// with a handful of devices. 12 bytes each, taken as they are needed.
pub const SUCCESSES_MAX: usize = 1 << 20;
/// They are kept each second: beyond so many it is no more work to write them all.
const CHANGED_MAX: usize = 1 << 17;
const WAYS: usize = 8;
/// Stripes with a lock each, so that memory is only taken where something is remembered.
const STRIPES: usize = 1 << 12;
const SETS_PER_STRIPE: usize = SUCCESSES_MAX / STRIPES / WAYS;

/// The sets of a stripe, once one is used.
type Set = Vec<[Entry; WAYS]>;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Entry {
    key: u64,
    /// Days since 1970-01-01T00:00:00Z; 0 for a free place.
    forgotten: u32,
}

impl Default for Successes {
    fn default() -> Self {
        let sets = (0..STRIPES).map(|_| RwLock::default()).collect();
        Self { sets, changed: Mutex::default() }
    }
}

impl Successes {
    /// Whether it is remembered.
    #[must_use]
    pub fn contains(&self, key: u64, now: Millis) -> bool {
        self.find(key).is_some_and(|entry| entry.forgotten > now.day())
    }

    fn find(&self, key: u64) -> Option<Entry> {
        let stripe = self.stripe(key).read();
        stripe.get(set_of(key))?.iter().find(|entry| entry.key == key).copied()
    }

    /// Remembers it for so many days from now.
    pub fn remember(&self, key: u64, days: u32, now: Millis) {
        if self.put(Entry { key, forgotten: now.day().saturating_add(days.max(1)) }) {
            self.changed.lock().mark(key);
        }
    }

    /// Whether that changed anything: who logs in twice a day is known for as long.
    fn put(&self, entry: Entry) -> bool {
        let key = entry.key;
        let mut stripe = self.stripe(key).write();
        if stripe.is_empty() {
            stripe.resize(SETS_PER_STRIPE, [Entry::default(); WAYS]);
        }
        let set = &mut stripe[set_of(key)];
        let same = set.iter().position(|held| held.key == key);
        let first = (0..WAYS).min_by_key(|way| set[*way].forgotten);
        let Some(way) = same.or(first).filter(|way| set[*way] != entry) else { return false };
        set[way] = entry;
        true
    }

    /// What was remembered since the last call.
    #[must_use]
    pub fn take_changed(&self, now: Millis) -> Acquainted {
        let Changed { everything, keys } = std::mem::take(&mut *self.changed.lock());
        if everything {
            return Acquainted { everything, set: self.all(now) };
        }
        let set = keys.into_iter().filter_map(|key| Some((key, self.find(key)?.forgotten)));
        Acquainted { everything, set: set.collect() }
    }

    /// Marks what could not be kept, so that the next call gives it again.
    pub fn not_kept(&self, acquainted: &Acquainted) {
        let mut changed = self.changed.lock();
        changed.everything |= acquainted.everything;
        acquainted.set.iter().for_each(|(key, _)| changed.mark(*key));
    }

    /// Takes back what was kept. In a full set those stay that are forgotten last.
    pub fn restore(&self, kept: impl IntoIterator<Item = (u64, u32)>) {
        let mut kept: Vec<_> = kept.into_iter().collect();
        kept.sort_unstable_by_key(|(_, forgotten)| *forgotten);
        for (key, forgotten) in kept {
            self.put(Entry { key, forgotten });
        }
    }

    /// Everything that is remembered, with the day on which it is forgotten.
    #[must_use]
    pub fn all(&self, now: Millis) -> Vec<(u64, u32)> {
        let today = now.day();
        let mut all = Vec::new();
        for stripe in &self.sets {
            let stripe = stripe.read();
            let held = stripe.iter().flatten().filter(|entry| entry.forgotten > today);
            all.extend(held.map(|entry| (entry.key, entry.forgotten)));
        }
        all
    }

    fn stripe(&self, key: u64) -> &RwLock<Set> {
        &self.sets[key as usize % STRIPES]
    }
}

fn set_of(key: u64) -> usize {
    (key >> 32) as usize % SETS_PER_STRIPE
}

impl Changed {
    fn mark(&mut self, key: u64) {
        if self.keys.len() >= CHANGED_MAX {
            self.everything = true;
            self.keys.clear();
        }
        if !self.everything {
            self.keys.insert(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    /// A number as a hash would have it, whose low bits tell stripes apart and whose high bits tell sets apart.
    fn spread(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17)
    }

    #[test]
    fn remembered_for_its_days_and_renewed() {
        let successes = Successes::default();
        let found = |day: i64| successes.contains(7, Millis(day * DAY));
        assert!(!found(20_000));
        successes.remember(7, 90, Millis(20_000 * DAY));
        assert_eq!([found(20_000), found(20_089), found(20_090)], [true, true, false]);
        successes.remember(7, 90, Millis(20_050 * DAY));
        assert_eq!([found(20_139), found(20_140)], [true, false]);
        assert_eq!(successes.all(Millis(20_100 * DAY)), [(7, 20_140)], "renewed in its place");
    }

    #[test]
    fn what_changed_is_kept_once_and_what_was_not_kept_comes_again() {
        let successes = Successes::default();
        let now = Millis(20_000 * DAY);
        successes.remember(7, 90, now);
        let changed = successes.take_changed(now);
        assert_eq!(changed, Acquainted { everything: false, set: vec![(7, 20_090)] });
        successes.remember(7, 90, now);
        assert!(successes.take_changed(now).is_empty(), "the same day says nothing new");
        successes.not_kept(&changed);
        assert_eq!(successes.take_changed(now), changed);
        let again = Successes::default();
        again.restore(changed.set);
        assert!(again.contains(7, now) && again.take_changed(now).is_empty());
        for n in 1..=CHANGED_MAX as u64 + 1 {
            successes.remember(spread(n), 90, now);
        }
        let everything = successes.take_changed(now);
        assert!(everything.everything && everything.set.len() > CHANGED_MAX / 2, "{}", everything.set.len());
    }

    #[test]
    fn a_flood_of_successes_keeps_the_newest_in_bounds() {
        let successes = Successes::default();
        for n in 0..2 * SUCCESSES_MAX as u64 {
            successes.remember(spread(n), 90, Millis((20_000 + (n >> 18) as i64) * DAY));
        }
        let now = Millis(20_007 * DAY);
        let all = successes.all(now).len();
        assert!((SUCCESSES_MAX * 9 / 10..=SUCCESSES_MAX).contains(&all), "{all}");
        let newest = (7 << 18..8u64 << 18).filter(|n| successes.contains(spread(*n), now)).count();
        assert!(newest > (1 << 18) * 95 / 100, "{newest} of the newest day");
    }
}
