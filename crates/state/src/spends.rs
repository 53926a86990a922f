use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;
use spigot_decision::Millis;

use crate::{Spend, SpendError};

/// The set of what was spent and has not expired yet.
///
/// Bounded: an entry takes about 60 bytes, and with the default million entries a flood of genuine solutions at 8,000
/// a second for the whole life of a challenge fits. When it is full of unexpired entries, spending is refused.
pub struct Spends {
    entries: Mutex<Entries>,
    most: usize,
}

#[derive(Default)]
struct Entries {
    spent: HashSet<[u8; 16]>,
    // Nearly sorted by expiry, because lives are alike; a longer one in front delays those behind it a little.
    order: VecDeque<(Millis, [u8; 16])>,
}

impl Spends {
    /// A set of at most `most` unexpired entries.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { entries: Mutex::default(), most }
    }

    /// Spends `id` until `end`.
    ///
    /// # Errors
    /// [`SpendError::Full`] when there is no room.
    pub fn spend(&self, id: &[u8; 16], end: Millis, now: Millis) -> Result<Spend, SpendError> {
        let mut entries = self.entries.lock();
        entries.forget(now);
        if entries.spent.contains(id) {
            return Ok(Spend::Replay);
        }
        if entries.spent.len() >= self.most {
            return Err(SpendError::Full);
        }
        entries.spent.insert(*id);
        entries.order.push_back((end, *id));
        Ok(Spend::First)
    }

    /// Whether `id` is spent.
    #[must_use]
    pub fn is_spent(&self, id: &[u8; 16], now: Millis) -> bool {
        let mut entries = self.entries.lock();
        entries.forget(now);
        entries.spent.contains(id)
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
        while let Some((expiry, old)) = self.order.front().copied() {
            if expiry > now {
                break;
            }
            self.order.pop_front();
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
        let spend = |n: u8, now| spends.spend(&[n; 16], Millis(now + 100), Millis(now));
        assert_eq!(spend(1, 0), Ok(Spend::First));
        assert_eq!(spend(1, 1), Ok(Spend::Replay));
        assert_eq!(spend(2, 2), Ok(Spend::First));
        assert_eq!(spend(3, 3), Err(SpendError::Full));
        assert_eq!(spend(3, 100), Ok(Spend::First));
        assert_eq!(spend(2, 101), Ok(Spend::Replay));
    }
}
