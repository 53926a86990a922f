/// 16 MB: with ten million values one in two hundred others is taken for known, with twenty million one in twenty.
const BITS: u64 = 1 << 27;

/// Bits that each value sets.
const BITS_PER_VALUE: u64 = 4;

/// What was there before, in bounded memory (Bloom 1970). What is not known may be taken for known and never the other way
/// round, so that however much there is, nothing looks new that is not.
pub(super) struct Seen(Vec<u64>);

impl Default for Seen {
    fn default() -> Self {
        Self(vec![0; usize::try_from(BITS / 64).unwrap_or_default()])
    }
}

impl Seen {
    pub(super) fn add(&mut self, hash: u64) {
        for place in places(hash) {
            self.0[place / 64] |= 1 << (place % 64);
        }
    }

    pub(super) fn has(&self, hash: u64) -> bool {
        places(hash).all(|place| self.0[place / 64] & 1 << (place % 64) != 0)
    }
}

/// From the halves of one hash (Kirsch and Mitzenmacher 2006).
fn places(hash: u64) -> impl Iterator<Item = usize> {
    let step = (hash >> 32) | 1;
    (0..BITS_PER_VALUE).map(move |turn| {
        usize::try_from(hash.wrapping_add(turn.wrapping_mul(step)) % BITS).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use super::*;

    #[test]
    fn what_was_there_is_known_and_little_else() {
        let mut seen = Seen::default();
        (0..300_000_u32).for_each(|number| seen.add(hash(&number)));
        assert!((0..300_000_u32).all(|number| seen.has(hash(&number))));
        let wrong = (300_000..400_000_u32).filter(|number| seen.has(hash(number))).count();
        assert!(wrong < 10, "{wrong} of 100,000 were never there");
    }
}
