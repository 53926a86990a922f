//! The head of an answer (RFC 9112, sections 4 to 6 and 9.3).

use std::cell::RefCell;
use std::mem::MaybeUninit;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::lines::Lines;
use super::usual;
use crate::http1::{Chunk, Decoder, Malformed, ReasonPhrase, lists};

/// Bytes of a head: as much as is read ahead.
pub(super) const HEAD_MAX: usize = 64 << 10;
pub(super) const FIELDS_MAX: usize = 100;

/// A whole head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) response: Response<()>,
    pub(super) body: Decoder,
    /// The connection may carry another request behind the body.
    pub(super) keeps: bool,
}

/// What a head tells of what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// The connection may live on.
    pub(super) keeps: bool,
    pub(super) length: Option<u64>,
    pub(super) coding: Coding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    None,
    /// Chunks, after whatever else.
    Chunked,
    /// Something that ends with the connection.
    Other,
}

/// Takes a head from `input`, when it is whole. `to_head` says that the request was for the head alone.
///
/// # Errors
/// This is no answer, or its length could be read in two ways.
pub(super) fn take(input: &mut BytesMut, to_head: bool) -> Result<Option<Head>, Malformed> {
    thread_local!(static LINES: RefCell<Lines> = const { RefCell::new(Lines::new()) });
    match LINES.with_borrow_mut(|lines| usual::take(input, to_head, lines)) {
        Some(head) => head.map(Some),
        None => any(input, to_head),
    }
}

/// Takes any head.
pub(super) fn any(input: &mut BytesMut, to_head: bool) -> Result<Option<Head>, Malformed> {
    let mut room = [const { MaybeUninit::uninit() }; FIELDS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let length = match config.parse_response_with_uninit_headers(&mut parsed, input, &mut room) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if input.len() < HEAD_MAX => return Ok(None),
        Ok(httparse::Status::Partial) => return Err(Malformed("its head is too large")),
        Err(_) => return Err(Malformed("its head is none")),
    };
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or(Malformed("its head has no status"))?;
    let reason = parsed.reason.filter(|reason| Some(*reason) != status.canonical_reason());
    let reason = reason.map(|reason| ReasonPhrase(Bytes::copy_from_slice(reason.as_bytes())));
    let old = parsed.version == Some(0);
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for field in parsed.headers.iter() {
        let name =
            HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Malformed("a field has no name"))?;
        let value = HeaderValue::from_bytes(field.value).map_err(|_| Malformed("a field has no value"))?;
        headers.append(name, value);
    }
    input.advance(length);
    let told = told(&mut headers, status, old, to_head)?;
    Ok(Some(Head::new(status, reason, headers, told, to_head)))
}

impl Head {
    pub(super) fn new(
        status: StatusCode,
        reason: Option<ReasonPhrase>,
        headers: HeaderMap,
        told: Told,
        to_head: bool,
    ) -> Self {
        // What follows is no HTTP any more.
        let keeps = told.keeps && status != StatusCode::SWITCHING_PROTOCOLS;
        let (body, keeps) = match (told.coding, told.length) {
            _ if is_bodiless(status, to_head) => (Decoder::Ended, keeps),
            (Coding::Chunked, _) => (Decoder::Chunked(Chunk::Line), keeps),
            (Coding::None, Some(0)) => (Decoder::Ended, keeps),
            (Coding::None, Some(length)) => (Decoder::Length(length), keeps),
            (Coding::None, None) | (Coding::Other, _) => (Decoder::Close, false),
        };
        let mut response = Response::new(());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        if let Some(reason) = reason {
            response.extensions_mut().insert(reason);
        }
        Self { response, body, keeps }
    }
}

fn is_bodiless(status: StatusCode, to_head: bool) -> bool {
    to_head || status.is_informational() || matches!(status.as_u16(), 204 | 304)
}

/// What fields tell of what follows them. Afterwards they tell it once, for whoever they are passed on to.
fn told(headers: &mut HeaderMap, status: StatusCode, old: bool, to_head: bool) -> Result<Told, Malformed> {
    let mut keeps = keeps(headers, old, status);
    let length = told_length(headers)?;
    if !headers.contains_key(header::TRANSFER_ENCODING) {
        return Ok(Told { keeps, length, coding: Coding::None });
    }
    if length.is_some() {
        // One of the two lengths would be passed on and believed (RFC 9112, section 6.3): the codings count.
        headers.remove(header::CONTENT_LENGTH);
        keeps = false;
    }
    if old && !is_bodiless(status, to_head) {
        return Err(Malformed("HTTP/1.0 has no codings"));
    }
    let coding = if ends_chunked(headers) { Coding::Chunked } else { Coding::Other };
    Ok(Told { keeps, length, coding })
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

pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
