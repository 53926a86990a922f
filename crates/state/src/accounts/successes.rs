use parking_lot::RwLock;
use spigot_decision::Millis;

/// Hashes of pairs of account and network, or account and clearance, and of accounts alone, each with the day on which
/// it is forgotten. Nobody's name or address is in it, nor can be got out of it without the keys.
///
/// Bounded: [`SUCCESSES_MAX`] in sets of eight. A new one in a full set takes the place of the one that is forgotten
/// first. Only success adds to it, so that a flood of attempts displaces nothing.
pub struct Successes {
    sets: Box<[RwLock<Set>]>,
}

/// Each account that is used takes one entry, and one for each network and clearance: enough for a hundred thousand people
/// with a handful of devices. 12 bytes each, taken as they are needed.
pub const SUCCESSES_MAX: usize = 1 << 20;
const WAYS: usize = 8;
/// Stripes with a lock each, so that memory is only taken where something is remembered.
const STRIPES: usize = 1 << 12;
const SETS_PER_STRIPE: usize = SUCCESSES_MAX / STRIPES / WAYS;

/// The sets of a stripe, once one is used.
type Set = Vec<[Entry; WAYS]>;

#[derive(Clone, Copy, Default)]
struct Entry {
    key: u64,
    /// Days since 1970-01-01T00:00:00Z; 0 for a free place.
    forgotten: u32,
}

impl Default for Successes {
    fn default() -> Self {
        Self { sets: (0..STRIPES).map(|_| RwLock::default()).collect() }
    }
}

impl Successes {
    /// Whether it is remembered.
    #[must_use]
    pub fn contains(&self, key: u64, now: Millis) -> bool {
        let stripe = self.stripe(key).read();
        let Some(set) = stripe.get(set_of(key)) else { return false };
        set.iter().any(|entry| entry.key == key && entry.forgotten > day(now))
    }

    /// Remembers it for so many days from now.
    pub fn remember(&self, key: u64, days: u32, now: Millis) {
        let today = day(now);
        let entry = Entry { key, forgotten: today.saturating_add(days.max(1)) };
        let mut stripe = self.stripe(key).write();
        if stripe.is_empty() {
            stripe.resize(SETS_PER_STRIPE, [Entry::default(); WAYS]);
        }
        let set = &mut stripe[set_of(key)];
        let same = set.iter().position(|held| held.key == key);
        let first = (0..WAYS).min_by_key(|way| set[*way].forgotten);
        if let Some(way) = same.or(first) {
            set[way] = entry;
        }
    }

    /// Everything that is remembered, with the day on which it is forgotten.
    #[must_use]
    pub fn all(&self, now: Millis) -> Vec<(u64, u32)> {
        let today = day(now);
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

fn day(now: Millis) -> u32 {
    u32::try_from(now.0.div_euclid(86_400_000)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

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
    fn a_flood_of_successes_keeps_the_newest_in_bounds() {
        let successes = Successes::default();
        let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
        for n in 0..2 * SUCCESSES_MAX as u64 {
            successes.remember(key(n), 90, Millis((20_000 + (n >> 18) as i64) * DAY));
        }
        let now = Millis(20_007 * DAY);
        let all = successes.all(now).len();
        assert!((SUCCESSES_MAX * 9 / 10..=SUCCESSES_MAX).contains(&all), "{all}");
        let newest = (7 << 18..8u64 << 18).filter(|n| successes.contains(key(*n), now)).count();
        assert!(newest > (1 << 18) * 95 / 100, "{newest} of the newest day");
    }
}
