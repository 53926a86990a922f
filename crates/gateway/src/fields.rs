//! The fields that a route names, read out of the inspected part of a body. Values are looked at and let go; a password
//! is held in a type that overwrites it, and no other place is copied to.

mod json;
pub(crate) mod kind;
pub(crate) mod multipart;

use std::borrow::Cow;

use memchr::memmem;
use percent_encoding::percent_decode;
use spigot_decision::Attempt;
use spigot_decision::policy::Settings;
use zeroize::Zeroizing;

use self::kind::Kind;
use self::multipart::Reading;
use crate::accounts::Password;

/// What was found of the fields that a route names.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) account: Option<String>,
    pub(crate) password: Option<Password>,
    pub(crate) honeypot_filled: bool,
    /// The field that named it.
    account_field: String,
    /// Which account is meant cannot be told for sure.
    pub(crate) unclear: bool,
}

/// An account's name is cut here: no log-in name is longer, and a key of any length would be hashed.
const ACCOUNT_BYTES: usize = 320;

/// No field's name is longer.
const NAME_BYTES_MAX: usize = 256;

/// What a route calls its fields.
#[derive(Clone, Copy)]
pub(crate) struct Named<'s> {
    account: &'s [String],
    password: &'s [String],
    honeypot: &'s [String],
    /// Several fields are ways to name one account, and not the parts of a new one.
    one_account: bool,
}

/// What came of a body.
#[derive(Clone, Copy)]
pub(crate) struct Came<'b> {
    pub(crate) content_type: &'b [u8],
    pub(crate) bytes: &'b [u8],
    /// All of it came, and is not compressed.
    pub(crate) plain: bool,
    /// What its request has behind the question mark.
    pub(crate) query: &'b str,
}

impl<'s> Named<'s> {
    /// A password is read only where there is something to look it up in.
    pub(crate) fn by(settings: &'s Settings, passwords: bool) -> Self {
        Self {
            account: &settings.account_fields,
            password: if passwords { &settings.attempt.password_fields } else { &[] },
            honeypot: &settings.honeypot_fields,
            one_account: settings.attempt.kind != Attempt::SignUp,
        }
    }

    fn all(&self) -> impl Iterator<Item = &'s String> {
        [self.account, self.password, self.honeypot].into_iter().flatten()
    }

    /// The field that a name is taken for by some readers, and whether by all but for upper and lower case.
    fn alike(&self, name: &str) -> Option<(&'s str, bool)> {
        if let Some(same) = self.all().find(|wanted| wanted.eq_ignore_ascii_case(name)) {
            return Some((same, true));
        }
        // Bodies have many names, nearly all of which are nobody's: what follows costs.
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return None;
        }
        let is_simple =
            |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let simple = is_simple(name);
        let mut wanted = self.all().filter(|wanted| !simple || !is_simple(wanted)).peekable();
        wanted.peek()?;
        let cased = |name: &str| name.to_uppercase().to_lowercase();
        let (same, plain) = (cased(name), cased(&plain_name(name)));
        wanted.find_map(|wanted| {
            let exact = cased(wanted) == same;
            (exact || cased(&plain_name(wanted)) == plain).then_some((wanted.as_str(), exact))
        })
    }

    fn is_account(&self, name: &str) -> bool {
        self.account.iter().any(|wanted| wanted == name)
    }
}

/// A form field's name as lenient readers take it: PHP passes over blanks before it and makes underscores of dots and
/// blanks in it, others over brackets around it, and nothing counts behind a NUL.
fn plain_name(name: &str) -> String {
    let name = name.split('\0').next().unwrap_or_default().trim();
    let name = name.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(name);
    name.replace(['.', ' ', '['], "_")
}

