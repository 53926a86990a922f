use std::collections::HashMap;

use parking_lot::RwLock;
use spigot_decision::Millis;
use spigot_decision::policy::{Ladder, Strike};

/// Automatic restrictions by subject key.
///
/// Bounded: at most [`RESTRICTIONS_MAX`] subjects are remembered. When it is full the one that ended longest ago
/// gives way; when none has ended, the one that ends first.
#[derive(Default)]
pub struct Restrictions {
    entries: RwLock<HashMap<u64, Restricted>>,
}

/// About 150 bytes each, so 15 MiB at most; whoever fails from more addresses than that at once is met by the limits.
pub const RESTRICTIONS_MAX: usize = 100_000;

/// A subject and what is remembered of its restrictions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restricted {
    /// Who, for people: an address prefix or a clearance's short name.
    pub subject: String,
    /// The restriction.
    pub strike: Strike,
}

impl Restrictions {
    /// The restriction of a subject that is in force at `now`.
    #[must_use]
    pub fn find(&self, key: u64, now: Millis) -> Option<Strike> {
        let entries = self.entries.read();
        if entries.is_empty() {
            return None;
        }
        entries.get(&key).map(|entry| entry.strike).filter(|strike| now < strike.end)
    }

    /// The next strike against a subject; returns it when it began now.
    pub fn strike(&self, key: u64, subject: &str, ladder: &Ladder, now: Millis) -> Option<Strike> {
        let mut entries = self.entries.write();
        let previous = entries.get(&key).map(|entry| entry.strike);
        let strike = ladder.next(previous, now);
        if Some(strike) == previous {
            return None;
        }
        if previous.is_none() && entries.len() >= RESTRICTIONS_MAX {
            entries.retain(|_, entry| ladder.standing(entry.strike, now) > 0 || now < entry.strike.end);
            if entries.len() >= RESTRICTIONS_MAX {
                let first = entries.iter().min_by_key(|(_, entry)| entry.strike.end).map(|(key, _)| *key);
                first.map(|key| entries.remove(&key));
            }
        }
        entries.insert(key, Restricted { subject: subject.to_owned(), strike });
        Some(strike)
    }

    /// Ends a subject's restriction and forgets its past; whether there was one.
    pub fn lift(&self, subject: &str) -> bool {
        let mut entries = self.entries.write();
        let before = entries.len();
        entries.retain(|_, entry| entry.subject != subject);
        entries.len() < before
    }

    /// Everything that is in force, by end.
    #[must_use]
    pub fn in_force(&self, now: Millis) -> Vec<Restricted> {
        let mut found: Vec<_> =
            self.entries.read().values().filter(|entry| now < entry.strike.end).cloned().collect();
        found.sort_by(|a, b| (a.strike.end, &a.subject).cmp(&(b.strike.end, &b.subject)));
        found
    }

    /// Everything that is remembered, with its keys, to be kept over a restart.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(u64, Restricted)> {
        self.entries.read().iter().map(|(key, entry)| (*key, entry.clone())).collect()
    }

    /// Takes back what a snapshot held.
    pub fn restore(&self, kept: impl IntoIterator<Item = (u64, Restricted)>) {
        self.entries.write().extend(kept.into_iter().take(RESTRICTIONS_MAX));
    }
}
