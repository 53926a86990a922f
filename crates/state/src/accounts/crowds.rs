use parking_lot::Mutex;
use spigot_decision::{Crowd, Millis};

/// Attempts on accounts in a sliding window of two halves, by route, by cohort and by client.
///
/// Bounded: 16,384 in sets of four. A new key in a full set takes the place of one whose window has passed, else of
/// the one with the fewest attempts: a flood of clients with one attempt each displaces nothing that is worth seeing.
pub struct Crowds {
    sets: Box<[Mutex<[Cell; WAYS]>]>,
}

/// A site has some routes with accounts, and some thousand clients and networks that come there within minutes. 240
/// bytes each, so less than 4 MiB.
const CELLS: usize = 1 << 14;
const WAYS: usize = 4;
/// Bits for distinct accounts, and for distinct clients: linear counting (Whang and others, 1990) is within some per
/// cent up to about a thousand, and stops near 1,600.
const BITS: usize = 256;
const WORDS: usize = BITS / 64;

#[derive(Clone, Copy, Default)]
struct Cell {
    key: u64,
    /// Which half window the first of the two halves is.
    turn: i64,
    halves: [Half; 2],
}

#[derive(Clone, Copy, Default)]
struct Half {
    attempts: u32,
    failures: u32,
    accounts: [u64; WORDS],
    entered: [u64; WORDS],
    clients: [u64; WORDS],
}

impl Default for Crowds {
    fn default() -> Self {
        Self { sets: (0..CELLS / WAYS).map(|_| Mutex::default()).collect() }
    }
}

impl Crowds {
    /// How attempts went within the window.
    #[must_use]
    pub fn look(&self, key: u64, window_millis: u64, now: Millis) -> Crowd {
        let mut set = self.set(key).lock();
        let Some(cell) = set.iter_mut().find(|cell| cell.key == key) else { return Crowd::default() };
        cell.advance(turn(window_millis, now));
        cell.sum()
    }

    /// Adds an attempt of a client on an account, and how it ended.
    pub fn add(&self, key: u64, [account, client]: [u64; 2], failed: bool, window_millis: u64, now: Millis) {
        let turn = turn(window_millis, now);
        let mut set = self.set(key).lock();
        let same = set.iter().position(|cell| cell.key == key);
        let least = || (0..WAYS).min_by_key(|way| set[*way].worth(turn));
        let Some(way) = same.or_else(least) else { return };
        let cell = &mut set[way];
        if cell.key != key {
            *cell = Cell { key, turn, ..Cell::default() };
        }
        cell.advance(turn);
        let half = &mut cell.halves[0];
        half.attempts = half.attempts.saturating_add(1);
        if failed {
            half.failures = half.failures.saturating_add(1);
            mark(&mut half.accounts, account);
            mark(&mut half.clients, client);
        } else {
            mark(&mut half.entered, account);
        }
    }

    fn set(&self, key: u64) -> &Mutex<[Cell; WAYS]> {
        &self.sets[key as usize % self.sets.len()]
    }
}

/// Which half window it is.
fn turn(window_millis: u64, now: Millis) -> i64 {
    let half = i64::try_from(window_millis / 2).unwrap_or(i64::MAX).max(1);
    now.0.div_euclid(half)
}

impl Cell {
    /// Forgets what has left the window.
    fn advance(&mut self, turn: i64) {
        match turn - self.turn {
            // The clock stepped back a little.
            -1 | 0 => return,
            1 => self.halves[1] = std::mem::take(&mut self.halves[0]),
            // Its window has passed, or is another one since the policy was loaded again: turns of windows of two
            // lengths lie far apart, in either direction.
            _ => self.halves = [Half::default(); 2],
        }
        self.turn = turn;
    }

    /// What would be lost with it.
    fn worth(&self, turn: i64) -> u32 {
        let [a, b] = &self.halves;
        if (-1..=1).contains(&(turn - self.turn)) { a.attempts.saturating_add(b.attempts) } else { 0 }
    }

