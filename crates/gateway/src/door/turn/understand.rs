//! What a request is: readable in one way only, its host and path, and the part of its body that is looked at.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header};
use spigot_challenge::from_text;
use spigot_decision::path::Understood;
use spigot_decision::{Body, Sender, Subject, Told};
use spigot_state::State;

use super::{Original, Turn, target};
use crate::body::Through;
use crate::challenge_routes::BELOW;
use crate::fields;
use crate::honeypot::strip;
use crate::http1::lists;
use crate::pipeline::Snapshot;
use crate::purpose::Purpose;
use crate::stash::Kept;

const STASH_FIELD: &[u8] = b"spigot-stash=";

/// A path below [`BELOW`] that an application, or another server, would not take for one.
pub(in crate::door) const OTHERWISE: &str = "its path is one of ours, written otherwise";

/// Host in lower case and normalised path; or why the request could be read in more than one way.
pub(in crate::door) fn understood(parts: &Parts) -> Result<(Cow<'_, str>, Understood<'_>), &'static str> {
    let headers = &parts.headers;
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err("it has two Host fields");
    }
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let host = match (host.map(HeaderValue::to_str), authority) {
        (Some(Err(_)), _) => return Err("its Host has characters that no host name has"),
        (Some(Ok(host)), Some(authority)) if !host.eq_ignore_ascii_case(authority) => {
            return Err("its target and its Host differ");
        }
        (Some(Ok(host)), _) => host,
        (None, Some(authority)) if parts.version == Version::HTTP_2 => authority,
        (None, _) => return Err("it has no Host"),
    };
    if parts.method == Method::CONNECT || parts.method == Method::TRACE {
        return Err("its method is not for this server");
    }
    // Methods are told apart by case (RFC 9110, section 9.1); servers that do not would take `post` for what rules call POST.
    if parts.method.as_str().bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Err("its method is not written in capitals");
    }
    // Of two, some servers take the first and some the last.
    if headers.get_all(header::CONTENT_TYPE).iter().nth(1).is_some() {
        return Err("it has two Content-Type fields");
    }
    // OPTIONS * is for the server itself; as a path it is the root.
    let path = if parts.uri.path() == "*" { "/" } else { parts.uri.path() };
    let path = Understood::read(path).map_err(|ambiguous| ambiguous.message())?;
    if path.matched().starts_with(BELOW) && !path.whole().starts_with(BELOW) {
        return Err(OTHERWISE);
    }
    let name = host_name(host).ok_or("its Host is no host name")?;
    Ok((name, path))
}

/// The name without port, in lower case and without a final dot.
pub(in crate::door) fn host_name(host: &str) -> Option<Cow<'_, str>> {
    let (name, is_name) = match host.strip_prefix('[') {
        Some(rest) => {
            let address = &rest[..rest.find(']')?];
            (&host[..address.len() + 2], address.parse::<Ipv6Addr>().is_ok())
        }
        None => {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            (name, name.bytes().all(named))
        }
    };
    let port = &host[name.len()..];
    let port_fits = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.strip_suffix('.').unwrap_or(name);
    let fits = is_name && port_fits && !name.is_empty() && name.len() <= 255;
    let lower = !name.bytes().any(|b| b.is_ascii_uppercase());
    fits.then(|| if lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) })
}

/// A form is not kept any more.
pub(in crate::door) struct Gone;

/// The host that a request names, with its port.
pub(in crate::door) fn authority(parts: &Parts) -> &[u8] {
    match parts.headers.get(header::HOST) {
        Some(host) => host.as_bytes(),
        None => parts.uri.authority().map_or(&b""[..], |authority| authority.as_str().as_bytes()),
    }
}