/// Looks for the fields in a form, of either encoding, or a JSON object.
pub(crate) fn read(came: Came<'_>, named: Named<'_>) -> Fields {
    let Came { content_type, bytes: body, plain, query } = came;
    let mut fields = Fields::default();
    if named.all().next().is_none() {
        return fields;
    }
    let whole = match Kind::of(content_type) {
        _ if body.is_empty() => true,
        Kind::Form => read_form(body, named, &mut fields),
        Kind::Multipart => multipart::each(content_type, body, |name, value, reading| {
            let Some((wanted, exact)) = named.alike(name) else { return };
            fields.unclear |= named.is_account(wanted) && (reading != Reading::Plain || !exact);
            if reading != Reading::File {
                let value = String::from_utf8_lossy(value).into_owned();
                fields.see(named, wanted, Zeroizing::new(value));
            }
        }),
        Kind::Json => read_json(body, named, &mut fields),
        // Many applications do not look at what a body calls itself.
        Kind::Other if body.trim_ascii_start().starts_with(b"{") => {
            read_json(body, named, &mut fields);
            true
        }
        Kind::Other => read_form(body, named, &mut fields),
    };
    // Some take parameters from wherever they are.
    read_form(query.as_bytes(), named, &mut fields);
    let understood = whole && plain && is_ascii_text(content_type);
    fields.unclear |= !understood && !named.account.is_empty();
    fields
}

/// Whether the characters of ASCII are what they are in ASCII, in the encoding that a body says it has.
fn is_ascii_text(content_type: &[u8]) -> bool {
    const OTHERS: [&[u8]; 5] = [b"utf-7", b"utf7", b"utf-16", b"utf-32", b"ucs-"];
    let Some(at) = memmem::find(&content_type.to_ascii_lowercase(), b"charset") else { return true };
    let charset = content_type[at..].to_ascii_lowercase();
    !OTHERS.iter().any(|other| memmem::find(&charset, other).is_some())
        && memmem::find(&charset, b"ebcdic").is_none()
        && memmem::find(&charset[7..], b"charset").is_none()
}

