use std::collections::HashMap;

/// Keys that are counted at once; some hundred bytes each.
const KEYS_MAX: usize = 50_000;

/// The busiest of any number of keys in bounded memory: when there are too many, the rarer half goes, and what comes back
/// is counted anew (lossy counting, Manku and Motwani 2002). A key with more than a fifty-thousandth of all events stays.
pub(super) struct Busiest<T>(HashMap<u64, (u64, T)>);

impl<T> Default for Busiest<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Ord> Busiest<T> {
    /// Counts what has this hash; `what` says it, once.
    pub(super) fn count(&mut self, hash: u64, what: impl FnOnce() -> T) {
        if let Some((count, _)) = self.0.get_mut(&hash) {
            *count += 1;
            return;
        }
        if self.0.len() >= KEYS_MAX {
            let mut counts: Vec<u64> = self.0.values().map(|(count, _)| *count).collect();
            let (_, median, _) = counts.select_nth_unstable(KEYS_MAX / 2);
            let median = *median;
            self.0.retain(|_, (count, _)| *count > median);
        }
        self.0.insert(hash, (1, what()));
    }

    /// At most so many that were counted at least so often, the busiest first.
    pub(super) fn most(self, most: usize, least: u64) -> Vec<(u64, T)> {
        let mut all: Vec<(u64, T)> = self.0.into_values().filter(|(count, _)| *count >= least).collect();
        all.sort_by(|(one, key), (other, other_key)| other.cmp(one).then_with(|| key.cmp(other_key)));
        all.truncate(most);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use super::*;

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_and_hides_no_busy_one() {
        let mut busiest = Busiest::default();
        for number in 0..300_000 {
            busiest.count(hash(&number), || number.to_string());
            if number % 100 == 0 {
                busiest.count(hash(&"busy"), || "busy".to_owned());
            }
            assert!(busiest.0.len() <= KEYS_MAX);
        }
        assert_eq!(busiest.most(1, 30), [(3_000, "busy".to_owned())]);
    }
}
