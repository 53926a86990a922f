//! The head of an answer (RFC 9112, sections 4 to 6 and 9.3).

use std::mem::MaybeUninit;

use arrayvec::ArrayVec;
use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use hyper::ext::ReasonPhrase;

use crate::http1::{Chunk, Decoder, Malformed, lists};

/// Bytes of a head: as much as is read ahead.
pub(super) const HEAD_MAX: usize = 64 << 10;
const FIELDS_MAX: usize = 100;

/// A whole head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) response: Response<()>,
    pub(super) body: Decoder,
    /// The connection may carry another request behind the body.
    pub(super) keeps: bool,
}

/// Takes a head from `input`, when it is whole. `to_head` says that the request was for the head alone.
///
/// # Errors
/// This is no answer, or its length could be read in two ways.
pub(super) fn take(input: &mut BytesMut, to_head: bool) -> Result<Option<Head>, Malformed> {
    let mut room = [const { MaybeUninit::uninit() }; FIELDS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let start = input.as_ptr() as usize;
    let length = match config.parse_response_with_uninit_headers(&mut parsed, input, &mut room) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if input.len() < HEAD_MAX => return Ok(None),
        Ok(httparse::Status::Partial) => return Err(Malformed("its head is too large")),
        Err(_) => return Err(Malformed("its head is none")),
    };
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or(Malformed("its head has no status"))?;
    let reason = parsed.reason.filter(|reason| Some(*reason) != status.canonical_reason());
    let reason = reason.and_then(|reason| ReasonPhrase::try_from(reason.as_bytes()).ok());
    let old = parsed.version == Some(0);
    // Where names and values stand in the bytes, which the values share below.
    let mut places = ArrayVec::<[u32; 4], FIELDS_MAX>::new();
    for field in parsed.headers.iter() {
        let place = |part: &[u8]| {
            // An empty one may point anywhere.
            let from = if part.is_empty() { 0 } else { (part.as_ptr() as usize).wrapping_sub(start) };
            [from as u32, (from + part.len()) as u32]
        };
        let ([name, name_end], [from, end]) = (place(field.name.as_bytes()), place(field.value));
        places.push([name, name_end, from, end]);
    }
    let bytes = input.split_to(length).freeze();
    let mut headers = HeaderMap::with_capacity(places.len());
    // By reference: all the room for places would be moved otherwise.
    for place in &places {
        let [name, name_end, from, end] = place.map(|at| at as usize);
        let name =
            HeaderName::from_bytes(&bytes[name..name_end]).map_err(|_| Malformed("a field has no name"))?;
        let value = HeaderValue::from_maybe_shared(bytes.slice(from..end))
            .map_err(|_| Malformed("a field has no value"))?;
        headers.append(name, value);
    }
    let (body, keeps) = framing(&mut headers, status, old, to_head)?;
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if let Some(reason) = reason {
        response.extensions_mut().insert(reason);
    }
    Ok(Some(Head { response, body, keeps }))
}

/// What follows a head, and whether the connection outlives it.
fn framing(
    headers: &mut HeaderMap,
    status: StatusCode,
    old: bool,
    to_head: bool,
) -> Result<(Decoder, bool), Malformed> {
    let mut keeps = keeps(headers, old, status);
    let length = told_length(headers)?;
    let coded = headers.contains_key(header::TRANSFER_ENCODING);
    if coded && length.is_some() {
        // One of the two lengths would be passed on and believed (RFC 9112, section 6.3): the codings count.
        headers.remove(header::CONTENT_LENGTH);
        keeps = false;
    }
    // What follows is no HTTP any more.
    keeps &= status != StatusCode::SWITCHING_PROTOCOLS;
    let bodiless = to_head || status.is_informational() || matches!(status.as_u16(), 204 | 304);
    let body = match length {
        _ if bodiless => Decoder::Ended,
        _ if coded && old => return Err(Malformed("HTTP/1.0 has no codings")),
        _ if coded && ends_chunked(headers) => Decoder::Chunked(Chunk::Line),
        Some(0) if !coded => Decoder::Ended,
        Some(length) if !coded => Decoder::Length(length),
        _ => {
            keeps = false;
            Decoder::Close
        }
    };
    Ok((body, keeps))
}

/// Whether `Connection` lets the connection live. Nearly always it is one of two words, and goes no further.
fn keeps(headers: &mut HeaderMap, old: bool, status: StatusCode) -> bool {
    let mut lines = headers.get_all(header::CONNECTION).iter().map(HeaderValue::as_bytes);
    let known = match (lines.next(), lines.next()) {
        (None, _) => return !old,
        (Some(word), None) if word.eq_ignore_ascii_case(b"keep-alive") => Some(true),
        (Some(word), None) if word.eq_ignore_ascii_case(b"close") => Some(false),
        _ => None,
    };
    if known.is_some() && !status.is_informational() {
        headers.remove(header::CONNECTION);
    }
    known.unwrap_or_else(|| {
        !lists(headers, &header::CONNECTION, "close")
            && (!old || lists(headers, &header::CONNECTION, "keep-alive"))
    })
}

