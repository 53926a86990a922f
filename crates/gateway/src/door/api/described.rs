//! The question of `/v1/decide`: one description of a request or an action, or several.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{HOST, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri};
use serde::Deserialize;
use serde_json::Value;

use super::decide::BATCH_MAX;
use crate::challenge_routes::action_path;
use crate::door::described::{About, Described, Shown};

/// Header fields of one request: twice what browsers send.
const HEADERS_MAX: usize = 100;
/// Letters of an action's name, as of a widget's.
const ACTION_LETTERS: usize = 32;
/// Letters of a fingerprint: the longest that is known has 100.
const FINGERPRINT_LETTERS: usize = 200;

/// What is asked.
#[derive(Debug)]
pub(super) enum Question {
    One(Box<Item>),
    Several(Vec<Item>),
}

/// Why it is not understood, for whoever wrote it.
#[derive(Debug)]
pub(super) struct Unclear {
    pub(super) code: &'static str,
    pub(super) detail: String,
}

/// One description. Members that are not known are passed over.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    host: String,
    address: String,
    method: Option<String>,
    scheme: Option<String>,
    path: Option<String>,
    action: Option<String>,
    #[serde(default)]
    headers: Headers,
    account: Option<String>,
    body: Option<String>,
    body_base64: Option<String>,
    body_complete: Option<bool>,
    #[serde(default)]
    fingerprints: Fingerprints,
}

/// Pairs in their order, or an object where that is lost.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Headers {
    Pairs(Vec<(String, String)>),
    Object(std::collections::BTreeMap<String, String>),
}

impl Default for Headers {
    fn default() -> Self {
        Self::Pairs(Vec::new())
    }
}

#[derive(Debug, Default, Deserialize)]
struct Fingerprints {
    tls: Option<String>,
    http2: Option<String>,
}

impl Question {
    pub(super) fn read(body: &[u8]) -> Result<Self, Unclear> {
        let Ok(question @ Value::Object(_)) = serde_json::from_slice(body) else {
            return Err(unclear(
                "unreadable",
                "Send a JSON object: a description, or `requests` with several.",
            ));
        };
        let Some(requests) = question.get("requests") else {
            return read(question).map(|item| Self::One(Box::new(item)));
        };
        let Some(items) = requests.as_array().filter(|items| (1..=BATCH_MAX).contains(&items.len())) else {
            return Err(unclear(
                "too_many",
                &format!("`requests` is a list of 1 to {BATCH_MAX} descriptions."),
            ));
        };
        items.iter().map(|item| read(item.clone())).collect::<Result<_, _>>().map(Self::Several)
    }
}

fn read(item: Value) -> Result<Item, Unclear> {
    serde_json::from_value(item)
        .map_err(|why| unclear("malformed", &format!("A description is not as it should be: {why}.")))
}

impl Item {
    /// Whether its path is all of one: what is behind a `#` would be cut off here, and served by others.
    pub(super) fn has_clear_path(&self) -> bool {
        self.path.as_ref().is_none_or(|path| !path.contains('#'))
    }

    /// The request that it describes.
    pub(super) fn described(self) -> Result<(Described, About), Unclear> {
        let malformed =
            |member: &str, wanted: &str| unclear("malformed", &format!("`{member}` is {wanted}."));
        let is_action = self.action.is_some();
        let (method, target) = match (&self.action, &self.path) {
            (Some(action), None) if is_action_name(action) => ("POST", action_path(action)),
            (Some(_), None) => return Err(malformed("action", "1 to 32 of A-Z a-z 0-9 _ -")),
            (Some(_), Some(_)) => {
                return Err(malformed("action", "for what is no request: leave out `path`"));
            }
            (None, path) => {
                (self.method.as_deref().unwrap_or("GET"), path.clone().unwrap_or_else(|| "/".to_owned()))
            }
        };
        let method =
            Method::from_bytes(method.as_bytes()).map_err(|_| malformed("method", "an HTTP method"))?;
        let target = Some(target)
            .filter(|target| target.starts_with('/'))
            .and_then(|target| PathAndQuery::try_from(target).ok())
            .ok_or_else(|| malformed("path", "a path with its query, as it came: it begins with a slash"))?;
        let client: IpAddr = self
            .address
            .trim()
            .parse()
            .map_err(|_| malformed("address", "the visitor's IPv4 or IPv6 address"))?;
        let secure = match self.scheme.as_deref() {
            None | Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(malformed("scheme", "\"https\" or \"http\"")),
        };
        let body = shown(&method, self.body, self.body_base64, self.body_complete.unwrap_or(true))
            .ok_or_else(|| malformed("body_base64", "base64, and in place of `body`"))?;
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from(target);
        let (mut parts, ()) = request.into_parts();
        let pairs = match self.headers {
            Headers::Pairs(pairs) => pairs,
            Headers::Object(object) => object.into_iter().collect(),
        };
        if pairs.len() > HEADERS_MAX {
            return Err(malformed("headers", "a list of at most 100"));
        }
        for (name, value) in pairs {
            let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name.as_str()), HeaderValue::from_bytes(value.as_bytes()))
            else {
                return Err(malformed(
                    "headers",
                    &format!("of fields that HTTP can have, which {name:?} is not"),
                ));
            };
            parts.headers.append(name, value);
        }
        let host = HeaderValue::try_from(self.host).map_err(|_| malformed("host", "a host name"))?;
        // Whatever was among the headers, this is the one that is asked about.
        parts.headers.insert(HOST, host);
        let short = |text: &String| !text.is_empty() && text.len() <= FINGERPRINT_LETTERS;
        let Fingerprints { tls, http2 } = self.fingerprints;
        let described = Described {
            parts: Box::new(parts),
            client: client.to_canonical(),
            secure,
            tls: tls.filter(short),
            http2: http2.filter(short),
            header_order: None,
            body,
        };
        Ok((described, About { account: self.account, is_action }))
    }
}

