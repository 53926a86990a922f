use super::Sets;
use super::boundaries::{Address, Boundaries};

/// For so many boundaries a slot of the index, as a power of two: they lie in what the processor fetches at once, or beside it.
const LOG2_BOUNDARIES_PER_SLOT: u32 = 3;
/// 256 KiB of index at least for each family that has entries, and 4 MiB at most.
const LOG2_SLOTS: std::ops::RangeInclusive<u32> = 16..=20;

/// One family: the addresses at which the set of lists changes, in order, and the set from there on. At most two
/// boundaries for each entry, whatever overlaps: 10 bytes an entry of IPv4 and 18 of IPv6 (34 where an entry is longer than
/// /64) with up to 256 sets, 6 more with more.
#[derive(Debug)]
pub(super) struct Family<A: Address> {
    boundaries: A::Boundaries,
    sets: Numbers,
    /// By how much an address's top is shifted to give its slot.
    shift: u32,
    /// For each slot how many boundaries lie before it; empty when there are none at all.
    before: Vec<u32>,
}

impl<A: Address> Default for Family<A> {
    fn default() -> Self {
        Self {
            boundaries: A::Boundaries::default(),
            sets: Numbers::default(),
            shift: u64::BITS - 1,
            before: Vec::new(),
        }
    }
}

impl<A: Address> Family<A> {
    pub(super) fn new(entries: Vec<(u8, (A, A))>, sets: &mut Sets) -> Self {
        let mut edges: Vec<(A, u8, bool)> = Vec::with_capacity(entries.len() * 2);
        for (list, (first, last)) in entries {
            edges.push((first, list, true));
            edges.extend(last.next().map(|after| (after, list, false)));
        }
        edges.sort_unstable_by_key(|(at, ..)| *at);
        let mut family = Self::default();
        // How many entries of each list are open: they may overlap within one.
        let mut numbers = Vec::new();
        let (mut open, mut set) = ([0u32; super::LISTS_MAX], 0u64);
        for together in edges.chunk_by(|(a, ..), (b, ..)| a == b) {
            for (_, list, begins) in together {
                let depth = &mut open[usize::from(*list)];
                *depth = if *begins { *depth + 1 } else { depth.wrapping_sub(1) };
            }
            let before = set;
            for (_, list, _) in together {
                let bit = 1 << list;
                set = if open[usize::from(*list)] > 0 { set | bit } else { set & !bit };
            }
            if set != before {
                family.boundaries.push(together[0].0);
                numbers.push(sets.number(set));
            }
        }
        drop(edges);
        family.boundaries.shrink();
        family.sets = Numbers::new(numbers);
        family.index();
        family
    }

    fn index(&mut self) {
        let count = self.boundaries.len();
        if count == 0 {
            return;
        }
        let wanted = count.next_power_of_two().ilog2().saturating_sub(LOG2_BOUNDARIES_PER_SLOT);
        let log2_slots = wanted.clamp(*LOG2_SLOTS.start(), *LOG2_SLOTS.end());
        self.shift = u64::BITS - log2_slots;
        self.before = vec![0; (1 << log2_slots) + 1];
        for boundary in (0..count).filter_map(|index| self.boundaries.at(index)) {
            self.before[(boundary.top() >> self.shift) as usize + 1] += 1;
        }
        let mut sum = 0;
        for count in &mut self.before {
            sum += *count;
            *count = sum;
        }
    }

    /// The number of the set at an address.
    pub(super) fn find(&self, address: A) -> u32 {
        let slot = (address.top() >> self.shift) as usize;
        let Some([from, to]) = self.before.get(slot..slot + 2) else { return 0 };
        let (from, to) = (*from as usize, *to as usize);
        let within = self.boundaries.until(from..to, address);
        (from + within).checked_sub(1).map_or(0, |at| self.sets.at(at))
    }

    pub(super) fn bytes(&self) -> usize {
        self.boundaries.bytes() + self.sets.bytes() + self.before.capacity() * 4
    }
}

/// Numbers of sets, as narrow as they are: what fits the processor's cache is found sooner.
#[derive(Debug)]
enum Numbers {
    Few(Vec<u8>),
    Many(Vec<u32>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Numbers {
    fn new(mut all: Vec<u32>) -> Self {
        let few: Result<Vec<u8>, _> = all.iter().map(|number| u8::try_from(*number)).collect();
        all.shrink_to_fit();
        few.map_or(Self::Many(all), Self::Few)
    }

    fn at(&self, at: usize) -> u32 {
        match self {
            Self::Few(all) => all[at].into(),
            Self::Many(all) => all[at],
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Few(all) => all.capacity(),
            Self::Many(all) => all.capacity() * 4,
        }
    }
}