fn ends_chunked(headers: &HeaderMap) -> bool {
    let last = headers.get_all(header::TRANSFER_ENCODING).iter().next_back();
    let last = last.and_then(|line| line.to_str().ok()).and_then(|line| line.rsplit(',').next());
    last.is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"))
}

/// One length, however often it is told; what is passed on tells it once.
fn told_length(headers: &mut HeaderMap) -> Result<Option<u64>, Malformed> {
    let mut told = None;
    let mut times = 0;
    for line in headers.get_all(header::CONTENT_LENGTH) {
        for part in line.as_bytes().split(|byte| *byte == b',') {
            let length = number(part.trim_ascii()).ok_or(Malformed("its length is no number"))?;
            if told.is_some_and(|told| told != length) {
                return Err(Malformed("it tells two lengths"));
            }
            told = Some(length);
            times += 1;
        }
    }
    if let Some(length) = told.filter(|_| times > 1) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(told)
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, to_head: bool, expected: Result<(Decoder, bool), &str>) {
        let text = format!("HTTP/1.{head}\r\n\r\nrest");
        for end in 0..text.len() - 4 {
            let mut input = BytesMut::from(&text[..end]);
            assert!(!matches!(take(&mut input, to_head), Ok(Some(_))), "{head:?} is cut at {end}");
        }
        let mut input = BytesMut::from(text.as_str());
        let found = take(&mut input, to_head).map(|head| head.expect("it is whole"));
        if let Ok(head) = &found {
            assert_eq!(&input[..], b"rest");
            let lengths = head.response.headers().get_all(header::CONTENT_LENGTH).iter().count();
            let coded = head.response.headers().contains_key(header::TRANSFER_ENCODING);
            assert!(lengths + usize::from(coded) <= 1, "{head:?} tells its length once");
        }
        assert_eq!(found.map(|head| (head.body, head.keeps)).map_err(|why| why.0), expected, "{head:?}");
    }

    #[test]
    fn what_follows_a_head_and_whether_the_connection_lasts() {
        let chunked = Decoder::Chunked(Chunk::Line);
        check("1 200 OK\r\nContent-Length: 4", false, Ok((Decoder::Length(4), true)));
        check("1 200 OK\r\ncontent-length: 4\r\nConnection: Close", false, Ok((Decoder::Length(4), false)));
        check("1 200 OK\r\nContent-Length: 0", false, Ok((Decoder::Ended, true)));
        check("1 200 OK\r\nContent-Length: 4, 4", false, Ok((Decoder::Length(4), true)));
        check("1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4", false, Ok((Decoder::Length(4), true)));
        check("1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5", false, Err("it tells two lengths"));
        check("1 200 OK\r\nContent-Length: -4", false, Err("its length is no number"));
        check("1 200 OK\r\nContent-Length: 4", true, Ok((Decoder::Ended, true)));
        check("1 204 No Content", false, Ok((Decoder::Ended, true)));
        check("1 304 Not Modified\r\nContent-Length: 4", false, Ok((Decoder::Ended, true)));
        check("1 200 OK", false, Ok((Decoder::Close, false)));
        check("1 200 OK\r\nTransfer-Encoding: chunked", false, Ok((chunked, true)));
        check("1 200 OK\r\nTransfer-Encoding: gzip, Chunked", false, Ok((chunked, true)));
        check("1 200 OK\r\nTransfer-Encoding: gzip", false, Ok((Decoder::Close, false)));
        check("1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4", false, Ok((chunked, false)));
        check("0 200 OK\r\nContent-Length: 4", false, Ok((Decoder::Length(4), false)));
        check(
            "0 200 OK\r\nContent-Length: 4\r\nConnection: a, keep-alive",
            false,
            Ok((Decoder::Length(4), true)),
        );
        check("0 200 OK\r\nTransfer-Encoding: chunked", false, Err("HTTP/1.0 has no codings"));
        check("1 200 OK\r\nno field", false, Err("its head is none"));
        check("1 20 OK", false, Err("its head is none"));
    }

    #[test]
    fn fields_and_reason_are_kept() {
        let mut input = BytesMut::from(
            "HTTP/1.1 299 Something\r\nSet-Cookie: a=1\r\nX-Empty:\r\nset-cookie: b=2\r\nX-Latin: \u{e4}\r\n\r\n",
        );
        let head = take(&mut input, false).unwrap().unwrap();
        let headers = head.response.headers();
        let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!((headers["x-empty"].as_bytes(), headers.len()), (&b""[..], 4));
        let reason = head.response.extensions().get::<ReasonPhrase>().unwrap();
        assert_eq!(reason.as_bytes(), b"Something");
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let mut input = BytesMut::from("HTTP/1.1 200 OK\r\na: ");
        while take(&mut input, false).is_ok() {
            input.extend_from_slice(&[b'x'; 64]);
            assert!(input.len() < HEAD_MAX + 100);
        }
    }
}
