//! What clients did before, in fixed memory.
//!
//! A table of sets of eight, like the counters'. A new client in a full set takes the place of the one that did nothing
//! and was not seen for the longest time; one that solved, failed or was restricted gives way only to another that did. So
//! a flood of new addresses makes other strangers strangers again, and nobody else.

use bytemuck::{Pod, Zeroable};
use parking_lot::Mutex;
use spigot_decision::{History, Millis};

use crate::zeroed::Zeroed;

const WAYS: usize = 8;
/// Each with a lock of its own, as in the counters' table.
const SHARDS: usize = 64;
/// Whom nobody has seen for so long is forgotten.
const FORGOTTEN_SECONDS: u32 = 30 * 86_400;
/// Marks are kept in parts, so that a single one fades, too; up to a thousand of them.
const ONE: u16 = 64;
/// What is left of a mark after a day, of 2^14: 2^(-1/7), so that after a week it is a half.
const DAY_LEFT: u32 = 14_839;

/// Something that a client did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It solved a challenge.
    Solve = 0,
    /// It failed.
    Failure = 1,
    /// It was restricted.
    Restriction = 2,
}

/// A fixed table of clients, shared by all threads.
pub struct Histories {
    shards: Box<[Mutex<Zeroed<Set>>]>,
    sets: usize,
}

/// Apart from the places, so that a look-up touches one line of the cache before it knows which place it is.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Set {
    keys: [u64; WAYS],
    places: [Place; WAYS],
}

/// One client. Seconds and days are since 1970 and wrap in 2106.
#[derive(Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
struct Place {
    first: u32,
    seen: u32,
    marks: [u16; 3],
    /// The day on which marks faded last.
    day: u16,
}

impl Histories {
    /// A table of at most `bytes`. Memory is only touched as it is used.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let sets = (bytes / SHARDS / size_of::<Set>()).max(1);
        Self { shards: (0..SHARDS).map(|_| Mutex::new(Zeroed::new(sets))).collect(), sets }
    }

    /// What is known of a client that is here now; from now on it has been.
    pub fn seen(&self, key: u64, now: Millis) -> History {
        self.at(key, now, |set, seconds| match set.place(key, seconds) {
            Some(place) => {
                place.seen = place.seen.max(seconds);
                place.history(seconds)
            }
            None => {
                set.take(key, seconds, false);
                History::default()
            }
        })
    }

    /// What is known of a client.
    #[must_use]
    pub fn find(&self, key: u64, now: Millis) -> History {
        let known = |set: &mut Set, seconds| set.place(key, seconds).map(|place| place.history(seconds));
        self.at(key, now, known).unwrap_or_default()
    }

    /// Remembers what a client did.
    pub fn mark(&self, key: u64, mark: Mark, now: Millis) {
        self.at(key, now, |set, seconds| {
            if set.place(key, seconds).is_none() {
                set.take(key, seconds, true);
            }
            if let Some(place) = set.place(key, seconds) {
                let count = &mut place.marks[mark as usize];
                *count = count.saturating_add(ONE);
            }
        });
    }

    fn at<T>(&self, key: u64, now: Millis, act: impl FnOnce(&mut Set, u32) -> T) -> T {
        // Wraps on purpose, see `Place`.
        let seconds = now.0.div_euclid(1000) as u32;
        // The low bits choose the shard, the upper ones the set.
        let set = (((key >> 32) * self.sets as u64) >> 32) as usize;
        let mut shard = self.shards[key as usize % SHARDS].lock();
        act(&mut shard[set], seconds)
    }
}

impl Set {
    /// The place of a client that is remembered, its marks faded until now.
    fn place(&mut self, key: u64, seconds: u32) -> Option<&mut Place> {
        let at = self.keys.iter().position(|known| *known == key)?;
        let place = &mut self.places[at];
        if seconds.saturating_sub(place.seen) > FORGOTTEN_SECONDS {
            self.keys[at] = 0;
            return None;
        }
        place.fade(seconds);
        Some(place)
    }

