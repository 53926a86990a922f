//! The fields that a route names, read out of the inspected part of a body. Values are looked at and let go; a password
//! is held in a type that overwrites it, and no other place is copied to.

mod json;
pub(crate) mod kind;
pub(crate) mod multipart;

use std::borrow::Cow;

use percent_encoding::percent_decode;
use spigot_decision::policy::Settings;
use zeroize::Zeroizing;

use self::kind::Kind;
use crate::accounts::Password;

/// What was found of the fields that a route names.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) account: Option<String>,
    pub(crate) password: Option<Password>,
    pub(crate) honeypot_filled: bool,
}

/// An account's name is cut here: no log-in name is longer, and a key of any length would be hashed.
const ACCOUNT_BYTES: usize = 320;

/// What a route calls its fields.
#[derive(Clone, Copy)]
pub(crate) struct Named<'s> {
    account: &'s [String],
    password: &'s [String],
    honeypot: &'s [String],
}

impl<'s> Named<'s> {
    /// A password is read only where there is something to look it up in.
    pub(crate) fn by(settings: &'s Settings, passwords: bool) -> Self {
        Self {
            account: &settings.account_fields,
            password: if passwords { &settings.attempt.password_fields } else { &[] },
            honeypot: &settings.honeypot_fields,
        }
    }

    fn any(&self, name: &str) -> bool {
        [self.account, self.password, self.honeypot].into_iter().flatten().any(|wanted| wanted == name)
    }
}

/// Looks for the fields in a form, of either encoding, or a JSON object.
pub(crate) fn read(content_type: &[u8], body: &[u8], named: Named<'_>) -> Fields {
    let mut fields = Fields::default();
    if [named.account, named.password, named.honeypot].iter().all(|names| names.is_empty()) {
        return fields;
    }
    match Kind::of(content_type) {
        Kind::Form => {
            for pair in body.split(|b| *b == b'&') {
                let (name, value) = match pair.iter().position(|b| *b == b'=') {
                    Some(at) => (&pair[..at], &pair[at + 1..]),
                    None => (pair, &[][..]),
                };
                let name = decode(name);
                if named.any(&name) {
                    fields.see(named, &name, Zeroizing::new(decode(value)));
                }
            }
        }
        Kind::Multipart => {
            multipart::each(content_type, body, |name, value| {
                if named.any(name) {
                    fields.see(named, name, Zeroizing::new(String::from_utf8_lossy(value).into_owned()));
                }
            });
        }
        Kind::Json => {
            // Of two that have one name the last counts, as nearly everywhere: what is judged is what the application takes.
            let mut texts: Vec<(String, Zeroizing<String>)> = Vec::new();
            json::each(
                body,
                |name| named.any(name),
                |name, value| {
                    texts.retain(|(known, _)| known != name);
                    texts.push((name.to_owned(), value));
                },
            );
            for (name, value) in texts {
                fields.see(named, &name, value);
            }
        }
        Kind::Other => {}
    }
    fields
}

impl Fields {
    /// The first that is filled in counts.
    fn see(&mut self, named: Named<'_>, name: &str, value: Zeroizing<String>) {
        let is = |names: &[String]| names.iter().any(|wanted| wanted == name);
        if is(named.honeypot) && !value.is_empty() {
            self.honeypot_filled = true;
        }
        if self.account.is_none() && is(named.account) && !value.trim().is_empty() {
            let mut account = value.trim().to_lowercase();
            let fits = |i: &usize| account.is_char_boundary(*i);
            account.truncate((0..=ACCOUNT_BYTES.min(account.len())).rev().find(fits).unwrap_or(0));
            self.account = Some(account);
        }
        if self.password.is_none() && is(named.password) {
            self.password = Password::of(value);
        }
    }
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

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn forms_and_json() {
        let (account, password, honeypot) = (names(&["email"]), names(&["password"]), names(&["website"]));
        let named = Named { account: &account, password: &password, honeypot: &honeypot };
        let check = |kind: &str, body: &str, account: Option<&str>, password: bool, honeypot_filled: bool| {
            let found = read(kind.as_bytes(), body.as_bytes(), named);
            let found = (found.account.as_deref(), found.password.is_some(), found.honeypot_filled);
            assert_eq!(found, (account, password, honeypot_filled), "{kind} {body}");
        };
        let ada = Some("ada@example.org");
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        check(form, "email=Ada%40Example.org&password=x", ada, true, false);
        check(form, "website=&email=&password=", None, false, false);
        check(form, "website=http%3A%2F%2Fspam", None, false, true);
        check(form, "email=a+b", Some("a b"), false, false);
        let json = "application/json";
        check(json, r#"{"email":"ada@example.org","n":1,"password":"x"}"#, ada, true, false);
        check(
            json,
            r#"{"n":[{"email":"eve"}],"email":" Ada@Example.org ","password":null}"#,
            ada,
            false,
            false,
        );
        check(json, r#"{"email":{"a":[1,"x"]},"password":7,"website":"x"}"#, None, false, true);
        check(json, r#"{"email":"ada@example.org","rest":"#, ada, false, false);
        check(json, r#"{"email":"eve@example.org","email":"ada@example.org"}"#, ada, false, false);
        check(json, r#"{"email":"#, None, false, false);
        check(json, "[\"email\"]", None, false, false);
        check("Application/X-WWW-Form-URLencoded", "email=ada@example.org", ada, false, false);
        check("application/JSON", r#"{"email":"ada@example.org"}"#, ada, false, false);
        let multipart = "multipart/form-data; boundary=----b";
        let part = |head: &str, value: &str| {
            format!("------b\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n")
        };
        let whole = [part("name=\"email\"", "Ada@Example.org"), part("name=\"password\"", "x")].concat();
        check(multipart, &format!("{whole}------b--\r\n"), ada, true, false);
        check(
            "multipart/form-data; boundary=\"----b\"",
            &format!("preamble\r\n{whole}------b--"),
            ada,
            true,
            false,
        );
        check(multipart, &whole, ada, false, false);
        let file = part("name=\"email\"; filename=\"a.txt\"\r\nContent-Type: text/plain", "eve@example.org");
        check(multipart, &format!("{file}{}------b--", part("name=\"website\"", "x")), None, false, true);
        check("Multipart/Form-Data, Boundary=----b", &format!("{whole}------b--"), ada, true, false);
        let behind = part("name=\"n\"", "1").repeat(300);
        check(multipart, &format!("{behind}{whole}------b--"), ada, true, false);
        let quoted = part("x=\"; filename=1\"; NAME=\"email\"", "Ada@Example.org");
        check(multipart, &format!("{quoted}------b--"), ada, false, false);
        check(multipart, "email=x", None, false, false);
        check("multipart/form-data", &whole, None, false, false);
    }

    #[test]
    fn a_password_cannot_be_printed() {
        let password = names(&["password"]);
        let named = Named { account: &[], password: &password, honeypot: &[] };
        let found = read(b"application/json", br#"{"password":"hunter2"}"#, named);
        assert_eq!(format!("{:?}", found.password), "Some(Password(..))");
    }
}
