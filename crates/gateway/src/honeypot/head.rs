//! Whether an answer is a page that may be changed, and what its header fields are then.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Whether it is HTML that may be changed and can be read: not a part, not coded, not marked as final, in an encoding that
/// has ASCII in it.
pub(super) fn is_changeable(status: StatusCode, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = text(header::CONTENT_TYPE).to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let charset = content_type.split("charset=").nth(1).unwrap_or_default().trim_start_matches(['"', ' ']);
    let coding = text(header::CONTENT_ENCODING).trim();
    media_type == "text/html"
        && status != StatusCode::PARTIAL_CONTENT
        && status != StatusCode::NOT_MODIFIED
        && (coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
        && !text(header::CACHE_CONTROL).to_ascii_lowercase().contains("no-transform")
        && !["utf-16", "utf-32", "utf-7", "iso-2022", "hz-gb"].iter().any(|wide| charset.starts_with(wide))
}

/// What tells of the bytes as they were does not hold any more: the length, digests, parts. A validator becomes a weak one
/// (RFC 9110, section 8.8.1), which still revalidates.
pub(super) fn changed(headers: &mut HeaderMap) {
    for name in ["content-length", "content-md5", "digest", "content-digest", "repr-digest", "accept-ranges"]
    {
        headers.remove(name);
    }
    let weak = headers
        .get(header::ETAG)
        .filter(|tag| tag.as_bytes().starts_with(b"\""))
        .and_then(|tag| HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()).ok());
    if let Some(weak) = weak {
        headers.insert(header::ETAG, weak);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn what_may_be_changed() {
        let check = |status: u16, pairs: &[(&'static str, &'static str)], expected: bool| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(is_changeable(status, &headers(pairs)), expected, "{status} {pairs:?}");
        };
        check(200, &[("content-type", "text/html; charset=utf-8")], true);
        check(422, &[("content-type", "Text/HTML")], true);
        check(200, &[("content-type", "text/html"), ("content-encoding", "identity")], true);
        check(200, &[("content-type", "text/html; charset=iso-8859-1")], true);
        check(200, &[], false);
        check(200, &[("content-type", "application/xhtml+xml")], false);
        check(200, &[("content-type", "text/html; charset=\"UTF-16LE\"")], false);
        check(200, &[("content-type", "text/html; charset=ISO-2022-JP")], false);
        check(200, &[("content-type", "text/html"), ("content-encoding", "br")], false);
        check(200, &[("content-type", "text/html"), ("cache-control", "public, No-Transform")], false);
        check(206, &[("content-type", "text/html")], false);
        check(304, &[("content-type", "text/html")], false);
    }

    #[test]
    fn what_is_no_longer_true() {
        let check = |before: &[(&'static str, &'static str)], after: &[(&'static str, &'static str)]| {
            let mut found = headers(before);
            changed(&mut found);
            assert_eq!(found, headers(after), "{before:?}");
        };
        check(&[("content-length", "7"), ("etag", "\"a\"")], &[("etag", "W/\"a\"")]);
        check(&[("etag", "W/\"a\""), ("accept-ranges", "bytes")], &[("etag", "W/\"a\"")]);
        check(&[("content-type", "text/html")], &[("content-type", "text/html")]);
    }
}
