//! How many challenges one client holds at once and has not spent. Whoever solves in parallel what people solve one after
//! the other pays more for each: the work of the next one doubles.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use spigot_decision::Millis;

/// Challenges that are followed, all clients together, in about 8 MiB at most. A flood pushes out the oldest, and then
/// somebody pays what is usual.
const OPEN_MAX: usize = 65_536;
/// As many may be held for the usual work: a household, or a small office that arrives within the life of a challenge.
const USUAL: u32 = 32;
/// Doublings at most, with twice and four times that many: whoever shares the address with a farm waits no longer.
const DOUBLINGS_MAX: u8 = 2;

type Id = [u8; 16];

/// See the module.
#[derive(Default)]
pub(crate) struct HeldChallenges {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Who holds it.
    open: HashMap<Id, u64>,
    /// How many of `open` somebody holds: never 0, so that there are no more entries than there.
    held: HashMap<u64, u32>,
    /// Oldest first, with their ends; those that were spent too, until they come to the front.
    order: VecDeque<(i64, Id)>,
}

impl HeldChallenges {
    /// How often the work of the next challenge of `holder` doubles.
    pub(crate) fn doublings(&self, holder: u64, now: Millis) -> u8 {
        let mut inner = self.inner.lock();
        inner.end(now);
        let held = inner.held.get(&holder).copied().unwrap_or(0);
        let times = (held / USUAL).checked_ilog2().map_or(0, |doubled| doubled + 1);
        u8::try_from(times).unwrap_or(DOUBLINGS_MAX).min(DOUBLINGS_MAX)
    }

    /// One is given to `holder`, to be solved until `end`.
    pub(crate) fn give(&self, holder: u64, id: Id, end: i64, now: Millis) {
        let mut inner = self.inner.lock();
        inner.end(now);
        while inner.order.len() >= OPEN_MAX {
            inner.drop_oldest();
        }
        inner.order.push_back((end, id));
        inner.open.insert(id, holder);
        *inner.held.entry(holder).or_default() += 1;
    }

    /// It is spent, and nobody's any more.
    pub(crate) fn spent(&self, id: &Id) {
        self.inner.lock().release(id);
    }
}

impl Inner {
    /// Takes out what nobody can solve any more. Ends are nearly in order; a longer life before others keeps them a while.
    fn end(&mut self, now: Millis) {
        while self.order.front().is_some_and(|(end, _)| *end <= now.0) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, id)) = self.order.pop_front() {
            self.release(&id);
        }
    }

    fn release(&mut self, id: &Id) {
        let Some(holder) = self.open.remove(id) else { return };
        if let Some(held) = self.held.get_mut(&holder) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> Id {
        u128::from(number).to_be_bytes()
    }

    #[test]
    fn work_doubles_with_what_is_held_and_falls_when_it_is_spent_or_over() {
        let held = HeldChallenges::default();
        let check = |now: i64, expected: u8, what: &str| {
            assert_eq!(held.doublings(1, Millis(now)), expected, "{what}");
        };
        for number in 0..200 {
            let expected = match number {
                0..32 => 0,
                32..64 => 1,
                _ => 2,
            };
            check(0, expected, &format!("with {number}"));
            held.give(1, id(number), i64::from(number) + 1, Millis(0));
        }
        assert_eq!(held.doublings(2, Millis(0)), 0, "another client");
        for number in 0..137 {
            held.spent(&id(number));
            held.spent(&id(number));
        }
        check(0, 1, "63 are left");
        check(168, 1, "32 are left");
        check(169, 0, "31 are left");
        check(200, 0, "none is left");
        let inner = held.inner.lock();
        assert_eq!((inner.order.len(), inner.open.len(), inner.held.len()), (0, 0, 0));
    }

    #[test]
    fn a_flood_stays_within_its_bound() {
        let held = HeldChallenges::default();
        let number = |n: usize| u32::try_from(n).expect("a small number");
        for n in 0..100 {
            held.give(1, id(number(n)), 1_000, Millis(0));
        }
        assert_eq!(held.doublings(1, Millis(0)), 2);
        for n in 0..2 * OPEN_MAX {
            held.give(n as u64 + 2, id(number(n + 1000)), 1_000, Millis(0));
        }
        assert_eq!(held.doublings(1, Millis(0)), 0, "pushed out");
        let inner = held.inner.lock();
        assert_eq!((inner.order.len(), inner.open.len(), inner.held.len()), (OPEN_MAX, OPEN_MAX, OPEN_MAX));
    }
}
