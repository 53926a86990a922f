//! Failed sign-ins, counted by name and by address. What grows with them is the wait, up to a bound: a lock without end
//! would let anybody lock an operator out.

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;
use spigot_decision::{Millis, Prefix};

use crate::staff::check_name;

/// Failures that are free: people mistype.
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

impl Throttle {
    /// For how long no attempt for this name from this address is taken.
    pub(crate) fn wait_millis(&self, name: &str, peer: IpAddr, now: Millis) -> i64 {
        let kept = self.0.lock();
        let of = |key: &str| kept.get(key).copied().filter(|kept| now.0 < kept.last + FORGET_MILLIS);
        let worst = keys(name, peer).filter_map(|key| of(&key)).max_by_key(|kept| kept.count);
        let Some(worst) = worst else { return 0 };
        let wait = match worst.count.checked_sub(FREE) {
            Some(over) => (WAIT_MILLIS << over.min(20)).min(WAIT_MILLIS_MAX),
            None => 0,
        };
        (worst.last + wait - now.0).max(0)
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
        self.0.lock().remove(&name_key(name));
    }
}

/// What a failure is counted by. An address of version 6 counts as its network: one person has all of it. The loopback
/// stands for everybody behind a proxy on this machine, who must not wait for each other.
fn keys(name: &str, peer: IpAddr) -> impl Iterator<Item = String> {
    let from = (!peer.to_canonical().is_loopback()).then(|| format!("from {}", Prefix::client(peer)));
    std::iter::once(name_key(name)).chain(from)
}

/// What nobody can be called is one key, so that nobody fills the memory with long ones.
fn name_key(name: &str) -> String {
    if check_name(name).is_ok() { format!("name {name}") } else { "name".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends() {
        let throttle = Throttle::default();
        let peer = |last: u8| IpAddr::from([192, 0, 2, last]);
        let wait = |name: &str, from: u8, at: i64| throttle.wait_millis(name, peer(from), Millis(at));
        for (failure, expected) in (0..9).zip([0, 0, 0, 0, 0, 2_000, 4_000, 8_000, 16_000]) {
            assert_eq!(wait("ada", failure, 1000), expected, "after {failure} from many addresses");
            throttle.failed("ada", peer(failure), Millis(1000));
        }
        assert_eq!(wait("bob", 200, 1000), 0, "others are free");
        assert_eq!(wait("ada", 0, 1000 + FORGET_MILLIS), 0);
        throttle.succeeded("ada");
        assert_eq!(wait("ada", 200, 1000), 0);
    }

    #[test]
    fn one_address_waits_unless_many_stand_behind_it() {
        let check = |peer: &str, waits: bool| {
            let (throttle, peer) = (Throttle::default(), peer.parse::<IpAddr>().unwrap());
            for failure in 0..6 {
                throttle.failed(&format!("name-{failure}"), peer, Millis(1000));
            }
            assert_eq!(throttle.wait_millis("ada", peer, Millis(1000)) > 0, waits, "{peer}");
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
            throttle.failed("ada", IpAddr::from(number.to_be_bytes()), Millis(i64::from(number)));
        }
        assert!(throttle.0.lock().len() <= KEYS_MAX);
        let throttle = Throttle::default();
        for length in 65..200 {
            throttle.failed(&"x".repeat(length), IpAddr::from([127, 0, 0, 1]), Millis(1));
        }
        assert_eq!(throttle.0.lock().len(), 1, "what is no name is one key");
    }
}
