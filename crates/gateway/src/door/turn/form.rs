//! A form that its challenge's page carries along, where nothing can be put into its place afterwards: behind another
//! server, which passes on what its client sends.

use http::HeaderValue;
use percent_encoding::percent_decode;

use crate::fields::kind::Kind;

/// Forms that people fill in are smaller; the page grows by as much.
const BYTES_MAX: usize = 32 << 10;
/// More fields than any such form has; each becomes an element of the page.
const FIELDS_MAX: usize = 256;

/// The fields of a form, in their order, when a page can send the same again.
pub(in crate::door) fn carried(
    content_type: Option<&HeaderValue>,
    body: &[u8],
) -> Option<Vec<(String, String)>> {
    let is_form = content_type.is_some_and(|kind| Kind::of(kind.as_bytes()) == Kind::Form);
    if !is_form || body.is_empty() || body.len() > BYTES_MAX {
        return None;
    }
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let fields: Option<Vec<_>> = pairs
        .take(FIELDS_MAX + 1)
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let value = pair.get(at + 1..).unwrap_or_default();
            Some((text(&pair[..at])?, text(value)?))
        })
        .collect();
    fields.filter(|fields| fields.len() <= FIELDS_MAX)
}

/// A name or value; `None` when it is no text, which a page could not send as it came.
fn text(bytes: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Some(percent_decode(&spaced).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_can_send_again_is_carried() {
        let check = |kind: &'static str, body: &str, expected: Option<&[(&str, &str)]>| {
            let found = carried(Some(&HeaderValue::from_static(kind)), body.as_bytes());
            let expected = expected.map(|fields| {
                fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
            });
            assert_eq!(found, expected, "{kind} {body}");
        };
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        check(
            form,
            "a=1&b=x+y&a=%C3%A9%0D%0A&c",
            Some(&[("a", "1"), ("b", "x y"), ("a", "é\r\n"), ("c", "")]),
        );
        check(form, "a=%FF", None);
        check(form, "", None);
        check(form, &"a=1&".repeat(FIELDS_MAX + 1), None);
        check(form, &"a".repeat(BYTES_MAX + 1), None);
        check("multipart/form-data; boundary=a", "a=1", None);
        check("application/json", "{}", None);
    }
}