/// `None` when it is told twice or is no base64.
fn shown(method: &Method, text: Option<String>, base64: Option<String>, complete: bool) -> Option<Shown> {
    let bytes = match (text, base64) {
        (Some(_), Some(_)) => return None,
        (Some(text), None) => Bytes::from(text),
        (None, Some(base64)) => Bytes::from(STANDARD.decode(base64).ok()?),
        // These have none, or one that means nothing.
        (None, None) if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) => {
            return Some(Shown::Nothing);
        }
        (None, None) => return Some(Shown::Unseen),
    };
    Some(if complete { Shown::Whole(bytes) } else { Shown::Begun(bytes) })
}

fn is_action_name(name: &str) -> bool {
    (1..=ACTION_LETTERS).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn unclear(code: &'static str, detail: &str) -> Unclear {
    Unclear { code, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_requests() {
        let check = |question: &str, expected: Result<&str, &str>| {
            let found = Question::read(question.as_bytes()).and_then(|question| match question {
                Question::One(item) => item.described().map(|(described, about)| written(&described, &about)),
                Question::Several(items) => Ok(format!("{} requests", items.len())),
            });
            let found = found.map_err(|why| why.detail);
            match expected {
                Ok(expected) => assert_eq!(found.as_deref(), Ok(expected), "{question}"),
                Err(part) => {
                    let why = found.expect_err(question);
                    assert!(why.contains(part), "{question}: {why}");
                }
            }
        };
        let with = |more: &str| format!(r#"{{"host":"a.example","address":"192.0.2.1"{more}}}"#);
        check(&with(""), Ok("GET a.example / from 192.0.2.1 secure Nothing"));
        check(
            &with(r#","path":"/a?b=%2F","method":"POST","scheme":"http""#),
            Ok("POST a.example /a?b=%2F from 192.0.2.1 Unseen"),
        );
        check(
            &with(r#","method":"POST","body":"a=b""#),
            Ok("POST a.example / from 192.0.2.1 secure Whole(b\"a=b\")"),
        );
        check(
            &with(r#","method":"POST","body_base64":"YT1i","body_complete":false"#),
            Ok("POST a.example / from 192.0.2.1 secure Begun(b\"a=b\")"),
        );
        check(
            &with(r#","action":"checkout","account":"Jo""#),
            Ok("POST a.example /.spigot/action/checkout from 192.0.2.1 secure Unseen action for Jo"),
        );
        check(
            &with(r#","headers":{"Host":"evil.example"}"#),
            Ok("GET a.example / from 192.0.2.1 secure Nothing"),
        );
        check(
            &with(r#","headers":[["Host","evil.example"]],"more":1"#),
            Ok("GET a.example / from 192.0.2.1 secure Nothing"),
        );
        check(
            r#"{"host":"a.example","address":"::ffff:192.0.2.1"}"#,
            Ok("GET a.example / from 192.0.2.1 secure Nothing"),
        );
        check(&format!(r#"{{"requests":[{0},{0}]}}"#, with("")), Ok("2 requests"));
        check("", Err("a JSON object"));
        check("[]", Err("a JSON object"));
        check(r#"{"requests":[]}"#, Err("1 to 32"));
        check(&format!(r#"{{"requests":[{}]}}"#, vec![with(""); 33].join(",")), Err("1 to 32"));
        check(r#"{"host":"a.example"}"#, Err("address"));
        check(r#"{"host":"a.example","address":"shop"}"#, Err("`address` is"));
        check(r#"{"host":"a\nb","address":"192.0.2.1"}"#, Err("`host` is"));
        check(&with(r#","path":"a""#), Err("`path` is"));
        check(&with(r#","path":"https://evil.example/""#), Err("`path` is"));
        check(&with(r#","path":"/a b""#), Err("`path` is"));
        check(&with(r#","action":"../x""#), Err("`action` is"));
        check(&with(r#","action":"a","path":"/""#), Err("leave out `path`"));
        check(&with(r#","scheme":"ftp""#), Err("`scheme` is"));
        check(&with(r#","method":"GE T""#), Err("`method` is"));
        check(&with(r#","body":"a","body_base64":"YQ==""#), Err("`body_base64` is"));
        check(&with(r#","body_base64":"?""#), Err("`body_base64` is"));
        check(&with(r#","headers":[["a b","c"]]"#), Err("`headers` is"));
        check(&with(r#","headers":[["a","b\r\nc"]]"#), Err("`headers` is"));
        check(&with(&format!(r#","headers":[{}]"#, vec![r#"["a","b"]"#; 101].join(","))), Err("at most 100"));
    }

    fn written(described: &Described, about: &About) -> String {
        let parts = &described.parts;
        let host = parts
            .headers
            .get_all(HOST)
            .iter()
            .map(|host| host.to_str().unwrap())
            .collect::<Vec<_>>()
            .join(" ");
        let secure = if described.secure { " secure" } else { "" };
        let mut text = format!(
            "{} {host} {} from {}{secure} {:?}",
            parts.method, parts.uri, described.client, described.body
        );
        if about.is_action {
            text.push_str(" action");
        }
        if let Some(account) = &about.account {
            text = format!("{text} for {account}");
        }
        text
    }
}
