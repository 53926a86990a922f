//! Failed sign-ins, counted by name and by address. What grows with them is the wait, up to a bound: a lock without end
//! would let anybody lock an operator out.

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;
use spigot_decision::{Millis, Prefix};

/// Failures that are free: people mistype.
const FREE: u32 = 5;
/// Failures from which a sign-in has to bring a solved puzzle.
const PUZZLE_FROM: u32 = 3;
const WAIT_MILLIS: i64 = 2_000;
const WAIT_MILLIS_MAX: i64 = 15 * 60_000;
/// After so much quiet time nothing is held against anybody.
const FORGET_MILLIS: i64 = 30 * 60_000;
/// Keys at most. Whoever has more addresses than that makes the oldest be forgotten; names stay few, because only names
/// of users are counted.
const KEYS_MAX: usize = 10_000;

#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Failures>>);

#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: i64,
}

/// What stands between somebody and the next attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Friction {
    /// It has to bring a solved puzzle.
    pub(crate) puzzle: bool,
    /// It is not taken for so long yet.
    pub(crate) wait_millis: i64,
}

impl Throttle {
    /// What the next attempt for this name from this address meets.
    pub(crate) fn friction(&self, name: &str, peer: IpAddr, now: Millis) -> Friction {
        let kept = self.0.lock();
        let of = |key: &str| kept.get(key).copied().filter(|kept| now.0 < kept.last + FORGET_MILLIS);
        let worst = keys(name, peer).iter().filter_map(|key| of(key)).max_by_key(|kept| kept.count);
        let Some(worst) = worst else { return Friction::default() };
        let wait = match worst.count.checked_sub(FREE) {
            Some(over) => (WAIT_MILLIS << over.min(20)).min(WAIT_MILLIS_MAX),
            None => 0,
        };
        Friction { puzzle: worst.count >= PUZZLE_FROM, wait_millis: (worst.last + wait - now.0).max(0) }
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, name: &str, peer: IpAddr, now: Millis) {
        let mut kept = self.0.lock();
        if kept.len() + 2 > KEYS_MAX {
            kept.retain(|_, kept| now.0 < kept.last + FORGET_MILLIS);
        }
        if kept.len() + 2 > KEYS_MAX
            && let Some(oldest) = kept.iter().min_by_key(|(_, kept)| kept.last).map(|(key, _)| key.clone())
        {
            kept.remove(&oldest);
        }
        for key in keys(name, peer) {
            let entry = kept.entry(key).or_default();
            let count = if now.0 < entry.last + FORGET_MILLIS { entry.count } else { 0 };
            *entry = Failures { count: count.saturating_add(1), last: now.0 };
        }
    }

    /// Forgets what was counted for a name: it was them.
    pub(crate) fn succeeded(&self, name: &str) {
        self.0.lock().remove(&format!("name {name}"));
    }
}

/// An address of version 6 counts as its network: one person has all of it.
fn keys(name: &str, peer: IpAddr) -> [String; 2] {
    [format!("name {name}"), format!("from {}", Prefix::client(peer))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn friction_grows_and_ends() {
        let throttle = Throttle::default();
        let peer = |last: u8| IpAddr::from([192, 0, 2, last]);
        let mut expected = Vec::new();
        for failure in 0..9 {
            expected.push((
                throttle.friction("ada", peer(failure), Millis(1000)).puzzle,
                throttle.friction("ada", peer(failure), Millis(1000)).wait_millis,
            ));
            throttle.failed("ada", peer(failure), Millis(1000));
        }
        let waits = [0, 0, 0, 0, 0, 2_000, 4_000, 8_000, 16_000];
        let puzzles = [false, false, false, true, true, true, true, true, true];
        assert_eq!(expected, puzzles.into_iter().zip(waits).collect::<Vec<_>>(), "from many addresses");
        assert_eq!(throttle.friction("bob", peer(200), Millis(1000)), Friction::default(), "others are free");
        assert_eq!(throttle.friction("ada", peer(0), Millis(1000 + FORGET_MILLIS)), Friction::default());
        throttle.succeeded("ada");
        assert_eq!(throttle.friction("ada", peer(200), Millis(1000)), Friction::default());
    }

    #[test]
    fn its_memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..u32::try_from(KEYS_MAX).unwrap() + 100 {
            throttle.failed("ada", IpAddr::from(number.to_be_bytes()), Millis(i64::from(number)));
        }
        assert!(throttle.0.lock().len() <= KEYS_MAX);
    }
}
