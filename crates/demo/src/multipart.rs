//! `multipart/form-data` (RFC 7578, RFC 2046 section 5.1) read in pieces: digests of the parts in flat memory.

use bytes::{Buf, BytesMut};
use memchr::memmem;

use crate::request::{NAME_CHARS_MAX, NAMES_MAX, Sum};

/// Bytes of one part's head: browsers send two hundred.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Bytes that may follow a delimiter on its line (RFC 2046 allows blanks there; nobody sends many).
const PADDING_BYTES_MAX: usize = 64;
/// RFC 2046, section 5.1.1.
const BOUNDARY_BYTES_MAX: usize = 70;

/// One part: what its head said, and the sum of its content.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Present for a file.
    pub(crate) filename: Option<String>,
    pub(crate) sum: Sum,
}

/// A reader to which the body is pushed.
pub(crate) struct Multipart {
    /// Line break, two hyphens, boundary.
    delimiter: Vec<u8>,
    held: BytesMut,
    at: At,
    part: Part,
    parts: Vec<Part>,
    parts_total: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Preamble,
    DelimiterEnd,
    Head,
    Content,
    Epilogue,
}

type Malformed = &'static str;

impl Multipart {
    /// A reader for a body with this `Content-Type`; `None` when that names no usable boundary.
    pub(crate) fn new(content_type: &str) -> Option<Multipart> {
        let boundary = parameter(content_type, "boundary")?;
        if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX || !boundary.is_ascii() {
            return None;
        }
        Some(Multipart {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first delimiter may start the body; it is then as if a line had ended before.
            held: BytesMut::from("\r\n"),
            at: At::Preamble,
            part: Part::default(),
            parts: Vec::new(),
            parts_total: 0,
        })
    }

    /// Reads on with the next piece, however the body was cut.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), Malformed> {
        self.held.extend_from_slice(chunk);
        while self.step()? {}
        Ok(())
    }

    /// The parts, at most [`NAMES_MAX`] of them (each is a line of the page that shows them), and how many there were.
    pub(crate) fn finish(self) -> Result<(Vec<Part>, u64), Malformed> {
        if self.at == At::Epilogue {
            Ok((self.parts, self.parts_total))
        } else {
            Err("The multipart body ends before its closing boundary.")
        }
    }

    /// Takes one step with what is held; false when that needs more.
    fn step(&mut self) -> Result<bool, Malformed> {
        match self.at {
            At::Preamble | At::Content => Ok(self.skip_to_delimiter()),
            At::DelimiterEnd => self.end_delimiter(),
            At::Head => self.read_head(),
            At::Epilogue => {
                self.held.clear();
                Ok(false)
            }
        }
    }

    fn skip_to_delimiter(&mut self) -> bool {
        let found = memmem::find(&self.held, &self.delimiter);
        // Without one, the last bytes may still be the start of one.
        let passed = found.unwrap_or_else(|| self.held.len().saturating_sub(self.delimiter.len() - 1));
        if self.at == At::Content {
            self.part.sum.add(&self.held[..passed]);
        }
        self.held.advance(passed);
        if found.is_none() {
            return false;
        }
        self.held.advance(self.delimiter.len());
        if self.at == At::Content {
            let part = std::mem::take(&mut self.part);
            self.parts_total += 1;
            if self.parts.len() < NAMES_MAX {
                self.parts.push(part);
            }
        }
        self.at = At::DelimiterEnd;
        true
    }

    fn end_delimiter(&mut self) -> Result<bool, Malformed> {
        if self.held.len() < 2 {
            return Ok(false);
        }
        if self.held.starts_with(b"--") {
            self.at = At::Epilogue;
            return Ok(true);
        }
        let padding = self.held.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if padding > PADDING_BYTES_MAX {
            return Err("A multipart boundary line is too long.");
        }
        let rest = &self.held[padding..];
        if rest.len() < 2 {
            return Ok(false);
        }
        if !rest.starts_with(b"\r\n") {
            return Err("A multipart boundary line does not end where it should.");
        }
        // The line break stays, so that a head always ends with two of them, even an empty one.
        self.held.advance(padding);
        self.at = At::Head;
        Ok(true)
    }

    fn read_head(&mut self) -> Result<bool, Malformed> {
        let end = memmem::find(&self.held, b"\r\n\r\n");
        if end.unwrap_or(self.held.len()) > HEAD_BYTES_MAX {
            return Err("The head of a multipart part is larger than 8 KiB.");
        }
        let Some(end) = end else { return Ok(false) };
        let head = String::from_utf8_lossy(&self.held[..end]).into_owned();
        let disposition = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let disposition = disposition
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
            .map(|(_, value)| value)
            .next()
            .ok_or("A multipart part has no Content-Disposition.")?;
        self.part.name = parameter(disposition, "name").unwrap_or_default();
        self.part.filename = parameter(disposition, "filename");
        self.held.advance(end + 4);
        self.at = At::Content;
        Ok(true)
    }
}

