//! Undoing what logs do to bytes that would break their syntax, only where such a byte is.

use crate::record::Record;

/// Two buffers that [`Format::parse`](crate::Format::parse) reuses from line to line: one for a line that is not
/// UTF-8 or was wrapped by Docker, one for texts whose escapes were undone. Neither grows beyond the longest line.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) line: String,
    pub(crate) texts: Texts,
}

/// Where the unescaped texts of one record are put, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    joined: String,
    bytes: Vec<u8>,
}

/// A record whose texts are still as logged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) record: Record<'a>,
    /// A query that the log has apart from the path.
    pub(crate) args: Option<&'a str>,
    /// Whether any text may hold an escape.
    pub(crate) escaped: bool,
}

impl<'a> Draft<'a> {
    /// The record with its escapes undone and its query joined. Nothing is copied where there is nothing to do.
    #[inline]
    pub(crate) fn finish(self, texts: &'a mut Texts) -> Record<'a> {
        if self.escaped || self.args.is_some() { self.rewrite(texts) } else { self.record }
    }

    #[cold]
    fn rewrite(self, texts: &'a mut Texts) -> Record<'a> {
        texts.joined.clear();
        let record = self.record;
        // Each text's place in `joined` is noted first; borrowing begins when the last one is written.
        let required = [record.method, record.target, record.protocol, record.malformed_request];
        let optional = [record.host, record.referer, record.user_agent, record.user, record.forwarded_for];
        let target_start = texts.joined.len();
        let target_end = self.args.map(|args| {
            texts.push(record.target);
            texts.joined.push('?');
            texts.push(args)
        });
        let required_ends = required.map(|text| texts.push_escaped(text));
        let optional_ends = optional.map(|text| text.and_then(|text| texts.push_escaped(text)));

        let joined = texts.joined.as_str();
        let place = |range: Option<(usize, usize)>, text: &'a str| {
            range.map_or(text, |(start, end)| &joined[start..end])
        };
        let option = |index: usize| optional[index].map(|text| place(optional_ends[index], text));
        Record {
            method: place(required_ends[0], required[0]),
            target: match target_end {
                Some(end) => &joined[target_start..end],
                None => place(required_ends[1], required[1]),
            },
            protocol: place(required_ends[2], required[2]),
            malformed_request: place(required_ends[3], required[3]),
            host: option(0),
            referer: option(1),
            user_agent: option(2),
            user: option(3),
            forwarded_for: option(4),
            ..record
        }
    }
}

impl Texts {
    /// Appends `text` unescaped if it has an escape; gives its place then.
    fn push_escaped(&mut self, text: &str) -> Option<(usize, usize)> {
        memchr::memchr(b'\\', text.as_bytes())?;
        let start = self.joined.len();
        let end = self.push(text);
        Some((start, end))
    }

    /// Appends `text` unescaped; gives the end. Bytes that are not UTF-8 become U+FFFD.
    fn push(&mut self, text: &str) -> usize {
        self.bytes.clear();
        unescape(text, &mut self.bytes);
        push_lossy(&self.bytes, &mut self.joined);
        self.joined.len()
    }
}

/// Appends bytes as text, each run of bytes that is not UTF-8 as one U+FFFD.
pub(crate) fn push_lossy(bytes: &[u8], out: &mut String) {
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Undoes the escapes of all formats, which do not contradict each other: `\xHH` (nginx, Apache), `\"` `\\` and C's
/// letters (Apache, JSON), `\/` and `\uHHHH` (JSON, surrogate pairs included). Anything else after a backslash stays
/// as it is, backslash and all.
pub(crate) fn unescape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(backslash) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..backslash]);
        rest = &rest[backslash + 1..];
        let taken = match rest {
            [b'x', high, low, ..] => hex(&[*high, *low]).map(|value| (out.push(value as u8), 3).1),
            [b'u', digits @ ..] => unicode(digits).map(|(letter, taken)| {
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                taken + 1
            }),
            [letter, ..] => simple(*letter).map(|byte| (out.push(byte), 1).1),
            [] => None,
        };
        match taken {
            Some(taken) => rest = &rest[taken..],
            None => out.push(b'\\'),
        }
    }
    out.extend_from_slice(rest);
}

fn simple(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' | b'/' | b'\'' => letter,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        _ => return None,
    })
}

/// The character of `HHHH` or of a surrogate pair `HHHH\uHHHH`, and how many bytes it took.
fn unicode(digits: &[u8]) -> Option<(char, usize)> {
    let first = hex(digits.get(..4)?)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 4));
    }
    let pair = match digits.get(4..10) {
        Some([b'\\', b'u', low @ ..]) if first < 0xDC00 => {
            hex(low).filter(|low| (0xDC00..0xE000).contains(low))
        }
        _ => None,
    };
    match pair.and_then(|low| char::from_u32(0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00))) {
        Some(letter) => Some((letter, 10)),
        None => Some((char::REPLACEMENT_CHARACTER, 4)),
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| Some(value * 16 + char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut texts = Texts::default();
        texts.push(text);
        assert_eq!(texts.joined, expected, "{text}");
    }

    #[test]
    fn every_escape() {
        check(r"plain", "plain");
        check(r"\x22\x5C", "\"\\");
        check(r#"\"a\\b\/"#, "\"a\\b/");
        check(r"a\tb\nc", "a\tb\nc");
        check(r"\xE0\xAE\x95", "\u{B95}");
        check(r"\xE0\xAE!", "\u{FFFD}!");
        check(r"\u00e9\ud83d\ude00", "é😀");
        check(r"\ud83d \ude00", "\u{FFFD} \u{FFFD}");
        check(r"\q \x4 \u12 \", r"\q \x4 \u12 \");
    }
}
