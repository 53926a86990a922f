//! Reading web servers' access logs: many formats, one borrowed [`Record`], very fast and never fatal.
//!
//! ```
//! use spigot_accesslog::{Format, Scratch};
//!
//! let line = br#"192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=1 HTTP/1.1" 200 2326 "-" "curl/8.5.0""#;
//! let format = Format::detect([&line[..]]).expect("a combined line");
//! let mut scratch = Scratch::default();
//! let record = format.parse(line, &mut scratch).expect("a record");
//! assert_eq!(record.time_millis, 971_211_336_000);
//! assert_eq!((record.method, record.target, record.status), ("GET", "/a?b=1", 200));
//! assert_eq!((record.referer, record.user_agent), (None, Some("curl/8.5.0")));
//! ```
//!
//! # The parts
//!
//! - [`Format`] turns one line into one [`Record`] or into one [`Reject`], which says why and can be counted.
//! - [`Lines`] gives the lines of a file or reader, plain or gzip, in bounded memory.
//! - [`discover`] puts the files of a rotated log into reading order by their first record's time.
//! - [`Reorder`] puts records that are out of order back into order, in bounded memory.
//!
//! # What it does not do
//!
//! It keeps no state between lines (a record never depends on the line before it), reads no clock, resolves no
//! names, does not decode percent-encoding, and does not choose the visitor's address among forwarded ones: it hands
//! over [`Record::forwarded_for`] and leaves that judgement to the caller, who knows which proxies are trusted.
//!
//! # What comes from the client
//!
//! Every text of a record except the host of a virtual-host log was chosen by whoever sent the request. The escapes
//! of the log are undone, so a text can hold control characters, line feeds and U+FFFD (bytes that are not UTF-8).
//! Whoever prints one escapes it again.

mod address;
mod discover;
mod escape;
mod fields;
mod format;
mod json;
mod reader;
mod record;
mod reorder;
mod request;
pub mod time;

pub use discover::{Discovered, discover};
pub use escape::Scratch;
pub use format::{Format, FormatError, NAMES, NginxFormat, UnknownFormat};
pub use reader::{Lines, ReadStats};
pub use record::{Record, Reject};
pub use reorder::{Reorder, ReorderStats};

/// The longest line that is read, in bytes. nginx caps a request line at 8 KiB and escaping can quadruple it; with
/// a referer of the same size a line of a real log stays below. Longer lines are counted and skipped.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
