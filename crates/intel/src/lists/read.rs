//! The formats that lists come in.

mod crowdsec;
mod csv;
mod json;
mod text;

use std::io::Read;

use spigot_decision::Millis;
use spigot_decision::policy::Wide;

use super::ends::go_duration;
use super::{Ends, Entries, Span};

pub use crowdsec::Decisions;
pub use csv::Column;

/// How a list is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A line for each: an address, a prefix, `first-last`, `AS64500`, `country:DE` or `fingerprint:…`, comments after `#` and `;`. Netset, ipset (plain and as
    /// `ipset save` writes it), and Spamhaus' DROP as text.
    #[default]
    Text,
    /// A column of a table, or two: the first and the last address.
    Csv(Vec<Column>),
    /// What operators of crawlers and clouds publish, and Spamhaus' DROP in JSON lines.
    Json,
    /// CrowdSec's local API: decisions as a stream, of these types, or of all when there is none.
    CrowdSec(Vec<String>),
}

/// Reads a list of at most `most` entries.
///
/// # Errors
/// Why it cannot be read, in words for people.
pub fn read(bytes: &[u8], format: &Format, most: usize) -> Result<Entries, String> {
    match format {
        Format::Text => text::read(utf8(bytes)?, most),
        Format::Csv(columns) => csv::read(utf8(bytes)?, columns, most),
        Format::Json => json::read(bytes, most),
        Format::CrowdSec(types) => {
            let mut decisions = Decisions::default();
            decisions.follow(bytes, types, most, Millis::default())?;
            Ok(decisions.entries())
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "it is no text in UTF-8".to_owned())
}

/// The bytes of a file or an answer, unpacked where they are gzip.
///
/// # Errors
/// When they cannot be unpacked, or are more than `most`.
pub fn unpacked(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let mut reader = flate2::bufread::MultiGzDecoder::new(&bytes[..]).take(most + 1);
    reader.read_to_end(&mut unpacked).map_err(|error| format!("it cannot be unpacked: {error}"))?;
    if unpacked.len() as u64 > most { Err(too_large(most)) } else { Ok(unpacked) }
}

/// What is said of a list that is too large.
pub(super) fn too_large(most: u64) -> String {
    format!("it is larger than {most} bytes; raise `size_max` if it may be")
}

/// Notes what stands in one place of a list; an error when there are too many.
fn add(entries: &mut Entries, text: &str, most: usize) -> Result<(), String> {
    match (Span::parse(text), Wide::parse(text)) {
        (None, None) => entries.unread += 1,
        _ if entries.len() >= most => return Err(too_many(most)),
        (Some(span), _) => entries.push(span),
        (None, Some(wide)) => entries.wide.push(wide),
    }
    Ok(())
}

/// What is said of a list that has too many entries.
fn too_many(most: usize) -> String {
    format!("it has more than {most} entries; raise `entries_max` if it may")
}
