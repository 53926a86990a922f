//! The parts of `multipart/form-data` (RFC 7578), as browsers write it (RFC 2046, section 5.1): one reader for whoever looks
//! at them and whoever takes one out.

use std::ops::Range;

use memchr::memmem;

/// RFC 2046, section 5.1.1, allows 70.
const BOUNDARY_BYTES_MAX: usize = 70;

/// A part that is there whole, up to the delimiter behind it.
pub(crate) struct Part<'b> {
    /// Where it stands in the body: from its delimiter up to the next one.
    pub(crate) range: Range<usize>,
    pub(crate) name: Option<&'b [u8]>,
    pub(crate) is_file: bool,
    /// Others may read its name or its value otherwise.
    pub(crate) is_odd: bool,
    pub(crate) value: &'b [u8],
}

/// The parts of a body, or of its beginning. However many: a search goes over each byte once.
pub(crate) struct Parts<'b> {
    body: &'b [u8],
    /// The delimiter with the line break before it, which belongs to it.
    delimiter: memmem::Finder<'static>,
    /// Where the next part's delimiter begins, without that line break, and where it ends.
    start: usize,
    at: usize,
}

impl<'b> Parts<'b> {
    /// `None` without a boundary, or without one in the body.
    pub(crate) fn of(content_type: &[u8], body: &'b [u8]) -> Option<Self> {
        let boundary = parameter(content_type, b"boundary")?;
        if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
            return None;
        }
        let delimiter = memmem::Finder::new(&[b"\r\n--", boundary].concat()).into_owned();
        // Every delimiter but the first stands on a line of its own.
        let start = if body.starts_with(&delimiter.needle()[2..]) { 0 } else { delimiter.find(body)? + 2 };
        let at = start + delimiter.needle().len() - 2;
        Some(Self { body, delimiter, start, at })
    }

    /// Whether the body ends as it should, once all parts have been seen: nothing behind it looks like another part, which
    /// some readers would take.
    fn ended(&self) -> bool {
        let rest = &self.body[self.at..];
        rest.starts_with(b"--") && self.delimiter.find(rest).is_none()
    }
}

impl<'b> Iterator for Parts<'b> {
    type Item = Part<'b>;

    fn next(&mut self) -> Option<Part<'b>> {
        let part = self.body[self.at..].strip_prefix(b"\r\n")?;
        let length = self.delimiter.find(part)?;
        let next = self.at + 2 + length + 2;
        let behind = next + self.delimiter.needle().len() - 2;
        // Where the body is cut this may be the beginning of something else.
        let follows = &self.body[behind..];
        if !follows.starts_with(b"\r\n") && !follows.starts_with(b"--") {
            return None;
        }
        let part = read(&part[..length], self.start..next);
        (self.start, self.at) = (next, behind);
        Some(part)
    }
}

/// Calls `see` for each whole part with a name, and whether others may read it otherwise: a file, for one, is a field to
/// some. False when the body does not end as it should, or has parts that cannot be read. What was cut off at the end of
/// the inspected part is not known.
pub(crate) fn each(content_type: &[u8], body: &[u8], mut see: impl FnMut(&str, &[u8], Reading)) -> bool {
    let Some(mut parts) = Parts::of(content_type, body) else { return false };
    let mut all_named = true;
    for part in parts.by_ref() {
        match part.name.and_then(|name| std::str::from_utf8(name).ok()) {
            Some(name) => {
                let reading = match (part.is_file, part.is_odd) {
                    (true, _) => Reading::File,
                    (false, true) => Reading::Odd,
                    (false, false) => Reading::Plain,
                };
                see(name, part.value, reading);
            }
            None => all_named = false,
        }
    }
    all_named && parts.ended()
}

/// How a part is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Plain,
    /// Its value or name may be another to others.
    Odd,
    File,
}

/// A part by its head and value.
fn read(part: &[u8], range: Range<usize>) -> Part<'_> {
    let nameless = |value| Part { range: range.clone(), name: None, is_file: false, is_odd: true, value };
    let Some(end) = memmem::find(part, b"\r\n\r\n") else { return nameless(&[]) };
    let (head, value) = (&part[..end], &part[end + 4..]);
    let field = |name: &[u8]| {
        let mut lines = head.split(|b| *b == b'\n').filter_map(move |line| {
            let at = line.iter().position(|b| *b == b':')?;
            line[..at].trim_ascii().eq_ignore_ascii_case(name).then_some(&line[at + 1..])
        });
        (lines.next(), lines.next().is_some())
    };
    let (Some(disposition), several) = field(b"content-disposition") else { return nameless(value) };
    let (encoding, _) = field(b"content-transfer-encoding");
    let coded = encoding.is_some_and(|encoding| {
        let as_it_is: [&[u8]; 3] = [b"7bit", b"8bit", b"binary"];
        !as_it_is.iter().any(|known| encoding.trim_ascii().eq_ignore_ascii_case(known))
    });
    // A line that goes on in the next one is put together by some.
    let folded = head.split(|b| *b == b'\n').any(|line| line.starts_with(b" ") || line.starts_with(b"\t"));
    let is_odd = several || coded || folded || parameter(disposition, b"name*").is_some();
    let is_file = parameter(disposition, b"filename").is_some();
    Part { name: parameter(disposition, b"name"), is_file, is_odd, range, value }
}

/// A parameter of `form-data; name="…"`. Browsers escape quotation marks in it by percent.
fn parameter<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = text;
    while let Some(at) = separator(rest) {
        rest = &rest[at + 1..];
        let pair = &rest[..separator(rest).unwrap_or(rest.len())];
        let Some(equals) = pair.iter().position(|b| *b == b'=') else { continue };
        if !pair[..equals].trim_ascii().eq_ignore_ascii_case(name) {
            continue;
        }
        let value = pair[equals + 1..].trim_ascii();
        return match value.strip_prefix(b"\"") {
            Some(quoted) => quoted.iter().position(|b| *b == b'"').map(|end| &quoted[..end]),
            None => Some(value),
        };
    }
    None
}

/// Where a parameter ends, outside quotation marks. Some applications take a comma for a semicolon.
fn separator(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    text.iter().position(|b| {
        quoted ^= *b == b'"';
        !quoted && matches!(b, b';' | b',')
    })
}
