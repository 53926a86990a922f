use std::net::IpAddr;

use crate::subject::{Prefix, canonical};

/// A map from address prefixes to values, for lists of up to some hundred thousand entries: sorted arrays, one per
/// prefix length in use, asked from the longest. A look-up costs one binary search per length in use.
#[derive(Clone, Debug)]
pub struct PrefixMap<V> {
    v4: Vec<(u8, Vec<(u32, V)>)>,
    v6: Vec<(u8, Vec<(u128, V)>)>,
}

impl<V> Default for PrefixMap<V> {
    fn default() -> Self {
        Self { v4: Vec::new(), v6: Vec::new() }
    }
}

impl<V> PrefixMap<V> {
    /// Builds the map; of two equal prefixes the later one counts.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = (Prefix, V)>) -> Self {
        let mut map = Self::default();
        for (prefix, value) in entries {
            match prefix.base {
                IpAddr::V4(base) => bucket(&mut map.v4, prefix.length).push((base.to_bits(), value)),
                IpAddr::V6(base) => bucket(&mut map.v6, prefix.length).push((base.to_bits(), value)),
            }
        }
        finish(&mut map.v4);
        finish(&mut map.v6);
        map
    }

    /// The longest prefix that contains the address, and its value.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> Option<(Prefix, &V)> {
        self.find_where(address, |_| true)
    }

    /// The longest prefix that contains the address and whose value is `wanted`: an entry that has ended does not hide
    /// a wider one that holds.
    #[must_use]
    pub fn find_where(&self, address: IpAddr, wanted: impl Fn(&V) -> bool) -> Option<(Prefix, &V)> {
        let address = canonical(address);
        match address {
            IpAddr::V4(v4) => self.v4.iter().find_map(|(length, entries)| {
                let masked = v4.to_bits() & u32::MAX.checked_shl(32 - u32::from(*length)).unwrap_or(0);
                let value = value_of(entries, masked).filter(|value| wanted(value))?;
                Some((Prefix::of(address, *length), value))
            }),
            IpAddr::V6(v6) => self.v6.iter().find_map(|(length, entries)| {
                let masked = v6.to_bits() & u128::MAX.checked_shl(128 - u32::from(*length)).unwrap_or(0);
                let value = value_of(entries, masked).filter(|value| wanted(value))?;
                Some((Prefix::of(address, *length), value))
            }),
        }
    }

    /// How many prefixes it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.v4.iter().map(|(_, e)| e.len()).sum::<usize>()
            + self.v6.iter().map(|(_, e)| e.len()).sum::<usize>()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

fn bucket<K, V>(buckets: &mut Vec<(u8, Vec<(K, V)>)>, length: u8) -> &mut Vec<(K, V)> {
    let at = match buckets.iter().position(|(l, _)| *l == length) {
        Some(at) => at,
        None => {
            buckets.push((length, Vec::new()));
            buckets.len() - 1
        }
    };
    &mut buckets[at].1
}

fn value_of<K: Ord + Copy, V>(entries: &[(K, V)], base: K) -> Option<&V> {
    entries.binary_search_by_key(&base, |(base, _)| *base).ok().map(|at| &entries[at].1)
}

fn finish<K: Ord + Copy, V>(buckets: &mut Vec<(u8, Vec<(K, V)>)>) {
    buckets.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    for (_, entries) in buckets {
        // Stable, reversed before removing duplicates: the later of two equal prefixes stays.
        entries.reverse();
        entries.sort_by_key(|(base, _)| *base);
        entries.dedup_by_key(|(base, _)| *base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_match_wins() {
        let entry = |text: &str, value| (Prefix::parse(text).unwrap(), value);
        let map = PrefixMap::new([
            entry("10.0.0.0/8", 1),
            entry("10.1.0.0/16", 2),
            entry("10.1.0.0/16", 3),
            entry("2001:db8::/32", 4),
            entry("0.0.0.0/0", 5),
        ]);
        let check = |address: &str, value: Option<i32>| {
            assert_eq!(map.find(address.parse().unwrap()).map(|f| *f.1), value, "{address}");
        };
        check("10.2.0.1", Some(1));
        check("10.1.0.1", Some(3));
        check("::ffff:10.1.0.1", Some(3));
        check("192.0.2.1", Some(5));
        check("2001:db8::1", Some(4));
        check("2001:db9::1", None);
        assert_eq!(map.len(), 4);
    }

    #[test]
    fn an_entry_that_is_not_wanted_hides_no_wider_one() {
        let entry = |text: &str, value| (Prefix::parse(text).unwrap(), value);
        let map = PrefixMap::new([
            entry("10.0.0.0/8", 1),
            entry("10.1.0.0/16", 2),
            entry("10.1.1.0/24", 3),
            entry("2001:db8::/32", 1),
            entry("2001:db8:7::/48", 3),
        ]);
        let check = |address: &str, most: i32, value: Option<i32>| {
            let found = map.find_where(address.parse().unwrap(), |v| *v <= most);
            assert_eq!(found.map(|f| *f.1), value, "{address} at most {most}");
        };
        check("10.1.1.1", 3, Some(3));
        check("10.1.1.1", 2, Some(2));
        check("10.1.1.1", 1, Some(1));
        check("10.1.1.1", 0, None);
        check("10.2.0.1", 3, Some(1));
        check("2001:db8:7::1", 2, Some(1));
    }
}
