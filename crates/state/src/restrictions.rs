use std::collections::{BTreeSet, HashMap, HashSet};

use parking_lot::RwLock;
use spigot_decision::Millis;
use spigot_decision::policy::{Ladder, Offender, Offenders, Strike};

/// Automatic restrictions by subject key.
///
/// Bounded: at most [`RESTRICTIONS_MAX`] are remembered. When all places are taken, the one that ends first gives way
/// (those that have ended come first of all), among those the one on the lowest step, then the one with the lowest key.
/// A new one that would itself be the first to go is not taken. So a flood of new restrictions, which are short,
/// displaces only its own kind, and never one that lasts longer.
#[derive(Default)]
pub struct Restrictions {
    inner: RwLock<Inner>,
}

/// About 200 bytes each, so 20 MiB at most; whoever fails from more addresses than that at once is met by the limits.
pub const RESTRICTIONS_MAX: usize = 100_000;

/// Who is restricted, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restricted {
    /// Whose failures it answers.
    pub offender: Offender,
    /// The restriction.
    pub strike: Strike,
}

/// What became of a strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Struck {
    /// A restriction began.
    Began(Strike),
    /// One is in force and stays as it is.
    Stands,
    /// Every place is taken by one that lasts longer.
    NoRoom,
}

/// What has changed since restrictions were kept last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What was kept before is void: this is everything.
    pub everything: bool,
    /// New ones and changed ones, with their keys.
    pub set: Vec<(u64, Restricted)>,
    /// Keys of those that are gone.
    pub removed: Vec<u64>,
}

impl Changes {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.everything && self.set.is_empty() && self.removed.is_empty()
    }
}

#[derive(Default)]
struct Inner {
    entries: HashMap<u64, Restricted>,
    /// In the order in which they give way.
    order: BTreeSet<Rank>,
    /// Keys to be kept; at most [`RESTRICTIONS_MAX`], beyond it everything is.
    changed: HashSet<u64>,
    everything_changed: bool,
}

type Rank = (Millis, u8, u64);

fn rank(key: u64, strike: Strike) -> Rank {
    (strike.end, strike.step, key)
}

impl Restrictions {
    /// The restriction of a subject that is in force at `now`.
    #[must_use]
    pub fn find(&self, key: u64, now: Millis) -> Option<Strike> {
        let inner = self.inner.read();
        if inner.entries.is_empty() {
            return None;
        }
        inner.entries.get(&key).map(|entry| entry.strike).filter(|strike| now < strike.end)
    }

    /// The next strike against a subject.
    pub fn strike(&self, key: u64, offender: Offender, ladder: &Ladder, now: Millis) -> Struck {
        let mut inner = self.inner.write();
        let previous = inner.entries.get(&key).map(|entry| entry.strike);
        let strike = ladder.next(previous, now);
        if Some(strike) == previous {
            return Struck::Stands;
        }
        if inner.set(key, Restricted { offender, strike }, RESTRICTIONS_MAX) {
            Struck::Began(strike)
        } else {
            Struck::NoRoom
        }
    }

    /// Ends restrictions that began until `ordered`, and forgets their past.
    pub fn lift(&self, whom: Offenders, ordered: Millis) -> Vec<Restricted> {
        let mut inner = self.inner.write();
        let meant = |entry: &Restricted| whom.include(&entry.offender) && entry.strike.start <= ordered;
        let keys = inner.entries.iter().filter(|(_, entry)| meant(entry)).map(|(key, _)| *key);
        let keys: Vec<u64> = keys.collect();
        keys.into_iter().filter_map(|key| inner.remove(key)).collect()
    }

    /// Removes those whose past is forgotten.
    pub fn forget(&self, ladder: &Ladder, now: Millis) {
        let mut inner = self.inner.write();
        let ended = inner.order.iter().take_while(|(end, _, _)| *end < now).map(|(_, _, key)| *key);
        let forgotten: Vec<u64> =
            ended.filter(|key| ladder.standing(inner.entries[key].strike, now) == 0).collect();
        for key in forgotten {
            inner.remove(key);
        }
    }

    /// Everything that is in force, by end.
    #[must_use]
    pub fn in_force(&self, now: Millis) -> Vec<Restricted> {
        let inner = self.inner.read();
        let in_force = inner.order.iter().filter(|(end, _, _)| now < *end);
        in_force.map(|(_, _, key)| inner.entries[key]).collect()
    }

    /// What has changed since the last call.
    #[must_use]
    pub fn take_changed(&self) -> Changes {
        let mut inner = self.inner.write();
        let everything = std::mem::take(&mut inner.everything_changed);
        let changed = std::mem::take(&mut inner.changed);
        if everything {
            let set = inner.entries.iter().map(|(key, entry)| (*key, *entry)).collect();
            return Changes { everything, set, removed: Vec::new() };
        }
        let mut changes = Changes::default();
        for key in changed {
            match inner.entries.get(&key) {
                Some(entry) => changes.set.push((key, *entry)),
                None => changes.removed.push(key),
            }
        }
        changes
    }

    /// Marks changes that could not be kept, so that the next call gives them again.
    pub fn not_kept(&self, changes: &Changes) {
        let mut inner = self.inner.write();
        inner.everything_changed |= changes.everything;
        for key in changes.set.iter().map(|(key, _)| *key).chain(changes.removed.iter().copied()) {
            inner.mark(key);
        }
    }

    /// Takes back what was kept.
    pub fn restore(&self, kept: impl IntoIterator<Item = (u64, Restricted)>) {
        self.restore_where(kept, |_| true);
    }

