//! Failed sign-ins, counted by name, by address, and for browsers that are known by these alone. What grows with them is
//! the wait, up to a bound, and the puzzle before the next attempt. A lock without end would let anybody lock an operator
//! out; so would one that counts for the owner's own browser what strangers do.

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;
use spigot_decision::{Millis, Prefix};

use crate::staff::{check_name, digest, hex};

/// Failures that nobody waits for: people mistype.
const FREE: u32 = 5;
const WAIT_MILLIS: i64 = 2_000;
const WAIT_MILLIS_MAX: i64 = 15 * 60_000;
/// After so much quiet time nothing is held against anybody.
const FORGET_MILLIS: i64 = 30 * 60_000;
/// Keys at most. Whoever has more addresses than that, or thinks of more names, makes the oldest be forgotten.
const KEYS_MAX: usize = 10_000;

#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Failures>>);

#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: i64,
}

/// What an attempt is counted by.
pub(crate) struct Attempt {
    /// What it waits for, and what its failure is counted under.
    own: Vec<String>,
    /// What else asks it for a puzzle.
    near: Vec<String>,
    /// What is forgotten when it succeeds.
    forgotten: String,
}

impl Attempt {
    /// Of somebody who comes from an address under a name.
    pub(crate) fn of_stranger(name: &str, peer: IpAddr) -> Self {
        let forgotten = name_key(name);
        let own = std::iter::once(forgotten.clone()).chain(address_key(peer)).collect();
        Self { own, near: Vec::new(), forgotten }
    }

    /// Of a browser in which this name has signed in lately, or of a session of theirs.
    pub(crate) fn of_known(name: &str, secret: &str, peer: IpAddr) -> Self {
        let forgotten = format!("known {name} {}", hex(&digest(secret)));
        let near = std::iter::once(name_key(name)).chain(address_key(peer)).collect();
        Self { own: vec![forgotten.clone()], near, forgotten }
    }

    /// Of what no name is guessed for.
    pub(crate) fn of_address(peer: IpAddr) -> Self {
        Self { own: address_key(peer).into_iter().collect(), near: Vec::new(), forgotten: String::new() }
    }
}

impl Throttle {
    /// For how long no such attempt is taken.
    pub(crate) fn wait_millis(&self, attempt: &Attempt, now: Millis) -> i64 {
        let Some(worst) = self.worst(attempt.own.iter(), now) else { return 0 };
        let wait = match worst.count.checked_sub(FREE) {
            Some(over) => (WAIT_MILLIS << over.min(20)).min(WAIT_MILLIS_MAX),
            None => 0,
        };
        (worst.last + wait - now.0).max(0)
    }

    /// How many failures there were under this name, from this address, or from this browser.
    pub(crate) fn failures(&self, attempt: &Attempt, now: Millis) -> u32 {
        self.worst(attempt.own.iter().chain(&attempt.near), now).map_or(0, |worst| worst.count)
    }

    fn worst<'k>(&self, keys: impl Iterator<Item = &'k String>, now: Millis) -> Option<Failures> {
        let kept = self.0.lock();
        let of = |key: &String| kept.get(key).copied().filter(|kept| now.0 < kept.last + FORGET_MILLIS);
        keys.filter_map(of).max_by_key(|kept| kept.count)
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, attempt: &Attempt, now: Millis) {
        let mut kept = self.0.lock();
        for key in &attempt.own {
            if kept.len() >= KEYS_MAX {
                kept.retain(|_, kept| now.0 < kept.last + FORGET_MILLIS);
            }
            if kept.len() >= KEYS_MAX
                && !kept.contains_key(key)
                && let Some(oldest) =
                    kept.iter().min_by_key(|(_, kept)| kept.last).map(|(key, _)| key.clone())
            {
                kept.remove(&oldest);
            }
            let entry = kept.entry(key.clone()).or_default();
            let count = if now.0 < entry.last + FORGET_MILLIS { entry.count } else { 0 };
            *entry = Failures { count: count.saturating_add(1), last: now.0 };
        }
    }

    /// Forgets what was counted: it was them.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        self.0.lock().remove(&attempt.forgotten);
    }
}

