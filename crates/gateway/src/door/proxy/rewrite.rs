//! The upstream's request, made of the client's.

use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, header};
use spigot_decision::ReasonKind;
use spigot_state::State;

use super::Turn;
use super::understand::told_length;
use crate::body::Through;
use crate::pipeline::{Decided, Seen};
use crate::respond::{FORWARDING, remove_all, remove_hop_by_hop};
use crate::stash::Kept;
use crate::upstream::Protocol;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_SPIGOT_ACTION: HeaderName = HeaderName::from_static("x-spigot-action");
const X_SPIGOT_DECISION: HeaderName = HeaderName::from_static("x-spigot-decision");
const X_SPIGOT_RISK: HeaderName = HeaderName::from_static("x-spigot-risk");
const X_SPIGOT_REASONS: HeaderName = HeaderName::from_static("x-spigot-reasons");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What the upstream's head is made of.
pub(super) struct Original<'a> {
    pub(super) parts: &'a Parts,
    /// The form that stands in for the body, when one was kept.
    pub(super) kept: Option<&'a Kept>,
    /// The protocol that the client wants to switch to.
    pub(super) upgrade: Option<&'a HeaderValue>,
}

impl<'o> Original<'o> {
    /// The application's method: a kept form's own.
    pub(super) fn method(&self) -> &'o Method {
        self.kept.map_or(&self.parts.method, |kept| &kept.method)
    }

    /// The body's length as it was told.
    pub(super) fn told_length(&self) -> Option<u64> {
        self.kept.map_or_else(|| told_length(&self.parts.headers), |kept| Some(kept.body.len() as u64))
    }

    pub(super) fn content_type(&self) -> Option<&'o HeaderValue> {
        match self.kept {
            Some(kept) => kept.content_type.as_ref(),
            None => self.parts.headers.get(header::CONTENT_TYPE),
        }
    }
}

impl<S: State> Turn<'_, S> {
    /// All fields that are the same for every protocol.
    pub(super) fn upstream_fields(
        &self,
        original: &Original<'_>,
        body: &Through,
        decided: &Decided,
    ) -> HeaderMap {
        let Original { parts, kept, .. } = original;
        // The client's own stay as they came, for conditions on the answer.
        let mut headers = parts.headers.clone();
        remove_hop_by_hop(&mut headers);
        // We have asked for the body ourselves, or will when it is sent on.
        remove_all(&mut headers, &[header::EXPECT]);
        if let Some(kept) = kept {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(kept.body.len()));
            match &kept.content_type {
                Some(content_type) => headers.insert(header::CONTENT_TYPE, content_type.clone()),
                None => headers.remove(header::CONTENT_TYPE),
            };
        }
        if let Some(trailers) = body.trailers() {
            // Only chunks can have trailers behind them, and only those that were announced are sent.
            headers.remove(header::CONTENT_LENGTH);
            headers.remove(header::TRAILER);
            for name in trailers.keys() {
                headers.append(header::TRAILER, HeaderValue::from(name.clone()));
            }
        }
        if parts.version == Version::HTTP_2 {
            if let Some(authority) =
                parts.uri.authority().and_then(|a| HeaderValue::from_str(a.as_str()).ok())
            {
                headers.insert(header::HOST, authority);
            }
            join_cookies(&mut headers);
        }
        self.forwarded(&mut headers);
        self.told(&mut headers, decided);
        self.connection.marks.forward(self.seen.header_order, &mut headers);
        headers
    }

    /// What the application is told of the decision.
    fn told(&self, headers: &mut HeaderMap, decided: &Decided) {
        let mut set = |name: HeaderName, value: HeaderValue| {
            headers.insert(name, value);
        };
        set(X_SPIGOT_ACTION, HeaderValue::from_static(decided.decision.effective.name()));
        if let Ok(id) = HeaderValue::try_from(decided.id.to_string()) {
            set(X_SPIGOT_DECISION, id);
        }
        let risk = u16::from(decided.decision.risk);
        set(X_SPIGOT_RISK, if risk == 0 { HeaderValue::from_static("0") } else { risk.into() });
        let policy = &self.snapshot.policy;
        let mut reasons = String::new();
        for reason in decided.decision.reasons.iter().filter(|reason| reason.kind != ReasonKind::Tells) {
            if !reasons.is_empty() {
                reasons.push_str(", ");
            }
            reasons.push_str(policy.source_name(reason.source));
        }
        if let Ok(reasons) = HeaderValue::try_from(reasons) {
            set(X_SPIGOT_REASONS, reasons);
        }
    }

    /// What the application is told of the client. Only a trusted proxy's own words are kept.
    fn forwarded(&self, headers: &mut HeaderMap) {
        let connection = self.connection;
        if self.snapshot.settings.trusted_proxies.find(connection.peer.ip()).is_none() {
            remove_all(headers, &FORWARDING);
        }
        let before = headers.get(X_FORWARDED_FOR).and_then(|before| before.to_str().ok());
        let chain = before.and_then(|before| {
            HeaderValue::try_from(format!("{before}, {}", connection.peer_text.to_str().ok()?)).ok()
        });
        headers.insert(X_FORWARDED_FOR, chain.unwrap_or_else(|| connection.peer_text.clone()));
        if !headers.contains_key(X_FORWARDED_PROTO) {
            let scheme = if connection.secure { "https" } else { "http" };
            headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
        }
        if !headers.contains_key(X_FORWARDED_HOST)
            && let Some(host) = headers.get(header::HOST).cloned()
        {
            headers.insert(X_FORWARDED_HOST, host);
        }
    }

    /// The head for a protocol, of the fields that are the same for all.
    pub(super) fn head(
        &self,
        original: &Original<'_>,
        protocol: Protocol,
        mut headers: HeaderMap,
    ) -> Request<()> {
        let path = self.target_of(original.parts);
        let (version, uri) = match protocol {
            Protocol::Http1 => {
                if let Some(protocol) = original.upgrade {
                    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                    headers.insert(header::UPGRADE, protocol.clone());
                }
                (Version::HTTP_11, Uri::from(path))
            }
            Protocol::Http2 => {
                let host = headers.remove(header::HOST);
                let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
                let mut uri = http::uri::Parts::default();
                uri.scheme = Some(if self.connection.secure { Scheme::HTTPS } else { Scheme::HTTP });
                // A host that we understood is an authority.
                uri.authority = authority.or_else(|| Authority::try_from(self.seen.host).ok());
                uri.path_and_query = Some(path);
                (Version::HTTP_2, Uri::from_parts(uri).unwrap_or_default())
            }
        };
        let mut request = Request::new(());
        *request.method_mut() = original.method().clone();
        *request.uri_mut() = uri;
        *request.version_mut() = version;
        *request.headers_mut() = headers;
        request
    }

    fn target_of(&self, parts: &Parts) -> PathAndQuery {
        match parts.uri.path_and_query() {
            // Nothing was normalised: no need to write it anew.
            Some(same) if same.path() == self.seen.path => same.clone(),
            _ => PathAndQuery::try_from(target(self.seen)).unwrap_or_else(|_| PathAndQuery::from_static("/")),
        }
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
