//! The page that a widget stands in, as its browser tells.

use http::{HeaderMap, HeaderValue, Response, header};
use spigot_decision::policy::app_package;

use crate::body::Through;
use crate::site_keys::NO_HOST;

/// Where a call comes from. A program writes what it likes here; a browser writes the truth, and that is who is held to
/// the site key's hosts.
pub(super) struct Origin<'r> {
    value: Option<&'r HeaderValue>,
    host: Option<String>,
}

impl<'r> Origin<'r> {
    pub(super) fn of(headers: &'r HeaderMap) -> Self {
        let value = headers.get(header::ORIGIN);
        let host = match value.map(|value| value.to_str()) {
            None => Some(NO_HOST.to_owned()),
            Some(Ok(text)) => host(text),
            Some(Err(_)) => None,
        };
        Self { value, host }
    }

    /// Its host in lower case without port, or `null`; `None` when it cannot be read.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Lets the page read the answer. Nothing in it depends on cookies, so there is nothing to steal.
    pub(super) fn allow(&self, response: &mut Response<Through>) {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(value) = self.value {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value.clone());
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
        }
    }
}

/// The host of an origin (RFC 6454, section 6.1): `scheme://host[:port]`, or `null`.
fn host(origin: &str) -> Option<String> {
    if origin == NO_HOST {
        return Some(NO_HOST.to_owned());
    }
    if app_package(origin).is_some() {
        return Some(origin.to_owned());
    }
    let (_, rest) = origin.split_once("://")?;
    if rest.is_empty() {
        // A page that was opened as a file.
        return Some(NO_HOST.to_owned());
    }
    let name = match rest.strip_prefix('[') {
        Some(literal) => &rest[..literal.find(']')? + 2],
        None => rest.split(':').next()?,
    };
    let port = &rest[name.len()..];
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let fits = is_port
        && !name.is_empty()
        && name.len() <= 253
        && name != NO_HOST
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'[' | b']' | b':'));
    fits.then(|| name.trim_end_matches('.').to_ascii_lowercase()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_origins() {
        let check = |origin: &str, expected: Option<&str>| {
            assert_eq!(host(origin).as_deref(), expected, "{origin}");
        };
        check("https://shop.example", Some("shop.example"));
        check("https://Shop.Example:8443", Some("shop.example"));
        check("http://[2001:db8::1]:3000", Some("[2001:db8::1]"));
        check("capacitor://localhost", Some("localhost"));
        check("https://shop.example.", Some("shop.example"));
        check("null", Some("null"));
        check("android-app://com.example.Shop_2", Some("android-app://com.example.Shop_2"));
        check("file://", Some("null"));
        for wrong in [
            "",
            "shop.example",
            "https://shop.example/path",
            "https://a@b",
            "https://null",
            "https://:1",
            "https://.",
            "android-app://com.example.shop/",
        ] {
            check(wrong, None);
        }
    }
}
