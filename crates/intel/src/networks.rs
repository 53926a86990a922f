//! Where addresses belong: the network (autonomous system) that announces them, and the country.

mod database;
mod ranges;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use database::Database;
use ranges::Ranges;

/// What data files say about addresses. Empty when there are none.
#[derive(Debug, Default)]
pub struct Networks {
    sources: Vec<Source>,
}

/// Where an address belongs, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The number of the autonomous system.
    pub network: Option<u32>,
    /// ISO 3166-1 code in upper case.
    pub country: Option<[u8; 2]>,
}

#[derive(Debug)]
enum Source {
    Database(Database),
    Ranges(Ranges),
}

/// All files together are held in memory: whole cities of the world are 130 MB, networks and countries 8 MB each.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// IPv4 and IPv6 of networks and of countries, and as many of the operator's own.
const FILES_MAX: usize = 8;

impl Networks {
    /// Reads data files: MMDB, or CSV with lines of first address, last address, and a network's number or a country's
    /// code. The first file that knows something counts.
    ///
    /// # Errors
    /// Which file cannot be used, why, and what would help.
    pub fn read(files: &[PathBuf]) -> Result<Self, String> {
        if files.len() > FILES_MAX {
            return Err(format!("{} data files of networks; at most {FILES_MAX}", files.len()));
        }
        let mut rest = FILE_BYTES_MAX;
        let sources = files.iter().map(|file| read(file, &mut rest)).collect::<Result<_, _>>()?;
        Ok(Self { sources })
    }

    /// Whether there are no data at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Where `address` belongs.
    #[must_use]
    pub fn place(&self, address: IpAddr) -> Place {
        let address = address.to_canonical();
        let mut place = Place::default();
        for source in &self.sources {
            let found = match source {
                Source::Database(database) => database.place(address),
                Source::Ranges(ranges) => ranges.place(address),
            };
            place.network = place.network.or(found.network);
            place.country = place.country.or(found.country);
        }
        place
    }
}

fn read(file: &Path, rest: &mut u64) -> Result<Source, String> {
    let shown = file.display();
    let unreadable = |error: std::io::Error| format!("{shown} cannot be read: {error}");
    let length = std::fs::metadata(file).map_err(unreadable)?.len();
    *rest = rest.checked_sub(length).ok_or_else(|| {
        format!("{shown} does not fit: the data files of networks may have {FILE_BYTES_MAX} bytes together")
    })?;
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let source = if Database::is(&bytes) {
        Database::read(bytes).map(Source::Database)
    } else {
        Ranges::read(&bytes).map(Source::Ranges)
    };
    source.map_err(|error| format!("{shown} cannot be used: {error}"))
}

/// A country's code from two letters of either case; the placeholders for "unknown" are none.
fn country(text: &str) -> Option<[u8; 2]> {
    let code: [u8; 2] = text.as_bytes().try_into().ok()?;
    let known = code.iter().all(u8::is_ascii_alphabetic) && !matches!(&code, b"ZZ" | b"zz" | b"XX" | b"xx");
    known.then(|| code.map(|letter| letter.to_ascii_uppercase()))
}

/// A network's number, with or without the letters `AS` before it; 0 stands for "not announced" (RFC 7607).
fn network(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("AS").or(text.strip_prefix("as")).unwrap_or(text);
    digits.parse().ok().filter(|number| *number != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_that_knows_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let own = file("own.csv", "192.0.2.0,192.0.2.127,64500\n");
        let wide = file("wide.csv", "192.0.2.0,192.0.2.255,64501\n2001:db8::,2001:db8::ffff,64502\n");
        let countries = file("countries.csv", "192.0.2.0,192.0.2.255,de\n");
        let networks = Networks::read(&[own, wide, countries]).unwrap();
        let check = |address: &str, network: Option<u32>, country: Option<&[u8; 2]>| {
            let expected = Place { network, country: country.copied() };
            assert_eq!(networks.place(address.parse().unwrap()), expected, "{address}");
        };
        check("192.0.2.1", Some(64500), Some(b"DE"));
        check("192.0.2.200", Some(64501), Some(b"DE"));
        check("::ffff:192.0.2.200", Some(64501), Some(b"DE"));
        check("2001:db8::1", Some(64502), None);
        check("198.51.100.1", None, None);
    }

    #[test]
    fn what_is_wrong_names_the_file() {
        let check = |files: &[PathBuf], said: &str| {
            let error = Networks::read(files).unwrap_err();
            assert!(error.contains(said), "{error}");
        };
        check(&["nowhere.csv".into()], "nowhere.csv cannot be read");
        check(&vec![PathBuf::new(); FILES_MAX + 1], "at most 8");
    }
}
