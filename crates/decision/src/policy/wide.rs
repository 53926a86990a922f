use std::collections::HashMap;
use std::fmt;

use foldhash::fast::RandomState;

/// What an entry can be about besides addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wide {
    /// A network, by its number.
    Network(u32),
    /// A country (ISO 3166-1 alpha-2, upper case).
    Country([u8; 2]),
    /// One layer of a fingerprint, as [`crate::layer_number`] numbers it.
    Fingerprint(u64),
}

impl Wide {
    /// Reads `AS64500`, `country:DE` or `fingerprint:t13d1516h2_8daaf6152771_b186095e22b6`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(code) = text.strip_prefix("country:") {
            let code: [u8; 2] = code.to_ascii_uppercase().into_bytes().try_into().ok()?;
            return code.iter().all(u8::is_ascii_uppercase).then_some(Self::Country(code));
        }
        if let Some(layer) = text.strip_prefix("fingerprint:") {
            // Zero stands for a layer that is not known.
            let number = Some(crate::layer_number(layer)).filter(|number| *number != 0 && !layer.is_empty());
            return number.map(Self::Fingerprint);
        }
        let (letters, number) = text.split_at_checked(2)?;
        let number = number.parse().ok().filter(|number| *number > 0)?;
        letters.eq_ignore_ascii_case("as").then_some(Self::Network(number))
    }

    pub(super) fn is(self, layers: &[u64; 3], network: Option<u32>, country: Option<[u8; 2]>) -> bool {
        match self {
            Self::Network(number) => network == Some(number),
            Self::Country(code) => country == Some(code),
            Self::Fingerprint(number) => layers.contains(&number),
        }
    }
}

/// As [`Wide::parse`] reads it; a fingerprint by its number.
impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(number) => write!(f, "AS{number}"),
            Self::Country([a, b]) => write!(f, "country:{}{}", char::from(*a), char::from(*b)),
            Self::Fingerprint(number) => write!(f, "fingerprint:{number:016x}"),
        }
    }
}

/// Which lists hold a network, a country or a fingerprint: a bit each.
#[derive(Clone, Debug, Default)]
pub struct WideMap(HashMap<Wide, u64, RandomState>);

impl WideMap {
    /// Of each list its number, below 64, and its entries.
    pub fn new<'e>(lists: impl IntoIterator<Item = (usize, &'e [Wide])>) -> Self {
        let mut map = Self::default();
        for (list, entries) in lists {
            for wide in entries {
                *map.0.entry(*wide).or_default() |= 1 << list;
            }
        }
        map
    }

    /// The same lists under other numbers.
    #[must_use]
    pub fn arranged(&self, moved: impl Fn(u64) -> u64) -> Self {
        Self(self.0.iter().map(|(wide, set)| (*wide, moved(*set))).collect())
    }

    /// The lists that hold a client.
    #[must_use]
    pub fn find(&self, layers: &[u64; 3], network: Option<u32>, country: Option<[u8; 2]>) -> u64 {
        if self.0.is_empty() {
            return 0;
        }
        let lists = |wide| self.0.get(&wide).copied().unwrap_or(0);
        let of_layers = layers.iter().fold(0, |set, layer| set | lists(Wide::Fingerprint(*layer)));
        of_layers
            | network.map_or(0, |number| lists(Wide::Network(number)))
            | country.map_or(0, |code| lists(Wide::Country(code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back_and_find_their_lists() {
        let check = |text: &str, shown: Option<&str>| {
            let wide = Wide::parse(text);
            assert_eq!(wide.map(|wide| wide.to_string()).as_deref(), shown, "{text}");
            assert_eq!(shown.and_then(Wide::parse), wide, "{text} reads back");
        };
        check("as64500", Some("AS64500"));
        check("country:de", Some("country:DE"));
        check("fingerprint:00000000000000ff", Some("fingerprint:00000000000000ff"));
        for wrong in ["AS0", "AS", "country:DEU", "fingerprint:", "fingerprint:0000000000000000", "192.0.2.7"]
        {
            check(wrong, None);
        }
        let ja4 = Wide::parse("fingerprint:t13d1516h2_8daaf6152771_b186095e22b6").unwrap();
        assert_eq!(Wide::parse(&ja4.to_string()), Some(ja4));
        let map = WideMap::new([
            (0, &[Wide::Network(64500), Wide::Country(*b"DE")][..]),
            (63, &[Wide::Country(*b"DE"), Wide::Fingerprint(7)]),
        ]);
        assert_eq!(map.find(&[0; 3], Some(64500), None), 1);
        assert_eq!(map.find(&[0; 3], Some(64501), Some(*b"DE")), 1 << 63 | 1);
        assert_eq!(map.find(&[0, 7, 0], None, None), 1 << 63);
        assert_eq!(map.find(&[0; 3], None, None), 0);
    }
}
