use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use spigot_decision::Prefix;
use spigot_decision::policy::Wide;

/// What a list holds: spans of addresses of both families, first and last included, and what is wider than addresses, each in
/// the order of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    pub(super) v4: Vec<(u32, u32)>,
    pub(super) v6: Vec<(u128, u128)>,
    /// Networks, countries and fingerprints.
    pub wide: Vec<Wide>,
    /// Lines, or what stands for them, that could not be read.
    pub unread: usize,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// IPv4, first and last.
    V4(u32, u32),
    /// IPv6, first and last.
    V6(u128, u128),
}

impl Entries {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len() + self.wide.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds one.
    pub fn push(&mut self, span: Span) {
        match span {
            Span::V4(first, last) => self.v4.push((first, last)),
            Span::V6(first, last) => self.v6.push((first, last)),
        }
    }

    /// Puts them in order, each once.
    pub fn settle(&mut self) {
        self.v4.sort_unstable();
        self.v4.dedup();
        self.v6.sort_unstable();
        self.v6.dedup();
        self.wide.sort_unstable();
        self.wide.dedup();
    }

    /// The narrowest entry that holds an address.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> Option<Span> {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let at = v4.to_bits();
                let holding = self.v4.iter().filter(|(first, last)| (*first..=*last).contains(&at));
                holding.min_by_key(|(first, last)| last - first).map(|(first, last)| Span::V4(*first, *last))
            }
            IpAddr::V6(v6) => {
                let at = v6.to_bits();
                let holding = self.v6.iter().filter(|(first, last)| (*first..=*last).contains(&at));
                holding.min_by_key(|(first, last)| last - first).map(|(first, last)| Span::V6(*first, *last))
            }
        }
    }

    /// All of them as text, a line each, which [`super::read`] reads back.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.v4.len() * 16 + self.v6.len() * 24);
        let v4 = self.v4.iter().map(|(first, last)| Span::V4(*first, *last));
        for span in v4.chain(self.v6.iter().map(|(first, last)| Span::V6(*first, *last))) {
            // Writing into memory does not fail.
            let _ = writeln!(text, "{span}");
        }
        for wide in &self.wide {
            let _ = writeln!(text, "{wide}");
        }
        text
    }
}

impl Span {
    /// Reads an address, a prefix, or `first-last`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(prefix) = Prefix::parse(text) {
            return Some(Self::of(&prefix));
        }
        let (first, last) = text.split_once('-')?;
        match (first.trim().parse().ok()?, last.trim().parse().ok()?) {
            (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
                Some(Self::V4(first.to_bits(), last.to_bits()))
            }
            (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
                Some(Self::V6(first.to_bits(), last.to_bits()))
            }
            _ => None,
        }
    }

    /// The addresses of a prefix.
    #[must_use]
    pub fn of(prefix: &Prefix) -> Self {
        let length = u32::from(prefix.length);
        match prefix.base {
            IpAddr::V4(base) => {
                let first = base.to_bits();
                Self::V4(first, first | u32::MAX.checked_shr(length).unwrap_or(0))
            }
            IpAddr::V6(base) => {
                let first = base.to_bits();
                Self::V6(first, first | u128::MAX.checked_shr(length).unwrap_or(0))
            }
        }
    }
}

/// As a prefix where it is one.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last, length): (IpAddr, IpAddr, u32) = match *self {
            Self::V4(first, last) => (
                Ipv4Addr::from_bits(first).into(),
                Ipv4Addr::from_bits(last).into(),
                (first ^ last).leading_zeros(),
            ),
            Self::V6(first, last) => (
                Ipv6Addr::from_bits(first).into(),
                Ipv6Addr::from_bits(last).into(),
                (first ^ last).leading_zeros(),
            ),
        };
        let prefix = Prefix::of(first, u8::try_from(length).unwrap_or(u8::MAX));
        if prefix.base == first && Self::of(&prefix) == *self {
            write!(f, "{prefix}")
        } else {
            write!(f, "{first}-{last}")
        }
    }
}