    /// [`Restrictions::restore`] without the locks of accounts, for when it is not known who was there before: such a lock
    /// would meet its owner at home. They are changes then, to be kept no longer.
    pub fn restore_without_locks(&self, kept: impl IntoIterator<Item = (u64, Restricted)>) {
        self.restore_where(kept, |entry| !matches!(entry.offender, Offender::Account(_)));
    }

    fn restore_where(
        &self,
        kept: impl IntoIterator<Item = (u64, Restricted)>,
        wanted: impl Fn(&Restricted) -> bool,
    ) {
        let mut inner = self.inner.write();
        let mut locks = Vec::new();
        for (key, entry) in kept {
            if wanted(&entry) {
                inner.set(key, entry, RESTRICTIONS_MAX);
            } else {
                locks.push(key);
            }
        }
        inner.changed.clear();
        inner.everything_changed = false;
        locks.into_iter().for_each(|key| inner.mark(key));
    }
}

impl Inner {
    /// False when every place is taken by one that gives way later.
    fn set(&mut self, key: u64, entry: Restricted, most: usize) -> bool {
        if !self.entries.contains_key(&key) && self.entries.len() >= most {
            let Some(&first) = self.order.first().filter(|first| **first < rank(key, entry.strike)) else {
                return false;
            };
            self.remove(first.2);
        }
        if let Some(before) = self.entries.insert(key, entry) {
            self.order.remove(&rank(key, before.strike));
        }
        self.order.insert(rank(key, entry.strike));
        self.mark(key);
        true
    }

    fn remove(&mut self, key: u64) -> Option<Restricted> {
        let entry = self.entries.remove(&key)?;
        self.order.remove(&rank(key, entry.strike));
        self.mark(key);
        Some(entry)
    }

    fn mark(&mut self, key: u64) {
        if self.changed.len() >= RESTRICTIONS_MAX {
            self.everything_changed = true;
            self.changed.clear();
        }
        if !self.everything_changed {
            self.changed.insert(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use spigot_decision::Prefix;

    use super::*;

    fn entry(key: u64, step: u8, end: i64) -> Restricted {
        let address = Prefix::client(Ipv4Addr::from_bits(key as u32).into());
        let strike = Strike { step, start: Millis(0), end: Millis(end) };
        Restricted { offender: Offender::Address(address), strike }
    }

    #[test]
    fn the_first_to_end_gives_way_then_the_lowest_step_then_the_lowest_key() {
        let left = |new: (u64, u8, i64)| {
            let mut inner = Inner::default();
            for (key, step, end) in [(1, 2, 500), (2, 1, 500), (3, 1, 500), (4, 1, 900)] {
                assert!(inner.set(key, entry(key, step, end), 4));
            }
            let taken = inner.set(new.0, entry(new.0, new.1, new.2), 4);
            let mut keys: Vec<u64> = inner.entries.keys().copied().collect();
            keys.sort_unstable();
            assert_eq!(inner.order.len(), keys.len());
            (taken, keys)
        };
        assert_eq!(left((9, 1, 501)), (true, vec![1, 3, 4, 9]));
        assert_eq!(left((9, 1, 500)), (true, vec![1, 3, 4, 9]));
        assert_eq!(left((0, 1, 500)), (false, vec![1, 2, 3, 4]), "it would itself be the first to go");
        assert_eq!(left((9, 6, 499)), (false, vec![1, 2, 3, 4]));
        assert_eq!(left((4, 2, 100)), (true, vec![1, 2, 3, 4]), "one that is there needs no place");
    }

    #[test]
    fn a_flood_of_short_ones_displaces_no_long_one() {
        let mut inner = Inner::default();
        for key in 0..50 {
            inner.set(key, entry(key, 6, 86_400_000), 100);
        }
        for key in 50..10_000 {
            inner.set(key, entry(key, 1, 60_000 + key as i64), 100);
        }
        assert_eq!(inner.entries.len(), 100);
        assert!((0..50).all(|key| inner.entries.contains_key(&key)), "every long one is still there");
        assert!((9_950..10_000).all(|key| inner.entries.contains_key(&key)), "and the latest of the flood");
    }

    #[test]
    fn locks_of_accounts_come_back_unless_nobody_is_known() {
        let restrictions = Restrictions::default();
        let lock = Restricted { offender: Offender::Account(7), ..entry(7, 1, 100) };
        restrictions.restore_without_locks([(6, entry(6, 1, 100)), (7, lock)]);
        assert_eq!(restrictions.find(7, Millis(1)), None);
        assert_eq!(restrictions.in_force(Millis(1)), [entry(6, 1, 100)]);
        assert_eq!(restrictions.take_changed(), Changes { removed: vec![7], ..Changes::default() });
        restrictions.restore([(7, lock)]);
        assert_eq!(restrictions.find(7, Millis(1)), Some(lock.strike));
        assert!(restrictions.take_changed().is_empty());
    }

    #[test]
    fn only_changes_are_kept_and_what_was_not_kept_comes_again() {
        let restrictions = Restrictions::default();
        restrictions.restore((0..10).map(|key| (key, entry(key, 1, 100))));
        assert_eq!(restrictions.take_changed(), Changes::default());
        let lifted = restrictions.lift(Offenders::parse("0.0.0.3").unwrap(), Millis(0));
        assert_eq!(lifted.len(), 1);
        let changes = restrictions.take_changed();
        assert_eq!(changes, Changes { removed: vec![3], ..Changes::default() });
        restrictions.not_kept(&changes);
        assert_eq!(restrictions.take_changed(), changes);
        assert!(
            restrictions.lift(Offenders::parse("0.0.0.4").unwrap(), Millis(-1)).is_empty(),
            "it began later"
        );
        assert_eq!(restrictions.in_force(Millis(99)).len(), 9);
        assert_eq!(restrictions.in_force(Millis(100)).len(), 0);
    }
}
