//! The upstream's request, made of the client's.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version, header};
use spigot_decision::ReasonKind;
use spigot_state::State;

use super::Turn;
use crate::pipeline::{Decided, Seen};
use crate::respond::{remove_hop_by_hop, remove_ours};

impl<S: State> Turn<'_, S> {
    /// Makes the upstream's request of the client's.
    pub(super) fn rewrite(
        &self,
        parts: &mut http::request::Parts,
        decided: &Decided,
        upgrade: Option<&HeaderValue>,
    ) {
        let seen = self.seen;
        let headers = &mut parts.headers;
        remove_ours(headers);
        remove_hop_by_hop(headers);
        if let Some(protocol) = upgrade {
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, protocol.clone());
        }
        if parts.version == Version::HTTP_2 {
            if let Some(authority) =
                parts.uri.authority().and_then(|a| HeaderValue::from_str(a.as_str()).ok())
            {
                headers.insert(header::HOST, authority);
            }
            join_cookies(headers);
        }
        parts.version = Version::HTTP_11;
        if let Ok(uri) = target(seen).parse::<Uri>() {
            parts.uri = uri;
        }
        let peer_is_trusted =
            self.snapshot.settings.trusted_proxies.find(self.connection.peer.ip()).is_some();
        forwarded(headers, self.connection.peer.ip(), peer_is_trusted, self.connection.secure);
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("x-spigot-action", decided.decision.effective.name());
        set("x-spigot-decision", &decided.id.to_string());
        let policy = &self.snapshot.policy;
        let mut reasons = String::new();
        for reason in decided.decision.reasons.iter().filter(|reason| reason.kind != ReasonKind::Tells) {
            if !reasons.is_empty() {
                reasons.push_str(", ");
            }
            reasons.push_str(policy.source_name(reason.source));
        }
        set("x-spigot-reasons", &reasons);
        headers.insert(
            HeaderName::from_static("x-spigot-risk"),
            HeaderValue::from(u16::from(decided.decision.risk)),
        );
    }
}

/// Path and query as they are matched, shown and forwarded: one text for all three.
pub(super) fn target(seen: &Seen<'_>) -> String {
    if seen.query.is_empty() { seen.path.to_owned() } else { format!("{}?{}", seen.path, seen.query) }
}

/// HTTP/2 may send a cookie in pieces (RFC 9113, section 8.2.3); HTTP/1.1 has one field.
fn join_cookies(headers: &mut HeaderMap) {
    let pieces: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if pieces.len() > 1 {
        let joined = pieces.join(&b"; "[..]);
        if let Ok(joined) = HeaderValue::from_bytes(&joined) {
            headers.insert(header::COOKIE, joined);
        }
    }
}

/// What the upstream is told about the client. Only a trusted proxy's own words are kept.
fn forwarded(headers: &mut HeaderMap, peer: IpAddr, peer_is_trusted: bool, secure: bool) {
    if !peer_is_trusted {
        for name in [
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-real-ip",
            "forwarded",
        ] {
            headers.remove(name);
        }
    }
    let peer = peer.to_canonical().to_string();
    let before = headers.get("x-forwarded-for").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let chain = before.map_or(peer.clone(), |before| format!("{before}, {peer}"));
    if let Ok(chain) = HeaderValue::from_str(&chain) {
        headers.insert("x-forwarded-for", chain);
    }
    if !headers.contains_key("x-forwarded-proto") {
        headers.insert("x-forwarded-proto", HeaderValue::from_static(if secure { "https" } else { "http" }));
    }
    if !headers.contains_key("x-forwarded-host")
        && let Some(host) = headers.get(header::HOST).cloned()
    {
        headers.insert("x-forwarded-host", host);
    }
}
