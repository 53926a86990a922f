use std::ops::Range;

/// An address of one family as a number.
pub(super) trait Address: Copy + Ord {
    /// How boundaries between addresses are kept.
    type Boundaries: Boundaries<Self> + Default + std::fmt::Debug;
    /// The upper bits by which addresses are told apart first, in the order of addresses.
    fn top(self) -> u64;
    /// The address behind it, if there is one.
    fn next(self) -> Option<Self>;
}

/// Addresses in ascending order.
pub(super) trait Boundaries<A> {
    fn push(&mut self, address: A);
    fn len(&self) -> usize;
    fn at(&self, index: usize) -> Option<A>;
    /// How many of a part lie at an address or before it.
    fn until(&self, within: Range<usize>, address: A) -> usize;
    fn shrink(&mut self);
    fn bytes(&self) -> usize;
}

impl Address for u32 {
    type Boundaries = Vec<Self>;

    fn top(self) -> u64 {
        u64::from(self) << 32
    }
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Boundaries<u32> for Vec<u32> {
    fn push(&mut self, address: u32) {
        Vec::push(self, address);
    }
    fn len(&self) -> usize {
        Vec::len(self)
    }
    fn at(&self, index: usize) -> Option<u32> {
        self.get(index).copied()
    }
    fn until(&self, within: Range<usize>, address: u32) -> usize {
        self[within].partition_point(|boundary| *boundary <= address)
    }
    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
    fn bytes(&self) -> usize {
        self.capacity() * size_of::<u32>()
    }
}

impl Address for u128 {
    type Boundaries = Halves;

    fn top(self) -> u64 {
        // Global addresses are 2000::/3; what is outside of it is at the ends.
        match (self >> 64) as u64 {
            upper @ 0x2000_0000_0000_0000..0x4000_0000_0000_0000 => upper << 3,
            0..0x2000_0000_0000_0000 => 0,
            _ => u64::MAX,
        }
    }
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

/// Upper and lower halves of addresses apart: nearly all prefixes are of /64 or shorter, so that the upper half tells, and
/// twice as many lie in what the processor fetches at once. Where no lower half says anything, none is kept.
#[derive(Debug, Default)]
pub(super) struct Halves {
    upper: Vec<u64>,
    /// As many, or none.
    lower: Vec<u64>,
}

impl Boundaries<u128> for Halves {
    fn push(&mut self, address: u128) {
        let (upper, lower) = ((address >> 64) as u64, address as u64);
        if lower != 0 && self.lower.is_empty() {
            self.lower.resize(self.upper.len(), 0);
        }
        self.upper.push(upper);
        if lower != 0 || !self.lower.is_empty() {
            self.lower.push(lower);
        }
    }
    fn len(&self) -> usize {
        self.upper.len()
    }
    fn at(&self, index: usize) -> Option<u128> {
        let lower = self.lower.get(index).copied().unwrap_or(0);
        self.upper.get(index).map(|upper| u128::from(*upper) << 64 | u128::from(lower))
    }
    fn until(&self, within: Range<usize>, address: u128) -> usize {
        let (upper, lower) = ((address >> 64) as u64, address as u64);
        let part = &self.upper[within.clone()];
        if self.lower.is_empty() {
            return part.partition_point(|boundary| *boundary <= upper);
        }
        let below = part.partition_point(|boundary| *boundary < upper);
        let alike = part[below..].partition_point(|boundary| *boundary == upper);
        let from = within.start + below;
        below + self.lower[from..from + alike].partition_point(|boundary| *boundary <= lower)
    }
    fn shrink(&mut self) {
        self.upper.shrink_to_fit();
        self.lower.shrink_to_fit();
    }
    fn bytes(&self) -> usize {
        (self.upper.capacity() + self.lower.capacity()) * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_searched_as_wholes() {
        let check = |all: &[u128]| {
            let mut halves = Halves::default();
            all.iter().for_each(|address| halves.push(*address));
            assert_eq!(halves.len(), all.len());
            assert!((0..all.len()).all(|index| halves.at(index) == Some(all[index])));
            for address in
                all.iter().flat_map(|a| [a.wrapping_sub(1), *a, a.wrapping_add(1), a | u128::from(u64::MAX)])
            {
                for within in [0..all.len(), 1..all.len(), 0..all.len() - 1] {
                    let expected = all[within.clone()].partition_point(|boundary| *boundary <= address);
                    assert_eq!(halves.until(within.clone(), address), expected, "{address:x} in {within:?}");
                }
            }
        };
        let wide = |upper: u128, lower: u128| upper << 64 | lower;
        check(&[wide(1, 0), wide(2, 0), wide(7, 0), wide(u64::MAX.into(), 0)]);
        check(&[wide(1, 0), wide(2, 0), wide(2, 5), wide(2, 9), wide(3, 0), wide(3, 1), wide(9, 0)]);
        check(&[wide(0, 1), wide(0, u64::MAX.into()), wide(1, 0), wide(1, 1)]);
    }
}
