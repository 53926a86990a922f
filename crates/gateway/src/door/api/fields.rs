//! The fields of a question, however its client wrote them: a form, JSON, multipart, or the query.

use crate::fields::multipart::Reading;
use crate::fields::{decode, multipart};

/// Names and values in the order in which they came; the first of a name counts.
pub(super) struct Fields(Vec<(String, String)>);

/// The body is none of the forms that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Fields that are looked at: a question has six at most.
const FIELDS_MAX: usize = 64;

impl Fields {
    /// The body's fields, then the query's.
    pub(super) fn read(query: &str, content_type: &[u8], body: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = Self(Vec::new());
        let kind = content_type.to_ascii_lowercase();
        let is = |what: &[u8]| kind.windows(what.len()).any(|window| window == what);
        if is(b"json") {
            fields.json(body)?;
        } else if kind.starts_with(b"multipart/form-data") {
            fields.multipart(content_type, body)?;
        } else if body.first() == Some(&b'{') && !kind.starts_with(b"application/x-www-form-urlencoded") {
            // Some clients forget to say that it is JSON.
            fields.json(body)?;
        } else {
            fields.form(body);
        }
        fields.form(query.as_bytes());
        Ok(fields)
    }

    /// A value that is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    fn push(&mut self, name: String, value: String) {
        if self.0.len() < FIELDS_MAX {
            self.0.push((name, value));
        }
    }

    fn form(&mut self, text: &[u8]) {
        for pair in text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX) {
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            self.push(decode(&pair[..at]), decode(pair.get(at + 1..).unwrap_or_default()));
        }
    }

    fn json(&mut self, body: &[u8]) -> Result<(), Unreadable> {
        if body.is_empty() {
            return Ok(());
        }
        let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(body) else {
            return Err(Unreadable);
        };
        for (name, value) in object {
            match value {
                serde_json::Value::String(text) => self.push(name, text),
                serde_json::Value::Number(number) => self.push(name, number.to_string()),
                serde_json::Value::Bool(flag) => self.push(name, flag.to_string()),
                // Absent, or nothing that any dialect has.
                serde_json::Value::Null => {}
                serde_json::Value::Array(_) | serde_json::Value::Object(_) => return Err(Unreadable),
            }
        }
        Ok(())
    }

    fn multipart(&mut self, content_type: &[u8], body: &[u8]) -> Result<(), Unreadable> {
        let whole = multipart::each(content_type, body, |name, value, reading| {
            if reading != Reading::File {
                self.push(name.to_owned(), String::from_utf8_lossy(value).into_owned());
            }
        });
        if whole { Ok(()) } else { Err(Unreadable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_however_they_are_written() {
        let check = |kind: &str, body: &str, query: &str, expected: Result<Option<&str>, Unreadable>| {
            let fields = Fields::read(query, kind.as_bytes(), body.as_bytes());
            let found = fields.as_ref().map(|fields| fields.text("secret")).map_err(|error| *error);
            assert_eq!(found, expected, "{kind} {body:?} {query}");
        };
        let form = "application/x-www-form-urlencoded";
        check(form, "secret=a%2Bb+c&response=x", "", Ok(Some("a+b c")));
        check(form, "response=x", "", Ok(None));
        check(form, "secret=", "", Ok(None));
        check(form, "secret=a&secret=b", "", Ok(Some("a")));
        check("", "secret=a", "", Ok(Some("a")));
        check("", "", "secret=a", Ok(Some("a")));
        check(form, "secret=body", "secret=query", Ok(Some("body")));
        check("application/json", r#"{"secret":"a","n":1,"x":null}"#, "", Ok(Some("a")));
        check("application/json; charset=utf-8", r#"{"secret":5}"#, "", Ok(Some("5")));
        check("text/plain", r#"{"secret":"a"}"#, "", Ok(Some("a")));
        check("application/json", "", "secret=a", Ok(Some("a")));
        check("application/json", "{", "", Err(Unreadable));
        check("application/json", "[]", "", Err(Unreadable));
        check("application/json", r#"{"secret":["a"]}"#, "", Err(Unreadable));
        let parts = "--b\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\na\r\n--b\r\ncontent-disposition: form-data; name=x\r\n\r\n\r\n--b--\r\n";
        check("multipart/form-data; boundary=b", parts, "", Ok(Some("a")));
        check("multipart/form-data; boundary=\"b\"", parts, "", Ok(Some("a")));
        check("multipart/form-data; boundary=c", parts, "", Err(Unreadable));
        check("multipart/form-data", parts, "", Err(Unreadable));
        check("multipart/form-data; boundary=b", &parts[..parts.len() - 8], "", Err(Unreadable));
    }
}
