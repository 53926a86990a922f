//! The head of an HTTP/1 request, read strictly (RFC 9112, sections 2 to 6). Where the specification lets a server
//! repair what a client wrote, this refuses: what one server repairs, the next one may read in another way, and a
//! request hides in between.

use std::hash::Hasher;
use std::ops::Range;

use memchr::{memchr, memmem};
use siphasher::sip::SipHasher13;
use spigot_decision::Keys;

use super::refusal::Refusal;

/// Bounds on a head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) head_bytes: usize,
    pub(crate) fields: usize,
    pub(crate) target_bytes: usize,
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// A whole head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes, with its empty line.
    pub(crate) length: usize,
    /// Where the method and the target stand in them, and the fields' lines begin.
    pub(crate) method: Range<usize>,
    pub(crate) target: Range<usize>,
    pub(crate) fields: usize,
    /// How many there are.
    pub(crate) count: usize,
    /// It is HTTP/1.0.
    pub(crate) old: bool,
    pub(crate) framing: Framing,
    /// Order and case of its field names.
    pub(crate) order: u64,
}

/// Some clients end a body with a line end of their own (RFC 9112, section 2.2): that much is passed over.
const EMPTY_LINES_BYTES: usize = 4;
/// Room for method and version beside the target.
const BESIDE_TARGET_BYTES: usize = 64;

impl Limits {
    /// Of the first line, without its last byte.
    fn line_bytes(&self) -> usize {
        self.target_bytes + BESIDE_TARGET_BYTES
    }
}

/// Reads the head that `bytes` begin with. `None` while it is incomplete; `searched` bytes of it were looked through
/// before, so that a head that comes byte by byte costs no more than one that comes at once.
///
/// # Errors
/// Why it is refused, as soon as that is certain.
pub(crate) fn read(
    bytes: &[u8],
    searched: &mut usize,
    limits: &Limits,
    keys: &Keys,
) -> Result<Option<Head>, Refusal> {
    let mut start = 0;
    while start < EMPTY_LINES_BYTES && bytes[start..].starts_with(b"\r\n") {
        start += 2;
    }
    let from = searched.saturating_sub(3).max(start);
    // It usually comes at once. When it did not, its end is looked for before it is read anew.
    let may_be_whole =
        *searched == 0 || memmem::find(bytes.get(from..).unwrap_or_default(), b"\r\n\r\n").is_some();
    if may_be_whole && let Some(head) = whole(bytes, start, limits, keys)? {
        return if head.length > limits.head_bytes { Err(Refusal::HeadTooLarge) } else { Ok(Some(head)) };
    }
    incomplete(&bytes[start..], limits)?;
    *searched = bytes.len();
    Ok(None)
}

/// What is wrong already with a head that has not ended yet.
fn incomplete(bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let first = memchr(b'\n', bytes);
    if first.unwrap_or(bytes.len()) > limits.line_bytes() {
        return Err(Refusal::TargetTooLong);
    }
    if first.is_some_and(|at| at == 0 || bytes[at - 1] != b'\r') {
        return Err(Refusal::LineEnd);
    }
    // Only the last line can be new; an older one with a bare LF was refused when it came.
    if let Some(at) = memchr::memrchr(b'\n', bytes)
        && (at == 0 || bytes[at - 1] != b'\r')
    {
        return Err(Refusal::LineEnd);
    }
    if bytes.len() > limits.head_bytes { Err(Refusal::HeadTooLarge) } else { Ok(()) }
}

