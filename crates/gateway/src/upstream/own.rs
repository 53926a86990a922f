//! A request of our own, to whomever the operator named: a vendor's service, a published list.

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};
use zeroize::Zeroizing;

use super::{Fields, Head, Upstream};
use crate::body::Through;

/// Its head.
pub(crate) struct OwnRequest<'a> {
    pub(crate) server: &'a Upstream,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: &'a str,
    /// What it would like to be answered with.
    pub(crate) accept: &'static str,
    /// The media type and the length of what goes with it.
    pub(crate) content: Option<(&'static str, usize)>,
    /// Other fields; their values may be secrets.
    pub(crate) headers: &'a [(&'static str, Zeroizing<String>)],
}

impl Head for OwnRequest<'_> {
    fn method(&self) -> &Method {
        &self.method
    }

    fn http1(&self, _: &Through, into: &mut Vec<u8>) -> Option<u64> {
        for part in [self.method.as_str(), " ", self.target().as_str(), " HTTP/1.1\r\n"] {
            into.extend_from_slice(part.as_bytes());
        }
        into.set(&header::HOST, self.server.authority().as_bytes());
        self.write(into);
        self.content.map(|(_, length)| length as u64)
    }

    fn http2(&self, _: &Through) -> Request<()> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.server.is_secure() { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Authority::try_from(self.server.authority().as_str()).ok();
        parts.path_and_query = Some(self.target());
        let mut headers = HeaderMap::new();
        self.write(&mut headers);
        let mut request = Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers;
        request
    }
}

impl OwnRequest<'_> {
    fn target(&self) -> PathAndQuery {
        PathAndQuery::try_from(self.target).unwrap_or(PathAndQuery::from_static("/"))
    }

    fn write(&self, fields: &mut impl Fields) {
        if let Some((media_type, length)) = self.content {
            fields.set(&header::CONTENT_TYPE, media_type.as_bytes());
            fields.set(&header::CONTENT_LENGTH, length.to_string().as_bytes());
        }
        fields.set(&header::ACCEPT, self.accept.as_bytes());
        fields.set(&header::USER_AGENT, concat!("Spigot/", env!("CARGO_PKG_VERSION")).as_bytes());
        for (name, value) in self.headers {
            let named = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(mut value)) = (named, HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                fields.keep(&name, &value);
            }
        }
    }
}
