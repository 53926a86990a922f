//! In which fields which server describes a request.

use std::net::IpAddr;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use spigot_decision::policy::PrefixMap;

use super::{Beside, BesideKind, CHECK};
use crate::client_ip::{client_address, one_address};

static X_ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
static X_ORIGINAL_URI: HeaderName = HeaderName::from_static("x-original-uri");
static X_ORIGINAL_HOST: HeaderName = HeaderName::from_static("x-original-host");
static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
static X_FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
static X_FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where a server writes what. Every field that is named here it sets itself, whatever its client sent; it is the
/// configuration in `integrations/` that sees to that, and a test for each of them.
pub(super) struct Words {
    /// The method and the target; `None` where the question is asked with the request's own, below [`CHECK`].
    pub(super) request: Option<(&'static HeaderName, &'static HeaderName)>,
    /// The host, where it is not in `Host`.
    pub(super) host: Option<&'static HeaderName>,
    /// Who the client is.
    pub(super) client: Client,
}

/// How a server names the client.
#[derive(Clone, Copy)]
pub(super) enum Client {
    /// One address in a field.
    One(&'static HeaderName),
    /// Addresses of which the rightmost that is no peer's counts.
    Chain(&'static HeaderName),
}

static NGINX: Words = Words {
    request: Some((&X_ORIGINAL_METHOD, &X_ORIGINAL_URI)),
    host: None,
    client: Client::One(&X_REAL_IP),
};

static SCRIPT: Words = Words { host: Some(&X_ORIGINAL_HOST), ..NGINX };

static FORWARDED: Words = Words {
    request: Some((&X_FORWARDED_METHOD, &X_FORWARDED_URI)),
    host: Some(&X_FORWARDED_HOST),
    client: Client::Chain(&X_FORWARDED_FOR),
};

static ENVOY: Words = Words { request: None, host: None, client: Client::One(&X_REAL_IP) };

impl BesideKind {
    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::Nginx => &NGINX,
            Self::Haproxy | Self::Apache => &SCRIPT,
            Self::Caddy | Self::Traefik => &FORWARDED,
            Self::EnvoyHttp | Self::EnvoyGrpc => &ENVOY,
        }
    }
}

/// A field that a server has to set is missing, or there twice, or nothing that it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::door) struct Untold(pub(super) &'static str);

/// Who sent a request, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) client: IpAddr,
    pub(crate) secure: bool,
}

impl Beside {
    /// Who sent a request, by the fields of the server that passed it on or asks about it.
    pub(in crate::door) fn sent(&self, peer: IpAddr, headers: &HeaderMap) -> Result<Sent, Untold> {
        let client = match self.kind.words().client {
            Client::One(name) => one(headers, name).and_then(one_address).ok_or(Untold(name.as_str()))?,
            Client::Chain(name) => chain(peer, headers, name, &self.peers)?,
        };
        let proto = one(headers, &X_FORWARDED_PROTO).ok_or(Untold("x-forwarded-proto"))?;
        // Caddy and Traefik name WebSockets by schemes of their own.
        let secure = ["https", "wss"].iter().any(|scheme| proto.eq_ignore_ascii_case(scheme));
        Ok(Sent { client, secure })
    }
}

/// What a chain comes to; one without an address of ours or another's is nobody.
fn chain(
    peer: IpAddr,
    headers: &HeaderMap,
    name: &'static HeaderName,
    peers: &PrefixMap<()>,
) -> Result<IpAddr, Untold> {
    let last = headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok());
    let last = last.and_then(|line| line.rsplit(',').next()).and_then(|part| one_address(part.trim()));
    last.ok_or(Untold(name.as_str()))?;
    Ok(client_address(peer, headers, name.as_str(), peers))
}

impl Words {
    /// Takes the request's method and target out; the error names the field, and what is wrong with a target.
    pub(super) fn request(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
    ) -> Result<Asked, Untold> {
        let Some((method, target)) = self.request else {
            let below = uri.path_and_query().map_or("", PathAndQuery::as_str).strip_prefix(CHECK);
            let target = below.ok_or(Untold("the path below /check"))?;
            return Ok(Asked { method: method.clone(), target: target.to_owned() });
        };
        let method_told = take(headers, method).ok_or(Untold(method.as_str()))?;
        let method = Method::from_bytes(method_told.as_bytes()).map_err(|_| Untold(method.as_str()))?;
        let target_told = take(headers, target).ok_or(Untold(target.as_str()))?;
        let target = target_told.to_str().map_err(|_| Untold(target.as_str()))?.to_owned();
        Ok(Asked { method, target })
    }

    /// Takes the server's other words out of what the client sent, and leaves `Host` as the client meant it.
    pub(super) fn take_out(&self, headers: &mut HeaderMap) -> Result<(), Untold> {
        if let Some(name) = self.host {
            let host = one(headers, name).ok_or(Untold(name.as_str()))?;
            let host = HeaderValue::from_str(host).map_err(|_| Untold(name.as_str()))?;
            headers.insert(header::HOST, host);
        }
        let (Client::One(client) | Client::Chain(client)) = self.client;
        for name in [self.host, Some(client), Some(&X_FORWARDED_PROTO)].into_iter().flatten() {
            headers.remove(name);
        }
        Ok(())
    }
}

/// A request line, as it was told.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) target: String,
}

/// The value of a field that is there once.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The same, taken out.
fn take(headers: &mut HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let before = headers.len();
    let value = headers.remove(name)?;
    (before - headers.len() == 1).then_some(value)
}
