//! Ranges of addresses from CSV, sorted, found by halving.

use std::net::IpAddr;

use super::{Place, country, network};

/// Ranges of both families, each sorted and free of overlaps.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    v4: Family<u32>,
    v6: Family<u128>,
}

/// Where each range begins, where it ends, and what it means. Columns, so that halving touches the first alone.
#[derive(Debug)]
struct Family<A> {
    first: Vec<A>,
    rest: Vec<(A, Meaning)>,
}

#[derive(Clone, Copy, Debug)]
enum Meaning {
    Network(u32),
    Country([u8; 2]),
}

impl<A> Default for Family<A> {
    fn default() -> Self {
        Self { first: Vec::new(), rest: Vec::new() }
    }
}

impl Ranges {
    /// Reads lines of first address, last address, and a network's number or a country's code; more columns are left
    /// alone, and so are empty lines, lines that begin with `#`, and places that are unknown.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| "it is neither an MMDB file nor CSV in UTF-8".to_owned())?;
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || {
                format!(
                    "line {}: write first address, last address, and a network's number or a country's code, for example 192.0.2.0,192.0.2.255,64500",
                    at + 1
                )
            };
            let mut columns = line.splitn(4, ',').map(|column| column.trim().trim_matches('"'));
            let mut next = || columns.next().ok_or_else(wrong);
            let (first, last, meaning) = (next()?, next()?, next()?);
            let (first, last) = (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
            let Some(meaning) = meaning_of(meaning).map_err(|()| wrong())? else { continue };
            match (first, last) {
                (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
                    v4.push((first.to_bits(), last.to_bits(), meaning));
                }
                (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
                    v6.push((first.to_bits(), last.to_bits(), meaning));
                }
                _ => return Err(wrong()),
            }
        }
        Ok(Self { v4: Family::of(v4)?, v6: Family::of(v6)? })
    }

    pub(super) fn place(&self, address: IpAddr) -> Place {
        let meaning = match address {
            IpAddr::V4(v4) => self.v4.find(v4.to_bits()),
            IpAddr::V6(v6) => self.v6.find(v6.to_bits()),
        };
        match meaning {
            Some(Meaning::Network(number)) => Place { network: Some(number), country: None },
            Some(Meaning::Country(code)) => Place { network: None, country: Some(code) },
            None => Place::default(),
        }
    }
}

/// What a column says; `None` for an unknown place.
fn meaning_of(text: &str) -> Result<Option<Meaning>, ()> {
    match text {
        "" | "0" | "AS0" | "None" | "ZZ" | "XX" => Ok(None),
        _ => match (network(text), country(text)) {
            (Some(number), _) => Ok(Some(Meaning::Network(number))),
            (None, Some(code)) => Ok(Some(Meaning::Country(code))),
            (None, None) => Err(()),
        },
    }
}

impl<A: Copy + Ord + std::fmt::Display> Family<A> {
    fn of(mut ranges: Vec<(A, A, Meaning)>) -> Result<Self, String> {
        ranges.sort_unstable_by_key(|(first, _, _)| *first);
        if let Some(pair) = ranges.windows(2).find(|pair| pair[0].1 >= pair[1].0) {
            let [(first, ..), (second, ..)] = pair else { unreachable!("windows of two") };
            return Err(format!(
                "two ranges overlap, the ones that begin at {first} and {second} as numbers; take one of them out"
            ));
        }
        Ok(Self {
            first: ranges.iter().map(|(first, _, _)| *first).collect(),
            rest: ranges.iter().map(|(_, last, meaning)| (*last, *meaning)).collect(),
        })
    }

    fn find(&self, address: A) -> Option<Meaning> {
        let after = self.first.partition_point(|first| *first <= address);
        let (last, meaning) = self.rest.get(after.checked_sub(1)?)?;
        (address <= *last).then_some(*meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_belong() {
        let text = "# networks\n\n192.0.2.16,192.0.2.31,64500,\"A, B\"\n\"192.0.2.0\",\"192.0.2.15\",AS64501\n0.0.0.0,0.255.255.255,0\n2001:db8::,2001:db8::ff,fr\n255.255.255.255,255.255.255.255,64502\n";
        let ranges = Ranges::read(text.as_bytes()).unwrap();
        let check = |address: &str, network: Option<u32>, country: Option<&[u8; 2]>| {
            let expected = Place { network, country: country.copied() };
            assert_eq!(ranges.place(address.parse().unwrap()), expected, "{address}");
        };
        check("0.0.0.0", None, None);
        check("192.0.1.255", None, None);
        check("192.0.2.0", Some(64501), None);
        check("192.0.2.15", Some(64501), None);
        check("192.0.2.16", Some(64500), None);
        check("192.0.2.31", Some(64500), None);
        check("192.0.2.32", None, None);
        check("255.255.255.255", Some(64502), None);
        check("2001:db8::ff", None, Some(b"FR"));
        check("2001:db8::100", None, None);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let check = |text: &str, said: &str| {
            let error = Ranges::read(text.as_bytes()).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        };
        check("192.0.2.0,192.0.2.255,64500\n192.0.3.0,64500\n", "line 2");
        check("192.0.2.0,192.0.2.255,Germany\n", "line 1");
        check("192.0.2.9,192.0.2.1,64500\n", "line 1");
        check("192.0.2.9,2001:db8::,64500\n", "line 1");
        check("192.0.2.0,192.0.2.255,4294967296\n", "line 1");
        check("192.0.2.0,192.0.2.255,1\n192.0.2.255,192.0.3.0,2\n", "overlap");
        assert!(Ranges::read(&[0xff, 0xfe]).unwrap_err().contains("UTF-8"));
    }
}
