//! The fields that a route names, read out of the inspected part of a body. Values are looked at and let go; passwords
//! are never asked for.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// What was found of the fields that a route names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) account: Option<String>,
    pub(crate) honeypot_filled: bool,
}

/// An account's name is cut here: no log-in name is longer, and a key of any length would be hashed.
const ACCOUNT_BYTES: usize = 320;

/// Looks for the fields in a form or a JSON object.
pub(crate) fn read(
    content_type: &[u8],
    body: &[u8],
    account_names: &[String],
    honeypot_names: &[String],
) -> Fields {
    let mut fields = Fields::default();
    if account_names.is_empty() && honeypot_names.is_empty() {
        return fields;
    }
    let mut see = |name: &str, value: &str| {
        if fields.account.is_none() && account_names.iter().any(|n| n == name) && !value.trim().is_empty() {
            let mut account = value.trim().to_lowercase();
            account.truncate(
                (0..=ACCOUNT_BYTES.min(account.len()))
                    .rev()
                    .find(|i| account.is_char_boundary(*i))
                    .unwrap_or(0),
            );
            fields.account = Some(account);
        }
        if honeypot_names.iter().any(|n| n == name) && !value.is_empty() {
            fields.honeypot_filled = true;
        }
    };
    if content_type.starts_with(b"application/x-www-form-urlencoded") {
        for pair in body.split(|b| *b == b'&') {
            let (name, value) = match pair.iter().position(|b| *b == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            see(&decode(name), &decode(value));
        }
    } else if content_type.windows(4).any(|w| w == b"json") {
        // A cut body is no JSON; its fields are then not known, which is what an absent field means.
        if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(body) {
            for (name, value) in &object {
                if let Some(text) = value.as_str() {
                    see(name, text);
                }
            }
        }
    }
    fields
}

/// A name or value of a form.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let spaced: Cow<'_, [u8]> = if bytes.contains(&b'+') {
        bytes.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect::<Vec<_>>().into()
    } else {
        bytes.into()
    };
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_json() {
        let check = |kind: &str, body: &str, account: Option<&str>, honeypot_filled: bool| {
            let found =
                read(kind.as_bytes(), body.as_bytes(), &["email".to_owned()], &["website".to_owned()]);
            assert_eq!(
                found,
                Fields { account: account.map(str::to_owned), honeypot_filled },
                "{kind} {body}"
            );
        };
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        check(form, "email=Ada%40Example.org&password=x", Some("ada@example.org"), false);
        check(form, "website=&email=", None, false);
        check(form, "website=http%3A%2F%2Fspam", None, true);
        check(form, "email=a+b", Some("a b"), false);
        check("application/json", r#"{"email":"ada@example.org","n":1}"#, Some("ada@example.org"), false);
        check("application/json", r#"{"email":"#, None, false);
        check("multipart/form-data", "email=x", None, false);
    }
}
