//! What follows a head (RFC 9112, sections 6 and 7).

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::Malformed;

/// Bytes of a chunk's line: a number and, rarely, extensions that nobody reads.
const LINE_MAX: usize = 4 << 10;
/// Bytes and fields behind the last chunk.
const TRAILERS_MAX: usize = 16 << 10;
const TRAILER_FIELDS_MAX: usize = 64;

/// Where a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoder {
    /// So many bytes are left.
    Length(u64),
    Chunked(Chunk),
    /// It lasts as long as the connection.
    Close,
    Ended,
}

/// Where a body in chunks is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// Before a chunk's line.
    Line,
    /// So many bytes are left of a chunk.
    Data(u64),
    /// Before the line end behind a chunk.
    End,
    /// Behind the last chunk.
    Trailers,
}

/// What came out of the bytes at hand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    Data(Bytes),
    Trailers(HeaderMap),
    /// More bytes are needed.
    More,
    End,
}

impl Decoder {
    /// Takes what belongs to the body from `input`, without copying it.
    ///
    /// # Errors
    /// These are no chunks. What came before is not to be taken for the whole.
    pub(crate) fn decode(&mut self, input: &mut BytesMut) -> Result<Decoded, Malformed> {
        loop {
            match self {
                Self::Ended => return Ok(Decoded::End),
                Self::Close if input.is_empty() => return Ok(Decoded::More),
                Self::Close => return Ok(Decoded::Data(input.split().freeze())),
                Self::Length(left) => {
                    let Some(data) = take(left, input) else { return Ok(Decoded::More) };
                    if *left == 0 {
                        *self = Self::Ended;
                    }
                    return Ok(Decoded::Data(data));
                }
                Self::Chunked(chunk) => match chunk {
                    Chunk::Line => match line(input)? {
                        None => return Ok(Decoded::More),
                        Some(0) => *chunk = Chunk::Trailers,
                        Some(length) => *chunk = Chunk::Data(length),
                    },
                    Chunk::Data(left) => {
                        let Some(data) = take(left, input) else { return Ok(Decoded::More) };
                        if *left == 0 {
                            *chunk = Chunk::End;
                        }
                        return Ok(Decoded::Data(data));
                    }
                    Chunk::End => {
                        if input.len() < 2 {
                            return Ok(Decoded::More);
                        }
                        if !input.starts_with(b"\r\n") {
                            return Err(Malformed("a chunk is longer than it said"));
                        }
                        input.advance(2);
                        *chunk = Chunk::Line;
                    }
                    Chunk::Trailers => {
                        let Some(trailers) = trailers(input)? else { return Ok(Decoded::More) };
                        *self = Self::Ended;
                        if !trailers.is_empty() {
                            return Ok(Decoded::Trailers(trailers));
                        }
                    }
                },
            }
        }
    }

    /// The bytes that are left, where that is known.
    pub(crate) fn left(self) -> Option<u64> {
        match self {
            Self::Ended => Some(0),
            Self::Length(left) => Some(left),
            Self::Chunked(_) | Self::Close => None,
        }
    }
}

/// At most `left` bytes; `None` when there are none.
fn take(left: &mut u64, input: &mut BytesMut) -> Option<Bytes> {
    if input.is_empty() {
        return None;
    }
    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *left -= count as u64;
    Some(input.split_to(count).freeze())
}

/// A chunk's length, when its line is whole.
fn line(input: &mut BytesMut) -> Result<Option<u64>, Malformed> {
    let Some(end) = memchr::memchr(b'\n', input) else {
        return if input.len() > LINE_MAX { Err(Malformed("a chunk's line has no end")) } else { Ok(None) };
    };
    let line = input[..end].strip_suffix(b"\r").ok_or(Malformed("a chunk's line ends without CR"))?;
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = line[digits..].trim_ascii_start();
    if digits == 0 || digits > 15 || !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(Malformed("a chunk has no length"));
    }
    let digit = |byte: u8| u64::from(char::from(byte).to_digit(16).unwrap_or(0));
    let length = line[..digits].iter().fold(0, |length, byte| length << 4 | digit(*byte));
    input.advance(end + 1);
    Ok(Some(length))
}

