//! The believable success that `shadow` gives.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use spigot_decision::policy::Settings;

use crate::body::Through;
use crate::respond::plain;

const THANKS: &str = "<!doctype html><title>Thank you</title><p>Thank you.</p>\n";
const HTML: &str = "text/html; charset=utf-8";

/// What placeholders stand for.
#[derive(Clone, Copy)]
pub(super) struct Filling<'a> {
    pub(super) account: &'a str,
    pub(super) path: &'a str,
    pub(super) decision: &'a str,
}

/// How a value has to be written where it comes to stand.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Html,
    Json,
    Plain,
    Header,
}

pub(super) fn answer(settings: &Settings, filling: Filling<'_>) -> Response<Through> {
    let shadow = &settings.shadow;
    let status = StatusCode::from_u16(settings.shadow_status).unwrap_or(StatusCode::OK);
    let kind = shadow.content_type.as_deref().unwrap_or(HTML);
    let place = match kind {
        kind if kind.contains("json") => Place::Json,
        kind if kind.contains("html") || kind.contains("xml") => Place::Html,
        _ => Place::Plain,
    };
    let body = shadow.body.as_deref().map_or(Cow::Borrowed(THANKS), |body| filling.fill(body, place).into());
    let mut response = plain(status, HTML, body.into_owned());
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    for (name, value) in &shadow.headers {
        let value = HeaderValue::from_str(&filling.fill(value, Place::Header));
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
            headers.append(name, value);
        }
    }
    response
}

impl Filling<'_> {
    /// One pass: what is filled in is not filled again.
    fn fill(self, text: &str, place: Place) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let named = [("{account}", self.account), ("{path}", self.path), ("{decision}", self.decision)];
            match named.into_iter().find(|(name, _)| rest.starts_with(name)) {
                Some((name, value)) => {
                    filled.push_str(&escaped(value, place));
                    rest = &rest[name.len()..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

fn escaped(value: &str, place: Place) -> String {
    match place {
        Place::Plain => value.to_owned(),
        Place::Header => utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
        Place::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Place::Html => value.chars().fold(String::new(), |mut out, letter| {
            match letter {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                letter => out.push(letter),
            }
            out
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_written_for_their_place() {
        let filling = Filling { account: "a\"<b>{path}@x", path: "/signup", decision: "04hm" };
        let check =
            |text: &str, place: Place, expected: &str| assert_eq!(filling.fill(text, place), expected);
        check("<p>{account}</p>", Place::Html, "<p>a&quot;&lt;b&gt;{path}@x</p>");
        check(
            r#"{"mail":"{account}","id":"{decision}"}"#,
            Place::Json,
            r#"{"mail":"a\"<b>{path}@x","id":"04hm"}"#,
        );
        check("/welcome?for={account}", Place::Header, "/welcome?for=a%22%3Cb%3E%7Bpath%7D%40x");
        check("{path} {unknown} {", Place::Plain, "/signup {unknown} {");
    }
}
