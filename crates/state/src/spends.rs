use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};

use parking_lot::Mutex;
use spigot_decision::Millis;

use crate::{Claim, NOBODY, SpendError};

/// The set of what was spent and has not expired yet.
///
/// Bounded: an entry takes about 80 bytes (at most 130 while a table grows), and with the default million entries a flood of
/// genuine solutions at 8,000 a second for the whole life of a challenge fits. When it is full of unexpired entries, spending is refused.
pub struct Spends {
    entries: Mutex<Entries>,
    most: usize,
}

#[derive(Default)]
struct Entries {
    /// In whose name.
    spent: HashMap<[u8; 16], u64>,
    /// The first to expire on top: lives differ, and a long one must not keep the short ones behind it. As many as are
    /// spent, which are bounded.
    order: BinaryHeap<Reverse<(Millis, [u8; 16])>>,
    /// Until when expired entries have been let go of.
    forgotten: Option<Millis>,
}

impl Spends {
    /// A set of at most `most` unexpired entries.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { entries: Mutex::default(), most }
    }

    /// Spends `id` until `end` in the name of `claimant`.
    ///
    /// # Errors
    /// [`SpendError::Full`] when there is no room.
    pub fn claim(&self, id: &[u8; 16], claimant: u64, end: Millis, now: Millis) -> Result<Claim, SpendError> {
        let mut entries = self.entries.lock();
        entries.forget(now);
        // Whoever asks with an older time than somebody before may ask about what is not known any more.
        if entries.forgotten.is_some_and(|forgotten| end <= forgotten) {
            return Ok(Claim::Other);
        }
        let full = entries.spent.len() >= self.most;
        match entries.spent.entry(*id) {
            Entry::Occupied(by) if claimant != NOBODY && *by.get() == claimant => return Ok(Claim::Again),
            Entry::Occupied(_) => return Ok(Claim::Other),
            Entry::Vacant(_) if full => return Err(SpendError::Full),
            Entry::Vacant(place) => place.insert(claimant),
        };
        entries.order.push(Reverse((end, *id)));
        Ok(Claim::First)
    }

    /// Whether `id` is spent.
    #[must_use]
    pub fn is_spent(&self, id: &[u8; 16], now: Millis) -> bool {
        let mut entries = self.entries.lock();
        entries.forget(now);
        entries.spent.contains_key(id)
    }

    /// How many unexpired entries it may hold, and how many it holds.
    #[must_use]
    pub fn fill(&self) -> (usize, usize) {
        (self.most, self.entries.lock().spent.len())
    }
}

impl Entries {
    /// Lets go of what has expired.
    fn forget(&mut self, now: Millis) {
        while let Some(first) = self.order.peek_mut() {
            let Reverse((expiry, old)) = *first;
            if expiry > now {
                break;
            }
            PeekMut::pop(first);
            self.forgotten = self.forgotten.max(Some(expiry));
            self.spent.remove(&old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_refuses_and_expiry_makes_room() {
        let spends = Spends::new(2);
        let claim = |n: u8, now| spends.claim(&[n; 16], NOBODY, Millis(now + 100), Millis(now));
        assert_eq!(claim(1, 0), Ok(Claim::First));
        assert_eq!(claim(1, 1), Ok(Claim::Other));
        assert_eq!(claim(2, 2), Ok(Claim::First));
        assert_eq!(claim(3, 3), Err(SpendError::Full));
        assert_eq!(claim(2, 4), Ok(Claim::Other), "a full set still knows what it holds");
        assert_eq!(claim(3, 100), Ok(Claim::First));
        assert_eq!(claim(2, 101), Ok(Claim::Other));
    }

    #[test]
    fn a_long_life_holds_up_none_of_the_short_ones() {
        const HOUR: i64 = 3_600_000;
        let spends = Spends::new(4);
        let claim = |n: u8, life, now| spends.claim(&[n; 16], NOBODY, Millis(now + life), Millis(now));
        assert_eq!(claim(0, HOUR, 0), Ok(Claim::First));
        for round in 1..=100_u8 {
            let now = i64::from(round) * 1000;
            for n in [1, 2, 3] {
                assert_eq!(claim(n, 1000, now), Ok(Claim::First), "{n} in round {round}");
            }
            assert_eq!(claim(9, 1000, now), Err(SpendError::Full), "round {round}");
        }
        assert_eq!(claim(0, HOUR, HOUR - 1), Ok(Claim::Other));
        assert_eq!(spends.fill(), (4, 1));
        assert!(!spends.is_spent(&[0; 16], Millis(HOUR)));
        assert_eq!(spends.fill(), (4, 0));
    }

    #[test]
    fn a_million_take_about_80_bytes_each() {
        const MILLION: usize = 1_000_000;
        let spends = Spends::new(MILLION);
        for n in 0..MILLION as u128 {
            assert_eq!(spends.claim(&n.to_le_bytes(), NOBODY, Millis(1), Millis(0)), Ok(Claim::First));
        }
        let entries = spends.entries.lock();
        // The table fills seven eighths of its places, and has a byte of its own for each.
        let places = (entries.spent.capacity() / 7 * 8).next_power_of_two();
        let table = places * (size_of::<([u8; 16], u64)>() + 1);
        let order = entries.order.capacity() * size_of::<Reverse<(Millis, [u8; 16])>>();
        let each = (table + order) as f64 / MILLION as f64;
        assert!((70.0..=80.0).contains(&each), "{each} bytes");
    }
}
