//! MMDB files: MaxMind's, and what others publish in that format, who each name the same thing differently.

use std::net::IpAddr;

use maxminddb::{Reader, WithinOptions};
use serde::Deserialize;

use super::{Place, country, network};

#[derive(Debug)]
pub(super) struct Database(Reader<Vec<u8>>);

/// Stands before an MMDB file's metadata, in its last 128 KiB (MaxMind DB specification 2.0).
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
const METADATA_BYTES_MAX: usize = 128 << 10;

/// The members that say where an address belongs: MaxMind's own, and those of DB-IP, IPinfo and ip-location-db.
#[derive(Deserialize)]
struct Record<'d> {
    #[serde(borrow)]
    country: Option<Text<'d>>,
    country_code: Option<&'d str>,
    autonomous_system_number: Option<u32>,
    #[serde(borrow)]
    asn: Option<Text<'d>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text<'d> {
    Plain(&'d str),
    Number(u32),
    Named {
        #[serde(borrow)]
        iso_code: Option<&'d str>,
    },
}

impl Text<'_> {
    fn country(&self) -> Option<[u8; 2]> {
        match self {
            Self::Plain(text) | Self::Named { iso_code: Some(text) } => country(text),
            _ => None,
        }
    }

    fn network(&self) -> Option<u32> {
        match self {
            Self::Plain(text) => network(text),
            Self::Number(number) => Some(*number).filter(|number| *number != 0),
            Self::Named { .. } => None,
        }
    }
}

impl Database {
    pub(super) fn is(bytes: &[u8]) -> bool {
        let end = &bytes[bytes.len().saturating_sub(METADATA_BYTES_MAX)..];
        end.windows(MARKER.len()).any(|window| window == MARKER)
    }

    /// The whole file is walked through once, so that no look-up meets a broken part. (The library's own verification asks
    /// for more than a reader needs, a description for one, which published files do not have.)
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, String> {
        let reader = Reader::from_source(bytes).map_err(|error| error.to_string())?;
        for record in reader.networks(WithinOptions::default()).map_err(|error| error.to_string())? {
            record.and_then(|record| record.decode::<Record<'_>>()).map_err(|error| error.to_string())?;
        }
        Ok(Self(reader))
    }

    pub(super) fn place(&self, address: IpAddr) -> Place {
        let found = self.0.lookup(address).ok();
        let Some(record) = found.and_then(|found| found.decode::<Record<'_>>().ok().flatten()) else {
            return Place::default();
        };
        Place {
            network: record
                .autonomous_system_number
                .filter(|number| *number != 0)
                .or_else(|| record.asn.as_ref()?.network()),
            country: record.country_code.and_then(country).or_else(|| record.country.as_ref()?.country()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map as MMDB writes it: a control byte with type and size before each value (specification, "Output Data Section").
    fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = vec![0xe0 | u8::try_from(members.len()).unwrap()];
        for (key, value) in members {
            bytes.extend(text(key));
            bytes.extend(value);
        }
        bytes
    }

    fn text(text: &str) -> Vec<u8> {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 29, "longer texts carry their length in more bytes");
        [&[0x40 | length], text.as_bytes()].concat()
    }

    fn number(value: u32) -> Vec<u8> {
        [&[0xc4][..], &value.to_be_bytes()].concat()
    }

    /// A file whose tree has one node: addresses below 128.0.0.0 have `low`, the others have `high`.
    fn file(low: &[u8], high: &[u8]) -> Vec<u8> {
        let pointer = |at: usize| u32::try_from(1 + 16 + at).unwrap().to_be_bytes()[1..].to_vec();
        let u16_of = |value: u8| vec![0xa1, value];
        let u64_of = |value: u8| vec![0x01, 0x02, value];
        let metadata = map(&[
            ("binary_format_major_version", u16_of(2)),
            ("binary_format_minor_version", u16_of(0)),
            ("build_epoch", u64_of(1)),
            ("database_type", text("test")),
            ("description", map(&[])),
            ("ip_version", u16_of(4)),
            ("languages", vec![0x00, 0x04]),
            ("node_count", number(1)),
            ("record_size", u16_of(24)),
        ]);
        [&pointer(0), &pointer(low.len()), &[0; 16][..], low, high, MARKER, &metadata].concat()
    }

    #[test]
    fn whatever_the_publisher_calls_it() {
        let check = |record: &[(&str, Vec<u8>)], network: Option<u32>, country: Option<&[u8; 2]>| {
            let bytes = file(&map(record), &map(&[("other", text("thing"))]));
            assert!(Database::is(&bytes));
            let database = Database::read(bytes).unwrap();
            let expected = Place { network, country: country.copied() };
            assert_eq!(database.place([10, 0, 0, 1].into()), expected, "{record:?}");
            assert_eq!(database.place([192, 0, 2, 1].into()), Place::default());
            assert_eq!(database.place("2001:db8::1".parse().unwrap()), Place::default());
        };
        check(&[("country", map(&[("iso_code", text("DE"))]))], None, Some(b"DE"));
        check(&[("country_code", text("de"))], None, Some(b"DE"));
        check(&[("country", text("DE")), ("asn", text("AS64500"))], Some(64500), Some(b"DE"));
        check(&[("country_code", text("ZZ"))], None, None);
        check(&[("autonomous_system_number", number(64500))], Some(64500), None);
        check(&[("autonomous_system_number", number(0))], None, None);
        check(&[("asn", number(64500)), ("country_code", text("Germany"))], Some(64500), None);
    }

    #[test]
    fn a_broken_file_is_refused() {
        let (low, high) = (map(&[("asn", number(64500))]), map(&[("asn", number(64501))]));
        let whole = file(&low, &high);
        assert!(Database::read(whole.clone()).is_ok());
        // The metadata stays whole, so that it is what was cut that is missed: the tree, or a record at its end.
        let (body, metadata) = whole.split_at(6 + 16 + low.len() + high.len());
        for length in 0..body.len() {
            let cut = [&body[..length], metadata].concat();
            assert!(Database::is(&cut) && Database::read(cut).is_err(), "cut at {length}");
        }
        for length in 0..metadata.len() {
            assert!(
                Database::read([body, &metadata[..length]].concat()).is_err(),
                "metadata cut at {length}"
            );
        }
        // The only node's halves lead to itself, into the gap behind the tree, behind the data, or as far as it goes.
        let end = u32::try_from(1 + 16 + low.len() + high.len()).unwrap();
        for outside in [0, 2, 16, end, end + 1, 0xff_ffff] {
            for half in [0, 3] {
                let mut astray = whole.clone();
                astray[half..half + 3].copy_from_slice(&outside.to_be_bytes()[1..]);
                assert!(Database::read(astray).is_err(), "{outside} in the half at {half}");
            }
        }
    }
}
