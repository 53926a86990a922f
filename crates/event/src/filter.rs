//! What a block of rows can hold: Bloom filters (Bloom 1970) that say "surely not here" or "perhaps", so that a search
//! passes over rows without reading them. A false "perhaps" costs a look at one block and never an answer.

use std::net::IpAddr;

use spigot_decision::Prefix;

/// Bits that each word sets. With three, a filter a quarter full is wrong about one word in sixty-four.
const BITS_PER_WORD: u32 = 3;

/// Below this a filter is folded no further: the row around it is larger.
const BYTES_MIN: usize = 64;

/// What a word of a filter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A whole address.
    Address = 1,
    /// A prefix of one, of one of the lengths of [`kept_lengths`].
    Prefix,
    Network,
    Country,
    Route,
    Action,
    /// A reason's name or a challenge's result.
    Reason,
    /// One layer's fingerprint, whole.
    Fingerprint,
    Account,
    /// The beginning of a path, of one of the lengths of [`kept_beginnings`].
    Path,
}

/// One value as filters know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(u64);

impl Word {
    pub(crate) fn of(about: About, value: &[u8]) -> Self {
        let mut hash = mixed(about as u64 | (value.len() as u64) << 8);
        for piece in value.chunks(8) {
            let mut bytes = [0; 8];
            bytes[..piece.len()].copy_from_slice(piece);
            hash = mixed(hash ^ u64::from_le_bytes(bytes));
        }
        Self(hash)
    }

    pub(crate) fn number(about: About, value: u64) -> Self {
        Self(mixed(mixed(about as u64) ^ value))
    }

    pub(crate) fn prefix(prefix: Prefix) -> Self {
        let bits = match prefix.base {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let whole = prefix.length == if prefix.base.is_ipv4() { 32 } else { 128 };
        let about = if whole { About::Address } else { About::Prefix };
        let family = u64::from(prefix.base.is_ipv4());
        let head = mixed(about as u64 | u64::from(prefix.length) << 8 | family << 16);
        Self(mixed(mixed(head ^ (bits >> 64) as u64) ^ bits as u64))
    }

    fn places(self, bits: u64) -> impl Iterator<Item = usize> {
        // Independent enough for this from the halves of one hash (Kirsch and Mitzenmacher 2006). An odd step meets
        // different places, also after folding, because sizes are powers of two.
        let step = (self.0 >> 32) | 1;
        (0..u64::from(BITS_PER_WORD)).map(move |turn| {
            let place = self.0.wrapping_add(turn.wrapping_mul(step)) & (bits - 1);
            usize::try_from(place).unwrap_or_default()
        })
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014). No library's hash: filters are stored, and a library may change
/// its own. There is no key: whoever finds words that collide makes a search slower, and nothing else.
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Lengths of the prefixes that are kept beside whole addresses: what addresses are truncated to, and what larger
/// networks have.
pub(crate) fn kept_lengths(address: IpAddr) -> [u8; 2] {
    if address.is_ipv4() { [24, 16] } else { [48, 32] }
}

/// Beginnings of a path that are kept: searches ask for paths by their beginning, of whatever length, and the longest of
/// these that fits says whether there can be any.
pub(crate) fn kept_beginnings(path: &str) -> impl Iterator<Item = &[u8]> {
    [4, 8, 16].into_iter().filter_map(|length| path.as_bytes().get(..length))
}

/// Bits, a power of two of them.
#[derive(Clone, Debug)]
pub(crate) struct Filter(Vec<u8>);

impl Filter {
    /// An empty one; `bytes` is a power of two.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(vec![0; bytes.next_power_of_two().max(BYTES_MIN)])
    }

    pub(crate) fn add(&mut self, word: Word) {
        for place in word.places(self.0.len() as u64 * 8) {
            self.0[place / 8] |= 1 << (place % 8);
        }
    }

    /// As it is stored: halved as long as it stays less than a quarter full, which changes no answer but the rate of
    /// false ones.
    pub(crate) fn folded(&self) -> Vec<u8> {
        let mut bytes = self.0.clone();
        while bytes.len() > BYTES_MIN {
            let (low, high) = bytes.split_at(bytes.len() / 2);
            let folded: Vec<u8> = low.iter().zip(high).map(|(low, high)| low | high).collect();
            let set: u64 = folded.iter().map(|byte| u64::from(byte.count_ones())).sum();
            if set * 4 > folded.len() as u64 * 8 {
                break;
            }
            bytes = folded;
        }
        bytes
    }
}

/// Whether stored bits can hold a word. Bits of a size that this version does not write can hold anything.
pub(crate) fn can_hold(bits: &[u8], word: Word) -> bool {
    if !bits.len().is_power_of_two() {
        return true;
    }
    word.places(bits.len() as u64 * 8).all(|place| bits[place / 8] & 1 << (place % 8) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_can_be_there_however_far_it_is_folded() {
        for count in [0_u64, 1, 100, 4_096] {
            let mut filter = Filter::new(1 << 14);
            (0..count).for_each(|number| filter.add(Word::number(About::Account, number)));
            let stored = filter.folded();
            assert!((0..count).all(|number| can_hold(&stored, Word::number(About::Account, number))));
            let wrong = (count..count + 10_000)
                .filter(|n| can_hold(&stored, Word::number(About::Account, *n)))
                .count();
            assert!(wrong < 350, "{count} words in {} bytes: {wrong} of 10,000 false", stored.len());
            assert!(count > 100 || stored.len() <= 512, "{count} words take {} bytes", stored.len());
        }
    }

    #[test]
    fn words_of_one_value_differ_by_what_they_are_about() {
        let prefix = |text: &str| Word::prefix(Prefix::parse(text).unwrap());
        let words = [
            Word::of(About::Country, b"DE"),
            Word::of(About::Reason, b"DE"),
            Word::number(About::Network, 7),
            Word::number(About::Route, 7),
            prefix("192.0.2.0"),
            prefix("192.0.2.0/24"),
            prefix("192.0.0.0/16"),
        ];
        for (index, word) in words.iter().enumerate() {
            assert!(words[index + 1..].iter().all(|other| other != word), "{index}");
        }
        assert!(can_hold(&[0; 3], words[0]), "a size that is not ours says nothing");
    }
}
