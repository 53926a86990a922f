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
}

/// Keys for hashing subjects, secret, so that nobody outside can choose input that collides. Drawn at random once per
/// process, or shared by the nodes of a cluster; fixed in replay.
#[derive(Clone, Copy)]
pub struct Keys(pub u64, pub u64);

impl Keys {
    /// The 64-bit key of a subject within one counter: SipHash-1-3 over a tagged encoding, so that two subjects of
    /// different kinds or counters never share input.
    #[must_use]
    pub fn hash(&self, counter: u16, subjects: &[Subject<'_>]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.0, self.1);
        hasher.write_u16(counter);
        for subject in subjects {
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
                    hasher.write_u64(*id);
                }
                Subject::Account(name) => text(&mut hasher, 4, name.as_bytes()),
                Subject::Text(bytes) => text(&mut hasher, 5, bytes),
            }
        }
        // Zero means "empty" in the counter table.
        hasher.finish().max(1)
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
    fn keys_separate_kinds_and_counters() {
        let keys = Keys(1, 2);
        let account = keys.hash(1, &[Subject::Account("a")]);
        assert_ne!(account, keys.hash(1, &[Subject::Text(b"a")]));
        assert_ne!(account, keys.hash(2, &[Subject::Account("a")]));
        assert_ne!(
            keys.hash(1, &[Subject::Text(b"ab"), Subject::Text(b"c")]),
            keys.hash(1, &[Subject::Text(b"a"), Subject::Text(b"bc")])
        );
    }
}
