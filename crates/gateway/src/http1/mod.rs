//! HTTP/1.1 messages (RFC 9112) on their way in and out, the same for clients and for applications.

mod decoder;
mod sending;
pub(crate) mod spare;
mod tunnel;

use bytes::Bytes;
pub(crate) use decoder::{Chunk, Decoded, Decoder};
use http::{HeaderMap, HeaderName, header};
pub(crate) use sending::{Framing, Sending, Stuck, field};
pub(crate) use tunnel::Tunnel;

/// Why what came is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// What an application calls its status, where that is not the usual name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReasonPhrase(pub(crate) Bytes);

/// Whether a field lists a word.
pub(crate) fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
}

/// A body's length as its sender told it.
pub(crate) fn told_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