/// An address of version 6 counts as its network: one person has all of it. The loopback stands for everybody behind a
/// proxy on this machine, who must not wait for each other; a proxy that the configuration trusts tells them apart.
fn address_key(peer: IpAddr) -> Option<String> {
    (!peer.to_canonical().is_loopback()).then(|| format!("from {}", Prefix::client(peer)))
}

/// What nobody can be called is one key, so that nobody fills the memory with long ones.
fn name_key(name: &str) -> String {
    if check_name(name).is_ok() { format!("name {name}") } else { "name".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn the_wait_grows_and_ends() {
        let throttle = Throttle::default();
        let ada = |from: u8| Attempt::of_stranger("ada", peer(from));
        for (failure, expected) in (0..9).zip([0, 0, 0, 0, 0, 2_000, 4_000, 8_000, 16_000]) {
            let wait = throttle.wait_millis(&ada(failure), Millis(1000));
            assert_eq!(wait, expected, "after {failure} from many addresses");
            throttle.failed(&ada(failure), Millis(1000));
        }
        let bob = Attempt::of_stranger("bob", peer(200));
        assert_eq!(throttle.wait_millis(&bob, Millis(1000)), 0, "others are free");
        assert_eq!(throttle.wait_millis(&ada(0), Millis(1000 + FORGET_MILLIS)), 0);
        throttle.succeeded(&ada(0));
        assert_eq!(throttle.wait_millis(&ada(200), Millis(1000)), 0);
    }

    #[test]
    fn strangers_do_not_lock_out_whom_the_browser_knows() {
        let throttle = Throttle::default();
        for failure in 0..100 {
            throttle.failed(&Attempt::of_stranger("ada", peer(failure)), Millis(1000));
        }
        let own = Attempt::of_known("ada", "secret", peer(7));
        assert!(throttle.wait_millis(&Attempt::of_stranger("ada", peer(200)), Millis(1000)) > 0);
        assert_eq!(throttle.wait_millis(&own, Millis(1000)), 0);
        assert_eq!(throttle.failures(&own, Millis(1000)), 100, "a puzzle is asked for, though");
        for _ in 0..6 {
            throttle.failed(&own, Millis(1000));
        }
        assert!(throttle.wait_millis(&own, Millis(1000)) > 0, "who guesses there waits there");
        assert_eq!(throttle.wait_millis(&Attempt::of_known("ada", "other", peer(7)), Millis(1000)), 0);
        throttle.succeeded(&own);
        assert_eq!(throttle.wait_millis(&own, Millis(1000)), 0);
        assert!(throttle.wait_millis(&Attempt::of_stranger("ada", peer(200)), Millis(1000)) > 0);
    }

    #[test]
    fn one_address_waits_unless_many_stand_behind_it() {
        let check = |peer: &str, waits: bool| {
            let (throttle, peer) = (Throttle::default(), peer.parse::<IpAddr>().unwrap());
            for failure in 0..6 {
                throttle.failed(&Attempt::of_stranger(&format!("name-{failure}"), peer), Millis(1000));
            }
            let ada = Attempt::of_stranger("ada", peer);
            assert_eq!(throttle.wait_millis(&ada, Millis(1000)) > 0, waits, "{peer}");
            assert_eq!(throttle.failures(&ada, Millis(1000)) > 0, waits, "{peer}");
            let bare = Attempt::of_address(peer);
            assert_eq!(throttle.wait_millis(&bare, Millis(1000)) > 0, waits, "{peer}");
        };
        check("192.0.2.7", true);
        check("2001:db8::7", true);
        check("127.0.0.1", false);
        check("::1", false);
        check("::ffff:127.0.0.1", false);
    }

    #[test]
    fn its_memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..u32::try_from(KEYS_MAX).unwrap() + 100 {
            let peer = IpAddr::from(number.to_be_bytes());
            throttle.failed(&Attempt::of_stranger("ada", peer), Millis(i64::from(number)));
        }
        assert!(throttle.0.lock().len() <= KEYS_MAX);
        let throttle = Throttle::default();
        for length in 65..200 {
            let attempt = Attempt::of_stranger(&"x".repeat(length), IpAddr::from([127, 0, 0, 1]));
            throttle.failed(&attempt, Millis(1));
        }
        assert_eq!(throttle.0.lock().len(), 1, "what is no name is one key");
    }
}
