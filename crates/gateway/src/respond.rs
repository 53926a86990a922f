//! Each action in the form that its sender understands.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;
use spigot_decision::Sender;

use crate::body::Through;
use crate::pages;
use crate::wire;

/// Our header names. What a client sends under them, or under an alias that some server takes for them, is removed.
pub(crate) const PREFIX: &str = "x-spigot-";
pub(crate) const REASON: HeaderName = HeaderName::from_static("x-captcha-reason");

/// An answer with a body of ours that nobody may store.
pub(crate) fn plain(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Through> {
    let body = body.into();
    let mut response = Response::new(Through::Bytes(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A page of ours.
pub(crate) fn page(status: StatusCode, html: String) -> Response<Through> {
    let mut response = plain(status, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(pages::PAGE_CSP));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// `application/problem+json` (RFC 9457), with members of our own.
pub(crate) fn problem(
    status: StatusCode,
    code: &str,
    title: &str,
    detail: &str,
    more: serde_json::Value,
) -> Response<Through> {
    let mut body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail, "code": code });
    if let (Some(object), serde_json::Value::Object(more)) = (body.as_object_mut(), more) {
        object.extend(more);
    }
    plain(status, "application/problem+json", body.to_string())
}

/// Why a request is refused, in words for whoever sent it.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) detail: &'static str,
}

impl From<wire::Refusal> for Refusal {
    fn from(why: wire::Refusal) -> Self {
        let (code, title) = why.name();
        Self { status: why.status(), code, title, detail: why.why() }
    }
}

impl Refusal {
    /// The answer, in the form of its sender.
    pub(crate) fn to(&self, sender: Sender, decision: &str) -> Response<Through> {
        refusal(sender, self.status, self.code, self.title, self.detail, decision)
    }

    /// The answer to a request that no decision was made about.
    pub(crate) fn undecided(&self) -> Response<Through> {
        problem(self.status, self.code, self.title, self.detail, json!({}))
    }
}

/// A refusal in the form of its sender: a page, problem+json, a gRPC status, or a line of text.
pub(crate) fn refusal(
    sender: Sender,
    status: StatusCode,
    code: &'static str,
    title: &str,
    detail: &str,
    decision: &str,
) -> Response<Through> {
    match sender {
        Sender::Navigation => page(status, pages::refusal(status.as_u16(), title, detail, decision)),
        Sender::Fetch | Sender::Api => problem(status, code, title, detail, json!({ "decision": decision })),
        Sender::Grpc => grpc(status, detail),
        Sender::Upgrade | Sender::Other => {
            plain(status, "text/plain; charset=utf-8", format!("{title}. {detail} ({decision})\n"))
        }
    }
}

/// A gRPC refusal travels as HTTP 200 with the status in its headers ("Trailers-Only").
pub(crate) fn grpc(status: StatusCode, message: &str) -> Response<Through> {
    let code = match status.as_u16() {
        429 => "8",        // RESOURCE_EXHAUSTED
        502..=504 => "14", // UNAVAILABLE
        400 => "3",        // INVALID_ARGUMENT
        _ => "7",          // PERMISSION_DENIED
    };
    let mut response = Response::new(Through::Empty);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static(code));
    let message: String = message.chars().filter(|c| matches!(c, ' '..='~') && *c != '%').collect();
    if let Ok(message) = HeaderValue::from_str(&message) {
        headers.insert("grpc-message", message);
    }
    response
}

/// Adds `Retry-After` in seconds.
pub(crate) fn retry_after(response: &mut Response<Through>, seconds: Option<u32>) {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
}

/// Whether a byte of a field's name is the same to servers that, like CGI, cannot tell underscores from dashes.
fn same(a: u8, b: u8) -> bool {
    a == b || (a == b'_' && b == b'-')
}

/// Whether a field's name is one of ours: also with underscores for dashes.
pub(crate) fn is_ours(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    let starts =
        |prefix: &[u8]| name.len() >= prefix.len() && name.iter().zip(prefix).all(|(a, b)| same(*a, *b));
    starts(PREFIX.as_bytes()) || (name.len() == REASON.as_str().len() && starts(REASON.as_str().as_bytes()))
}

/// Whether a field's name has other marks than dashes. To servers that, like CGI, make variables of names, `_` is a dash, to
/// some every mark is; gunicorn reads `SCRIPT_NAME` out of such a field. nginx passes none of them on either.
pub(crate) fn is_odd(name: &str) -> bool {
    !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Removes what a client sent under our names.
pub(crate) fn remove_ours(headers: &mut HeaderMap) {
    if headers.keys().any(is_ours) {
        let names: Vec<HeaderName> = headers.keys().filter(|name| is_ours(name)).cloned().collect();
        for name in names {
            headers.remove(name);
        }
    }
}

static HOP_BY_HOP: [HeaderName; 7] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What tells an application where a request comes from. Only a trusted proxy's own words are kept.
static FORWARDING: [HeaderName; 6] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-real-ip"),
    header::FORWARDED,
];

/// Fields that a server may take for a header's although they came behind the body (RFC 9110, section 6.5.1).
static NOT_IN_TRAILERS: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::HOST,
    header::SET_COOKIE,
    header::TRAILER,
];