/// Reads the head that begins at `start`.
fn whole(bytes: &[u8], start: usize, limits: &Limits, keys: &Keys) -> Result<Option<Head>, Refusal> {
    let mut lines = Lines { bytes, at: start };
    let Some(first) = lines.next()? else { return Ok(None) };
    let (method, target, old) = request_line(first, start, limits)?;
    let fields = lines.at;
    let mut order = Order::new(keys);
    let (mut length, mut chunked, mut count) = (None, false, 0);
    loop {
        let Some(line) = lines.next()? else { return Ok(None) };
        if line.is_empty() {
            break;
        }
        count += 1;
        if count > limits.fields {
            return Err(Refusal::TooManyFields);
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(Refusal::Folded);
        }
        let end = name_end(line).ok_or(Refusal::FieldName)?;
        let (name, value) = (&line[..end], &line[end + 1..]);
        if name.is_empty() || line[end] != b':' {
            return Err(Refusal::FieldName);
        }
        order.add(name);
        match name.len() {
            14 if is(name, b"content-length") => {
                if length.is_some() {
                    return Err(Refusal::TwoLengths);
                }
                length = Some(number(value.trim_ascii()).ok_or(Refusal::Length)?);
            }
            17 if is(name, b"transfer-encoding") => {
                if old {
                    return Err(Refusal::OldCoding);
                }
                if chunked || !value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(Refusal::Coding);
                }
                chunked = true;
            }
            _ => {}
        }
    }
    // One pass over all of it, which compiles to wide compares: two control characters a line are its end.
    let all = &bytes[start..lines.at];
    if controls(all) != 2 * (count + 2) {
        return Err(cause(all));
    }
    let framing = match (length, chunked) {
        (Some(_), true) => return Err(Refusal::TwoLengths),
        (None, true) => Framing::Chunked,
        (None | Some(0), false) => Framing::None,
        (Some(length), false) => Framing::Length(length),
    };
    let order = order.finish();
    Ok(Some(Head { length: lines.at, method, target, fields, count, old, framing, order }))
}

/// The names and the values of lines that were read already.
pub(crate) fn fields(bytes: &[u8], head: &Head) -> impl Iterator<Item = [Range<usize>; 2]> {
    let mut at = head.fields;
    (0..head.count).map_while(move |_| {
        let line = at..at + memchr(b'\r', &bytes[at..head.length])?;
        let name = at..at + memchr(b':', &bytes[line.clone()])?;
        at = line.end + 2;
        let value = &bytes[name.end + 1..line.end];
        let from = line.end - value.trim_ascii_start().len();
        Some([name, from..from + bytes[from..line.end].trim_ascii_end().len()])
    })
}

/// Where a field's name ends; `None` where the line is all name. Eight bytes at once, because a question after each costs
/// as much as the byte itself.
pub(crate) fn name_end(line: &[u8]) -> Option<usize> {
    let (pieces, _) = line.as_chunks::<8>();
    let all = |piece: &&[u8; 8]| piece.iter().fold(true, |all, byte| all & is_token(*byte));
    let from = 8 * pieces.iter().take_while(all).count();
    line[from..].iter().position(|byte| !is_token(*byte)).map(|at| from + at)
}

/// Where the method and the target stand, in a line that begins at `start`, and whether it is HTTP/1.0.
fn request_line(
    line: &[u8],
    start: usize,
    limits: &Limits,
) -> Result<(Range<usize>, Range<usize>, bool), Refusal> {
    // As when it comes in pieces, of which nobody knows yet where the target is.
    if line.len() + 1 > limits.line_bytes() {
        return Err(Refusal::TargetTooLong);
    }
    let method = memchr(b' ', line).ok_or(Refusal::RequestLine)?;
    let rest = &line[method + 1..];
    let target = memchr(b' ', rest).ok_or(Refusal::RequestLine)?;
    if target > limits.target_bytes {
        return Err(Refusal::TargetTooLong);
    }
    if method == 0 || target == 0 || !line[..method].iter().all(|byte| is_token(*byte)) {
        return Err(Refusal::RequestLine);
    }
    let word = &rest[..target];
    if memchr(b'\t', word).is_some() || std::str::from_utf8(word).is_err() {
        return Err(Refusal::RequestLine);
    }
    let old = match &rest[target + 1..] {
        b"HTTP/1.1" => false,
        b"HTTP/1.0" => true,
        _ => return Err(Refusal::RequestLine),
    };
    let from = start + method + 1;
    Ok((start..start + method, from..from + target, old))
}

