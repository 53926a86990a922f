//! The head of an answer (RFC 9112, sections 4, 6 and 9).

use std::io::Write;

use http::{Response, StatusCode, header};
use http_body::Body;

use super::request::Asked;
use crate::body::Through;
use crate::front::date::date;
use crate::http1::{Framing, ReasonPhrase, field, lists};

/// Writes the head of an answer with this body, but for its empty line, and says what follows. `keeps` is whether the connection may carry
/// another request, before and after.
pub(super) fn write(
    answer: &Response<Through>,
    asked: &Asked,
    body: &Through,
    keeps: &mut bool,
    into: &mut Vec<u8>,
) -> Framing {
    status_line(answer, asked.old, into);
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        *keeps = false;
        answer.headers().iter().for_each(|(name, value)| field(into, name.as_str(), value.as_bytes()));
        return Framing::Done;
    }
    let (mut told, mut dated) = (None, false);
    for (name, value) in answer.headers() {
        if *name == header::CONTENT_LENGTH {
            told = Some(value.as_bytes());
        } else if *name == header::CONNECTION {
            *keeps &= !lists(answer.headers(), name, "close");
        } else if *name != header::TRANSFER_ENCODING {
            dated |= *name == header::DATE;
            field(into, name.as_str(), value.as_bytes());
        }
    }
    let framing = framing(answer.status(), asked, body, told, into);
    *keeps &= framing != Framing::Close;
    match (*keeps, asked.old) {
        (false, _) => into.extend_from_slice(b"connection: close\r\n"),
        (true, true) => into.extend_from_slice(b"connection: keep-alive\r\n"),
        (true, false) => {}
    }
    if !dated {
        field(into, "date", &date());
    }
    framing
}

fn status_line(answer: &Response<Through>, old: bool, into: &mut Vec<u8>) {
    let (status, reason) = (answer.status(), answer.extensions().get::<ReasonPhrase>());
    if status == StatusCode::OK && reason.is_none() && !old {
        return into.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    }
    into.extend_from_slice(if old { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    into.extend_from_slice(status.as_str().as_bytes());
    into.push(b' ');
    let usual = || status.canonical_reason().unwrap_or_default().as_bytes();
    into.extend_from_slice(reason.map_or_else(usual, |reason| &reason.0));
    into.extend_from_slice(b"\r\n");
}

/// How the client knows where the body ends, with the field that says so. `told` is what the answer itself says of its
/// length.
fn framing(
    status: StatusCode,
    asked: &Asked,
    body: &Through,
    told: Option<&[u8]>,
    into: &mut Vec<u8>,
) -> Framing {
    // Those have none, and would be taken to have one by a length (RFC 9110, section 8.6).
    if status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Framing::Done;
    }
    let exact = if body.is_end_stream() { Some(0) } else { body.size_hint().exact() };
    if asked.head_only {
        match (told, exact) {
            (Some(told), _) => field(into, "content-length", told),
            (None, Some(length @ 1..)) => length_field(length, into),
            _ => {}
        }
        return Framing::Done;
    }
    let told = || std::str::from_utf8(told?).ok()?.parse().ok();
    match exact.or_else(told) {
        Some(length) => {
            length_field(length, into);
            if length == 0 { Framing::Done } else { Framing::Length(length) }
        }
        None if asked.old => Framing::Close,
        None => {
            into.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Framing::Chunked
        }
    }
}

fn length_field(length: u64, into: &mut Vec<u8>) {
    // Writing into memory does not fail.
    let _ = write!(into, "content-length: {length}\r\n");
}