/// Always whole.
fn read_form(body: &[u8], named: Named<'_>, fields: &mut Fields) -> bool {
    for pair in body.split(|b| *b == b'&') {
        let (name, value) = match pair.iter().position(|b| *b == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        if let Some((name, exact)) = named.alike(&decode(name)) {
            fields.unclear |= named.is_account(name) && !exact;
            fields.see(named, name, Zeroizing::new(decode(value)));
        }
    }
    true
}

/// Whether all of it could be read.
fn read_json(body: &[u8], named: Named<'_>, fields: &mut Fields) -> bool {
    // Of two that have one name the last counts, as nearly everywhere: what is judged is what the application takes.
    let mut texts: Vec<(&str, Zeroizing<String>)> = Vec::new();
    let mut numbers: Vec<(&str, Zeroizing<String>)> = Vec::new();
    let wanted = |name: &str| named.alike(name).filter(|(_, exact)| *exact).map(|(wanted, _)| wanted);
    let whole = json::each(
        body,
        |name| wanted(name).is_some(),
        |name, value| {
            let Some(name) = wanted(name) else { return };
            let value = match value {
                json::Value::Text(text) => text,
                json::Value::Number(number) => return numbers.push((name, Zeroizing::new(number))),
                json::Value::Other => {
                    fields.unclear |= named.is_account(name);
                    return;
                }
            };
            let before = texts.iter().find(|(known, _)| *known == name);
            let other = before.is_some_and(|(_, before)| account_name(before) != account_name(&value));
            fields.unclear |= other && named.is_account(name);
            texts.retain(|(known, _)| *known != name);
            texts.push((name, value));
        },
    );
    for (name, value) in texts {
        fields.see(named, name, value);
    }
    // Beside a name, a number is something else.
    for (name, value) in numbers {
        if fields.account.is_none() || !named.is_account(name) {
            fields.see(named, name, value);
        }
    }
    whole
}

impl Fields {
    /// The application says which account is meant: whatever its fields are called, nothing is unclear then.
    pub(crate) fn name_account(&mut self, account: &str) {
        self.account = Some(account_name(account)).filter(|name| !name.is_empty());
        self.unclear = false;
    }
}

/// An account's name as it is counted.
fn account_name(value: &str) -> String {
    let mut account = value.trim().to_lowercase();
    let fits = |i: &usize| account.is_char_boundary(*i);
    account.truncate((0..=ACCOUNT_BYTES.min(account.len())).rev().find(fits).unwrap_or(0));
    account
}

impl Fields {
    /// The first that is filled in counts.
    fn see(&mut self, named: Named<'_>, name: &str, value: Zeroizing<String>) {
        let is = |names: &[String]| names.iter().any(|wanted| wanted == name);
        if is(named.honeypot) && !value.is_empty() {
            self.honeypot_filled = true;
        }
        if is(named.account) && !value.trim().is_empty() {
            let account = account_name(&value);
            match &self.account {
                None => {
                    self.account = Some(account);
                    self.account_field = name.to_owned();
                }
                // Which of them the application takes is not known.
                Some(first) => {
                    self.unclear |= *first != account && (named.one_account || self.account_field == name);
                }
            }
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
        let named = Named { account: &account, password: &password, honeypot: &honeypot, one_account: true };
        let check = |kind: &str, body: &str, account: Option<&str>, password: bool, honeypot_filled: bool| {
            let came = Came { content_type: kind.as_bytes(), bytes: body.as_bytes(), plain: true, query: "" };
            let found = read(came, named);
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
        check(json, r#"{"email":{"a":[1,"x"]},"password":7,"website":"x"}"#, None, true, true);
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
    fn an_account_cannot_be_hidden() {
        let (account, other) = (names(&["email", "login"]), names(&["website"]));
        let check = |one_account, plain, kind: &str, body: &str, account_found: Option<&str>, unclear| {
            let named = Named { account: &account, password: &[], honeypot: &other, one_account };
            let found =
                read(Came { content_type: kind.as_bytes(), bytes: body.as_bytes(), plain, query: "" }, named);
            assert_eq!((found.account.as_deref(), found.unclear), (account_found, unclear), "{kind} {body}");
        };
        let form = "Application/X-WWW-Form-URLEncoded ; charset=utf-8";
        check(true, true, form, "email=ada", Some("ada"), false);
        check(true, true, form, "email=ada&email=Ada&login=", Some("ada"), false);
        check(true, true, form, "email=decoy&email=victim", Some("decoy"), true);
        check(true, true, form, "email=decoy&login=victim", Some("decoy"), true);
        check(false, true, form, "email=ada@example.org&login=ada", Some("ada@example.org"), false);
        check(false, true, form, "email=decoy&email=victim", Some("decoy"), true);
        check(true, false, form, "x=1", None, true);
        check(true, false, form, "", None, true);
        let json = "application/JSON";
        check(true, true, json, r#"{"EMAIL":"ada"}"#, Some("ada"), false);
        check(true, true, json, r#"{"ema\u0131l":"ada"}"#, Some("ada"), false);
        check(true, true, json, r#"{"email":"decoy","Email":"victim"}"#, Some("victim"), true);
        check(true, true, json, r#"{"email":"decoy","login":"victim"}"#, Some("decoy"), true);
        let part_of = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let part = part_of("x", "1").repeat(257);
        let named = part_of("email", "ada");
        let many = "Multipart/Form-Data; boundary=b";
        check(true, true, many, &format!("{part}{named}--b--"), Some("ada"), false);
        check(true, true, many, &format!("{part}{named}--b"), None, true);
    }

    #[test]
    fn nor_where_others_read_it_otherwise() {
        let account = names(&["email", "user_name"]);
        let named = Named { account: &account, password: &[], honeypot: &[], one_account: true };
        let check = |kind: &str, body: &[u8], query: &str, expected: Option<&str>, unclear: bool| {
            let found = read(Came { content_type: kind.as_bytes(), bytes: body, plain: true, query }, named);
            let shown = body.escape_ascii();
            assert_eq!(
                (found.account.as_deref(), found.unclear),
                (expected, unclear),
                "{kind} {shown} {query}"
            );
        };
        let (form, json) = ("application/x-www-form-urlencoded", "application/json; charset=utf-8");
        // Names.
        check(form, b"+email=ada", "", Some("ada"), true);
        check(form, b"[email]=ada", "", Some("ada"), true);
        check(form, b"user.name=ada", "", Some("ada"), true);
        check(form, b"email%00x=ada", "", Some("ada"), true);
        check(form, b"email=x1&+email=ada", "", Some("x1"), true);
        check(form, b"EMAIL=ada", "", Some("ada"), false);
        check(form, b"emails=ada&mail=eve&user=x", "", None, false);
        // JSON that ends early, begins with a mark, or says it otherwise.
        check(json, br#"{"email":"x1","\ud800":0,"email":"ada"}"#, "", Some("x1"), true);
        check(json, b"\xef\xbb\xbf{\"email\":\"ada\"}", "", Some("ada"), false);
        check(json, br#"{"email":12345}"#, "", Some("12345"), false);
        check(json, br#"{"email":{"$ne":""}}"#, "", None, true);
        check(json, br#"{"email":null}"#, "", None, false);
        check(json, br#"{"email":true,"user_name":{"first":"a"}}"#, "", None, false);
        check(json, br#"{"email":["a","b"]}"#, "", None, true);
        check(json, br#"{"user_name":7,"email":"ada"}"#, "", Some("ada"), false);
        check(json, b"[1, 2]", "", None, false);
        check(json, b"\x00{\x00}", "", None, true);
        check(json, b"", "", None, false);
        check("application/json; charset=utf-16", br#"{"email":"ada"}"#, "", Some("ada"), true);
        check("application/json; charset=utf-8; charset=utf-16", b"{}", "", None, true);
        // What calls itself nothing, or something else.
        check("", b"email=ada", "", Some("ada"), false);
        check("text/plain;charset=UTF-8", br#" {"email":"ada"}"#, "", Some("ada"), false);
        check("application/xml", b"<email>ada</email>", "", None, false);
        // Parameters of the target.
        check(form, b"", "email=ada", Some("ada"), false);
        check(form, b"email=ada", "email=Ada&page=2", Some("ada"), false);
        check(form, b"email=x1", "email=ada", Some("x1"), true);
        // Parts.
        let parts = |head: &str, behind: &str| {
            format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\nada\r\n--b--{behind}").into_bytes()
        };
        let kind = "multipart/form-data; boundary=b";
        check(kind, &parts("name=\"email\"", "\r\n"), "", Some("ada"), false);
        check("multipart/mixed; boundary=b", &parts("name=\"email\"", ""), "", Some("ada"), false);
        check(kind, &parts("name=\"email\"\r\nContent-Transfer-Encoding: 8bit", ""), "", Some("ada"), false);
        check(kind, &parts("name=\"email\"\r\nContent-Transfer-Encoding: base64", ""), "", Some("ada"), true);
        check(kind, &parts("\r\n name=\"email\"", ""), "", None, true);
        check(kind, &parts("name*=utf-8''email", ""), "", None, true);
        check(kind, &parts("name=\"email\"; filename=\"\"", ""), "", None, true);
        check(kind, &parts("name=\"photo\"; filename=\"a.png\"", ""), "", None, false);
        check(kind, &parts("name=\"x\"", "\r\n--b\r\n"), "", None, true);
    }

    #[test]
    fn without_account_fields_nothing_is_unclear() {
        let honeypot = names(&["website"]);
        let named = Named { account: &[], password: &[], honeypot: &honeypot, one_account: true };
        assert!(
            !read(Came { content_type: b"application/json", bytes: b"{", plain: false, query: "" }, named)
                .unclear
        );
    }

    #[test]
    fn a_password_cannot_be_printed() {
        let password = names(&["password"]);
        let named = Named { account: &[], password: &password, honeypot: &[], one_account: true };
        let bytes = br#"{"password":"hunter2"}"#;
        let found = read(Came { content_type: b"application/json", bytes, plain: true, query: "" }, named);
        assert_eq!(format!("{:?}", found.password), "Some(Password(..))");
    }
}