    /// Gives a client a place, where one is free or somebody gives way to it.
    fn take(&mut self, key: u64, seconds: u32, marked: bool) {
        let free = self.keys.iter().position(|known| *known == 0);
        let rank = |place: &Place| (place.marks.iter().any(|mark| *mark > 0), place.seen);
        let at = free.or_else(|| {
            self.places.iter_mut().for_each(|place| place.fade(seconds));
            let (at, place) = self.places.iter().enumerate().min_by_key(|(_, place)| rank(place))?;
            let gives_way =
                marked || !rank(place).0 || seconds.saturating_sub(place.seen) > FORGOTTEN_SECONDS;
            gives_way.then_some(at)
        });
        if let Some(at) = at {
            self.keys[at] = key;
            self.places[at] = Place { first: seconds, seen: seconds, marks: [0; 3], day: day(seconds) };
        }
    }
}

impl Place {
    fn fade(&mut self, seconds: u32) {
        let today = day(seconds);
        let days = today.wrapping_sub(self.day);
        // A clock that was set back fades nothing.
        if days == 0 || days > u16::MAX / 2 {
            return;
        }
        self.day = today;
        for mark in &mut self.marks {
            // After so many days nothing is left of the most that there can be.
            for _ in 0..days.min(120) {
                *mark = ((u32::from(*mark) * DAY_LEFT) >> 14) as u16;
            }
        }
    }

    fn history(&self, seconds: u32) -> History {
        // Rounded: a single mark lasts six days.
        let [solves, failures, restrictions] = self.marks.map(|mark| mark.saturating_add(ONE / 2) / ONE);
        History { known_seconds: seconds.saturating_sub(self.first), solves, failures, restrictions }
    }
}

fn day(seconds: u32) -> u16 {
    (seconds / 86_400) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn seen_and_marked_and_faded() {
        let histories = Histories::new(1 << 16);
        let start = 20_000 * DAY;
        let check = |day: i64, expected: (u32, u16, u16, u16)| {
            let found = histories.find(7, Millis(start + day * DAY));
            let expected = History {
                known_seconds: expected.0 * 86_400,
                solves: expected.1,
                failures: expected.2,
                restrictions: expected.3,
            };
            assert_eq!(found, expected, "day {day}");
        };
        check(0, (0, 0, 0, 0));
        assert_eq!(histories.seen(7, Millis(start)), History::default());
        histories.mark(7, Mark::Solve, Millis(start));
        (0..100).for_each(|_| histories.mark(7, Mark::Failure, Millis(start)));
        (0..4).for_each(|_| histories.mark(7, Mark::Restriction, Millis(start)));
        check(0, (0, 1, 100, 4));
        check(1, (1, 1, 91, 4));
        check(6, (6, 1, 55, 2));
        // Half of each is left, and nothing of a single one.
        check(7, (7, 0, 50, 2));
        histories.seen(7, Millis(start + 14 * DAY));
        check(14, (14, 0, 25, 1));
        check(44, (44, 0, 1, 0));
        check(45, (0, 0, 0, 0));
    }

    #[test]
    fn a_flood_of_strangers_displaces_only_strangers() {
        let histories = Histories::new(SHARDS * size_of::<Set>() * 4);
        let (places, now) = (SHARDS * 4 * WAYS, Millis(20_000 * DAY));
        // Spread as hashes are.
        let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let marked = places as u64 / 16;
        (1..=marked).for_each(|n| histories.mark(key(n), Mark::Failure, now));
        for n in 0..1_000_000 {
            let _ = histories.seen(key(1_000_000 + n), now.plus(1000));
        }
        let kept = (1..=marked).filter(|n| histories.find(key(*n), now).failures == 1).count();
        assert_eq!(kept as u64, marked, "of those that failed");
    }

    #[test]
    fn a_clock_that_jumps() {
        let histories = Histories::new(1 << 16);
        histories.mark(9, Mark::Solve, Millis(20_000 * DAY));
        let back = histories.seen(9, Millis(19_000 * DAY));
        assert_eq!((back.known_seconds, back.solves), (0, 1));
        assert_eq!(histories.find(9, Millis(20_001 * DAY)).solves, 1);
    }
}
