//! Ranges of addresses from CSV, sorted, found by halving.

use std::cmp::Reverse;
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

/// First and last address, and what they mean.
type Range = (u128, u128, Meaning);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
                    v4.push((first.to_bits().into(), last.to_bits().into(), meaning));
                }
                (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
                    v6.push((first.to_bits(), last.to_bits(), meaning));
                }
                _ => return Err(wrong()),
            }
        }
        Ok(Self { v4: Family::of(v4), v6: Family::of(v6) })
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

impl<A: Copy + Ord + TryFrom<u128>> Family<A> {
    fn of(ranges: Vec<Range>) -> Self {
        let of_this_family = |(first, last, meaning): Range| {
            Some((A::try_from(first).ok()?, (A::try_from(last).ok()?, meaning)))
        };
        let (first, rest) = apart(ranges).into_iter().filter_map(of_this_family).unzip();
        Self { first, rest }
    }

    fn find(&self, address: A) -> Option<Meaning> {
        let after = self.first.partition_point(|first| *first <= address);
        let (last, meaning) = self.rest.get(after.checked_sub(1)?)?;
        (address <= *last).then_some(*meaning)
    }
}

/// Cuts ranges so that none overlap. Published tables have a customer's range inside its provider's: the one that begins
/// later counts where two overlap, of those that begin together the shorter one, of equal ones the one that came first.
fn apart(ranges: Vec<Range>) -> Vec<Range> {
    let mut ranges: Vec<_> = ranges.into_iter().enumerate().collect();
    ranges.sort_unstable_by_key(|(line, (first, last, _))| (*first, Reverse(*last), Reverse(*line)));
    let mut parts = Vec::with_capacity(ranges.len());
    // Ranges that have begun and not ended, the innermost last, each with the first address not yet written.
    let mut open: Vec<Range> = Vec::new();
    for (_, (first, last, meaning)) in ranges {
        close_before(&mut open, first, &mut parts);
        if let Some((from, _, outer)) = open.last()
            && *from < first
        {
            parts.push((*from, first - 1, *outer));
        }
        open.push((first, last, meaning));
    }
    while let Some(range) = open.pop() {
        close(&mut open, range, &mut parts);
    }
    parts
}

/// Writes what is left of the ranges that end before `first`.
fn close_before(open: &mut Vec<Range>, first: u128, parts: &mut Vec<Range>) {
    while let Some(range) = open.pop_if(|(_, last, _)| *last < first) {
        close(open, range, parts);
    }
}

/// Writes what is left of the innermost range; what is around it goes on behind it.
fn close(open: &mut [Range], (from, last, meaning): Range, parts: &mut Vec<Range>) {
    if from <= last {
        parts.push((from, last, meaning));
    }
    match last.checked_add(1) {
        Some(next) => {
            if let Some((outer, _, _)) = open.last_mut() {
                // Further on where a range inside this one went beyond its end.
                *outer = (*outer).max(next).max(from);
            }
        }
        // Nothing is left of whatever is around the last address of all.
        None => open.iter_mut().for_each(|(from, last, _)| (*from, *last) = (1, 0)),
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
        assert!(Ranges::read(&[0xff, 0xfe]).unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn ranges_inside_others_count_first() {
        let check = |lines: &[(u128, u128, u32)], expected: &[(u128, u128, u32)]| {
            let of = |all: &[(u128, u128, u32)]| -> Vec<Range> {
                all.iter().map(|(first, last, number)| (*first, *last, Meaning::Network(*number))).collect()
            };
            assert_eq!(apart(of(lines)), of(expected), "{lines:?}");
        };
        const END: u128 = u128::MAX;
        check(&[], &[]);
        check(&[(5, 9, 2), (0, 3, 1)], &[(0, 3, 1), (5, 9, 2)]);
        check(&[(0, 9, 1), (3, 5, 2)], &[(0, 2, 1), (3, 5, 2), (6, 9, 1)]);
        check(&[(0, 9, 1), (0, 5, 2), (0, 2, 3)], &[(0, 2, 3), (3, 5, 2), (6, 9, 1)]);
        check(&[(0, 9, 1), (2, 3, 2), (5, 9, 3)], &[(0, 1, 1), (2, 3, 2), (4, 4, 1), (5, 9, 3)]);
        check(&[(0, 5, 1), (3, 9, 2)], &[(0, 2, 1), (3, 9, 2)]);
        check(&[(0, 9, 1), (2, 20, 2), (4, 6, 3)], &[(0, 1, 1), (2, 3, 2), (4, 6, 3), (7, 20, 2)]);
        check(&[(0, 20, 1), (2, 8, 2), (5, 12, 3)], &[(0, 1, 1), (2, 4, 2), (5, 12, 3), (13, 20, 1)]);
        check(&[(0, 9, 1), (0, 9, 2)], &[(0, 9, 1)]);
        check(&[(0, END, 1), (END, END, 2)], &[(0, END - 1, 1), (END, END, 2)]);
        check(&[(0, END, 1), (5, END, 2)], &[(0, 4, 1), (5, END, 2)]);
    }
}
