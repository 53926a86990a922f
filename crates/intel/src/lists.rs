//! Lists of addresses that are too long for a policy: published, complained about, or an operator's own. Read in the
//! formats that are in use, and compiled together so that one look-up tells all lists that an address is on.

mod boundaries;
mod ends;
mod entries;
mod family;
mod plausible;
mod read;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

pub use ends::{Ends, dated, in_force, next_end};
pub use entries::{Entries, Span};
pub use plausible::implausible;
pub use read::{Column, Decisions, Format, read, unpacked};

use family::Family;
use spigot_decision::policy::WideMap;

/// As many lists as a policy may have: each is a bit of a word.
pub const LISTS_MAX: usize = 64;

/// All lists together. A look-up finds the set of lists that an address is on.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    families: Arc<Families>,
    /// The sets that occur, by number; the first is the empty one.
    sets: Vec<u64>,
    wide: WideMap,
}

#[derive(Debug, Default)]
struct Families {
    v4: Family<u32>,
    v6: Family<u128>,
}

impl Lists {
    /// Compiles lists; the first [`LISTS_MAX`] count, the set of the first alone is 1, of the second alone 2, and so on.
    #[must_use]
    pub fn new<'e>(lists: impl IntoIterator<Item = &'e Entries>) -> Self {
        let (mut v4, mut v6, mut wide) = (Vec::new(), Vec::new(), Vec::new());
        for (list, entries) in (0u8..).zip(lists.into_iter().take(LISTS_MAX)) {
            wide.push((usize::from(list), &entries.wide[..]));
            v4.extend(entries.v4.iter().map(|span| (list, *span)));
            v6.extend(entries.v6.iter().map(|span| (list, *span)));
        }
        let mut sets = Sets::default();
        let families = Families { v4: Family::new(v4, &mut sets), v6: Family::new(v6, &mut sets) };
        Self { families: Arc::new(families), sets: sets.all, wide: WideMap::new(wide) }
    }

    /// The same lists under other numbers: `place` says which bit a list gets, or that it is left out.
    #[must_use]
    pub fn arranged(&self, place: impl Fn(usize) -> Option<usize>) -> Self {
        let places: Vec<u64> = (0..LISTS_MAX)
            .map(|list| place(list).map_or(0, |bit| 1u64.checked_shl(bit as u32).unwrap_or(0)))
            .collect();
        let moved = |set: u64| {
            (0..LISTS_MAX).filter(|list| set >> list & 1 == 1).fold(0, |to, list| to | places[list])
        };
        Self {
            families: self.families.clone(),
            sets: self.sets.iter().map(|set| moved(*set)).collect(),
            wide: self.wide.arranged(moved),
        }
    }

    /// The set of lists that an address is on: a bit each.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> u64 {
        let set = match address.to_canonical() {
            IpAddr::V4(v4) => self.families.v4.find(v4.to_bits()),
            IpAddr::V6(v6) => self.families.v6.find(v6.to_bits()),
        };
        self.sets.get(set as usize).copied().unwrap_or(0)
    }

    /// The set of lists that hold the client's network, its country or a layer of its fingerprint.
    #[must_use]
    pub fn find_wide(&self, layers: &[u64; 3], network: Option<u32>, country: Option<[u8; 2]>) -> u64 {
        self.wide.find(layers, network, country)
    }

    /// Bytes that it takes, what is wider than addresses left out: there are hundreds of such entries at most.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.families.v4.bytes() + self.families.v6.bytes() + self.sets.capacity() * size_of::<u64>()
    }
}

/// Sets of lists, each with a number.
struct Sets {
    all: Vec<u64>,
    numbers: HashMap<u64, u32, foldhash::fast::RandomState>,
}

impl Default for Sets {
    fn default() -> Self {
        Self { all: vec![0], numbers: std::iter::once((0, 0)).collect() }
    }
}

impl Sets {
    fn number(&mut self, set: u64) -> u32 {
        *self.numbers.entry(set).or_insert_with(|| {
            self.all.push(set);
            // There are no more sets than boundaries, of which entries bound the number.
            u32::try_from(self.all.len() - 1).unwrap_or(0)
        })
    }
}

#[cfg(test)]
#[path = "lists/tests.rs"]
mod tests;
