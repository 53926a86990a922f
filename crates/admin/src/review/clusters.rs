//! What several events share at once: one network with one fingerprint on one path is an attack that none of the three
//! shows by itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::busiest::Busiest;
use super::seen::Seen;
use super::{PATTERN_MIN, TOLD, hash};

/// Candidates that are held against each other; many are parts of few.
const CANDIDATES: usize = 500;

/// Of a hundred events of one cluster so many lie in another that says more: then it says nothing by itself.
const SAME_PERCENT: u64 = 80;

/// A property and its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// `address`, `network`, `fingerprint` or `path`.
    pub kind: String,
    /// Which.
    pub key: String,
}

/// Properties that events had together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cluster {
    /// Two to four of them.
    pub parts: Vec<Part>,
    /// Events that had all of them.
    pub events: u64,
}

/// Counts what was not there together before.
#[derive(Default)]
pub(super) struct Clusters(Busiest<Vec<Part>>);

/// A part before it is written down, with its hash.
pub(super) type Subject = (&'static str, String, u64);

impl Clusters {
    /// Remembers what is there together.
    pub(super) fn know(known: &mut Seen, subjects: &[Subject]) {
        together(subjects).for_each(|(hash, _)| known.add(hash));
    }

    /// Counts what was not.
    pub(super) fn count(&mut self, known: &Seen, subjects: &[Subject]) {
        for (hash, chosen) in together(subjects) {
            if !known.has(hash) {
                self.0.count(hash, || parts(subjects, chosen));
            }
        }
    }

    /// The busiest that say something: none that is nearly all in one that says more, and none that is a part of one that
    /// is told, or of what is new by itself.
    pub(super) fn told(self, new: &[(u64, Part)]) -> Vec<Cluster> {
        let mut candidates = self.0.most(CANDIDATES, PATTERN_MIN);
        // Of as many events, what says more comes first.
        candidates.sort_by(|(events, parts), (others, other)| {
            others.cmp(events).then(other.len().cmp(&parts.len())).then_with(|| parts.cmp(other))
        });
        let mut told: Vec<Cluster> = Vec::new();
        for (events, parts) in &candidates {
            let is_same = |of: u64| events * 100 >= of * SAME_PERCENT;
            let says_more = candidates.iter().any(|(others, other)| {
                other.len() > parts.len() && holds(other, parts) && others * 100 >= events * SAME_PERCENT
            });
            let is_told = told.iter().any(|other| holds(parts, &other.parts) && !is_same(other.events));
            let is_new = new.iter().any(|(of, part)| parts.contains(part) && !is_same(*of));
            if !says_more && !is_told && !is_new && told.len() < TOLD {
                told.push(Cluster { parts: parts.clone(), events: *events });
            }
        }
        told
    }
}

/// Every choice of two and more, by its bits, with its hash. An address has one network: together they say no more.
fn together(subjects: &[Subject]) -> impl Iterator<Item = (u64, u8)> + '_ {
    let of = |kind: &str| subjects.iter().position(|(one, ..)| *one == kind).map_or(0, |at| 1_u8 << at);
    let both = of("address") | of("network");
    (1..1_u8 << subjects.len().min(7))
        .filter(move |chosen| chosen.count_ones() > 1 && chosen & both != both)
        .map(move |chosen| {
            let hashes = subjects.iter().enumerate().filter(|(at, _)| chosen & 1 << at != 0);
            (hashes.fold(0, |all, (_, (_, _, one))| hash(&(all, one))), chosen)
        })
}

fn parts(subjects: &[Subject], chosen: u8) -> Vec<Part> {
    let chosen = subjects.iter().enumerate().filter(|(at, _)| chosen & 1 << at != 0);
    chosen.map(|(_, (kind, key, _))| Part { kind: (*kind).to_owned(), key: key.clone() }).collect()
}

/// Whether all of `parts` are in `all`.
fn holds(all: &[Part], parts: &[Part]) -> bool {
    parts.iter().all(|part| all.contains(part))
}
