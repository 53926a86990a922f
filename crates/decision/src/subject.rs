use std::fmt;
use std::hash::Hasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use siphasher::sip::SipHasher13;

/// An address prefix, canonical: host bits are zero, IPv4-mapped IPv6 is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    /// The first address.
    pub base: IpAddr,
    /// Length in bits, at most 32 or 128.
    pub length: u8,
}

impl Prefix {
    /// The prefix of `length` bits that contains `address`; a longer `length` than the family has is cut.
    #[must_use]
    pub fn of(address: IpAddr, length: u8) -> Self {
        match canonical(address) {
            IpAddr::V4(v4) => {
                let length = length.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
                Self { base: IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask)), length }
            }
            IpAddr::V6(v6) => {
                let length = length.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
                Self { base: IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)), length }
            }
        }
    }

    /// One client's prefix: the address itself for IPv4, its /64 for IPv6, because that is what one line gets.
    #[must_use]
    pub fn client(address: IpAddr) -> Self {
        Self::of(address, if canonical(address).is_ipv4() { 32 } else { 64 })
    }

    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a plain address. `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address.parse::<IpAddr>().ok()?, Some(length.parse::<u8>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let full = if address.is_ipv4() { 32 } else { 128 };
        match length {
            Some(length) if length > full => None,
            // A mapped prefix such as ::ffff:192.0.2.0/120 is the IPv4 prefix of 96 bits less.
            Some(length) if address.is_ipv6() && canonical(address).is_ipv4() => {
                Some(Self::of(address, length.checked_sub(96)?))
            }
            length => Some(Self::of(address, length.unwrap_or(full))),
        }
    }

    /// Whether `address` lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        address.is_ipv4() == self.base.is_ipv4() && Self::of(address, self.length).base == self.base
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = if self.base.is_ipv4() { 32 } else { 128 };
        if self.length == full {
            write!(f, "{}", self.base)
        } else {
            write!(f, "{}/{}", self.base, self.length)
        }
    }
}

/// A prefix made ready to be compared with many addresses: one mask and one comparison.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Block {
    V4 { base: u32, mask: u32 },
    V6 { base: u128, mask: u128 },
}

impl Block {
    pub(crate) fn new(prefix: &Prefix) -> Self {
        let length = u32::from(prefix.length);
        match prefix.base {
            IpAddr::V4(base) => {
                Self::V4 { base: base.to_bits(), mask: u32::MAX.checked_shl(32 - length).unwrap_or(0) }
            }
            IpAddr::V6(base) => {
                Self::V6 { base: base.to_bits(), mask: u128::MAX.checked_shl(128 - length).unwrap_or(0) }
            }
        }
    }

    /// Whether a canonical address lies in it.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::V4 { base, mask }, IpAddr::V4(address)) => address.to_bits() & mask == base,
            (Self::V6 { base, mask }, IpAddr::V6(address)) => address.to_bits() & mask == base,
            _ => false,
        }
    }
}

/// IPv4-mapped IPv6 addresses are the IPv4 address that they carry.
#[must_use]
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// What counters, restrictions and reputation are keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject<'a> {
    /// An address prefix: IPv4 /32, IPv6 /64, /56 or /48.
    Address(Prefix),
    /// A client that holds a clearance, by the clearance's id: it is counted as itself, not as its address.
    Clearance(u64),
    /// The application's own user, as named in a request field.
    Account(&'a str),
    /// Any other text: a header's value, a path, a body digest.
    Text(&'a [u8]),
    /// A number of the policy's own, such as a route's. Never one that a client chooses.
    Number(u64),
}

/// A subject, hashed with the secret keys; what keys of counts are made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hashed(u64);

/// Keys for hashing subjects, secret, so that nobody outside can choose input that collides. Drawn at random once per
/// process, or shared by the nodes of a cluster; fixed in replay.
#[derive(Clone, Copy)]
pub struct Keys(pub u64, pub u64);

impl Keys {
    /// Hashes a subject: SipHash-1-3 over a tagged encoding, so that subjects of different kinds never share input.
    /// Done once per request and subject, whatever the number of counts.
    #[must_use]
    pub fn subject(&self, subject: Subject<'_>) -> Hashed {
        let mut hasher = SipHasher13::new_with_keys(self.0, self.1);
        match subject {
            Subject::Address(prefix) => match prefix.base {
                IpAddr::V4(v4) => {
                    hasher.write_u64(1 << 56 | u64::from(v4.to_bits()) << 8 | u64::from(prefix.length));
                }
                IpAddr::V6(v6) => {
                    hasher.write_u64(2 << 56 | u64::from(prefix.length));
                    hasher.write_u128(v6.to_bits());
                }
            },
            Subject::Clearance(id) => {
                hasher.write_u8(3);
                hasher.write_u64(id);
            }
            Subject::Account(name) => text(&mut hasher, 4, name.as_bytes()),
            Subject::Text(bytes) => text(&mut hasher, 5, bytes),
            Subject::Number(number) => return Hashed(number),
        }
        Hashed(hasher.finish())
    }

    /// The 64-bit key of one or more hashed subjects within one counter. A multiplication each is enough to keep
    /// counters and combinations apart: nobody outside knows what goes in or comes out.
    #[must_use]
    pub fn key(&self, counter: u16, parts: &[Hashed]) -> u64 {
        let start = self.fold(u64::from(counter), self.1);
        // Zero means "empty" in the counter table.
        parts.iter().fold(start, |key, part| self.fold(key.rotate_left(32) ^ part.0, key)).max(1)
    }

    /// [`Keys::subject`] and [`Keys::key`] in one.
    #[must_use]
    pub fn hash(&self, counter: u16, subjects: &[Subject<'_>]) -> u64 {
        let start = self.fold(u64::from(counter), self.1);
        let part =
            |key: u64, subject: &Subject<'_>| self.fold(key.rotate_left(32) ^ self.subject(*subject).0, key);
        subjects.iter().fold(start, part).max(1)
    }

    /// Both halves of a 128-bit product, folded. The constants are odd and of mixed bits (from the golden ratio and pi).
    fn fold(&self, a: u64, b: u64) -> u64 {
        let product = u128::from(a ^ self.0 ^ 0x9e37_79b9_7f4a_7c15)
            * u128::from((b ^ self.1 ^ 0x243f_6a88_85a3_08d3) | 1);
        (product as u64) ^ (product >> 64) as u64
    }
}

fn text(hasher: &mut SipHasher13, tag: u8, bytes: &[u8]) {
    hasher.write_u8(tag);
    hasher.write_u64(bytes.len() as u64);
    hasher.write(bytes);
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: Option<&str>) {
        assert_eq!(Prefix::parse(text).map(|p| p.to_string()).as_deref(), shown, "{text}");
    }

    #[test]
    fn prefixes() {
        check("192.0.2.77/24", Some("192.0.2.0/24"));
        check("192.0.2.77", Some("192.0.2.77"));
        check("::ffff:192.0.2.77", Some("192.0.2.77"));
        check("::ffff:192.0.2.0/120", Some("192.0.2.0/24"));
        check("2001:db8::1/32", Some("2001:db8::/32"));
        check("0.0.0.0/0", Some("0.0.0.0/0"));
        for bad in ["", "192.0.2.0/33", "2001:db8::/129", "192.0.2", "192.0.2.0/", "::ffff:192.0.2.0/95"] {
            check(bad, None);
        }
    }

    #[test]
    fn contains() {
        let net = Prefix::parse("192.0.2.0/24").unwrap();
        assert!(net.contains("192.0.2.255".parse().unwrap()));
        assert!(net.contains("::ffff:192.0.2.1".parse().unwrap()));
        assert!(!net.contains("192.0.3.0".parse().unwrap()));
        assert!(!Prefix::parse("::/0").unwrap().contains("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn blocks_contain_what_their_prefixes_contain() {
        let addresses = ["192.0.2.255", "192.0.3.0", "::ffff:192.0.2.1", "2001:db8::1", "2001:db9::1", "::"];
        for prefix in ["192.0.2.0/24", "192.0.2.255", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1", "::/1"] {
            let prefix = Prefix::parse(prefix).unwrap();
            for address in addresses.map(|text| text.parse().unwrap()) {
                let found = Block::new(&prefix).contains(canonical(address));
                assert_eq!(found, prefix.contains(address), "{prefix} and {address}");
            }
        }
    }

    #[test]
    fn keys_separate_kinds_and_counters() {
        let keys = Keys(1, 2);
        let account = keys.hash(1, &[Subject::Account("a")]);
        assert_ne!(account, keys.hash(1, &[Subject::Text(b"a")]));
        assert_ne!(account, keys.hash(2, &[Subject::Account("a")]));
        assert_ne!(
            keys.hash(1, &[Subject::Text(b"ab"), Subject::Text(b"c")]),
            keys.hash(1, &[Subject::Text(b"a"), Subject::Text(b"bc")])
        );
        let (one, two) = (Subject::Number(1), Subject::Number(2));
        assert_ne!(keys.hash(1, &[one, two]), keys.hash(1, &[two, one]));
        assert_ne!(keys.hash(1, &[one]), keys.hash(1, &[one, one]));
    }

    #[test]
    fn a_million_keys_and_no_two_alike() {
        let keys = Keys(1, 2);
        let mut found: Vec<u64> = (0..250_000u32)
            .flat_map(|n| {
                let client = keys.subject(Subject::Address(Prefix::client(Ipv4Addr::from_bits(n).into())));
                let route = keys.subject(Subject::Number(u64::from(n % 7)));
                (0..2).flat_map(move |counter| {
                    [keys.key(counter, &[client]), keys.key(counter, &[client, route])]
                })
            })
            .collect();
        found.sort_unstable();
        let before = found.len();
        found.dedup();
        assert_eq!(found.len(), before);
        // Each bit is set in about half of them: the table takes shard, set and tag from different bits.
        for bit in 0..64 {
            let ones = found.iter().filter(|key| **key >> bit & 1 == 1).count();
            assert!(ones.abs_diff(before / 2) < before / 100, "bit {bit}: {ones} of {before}");
        }
    }
}