/// The fields behind the last chunk, when they are whole.
fn trailers(input: &mut BytesMut) -> Result<Option<HeaderMap>, Malformed> {
    if input.starts_with(b"\r\n") {
        input.advance(2);
        return Ok(Some(HeaderMap::new()));
    }
    let mut room = [httparse::EMPTY_HEADER; TRAILER_FIELDS_MAX];
    match httparse::parse_headers(input, &mut room) {
        Ok(httparse::Status::Complete((length, fields))) => {
            let mut trailers = HeaderMap::with_capacity(fields.len());
            for field in fields {
                let name = HeaderName::from_bytes(field.name.as_bytes());
                let value = HeaderValue::from_bytes(field.value);
                let (Ok(name), Ok(value)) = (name, value) else {
                    return Err(Malformed("a trailer is no field"));
                };
                trailers.append(name, value);
            }
            input.advance(length);
            Ok(Some(trailers))
        }
        Ok(httparse::Status::Partial) if input.len() <= TRAILERS_MAX => Ok(None),
        _ => Err(Malformed("the trailers are no fields, or too many")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data, the trailers as text, and what is left of the input; fed in pieces of every length.
    fn check(start: Decoder, input: &str, expected: Result<(&str, &str, &str), &str>) {
        for piece in 1..=input.len() {
            let (mut decoder, mut held) = (start, BytesMut::new());
            let (mut data, mut trailers) = (Vec::new(), String::new());
            let mut pieces = input.as_bytes().chunks(piece);
            let found = loop {
                match decoder.decode(&mut held) {
                    Ok(Decoded::Data(bytes)) => {
                        assert!(!bytes.is_empty());
                        data.extend_from_slice(&bytes);
                    }
                    Ok(Decoded::Trailers(fields)) => {
                        for (name, value) in &fields {
                            trailers += &format!("{name}={} ", value.to_str().unwrap());
                        }
                    }
                    Ok(Decoded::More) => match pieces.next() {
                        Some(more) => held.extend_from_slice(more),
                        None => break Err("unended"),
                    },
                    Ok(Decoded::End) => break Ok(()),
                    Err(Malformed(why)) => break Err(why),
                }
            };
            pieces.for_each(|more| held.extend_from_slice(more));
            let data = String::from_utf8(data).unwrap();
            let rest = String::from_utf8(held.to_vec()).unwrap();
            let found = found.map(|()| (data.as_str(), trailers.as_str(), rest.as_str()));
            assert_eq!(found, expected, "{input:?} in pieces of {piece}");
        }
    }

    #[test]
    fn bodies_of_every_framing() {
        let chunked = Decoder::Chunked(Chunk::Line);
        check(Decoder::Length(4), "body", Ok(("body", "", "")));
        check(Decoder::Length(4), "bodyHTTP", Ok(("body", "", "HTTP")));
        check(Decoder::Length(5), "body", Err("unended"));
        check(Decoder::Close, "body", Err("unended"));
        check(chunked, "4\r\nbody\r\n0\r\n\r\n", Ok(("body", "", "")));
        check(chunked, "1;a=b\r\nb\r\n003 \r\nody\r\n0\r\n\r\nHTTP", Ok(("body", "", "HTTP")));
        check(chunked, "0\r\nx-sum: 42\r\nX-End:\r\n\r\n", Ok(("", "x-sum=42 x-end= ", "")));
        check(chunked, "4\r\nbody\r\n", Err("unended"));
        check(chunked, "4\r\nbodyX\r\n", Err("a chunk is longer than it said"));
        check(chunked, "4\nbody\r\n", Err("a chunk's line ends without CR"));
        check(chunked, "\r\n", Err("a chunk has no length"));
        check(chunked, "-4\r\n", Err("a chunk has no length"));
        check(chunked, "4 4\r\n", Err("a chunk has no length"));
        check(chunked, "ffffffffffffffff\r\n", Err("a chunk has no length"));
        check(chunked, "0\r\nx sum: 42\r\n\r\n", Err("the trailers are no fields, or too many"));
    }

    #[test]
    fn lines_and_trailers_without_end_are_refused() {
        let check = |input: &str, repeated: &str, most: usize| {
            let (mut decoder, mut held) = (Decoder::Chunked(Chunk::Line), BytesMut::from(input));
            while decoder.decode(&mut held).is_ok() {
                held.extend_from_slice(repeated.as_bytes());
                assert!(held.len() < most + 100, "{input:?}");
            }
        };
        check("1;", "x", LINE_MAX);
        check("0\r\na: ", "x", TRAILERS_MAX);
        check("0\r\n", "a: b\r\n", TRAILERS_MAX);
    }
}
