//! A request's head, made of bytes that were read and found to have one meaning.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};

use crate::http1::lists;
use crate::wire::{Head, Refusal, fields};

/// Makes the head; names and values share the bytes.
///
/// # Errors
/// The target is none.
pub(super) fn parts(bytes: &Bytes, head: &Head) -> Result<Box<Parts>, Refusal> {
    let mut parts = Box::new(Request::new(()).into_parts().0);
    parts.method = Method::from_bytes(&bytes[head.method.clone()]).map_err(|_| Refusal::RequestLine)?;
    parts.uri = Uri::from_maybe_shared(bytes.slice(head.target.clone())).map_err(|_| Refusal::Target)?;
    parts.version = if head.old { Version::HTTP_10 } else { Version::HTTP_11 };
    parts.headers = HeaderMap::with_capacity(head.count);
    for [name, value] in fields(bytes, head) {
        let name = HeaderName::from_bytes(&bytes[name]).map_err(|_| Refusal::FieldName)?;
        let value = HeaderValue::from_maybe_shared(bytes.slice(value)).map_err(|_| Refusal::Control)?;
        parts.headers.append(name, value);
    }
    Ok(parts)
}

/// What a request says of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Only the head of the answer.
    pub(super) head_only: bool,
    /// In HTTP/1.0.
    pub(super) old: bool,
    /// And another one over the same connection.
    pub(super) more: bool,
    /// Trailers are understood.
    pub(super) trailers: bool,
    /// Whether the client waits until it may send the body (RFC 9110, section 10.1.1).
    pub(super) expects: bool,
}

impl Asked {
    /// Of a request that could not be read.
    pub(super) const UNREADABLE: Self =
        Self { head_only: false, old: false, more: false, trailers: false, expects: false };
}

impl From<&Parts> for Asked {
    fn from(parts: &Parts) -> Self {
        let old = parts.version == Version::HTTP_10;
        let (mut connection, mut te, mut expect) = (false, false, false);
        // One pass over the few fields that came, instead of a search for each of three.
        for name in parts.headers.keys() {
            connection |= *name == header::CONNECTION;
            te |= *name == header::TE;
            expect |= *name == header::EXPECT;
        }
        let says = |there: bool, name: HeaderName, word: &str| there && lists(&parts.headers, &name, word);
        Self {
            head_only: parts.method == Method::HEAD,
            old,
            more: (!old || says(connection, header::CONNECTION, "keep-alive"))
                && !says(connection, header::CONNECTION, "close"),
            trailers: !old && says(te, header::TE, "trailers"),
            expects: !old && says(expect, header::EXPECT, "100-continue"),
        }
    }
}