/// A parameter of a header value (`type; name=value; other="quoted"`), clipped to [`NAME_CHARS_MAX`] characters.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (text, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => after
                .split_once(';')
                .map_or((after.trim().into(), ""), |(text, rest)| (text.trim().into(), rest)),
        };
        if name.trim_matches([' ', '\t', ';']).eq_ignore_ascii_case(wanted) {
            return Some(text.chars().take(NAME_CHARS_MAX).collect());
        }
        rest = after;
    }
}

/// The content of a quoted string whose first quote is gone, and what follows it. A backslash stands for itself
/// unless a quote follows: browsers do not escape it in file names.
fn unquote(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (text, &quoted[at + 1..]),
            '\\' if characters.next_if(|(_, next)| *next == '"').is_some() => text.push('"'),
            other => text.push(other),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"cut here\"";

    /// Reads the body cut into pieces of every size, and returns what it found as text.
    #[track_caller]
    fn check(body: &str, expected: &str) {
        for size in 1..=body.len().max(1) {
            let mut reader = Multipart::new(TYPE).unwrap();
            let pushed = body.as_bytes().chunks(size).try_for_each(|chunk| reader.push(chunk));
            let found = match pushed.and_then(|()| reader.finish()) {
                Err(error) => error.to_string(),
                Ok((parts, _)) => parts
                    .iter()
                    .map(|part| {
                        let (name, file) = (&part.name, part.filename.as_deref().unwrap_or("-"));
                        format!("{name}|{file}|{}|{}", part.sum.bytes, &part.sum.sha256()[..8])
                    })
                    .collect::<Vec<_>>()
                    .join(" "),
            };
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn parts_are_found_however_the_body_is_cut() {
        const END: &str = "\r\n--cut here--\r\n";
        let part = |head: &str, content: &str| format!("--cut here\r\n{head}\r\n\r\n{content}");
        let named = r#"Content-Disposition: form-data; name="a""#;
        check(&(part(named, "") + END), "a|-|0|e3b0c442");
        check(&(part(named, "hello") + END), "a|-|5|2cf24dba");
        check(&("to skip\r\n".to_string() + &part(named, "hello") + END + "after"), "a|-|5|2cf24dba");
        check(&(part(named, "\r\n--cut her\r\n") + END), "a|-|13|69b13777");
        check(
            &(part(named, "hello") + "\r\n" + &part(named, "hello") + END),
            "a|-|5|2cf24dba a|-|5|2cf24dba",
        );
        check(
            &(part(r#"content-disposition: form-data; name=b; filename="c:\d\"e;f.txt""#, "hello") + END),
            r#"b|c:\d"e;f.txt|5|2cf24dba"#,
        );
        check("--cut here--", "");
        check(&part(named, "hello"), "The multipart body ends before its closing boundary.");
        check(&(part("X: y", "hello") + END), "A multipart part has no Content-Disposition.");
        check("", "The multipart body ends before its closing boundary.");
        check("--cut hereafter\r\n", "A multipart boundary line does not end where it should.");
        check(
            &format!("--cut here\r\nX: {}", "y".repeat(HEAD_BYTES_MAX)),
            "The head of a multipart part is larger than 8 KiB.",
        );
    }

    #[test]
    fn boundaries_are_bounded() {
        let check = |content_type, usable| assert_eq!(Multipart::new(content_type).is_some(), usable);
        check("multipart/form-data", false);
        check("multipart/form-data; boundary=", false);
        check("multipart/form-data; charset=utf-8; boundary=x", true);
        check(&format!("multipart/form-data; boundary={}", "x".repeat(71)), false);
    }
}
