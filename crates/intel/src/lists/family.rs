use super::Sets;

/// An address of one family as a number.
pub(super) trait Address: Copy + Ord {
    /// One of [`SLOTS`], in the order of addresses.
    fn slot(self) -> usize;
    /// The address behind it, if there is one.
    fn next(self) -> Option<Self>;
}

impl Address for u32 {
    fn slot(self) -> usize {
        (self >> 16) as usize
    }
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Address for u128 {
    fn slot(self) -> usize {
        // Global addresses are 2000::/3; what is outside of it shares the slots at the ends.
        let upper = (self >> 96) as u32;
        match upper {
            0..0x2000_0000 => 0,
            0x2000_0000..0x4000_0000 => ((upper - 0x2000_0000) >> 13) as usize,
            _ => SLOTS - 1,
        }
    }
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

/// Slots that boundaries are told apart by before halving: 256 KiB of index for each family that has entries.
const SLOTS: usize = 1 << 16;

/// One family: the addresses at which the set of lists changes, in order, and the set from there on. At most two
/// boundaries for each entry, whatever overlaps: 10 bytes an entry of IPv4 and 34 of IPv6 with up to 256 sets, 16 and 40 with
/// more.
#[derive(Debug)]
pub(super) struct Family<A> {
    boundaries: Vec<A>,
    sets: Numbers,
    /// For each slot how many boundaries lie before it; empty when there are none at all.
    before: Vec<u32>,
}

impl<A> Default for Family<A> {
    fn default() -> Self {
        Self { boundaries: Vec::new(), sets: Numbers::default(), before: Vec::new() }
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
        family.boundaries.shrink_to_fit();
        family.sets = Numbers::new(numbers);
        family.index();
        family
    }

    fn index(&mut self) {
        if self.boundaries.is_empty() {
            return;
        }
        self.before = vec![0; SLOTS + 1];
        for boundary in &self.boundaries {
            self.before[boundary.slot() + 1] += 1;
        }
        let mut sum = 0;
        for count in &mut self.before {
            sum += *count;
            *count = sum;
        }
    }

    /// The number of the set at an address.
    pub(super) fn find(&self, address: A) -> u32 {
        let slot = address.slot();
        let Some([from, to]) = self.before.get(slot..slot + 2) else { return 0 };
        let (from, to) = (*from as usize, *to as usize);
        let within = self.boundaries[from..to].partition_point(|boundary| *boundary <= address);
        (from + within).checked_sub(1).map_or(0, |at| self.sets.at(at))
    }

    pub(super) fn bytes(&self) -> usize {
        self.boundaries.capacity() * size_of::<A>() + self.sets.bytes() + self.before.capacity() * 4
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
