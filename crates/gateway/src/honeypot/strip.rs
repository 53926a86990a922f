//! The field is taken out of a posted form, so that the application never learns of it.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

/// What became of a form's beginning.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stripped {
    /// It without the field.
    pub(crate) body: Bytes,
    /// How many bytes less that is.
    pub(crate) removed: u64,
    /// Whether something was written into the field.
    pub(crate) filled: bool,
}

/// Takes the field called `name` out of what was inspected of a body; `None` when it is not in there. A form may have it
/// more than once, as a page may have it.
pub(crate) fn strip(content_type: &[u8], body: &Bytes, name: &str) -> Option<Stripped> {
    memmem::find(body, name.as_bytes())?;
    let starts = |kind: &str| {
        content_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind.as_bytes()))
    };
    if starts("application/x-www-form-urlencoded") {
        strip_pairs(body, name)
    } else if starts("multipart/form-data") {
        strip_parts(body, &boundary(content_type)?, name)
    } else {
        None
    }
}

/// `a=b&name=value`. Browsers write the name as it is: it has letters and an underscore only.
fn strip_pairs(body: &Bytes, name: &str) -> Option<Stripped> {
    let value = |pair: &[u8]| {
        let rest = pair.strip_prefix(name.as_bytes())?;
        if rest.is_empty() { Some(false) } else { rest.strip_prefix(b"=").map(|value| !value.is_empty()) }
    };
    let (mut kept, mut found, mut filled) = (BytesMut::with_capacity(body.len()), false, false);
    let mut first = true;
    for pair in body.split(|b| *b == b'&') {
        if let Some(is_filled) = value(pair) {
            (found, filled) = (true, filled || is_filled);
            continue;
        }
        if !first {
            kept.extend_from_slice(b"&");
        }
        kept.extend_from_slice(pair);
        first = false;
    }
    found.then(|| stripped(body, kept, filled))
}

/// Parts between boundaries (RFC 7578). Only a part that is there whole is taken out, with the delimiter before it.
fn strip_parts(body: &Bytes, boundary: &[u8], name: &str) -> Option<Stripped> {
    let delimiter = [b"--", boundary].concat();
    let inner = [b"\r\n", &delimiter[..]].concat();
    let marker = format!("name=\"{name}\"");
    let mut kept = BytesMut::with_capacity(body.len());
    let (mut found, mut filled) = (false, false);
    // A part reaches from its delimiter to the line break before the next one.
    let mut at = memmem::find(body, &delimiter)?;
    kept.extend_from_slice(&body[..at]);
    while let Some(length) = memmem::find(&body[at + delimiter.len()..], &inner) {
        let end = at + delimiter.len() + length;
        let part = &body[at..end];
        // The line break belongs to the next delimiter, which begins behind it.
        let next = end + 2;
        match memmem::find(part, b"\r\n\r\n") {
            Some(head) if is_field(&part[..head], &marker) => {
                found = true;
                filled |= part.len() > head + 4;
            }
            _ => kept.extend_from_slice(&body[at..next]),
        }
        at = next;
    }
    kept.extend_from_slice(&body[at..]);
    found.then(|| stripped(body, kept, filled))
}

/// Whether a part's head is that of the field: named so, and no file.
fn is_field(head: &[u8], marker: &str) -> bool {
    let named = memmem::find(head, marker.as_bytes());
    named.is_some_and(|at| head[..at].last().is_some_and(|before| matches!(before, b' ' | b';')))
        && memmem::find(head, b"filename").is_none()
}

fn stripped(body: &Bytes, kept: BytesMut, filled: bool) -> Stripped {
    let removed = (body.len() - kept.len()) as u64;
    Stripped { body: kept.freeze(), removed, filled }
}

fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(content_type).ok()?;
    let parameter = text.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })?;
    // RFC 2046, section 5.1.1.
    (1..=70).contains(&parameter.len()).then(|| parameter.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
    const PARTS: &str = "multipart/form-data; boundary=\"X1\"";

    fn stripped_text(kind: &str, body: &str) -> Option<(String, u64, bool)> {
        let found = strip(kind.as_bytes(), &Bytes::copy_from_slice(body.as_bytes()), "topic_ab")?;
        Some((String::from_utf8(found.body.to_vec()).unwrap(), found.removed, found.filled))
    }

    #[test]
    fn forms() {
        let check = |body: &str, expected: Option<(&str, u64, bool)>| {
            let found = stripped_text(FORM, body);
            assert_eq!(
                found.as_ref().map(|(text, removed, filled)| (&text[..], *removed, *filled)),
                expected,
                "{body}"
            );
        };
        check("a=1&b=2", None);
        check("a=topic_ab", None);
        check("topic_abc=1", None);
        check("a=1&topic_ab=", Some(("a=1", 10, false)));
        check("topic_ab=&a=1", Some(("a=1", 10, false)));
        check("topic_ab", Some(("", 8, false)));
        check("a=1&topic_ab=x&b=2&topic_ab=", Some(("a=1&b=2", 21, true)));
        check("a=1&&topic_ab=x", Some(("a=1&", 11, true)));
    }

    #[test]
    fn parts() {
        let part = |name: &str, value: &str| {
            format!("--X1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let (a, b) = (part("a", "1"), part("b", "topic_ab\r\n--X"));
        let check = |body: String, expected: Option<(String, bool)>| {
            let removed = expected.as_ref().map(|(text, _)| (body.len() - text.len()) as u64);
            let expected = expected.map(|(text, filled)| (text, removed.unwrap_or(0), filled));
            assert_eq!(stripped_text(PARTS, &body), expected, "{body}");
        };
        let end = "--X1--\r\n";
        check(format!("{a}{b}{end}"), None);
        check(format!("{a}{}{b}{end}", part("topic_ab", "")), Some((format!("{a}{b}{end}"), false)));
        check(format!("{}{a}{end}", part("topic_ab", "spam")), Some((format!("{a}{end}"), true)));
        check(format!("{a}{}{end}", part("topic_ab", "")), Some((format!("{a}{end}"), false)));
        check(format!("pre\r\n{}{a}{end}", part("topic_ab", "")), Some((format!("pre\r\n{a}{end}"), false)));
        // Half a part is not taken out, and neither is a file of that name.
        check(format!("{a}--X1\r\nContent-Disposition: form-data; name=\"topic_ab\"\r\n\r\nhalf"), None);
        let file = "--X1\r\nContent-Disposition: form-data; name=\"topic_ab\"; filename=\"a\"\r\n\r\n1\r\n";
        check(format!("{file}{end}"), None);
        assert_eq!(stripped_text("multipart/form-data", &format!("{a}topic_ab")), None, "without a boundary");
        assert_eq!(stripped_text("application/json", "{\"topic_ab\":\"x\"}"), None);
    }

    proptest! {
        /// Whatever comes, nothing but whole fields of that name is taken out, and the count is right.
        #[test]
        fn the_rest_stays(pairs in prop::collection::vec(("[a-c]{0,2}|topic_ab", "[x=%&\r\n-]{0,4}"), 0..6), multipart: bool) {
            let body = if multipart {
                pairs.iter().fold(String::new(), |body, (name, value)| {
                    format!("{body}--X1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                }) + "--X1--"
            } else {
                pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
            };
            let kind = if multipart { PARTS } else { FORM };
            if let Some((text, removed, _)) = stripped_text(kind, &body) {
                prop_assert_eq!(text.len() as u64 + removed, body.len() as u64);
                prop_assert!(stripped_text(kind, &text).is_none(), "{}", text);
            }
        }
    }
}