/// Lines that end in CR LF.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    /// The next one without its end; `None` when it has none yet.
    fn next(&mut self) -> Result<Option<&'a [u8]>, Refusal> {
        let rest = &self.bytes[self.at..];
        let Some(end) = memchr(b'\n', rest) else { return Ok(None) };
        self.at += end + 1;
        rest[..=end].strip_suffix(b"\r\n").map(Some).ok_or(Refusal::LineEnd)
    }
}

fn controls(bytes: &[u8]) -> usize {
    // Summed in bytes, sixteen or more at once; a piece is short enough for its sum to fit.
    let piece = |piece: &[u8]| piece.iter().map(|byte| u8::from(is_control(*byte))).sum::<u8>();
    bytes.chunks(128).map(|bytes| usize::from(piece(bytes))).sum()
}

fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

/// Which control character there is beside the lines' ends.
fn cause(bytes: &[u8]) -> Refusal {
    let returns = memchr::memchr_iter(b'\r', bytes).count();
    let lines = memchr::memchr_iter(b'\n', bytes).count();
    if returns == lines { Refusal::Control } else { Refusal::LineEnd }
}

/// Digits alone: no sign, no list, nothing that overflows.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0u64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// RFC 9110, section 5.6.2.
const fn is_token(byte: u8) -> bool {
    const TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        let marks = b"!#$%&'*+-.^_`|~";
        let mut at = 0;
        while at < marks.len() {
            table[marks[at] as usize] = true;
            at += 1;
        }
        table
    };
    TOKEN[byte as usize]
}

/// Order and case of field names as one number, keyed, so that nobody outside can choose names that collide. Fields
/// that come and go with the visit, not with the program, are left out.
struct Order {
    hasher: SipHasher13,
    names: [u8; Self::ROOM],
    filled: usize,
}

impl Order {
    /// Names are gathered, because one write costs the hasher less than thirty.
    const ROOM: usize = 256;

    fn new(keys: &Keys) -> Self {
        Self { hasher: SipHasher13::new_with_keys(keys.0, keys.1), names: [0; Self::ROOM], filled: 0 }
    }

    fn add(&mut self, name: &[u8]) {
        if passing(name) {
            return;
        }
        if self.filled + name.len() + 1 > Self::ROOM {
            self.hasher.write(&self.names[..self.filled]);
            self.filled = 0;
            if name.len() + 1 > Self::ROOM {
                self.hasher.write(name);
                return;
            }
        }
        self.names[self.filled..][..name.len()].copy_from_slice(name);
        self.filled += name.len() + 1;
        self.names[self.filled - 1] = b'\n';
    }

    /// By reference, since a move would copy the room for names.
    fn finish(&mut self) -> u64 {
        self.hasher.write(&self.names[..self.filled]);
        self.hasher.finish()
    }
}

/// The first letter tells most names apart, for a tenth of the comparison's price.
fn is(name: &[u8], lower: &[u8]) -> bool {
    name[0] | 0x20 == lower[0] && name.eq_ignore_ascii_case(lower)
}

fn passing(name: &[u8]) -> bool {
    let is = |lower: &[u8]| is(name, lower);
    match name.len() {
        6 => is(b"cookie") || is(b"origin"),
        7 => is(b"referer"),
        12 => is(b"content-type"),
        13 => is(b"if-none-match") || is(b"cache-control") || is(b"authorization"),
        14 => is(b"content-length"),
        17 => is(b"if-modified-since") || is(b"transfer-encoding"),
        _ => false,
    }
}

/// The same number for names that come in some other way, as HTTP/2's do.
pub(crate) fn order_of<'a>(names: impl Iterator<Item = &'a [u8]>, keys: &Keys) -> u64 {
    let mut order = Order::new(keys);
    names.for_each(|name| order.add(name));
    order.finish()
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
