//! The field is taken out of a posted form, so that the application never learns of it.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

use crate::fields::kind::Kind;
use crate::fields::multipart::Parts;

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
/// more than once, as a page may have it. Of a body that is not `complete` the end stays as it is: what follows belongs
/// to it.
pub(crate) fn strip(content_type: &[u8], body: &Bytes, complete: bool, name: &str) -> Option<Stripped> {
    memmem::find(body, name.as_bytes())?;
    match Kind::of(content_type) {
        Kind::Form => strip_pairs(body, complete, name),
        Kind::Multipart => strip_parts(body, Parts::of(content_type, body)?, name),
        Kind::Json | Kind::Other => None,
    }
}

/// `a=b&name=value`. Browsers write the name as it is: it has letters and an underscore only.
fn strip_pairs(body: &Bytes, complete: bool, name: &str) -> Option<Stripped> {
    let value = |pair: &[u8]| {
        let rest = pair.strip_prefix(name.as_bytes())?;
        if rest.is_empty() { Some(false) } else { rest.strip_prefix(b"=").map(|value| !value.is_empty()) }
    };
    let (mut kept, mut found, mut filled) = (BytesMut::with_capacity(body.len()), false, false);
    let mut first = true;
    let mut pairs = body.split(|b| *b == b'&').peekable();
    while let Some(pair) = pairs.next() {
        if let Some(is_filled) = value(pair) {
            filled |= is_filled;
            // Where the body is cut, the rest of this pair comes behind it.
            if complete || pairs.peek().is_some() {
                found = true;
                continue;
            }
        }
        if !first {
            kept.extend_from_slice(b"&");
        }
        kept.extend_from_slice(pair);
        first = false;
    }
    (found || filled).then(|| stripped(body, kept, filled))
}

/// Only a part that is there whole is taken out, with the delimiter before it.
fn strip_parts(body: &Bytes, parts: Parts<'_>, name: &str) -> Option<Stripped> {
    let mut kept = BytesMut::with_capacity(body.len());
    let (mut found, mut filled, mut copied) = (false, false, 0);
    for part in parts {
        if part.is_file || part.name != Some(name.as_bytes()) {
            continue;
        }
        found = true;
        filled |= !part.value.is_empty();
        kept.extend_from_slice(&body[copied..part.range.start]);
        copied = part.range.end;
    }
    kept.extend_from_slice(&body[copied..]);
    found.then(|| stripped(body, kept, filled))
}

fn stripped(body: &Bytes, kept: BytesMut, filled: bool) -> Stripped {
    let removed = (body.len() - kept.len()) as u64;
    Stripped { body: kept.freeze(), removed, filled }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
    const PARTS: &str = "multipart/form-data; boundary=\"X1\"";

    fn stripped_text(kind: &str, body: &str) -> Option<(String, u64, bool)> {
        stripped_beginning(kind, body, true)
    }

    fn stripped_beginning(kind: &str, body: &str, complete: bool) -> Option<(String, u64, bool)> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let found = strip(kind.as_bytes(), &body, complete, "topic_ab")?;
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
    fn the_pair_at_a_cut_stays() {
        let check = |body: &str, expected: Option<(&str, u64, bool)>| {
            let found = stripped_beginning(FORM, body, false);
            assert_eq!(
                found.as_ref().map(|(text, removed, filled)| (&text[..], *removed, *filled)),
                expected,
                "{body}"
            );
        };
        check("a=1&topic_ab", None);
        check("a=1&topic_ab=", None);
        check("a=1&topic_ab=sp", Some(("a=1&topic_ab=sp", 0, true)));
        check("a=1&topic_ab=&", Some(("a=1&", 10, false)));
        check("topic_ab=&b", Some(("b", 10, false)));
        check("topic_ab=&topic_ab=", Some(("topic_ab=", 10, false)));
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
        // Words of a head count where they stand: not in a value, and however they are written.
        let head = |head: &str| format!("--X1\r\n{head}\r\n\r\n1\r\n");
        let other = head("Content-Disposition: form-data; name=\"a; name=\"topic_ab\"");
        check(format!("{other}{end}"), None);
        for ours in [
            "content-disposition: form-data; NAME=\"topic_ab\"",
            "Content-Disposition: form-data;name=topic_ab",
            "Content-Disposition: form-data; name=\"topic_ab\"\r\nX-Note: filename",
            "Content-Disposition: form-data; x=\"; filename=1\"; name=\"topic_ab\"",
        ] {
            check(format!("{}{a}{end}", head(ours)), Some((format!("{a}{end}"), true)));
        }
        let many = a.repeat(300);
        check(format!("{many}{}{end}", part("topic_ab", "")), Some((format!("{many}{end}"), false)));
        assert_eq!(stripped_text("multipart/form-data", &format!("{a}topic_ab")), None, "without a boundary");
        assert_eq!(stripped_text("application/json", "{\"topic_ab\":\"x\"}"), None);
    }

    fn written(pairs: &[(String, String)], multipart: bool) -> String {
        if multipart {
            pairs.iter().fold(String::new(), |body, (name, value)| {
                format!("{body}--X1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            }) + "--X1--"
        } else {
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        }
    }

    proptest! {
        /// A body that is cut and taken up again is one from which fields may be missing, and nothing else.
        #[test]
        fn a_cut_changes_nothing(
            before in prop::collection::vec(("[a-c]{0,2}|topic_ab", "[x=%\r\n-]{0,4}"), 0..4),
            cut: prop::sample::Index,
            multipart: bool,
        ) {
            let body = written(&before, multipart);
            let kind = if multipart { PARTS } else { FORM };
            let (beginning, rest) = body.split_at(cut.index(body.len() + 1));
            let stripped = stripped_beginning(kind, beginning, false);
            let passed = stripped.map_or_else(|| beginning.to_owned(), |(text, ..)| text) + rest;
            let again = |body: &str| stripped_text(kind, body).map_or_else(|| body.to_owned(), |(text, ..)| text);
            prop_assert_eq!(again(&passed), again(&body));
            if before.iter().filter(|(name, _)| name == "topic_ab").count() == 1 {
                prop_assert!(passed == body || passed == again(&body), "{}", passed);
            }
        }

        /// Whatever comes, nothing but whole fields of that name is taken out, and the count is right.
        #[test]
        fn the_rest_stays(pairs in prop::collection::vec(("[a-c]{0,2}|topic_ab", "[x=%&\r\n-]{0,4}"), 0..6), multipart: bool) {
            let body = written(&pairs, multipart);
            let kind = if multipart { PARTS } else { FORM };
            if let Some((text, removed, _)) = stripped_text(kind, &body) {
                prop_assert_eq!(text.len() as u64 + removed, body.len() as u64);
                prop_assert!(stripped_text(kind, &text).is_none(), "{}", text);
            }
        }
    }
}