/// Whether a field belongs to one hop by its name (RFC 9110, section 7.6.1).
pub(crate) fn is_of_one_hop(name: &str) -> bool {
    // By its text: lengths tell most names apart, and nothing is hashed.
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Whether a client may have a field removed by naming it in `Connection`. One that names a forwarding field would
/// strip what proxies before us vouch for.
fn is_removable(name: &str) -> bool {
    !name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"))
        && !name.eq_ignore_ascii_case("forwarded")
}

/// The names that `Connection` removes besides the usual ones.
pub(crate) fn named_by_connection(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::CONNECTION).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty() && is_removable(name))
}

/// Whether the sender takes trailers, which are passed on.
fn takes_trailers(headers: &HeaderMap) -> bool {
    headers.get_all(header::TE).iter().any(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"))
}

/// Removes fields by name. Looking at the few names that are there costs less than asking the map for each.
fn remove_all(headers: &mut HeaderMap, names: &[HeaderName]) {
    if headers.keys().any(|name| names.contains(name)) {
        for name in names {
            headers.remove(name);
        }
    }
}

/// Whether a field can come behind a body: not one that says how to read it, or is for somebody on the way (RFC 9110,
/// section 6.5.1).
pub(crate) fn may_be_trailer(name: &HeaderName) -> bool {
    !HOP_BY_HOP.contains(name) && !NOT_IN_TRAILERS.contains(name)
}

/// Removes what cannot.
pub(crate) fn remove_no_trailers(trailers: &mut HeaderMap) {
    let others = trailers.keys().filter(|name| !may_be_trailer(name));
    for name in others.cloned().collect::<Vec<_>>() {
        trailers.remove(name);
    }
}

/// Removes from a client's trailers what it could not have said in the headers either.
pub(crate) fn remove_untrusted_trailers(trailers: &mut HeaderMap) {
    remove_ours(trailers);
    remove_no_trailers(trailers);
    remove_all(trailers, &FORWARDING);
    let odd = trailers.keys().filter(|name| is_odd(name.as_str()));
    for name in odd.cloned().collect::<Vec<_>>() {
        trailers.remove(name);
    }
}

/// Removes the fields that belong to one hop (RFC 9110, section 7.6.1), and those that `Connection` names — but never
/// ours, which are set afterwards. `TE: trailers` stays, because trailers are passed on.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if !headers.keys().any(|name| is_of_one_hop(name.as_str())) {
        return;
    }
    let trailers = takes_trailers(headers);
    // Mostly none: what nearly every application names is removed by its name.
    let named: Vec<String> =
        named_by_connection(headers).filter(|name| !is_of_one_hop(name)).map(str::to_owned).collect();
    for name in named {
        headers.remove(name);
    }
    headers.remove(header::CONNECTION);
    remove_all(headers, &HOP_BY_HOP);
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ours_are_removed() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-spigot-action",
            "x_spigot_risk",
            "x-spigot_decision",
            "x-captcha-reason",
            "x_captcha_reason",
            "x-spigott",
            "x-captcha-reasons",
            "accept",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        remove_ours(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "x-captcha-reasons", "x-spigott"]);
    }

    #[test]
    fn names_that_servers_take_for_others_are_known() {
        for name in ["x_forwarded-for", "script_name", "x.spigot-trusted", "x-real~ip", "_", "a|b"] {
            assert!(is_odd(name), "{name}");
        }
        for name in ["x-forwarded-for", "a", "x-1", "content-md5"] {
            assert!(!is_odd(name), "{name}");
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("x_real_ip", HeaderValue::from_static("1"));
        trailers.insert("x-digest", HeaderValue::from_static("1"));
        remove_untrusted_trailers(&mut trailers);
        assert_eq!(trailers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-digest"]);
    }

    #[test]
    fn connection_cannot_strip_trust_headers() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Forwarded-For, x-custom, foo"),
            ("x-forwarded-for", "1"),
            ("foo", "1"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        remove_hop_by_hop(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["te", "x-forwarded-for"]);
    }
}
