use std::collections::HashMap;

use super::Subject;

/// Keys that are counted at once; about 100 bytes each.
const KEYS_MAX: usize = 50_000;

/// The busiest of any number of keys in bounded memory: when there are too many, the rarer half goes, and what comes back
/// is counted anew (lossy counting, Manku and Motwani 2002). A key with more than a fifty-thousandth of all events stays.
#[derive(Default)]
pub(super) struct Busiest(HashMap<(&'static str, String), u64>);

impl Busiest {
    pub(super) fn count(&mut self, key: &(&'static str, String)) {
        if let Some(count) = self.0.get_mut(key) {
            *count += 1;
            return;
        }
        if self.0.len() >= KEYS_MAX {
            let mut counts: Vec<u64> = self.0.values().copied().collect();
            let (_, median, _) = counts.select_nth_unstable(KEYS_MAX / 2);
            let median = *median;
            self.0.retain(|_, count| *count > median);
        }
        self.0.insert(key.clone(), 1);
    }

    pub(super) fn most(self, most: usize, least: u64) -> Vec<Subject> {
        let kept = self.0.into_iter().filter(|(_, count)| *count >= least);
        let mut all: Vec<Subject> =
            kept.map(|((kind, key), events)| Subject { kind: kind.to_owned(), key, events }).collect();
        all.sort_by(|one, other| other.events.cmp(&one.events).then_with(|| one.key.cmp(&other.key)));
        all.truncate(most);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_and_hides_no_busy_one() {
        let mut busiest = Busiest::default();
        for number in 0..300_000 {
            busiest.count(&("address", number.to_string()));
            if number % 100 == 0 {
                busiest.count(&("address", "busy".to_owned()));
            }
            assert!(busiest.0.len() <= KEYS_MAX);
        }
        let most = busiest.most(1, 30);
        assert_eq!((most[0].key.as_str(), most[0].events), ("busy", 3_000));
    }
}