impl<S: State> Turn<'_, S> {
    /// What a decision sees of a body: its first `most` bytes. More may be at hand, depending on how the body came in
    /// frames, and must not change what is found.
    pub(in crate::door) fn body_facts(
        &self,
        original: &Original<'_>,
        inspected: &Bytes,
        complete: bool,
        most: u64,
    ) -> (Bytes, Body) {
        if inspected.is_empty() {
            return (Bytes::new(), Body { digest: None, bytes: 0, complete });
        }
        let looked_at = inspected.slice(..inspected.len().min(usize::try_from(most).unwrap_or(usize::MAX)));
        let complete = complete && looked_at.len() == inspected.len();
        let keys = &self.gateway.keys;
        let body = Purpose::Body.counter();
        let digest = match original.told_length() {
            // Of a body that goes on, the length that was told tells apart what begins alike.
            Some(told) if !complete => {
                keys.hash(body, &[Subject::Text(&looked_at), Subject::Text(&told.to_le_bytes())])
            }
            _ => keys.hash(body, &[Subject::Text(&looked_at)]),
        };
        let bytes = looked_at.len() as u64;
        (looked_at, Body { digest: Some(digest), bytes, complete })
    }

    /// The form that was kept while its sender solved a challenge, when this request brings its id.
    ///
    /// # Errors
    /// It brings the id of none, or of none any more.
    pub(in crate::door) fn kept_form(&self, parts: &Parts, inspected: &Bytes) -> Result<Option<Kept>, Gone> {
        let id = inspected.strip_prefix(STASH_FIELD).filter(|_| parts.method == Method::POST);
        let id = id.and_then(|id| from_text(std::str::from_utf8(id).ok()?));
        let Some(id) = id.and_then(|id| <[u8; 16]>::try_from(id).ok()) else { return Ok(None) };
        let kept = self.gateway.stash.take(&id, self.seen.host, &target(self.seen));
        kept.map(Some).ok_or(Gone)
    }
}

impl<S: State> Turn<'_, S> {
    /// Takes our own field out of a posted form, whatever the policy says by now: forms outlive it. What was kept has been
    /// through here already. How many bytes less it is, and whether somebody wrote into the field.
    pub(in crate::door) fn take_honeypot(
        &self,
        content_type: Option<&HeaderValue>,
        body: &mut Through,
        inspected: &mut Bytes,
        complete: bool,
    ) -> (u64, bool) {
        let content_type = content_type.map_or(&b""[..], HeaderValue::as_bytes);
        let name = &self.gateway.honeypot.name;
        let Some(found) = strip(content_type, inspected, complete, name) else {
            return (0, false);
        };
        *inspected = found.body.clone();
        match body {
            Through::Inspected(held) => held.bytes = found.body,
            _ => *body = Through::Bytes(found.body),
        }
        (found.removed, found.filled)
    }
}

pub(in crate::door) fn body_fields(
    settings: &spigot_decision::policy::Settings,
    came: fields::Came<'_>,
    passwords: bool,
) -> fields::Fields {
    // Whoever has no body inspected has chosen to know no account.
    if settings.body_bytes == 0 {
        return fields::Fields::default();
    }
    fields::read(came, fields::Named::by(settings, passwords))
}

/// Whether a body has to be unpacked to be read.
pub(in crate::door) fn is_coded(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING);
    codings.iter().any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

/// Whether pages of a route get a field that people cannot see.
pub(in crate::door) fn injects(snapshot: &Snapshot, route: u16, sender: Sender) -> bool {
    sender == Sender::Navigation && snapshot.policy.route(route).settings.inject_honeypot
}

/// The protocol that an HTTP/1.1 request asks to switch to. Not another HTTP: its requests would pass by unseen.
pub(in crate::door) fn wanted_upgrade(parts: &Parts) -> Option<&HeaderValue> {
    let asked = lists(&parts.headers, &header::CONNECTION, "upgrade");
    let upgrade =
        parts.headers.get(header::UPGRADE).filter(|_| asked && parts.version == Version::HTTP_11)?;
    let hides_requests = |protocol: &str| {
        let name = protocol.trim().split('/').next().unwrap_or_default();
        ["h2c", "h2", "http", "tls"].iter().any(|hidden| name.eq_ignore_ascii_case(hidden))
    };
    upgrade.to_str().ok().filter(|protocols| !protocols.split(',').any(hides_requests)).map(|_| upgrade)
}

/// Who waits for the answer. One pass over the few fields that came, instead of a search for each of five.
pub(in crate::door) fn sender(headers: &HeaderMap) -> Sender {
    let mut told = Told::default();
    for (name, value) in headers {
        let field = match name {
            name if *name == header::ACCEPT => &mut told.accept,
            name if *name == header::CONTENT_TYPE => &mut told.content_type,
            name if *name == header::UPGRADE => &mut told.upgrade,
            name if *name == SEC_FETCH_MODE => &mut told.sec_fetch_mode,
            name if *name == X_REQUESTED_WITH => &mut told.x_requested_with,
            _ => continue,
        };
        // The first of several counts.
        if field.is_empty() {
            *field = value.as_bytes();
        }
    }
    Sender::of(&told)
}

static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
