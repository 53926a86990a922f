use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use spigot_decision::Millis;

/// Attempts that were let through and whose end is not known yet, by account and by client. Whoever sends many at one
/// moment is judged by them as if they had failed, so that the count before them is not good for all.
///
/// Bounded: a shard holds at most `KEYS_PER_SHARD` keys and a key `PER_KEY_MAX` attempts. What does not fit is not
/// counted here, as before: it is met by the limits, and by its failure once that is known.
pub struct Opens {
    shards: [Mutex<Shard>; SHARDS],
}

/// For each key, when its attempts began.
type Shard = HashMap<u64, Vec<Millis>>;

const SHARDS: usize = 64;
/// Over all shards a quarter of a million: attempts wait on a connection, or for a report, of which 100,000 are kept.
const KEYS_PER_SHARD: usize = 4096;
/// Beyond what any lock lets through; further ones could only be told that it is full.
const PER_KEY_MAX: usize = 1024;
/// A password is judged within seconds. What waits for longer waits for a second factor or a mail, or is lost, and must
/// not keep others from an account.
const HELD_MILLIS: i64 = 60_000;

/// The place of one attempt; given back when it is dropped.
#[must_use]
pub struct OpenPlace {
    opens: Arc<Opens>,
    keys: [u64; 2],
    began: Millis,
}

impl Default for Opens {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Opens {
    /// Takes a place under each key (0 for none), and says how many others hold one there.
    pub fn enter(self: &Arc<Self>, keys: [u64; 2], now: Millis) -> ([u32; 2], OpenPlace) {
        let others = keys.map(|key| if key == 0 { 0 } else { self.push(key, now) });
        (others, OpenPlace { opens: self.clone(), keys, began: now })
    }

    fn push(&self, key: u64, now: Millis) -> u32 {
        let mut shard = self.shard(key).lock();
        if shard.len() >= KEYS_PER_SHARD {
            shard.retain(|_, began| began.iter().any(|at| is_held(*at, now)));
            if shard.len() >= KEYS_PER_SHARD && !shard.contains_key(&key) {
                return 0;
            }
        }
        let held = shard.entry(key).or_default();
        held.retain(|began| is_held(*began, now));
        let others = u32::try_from(held.len()).unwrap_or(u32::MAX);
        if held.len() < PER_KEY_MAX {
            held.push(now);
        }
        others
    }

    fn leave(&self, key: u64, began: Millis) {
        let mut shard = self.shard(key).lock();
        let Some(held) = shard.get_mut(&key) else { return };
        if let Some(at) = held.iter().position(|other| *other == began) {
            held.swap_remove(at);
        }
        if held.is_empty() {
            shard.remove(&key);
        }
    }

    fn shard(&self, key: u64) -> &Mutex<Shard> {
        &self.shards[key as usize % SHARDS]
    }
}

fn is_held(began: Millis, now: Millis) -> bool {
    now.since(began) < HELD_MILLIS
}

impl Drop for OpenPlace {
    fn drop(&mut self) {
        for key in self.keys.into_iter().filter(|key| *key != 0) {
            self.opens.leave(key, self.began);
        }
    }
}

impl std::fmt::Debug for OpenPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenPlace").field("began", &self.began).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(opens: &Opens) -> usize {
        opens.shards.iter().map(|shard| shard.lock().values().map(Vec::len).sum::<usize>()).sum()
    }

    #[test]
    fn places_are_given_back_and_lapse() {
        let opens = Arc::new(Opens::default());
        let enter = |keys, now| opens.enter(keys, Millis(now));
        let (others, first) = enter([7, 9], 0);
        assert_eq!(others, [0, 0]);
        let (others, second) = enter([7, 0], 1);
        assert_eq!(others, [1, 0]);
        let (others, third) = enter([8, 9], HELD_MILLIS - 1);
        assert_eq!(others, [0, 1]);
        assert_eq!(
            enter([7, 9], HELD_MILLIS).0,
            [1, 1],
            "the first has lapsed, and the asker's own is given back"
        );
        drop((first, second, third));
        assert_eq!(held(&opens), 0);
        assert!(opens.shards.iter().all(|shard| shard.lock().is_empty()));
    }

    #[test]
    fn what_is_held_stays_whatever_lapsed_beside_it() {
        let opens = Arc::new(Opens::default());
        let (_, left) = opens.enter([64, 0], Millis(0));
        let (_, held) = opens.enter([64, 0], Millis(30_000));
        let (_, newest) = opens.enter([64, 0], Millis(30_001));
        let (_, other) = opens.enter([64, 0], Millis(2));
        drop((left, newest));
        // All of one shard's, so that it is full and has to look for room.
        let flood: Vec<OpenPlace> = (2..=KEYS_PER_SHARD as u64 + 1)
            .map(|n| opens.enter([n * SHARDS as u64, 0], Millis(2 + HELD_MILLIS)).1)
            .collect();
        assert_eq!(opens.enter([64, 0], Millis(2 + HELD_MILLIS)).0, [1, 0], "the held one counts");
        drop((held, other, flood));
    }

    #[test]
    fn a_flood_of_keys_stays_in_bounds_and_lapses() {
        let opens = Arc::new(Opens::default());
        let most = SHARDS * KEYS_PER_SHARD;
        let flood: Vec<OpenPlace> =
            (1..=most as u64 + 500).map(|key| opens.enter([key, 0], Millis(0)).1).collect();
        assert_eq!(held(&opens), most);
        assert_eq!(opens.enter([most as u64 + 1000, 0], Millis(1)).0, [0, 0], "not counted");
        let (_, place) = opens.enter([most as u64 + 1000, 0], Millis(HELD_MILLIS));
        assert_eq!(opens.enter([most as u64 + 1000, 0], Millis(HELD_MILLIS)).0, [1, 0], "counted again");
        drop((flood, place));
        assert_eq!(held(&opens), 0);
    }
}