    fn sum(&self) -> Crowd {
        let [a, b] = &self.halves;
        let accounts = either(&a.accounts, &b.accounts);
        let entered = either(&a.entered, &b.entered);
        Crowd {
            attempts: a.attempts.saturating_add(b.attempts),
            failures: a.failures.saturating_add(b.failures),
            accounts: distinct(&accounts),
            lost: distinct(&either(&accounts, &entered)).saturating_sub(distinct(&entered)),
            entered: distinct(&entered),
            clients: distinct(&either(&a.clients, &b.clients)),
        }
    }
}

fn mark(bits: &mut [u64; WORDS], member: u64) {
    // The members are hashes; these bits choose nothing else.
    let bit = (member >> 20) as usize % BITS;
    bits[bit / 64] |= 1 << (bit % 64);
}

fn either(a: &[u64; WORDS], b: &[u64; WORDS]) -> [u64; WORDS] {
    std::array::from_fn(|word| a[word] | b[word])
}

/// Linear counting: the number of members at which so many bits are expected to stay empty.
fn distinct(bits: &[u64; WORDS]) -> u32 {
    let set: u32 = bits.iter().map(|word| word.count_ones()).sum();
    let bits = BITS as f64;
    let empty = (bits - f64::from(set)).max(0.5);
    // At most 256 ln 512, which is 1,597.
    (bits * (bits / empty).ln()).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u64 = 600_000;

    fn hash(n: u64) -> u64 {
        // The finaliser of splitmix64.
        let n = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ n >> 31
    }

    #[test]
    fn distinct_members_are_estimated() {
        for (members, off_by) in [(1u64, 0u32), (5, 1), (10, 2), (20, 4), (100, 15), (500, 75), (1000, 250)] {
            let crowds = Crowds::default();
            for n in 0..members * 3 {
                crowds.add(1, [hash(n % members), hash(9)], true, WINDOW, Millis(0));
            }
            let seen = crowds.look(1, WINDOW, Millis(0));
            assert_eq!(
                (seen.attempts, seen.failures, seen.clients),
                (3 * members as u32, 3 * members as u32, 1)
            );
            assert!(seen.accounts.abs_diff(members as u32) <= off_by, "{} for {members}", seen.accounts);
        }
    }

    #[test]
    fn the_window_slides_by_halves() {
        let crowds = Crowds::default();
        crowds.add(1, [hash(3), hash(4)], false, WINDOW, Millis(0));
        crowds.add(1, [hash(1), hash(2)], true, WINDOW, Millis(300_000));
        let attempts = |now| crowds.look(1, WINDOW, Millis(now)).attempts;
        assert_eq!([attempts(599_999), attempts(600_000), attempts(900_000)], [2, 1, 0]);
        assert_eq!(crowds.look(2, WINDOW, Millis(0)), Crowd::default());
    }

    #[test]
    fn a_window_of_another_length_begins_anew_and_slides() {
        let check = |before: u64, after: u64| {
            let crowds = Crowds::default();
            let start = 1_790_000_000_000;
            crowds.add(1, [hash(1), hash(2)], true, before, Millis(start));
            let attempts = |now: i64| crowds.look(1, after, Millis(now)).attempts;
            assert_eq!(attempts(start + 1), 0, "{before} to {after}");
            crowds.add(1, [hash(3), hash(4)], false, after, Millis(start + 2));
            assert_eq!(attempts(start + 3), 1, "{before} to {after}");
            assert_eq!(attempts(start + 2 + after as i64), 0, "{before} to {after}: it has left the window");
        };
        check(WINDOW, 3 * WINDOW);
        check(3 * WINDOW, WINDOW);
        check(WINDOW, WINDOW + 1000);
    }

    #[test]
    fn a_clock_that_steps_back_a_little_loses_nothing() {
        let crowds = Crowds::default();
        crowds.add(1, [hash(3), hash(4)], false, WINDOW, Millis(300_000));
        assert_eq!(crowds.look(1, WINDOW, Millis(299_000)).attempts, 1);
    }

    #[test]
    fn a_flood_of_single_attempts_displaces_no_crowd() {
        let crowds = Crowds::default();
        for n in 0..50 {
            crowds.add(hash(0), [hash(n), hash(n)], true, WINDOW, Millis(0));
        }
        for n in 1..200_000 {
            crowds.add(hash(n), [n, n], true, WINDOW, Millis(1));
        }
        assert_eq!(crowds.look(hash(0), WINDOW, Millis(2)).attempts, 50);
    }
}
