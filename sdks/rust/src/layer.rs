//! A tower layer: decides every request before the application sees it.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::client::Spigot;
use crate::decision::{Decision, Instead, Request};
use crate::error::{Error, Kind};
use crate::shown::{Again, Bodies, Showing, Unshown};

/// Where Spigot's own pages and files are; these requests are handed on to the service.
const BELOW: &str = "/.spigot/";
/// The most that is handed on of a body: a submission has 64 KiB.
const BODY_BYTES_MAX: usize = 128 << 10;

/// Who decides: a service that is asked, or the same engine in this process.
pub trait Decide: Clone + Send + Sync + 'static {
    /// What to do with a request.
    fn decide(&self, request: Request) -> impl Future<Output = Result<Decision, Error>> + Send;
    /// The answer to a request for Spigot's own pages and files.
    fn own(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, Error>> + Send;
}

impl Decide for Spigot {
    async fn decide(&self, request: Request) -> Result<Decision, Error> {
        Self::decide(self, &request).await
    }

    async fn own(&self, request: http::Request<Bytes>) -> Result<Response<Bytes>, Error> {
        self.hand_on(request).await
    }
}

type Address = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;
type Failed = dyn Fn(&Parts, &Error) + Send + Sync;

/// Puts a decision before a service. The decision is among the extensions of what passes.
#[derive(Clone)]
pub struct SpigotLayer<D, K = Unshown> {
    decides: D,
    address: Arc<Address>,
    failed: Arc<Failed>,
    secure: bool,
    bodies: K,
}

impl<D, K> fmt::Debug for SpigotLayer<D, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpigotLayer").field("secure", &self.secure).finish_non_exhaustive()
    }
}

impl<D: Decide> SpigotLayer<D> {
    /// `address` says who the visitor is: with axum, `ConnectInfo` among the extensions; behind a proxy of yours, what
    /// that proxy sets. Nobody passes without one.
    pub fn new(decides: D, address: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        let failed: Arc<Failed> = Arc::new(|_, _| {});
        Self { decides, address: Arc::new(address), failed, secure: false, bodies: Unshown }
    }

    /// Of the requests that `of` names, the service sees the body's first 64 KiB; the application reads it whole all the
    /// same, as `wrap` makes it: with axum, `axum::body::Body::new`.
    #[must_use]
    pub fn showing_bodies<B, F, W>(self, of: F, wrap: W) -> SpigotLayer<D, Showing<F, W>>
    where
        B: Body,
        F: Fn(&Parts) -> bool,
        W: Fn(Again<B>) -> B,
    {
        let Self { decides, address, failed, secure, .. } = self;
        SpigotLayer { decides, address, failed, secure, bodies: Showing { of, wrap } }
    }
}

impl<D: Decide, K> SpigotLayer<D, K> {
    /// Visitors come by TLS, here or at a proxy before.
    #[must_use]
    pub fn secure(self, secure: bool) -> Self {
        Self { secure, ..self }
    }

    /// Who hears of what could not be decided.
    #[must_use]
    pub fn failed(self, failed: impl Fn(&Parts, &Error) + Send + Sync + 'static) -> Self {
        Self { failed: Arc::new(failed), ..self }
    }

    fn described(&self, parts: &Parts, address: IpAddr) -> Request {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = parts.headers.iter().filter(|(name, _)| *name != HOST);
        Request {
            host: host(parts),
            address: address.to_string(),
            path: Some(target(parts).to_owned()),
            method: Some(parts.method.as_str().to_owned()),
            scheme: Some(self.scheme().to_owned()),
            headers: headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
            ..Request::default()
        }
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    async fn own(&self, parts: Parts, body: Bytes, address: IpAddr) -> Result<Response<Bytes>, Error> {
        let mut request = http::Request::new(body);
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() =
            target(&parts).parse::<Uri>().map_err(|why| Error::new(Kind::Refused, why.to_string()))?;
        let host = host(&parts);
        let headers = request.headers_mut();
        *headers = parts.headers;
        for name in [
            "connection",
            "keep-alive",
            "transfer-encoding",
            "upgrade",
            "te",
            "trailer",
            "expect",
            "content-length",
        ] {
            headers.remove(name);
        }
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("host", &host);
        set("x-forwarded-for", &address.to_string());
        set("x-forwarded-proto", self.scheme());
        let mut answer = self.decides.own(request).await?;
        for name in ["connection", "keep-alive", "transfer-encoding"] {
            answer.headers_mut().remove(name);
        }
        Ok(answer)
    }
}

impl<D: Clone, K: Clone, S> Layer<S> for SpigotLayer<D, K> {
    type Service = Guarded<D, S, K>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded { layer: self.clone(), inner }
    }
}

/// A service behind the decision.
#[derive(Clone, Debug)]
pub struct Guarded<D, S, K = Unshown> {
    layer: SpigotLayer<D, K>,
    inner: S,
}

impl<D, S, B, R, K> Service<http::Request<B>> for Guarded<D, S, K>
where
    D: Decide,
    K: Bodies<B>,
    S: Service<http::Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        // The one that was found ready goes; another stays in its place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        Box::pin(async move {
            match turned(&layer, request).await {
                Turned::Passes(request) => inner.call(request).await,
                Turned::Answered(response) => Ok(response.map(R::from)),
            }
        })
    }
}

enum Turned<B> {
    Passes(http::Request<B>),
    Answered(Response<Bytes>),
}

async fn turned<D, B, K>(layer: &SpigotLayer<D, K>, request: http::Request<B>) -> Turned<B>
where
    D: Decide,
    K: Bodies<B>,
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut parts, body) = request.into_parts();
    remove_ours(&mut parts.headers);
    let Some(address) = (layer.address)(&parts) else {
        (layer.failed)(&parts, &Error::new(Kind::Refused, "the visitor's address is not known"));
        return Turned::Answered(unavailable());
    };
    if is_below(parts.uri.path()) {
        return Turned::Answered(own(layer, parts, body, address).await);
    }
    let (begun, whole, body) = layer.bodies.begun(&parts, body).await;
    let described = Request { body: begun.into(), body_begun: !whole, ..layer.described(&parts, address) };
    match layer.decides.decide(described).await {
        Err(error) => {
            (layer.failed)(&parts, &error);
            Turned::Answered(unavailable())
        }
        Ok(Decision { response: Some(instead), .. }) => Turned::Answered(written(instead, &parts.method)),
        Ok(decision) => {
            for name in &decision.remove_headers {
                parts.headers.remove(name.as_str());
            }
            for (name, value) in &decision.request_headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                    parts.headers.insert(name, value);
                }
            }
            parts.extensions.insert(decision);
            Turned::Passes(http::Request::from_parts(parts, body))
        }
    }
}

async fn own<D, B, K>(layer: &SpigotLayer<D, K>, parts: Parts, body: B, address: IpAddr) -> Response<Bytes>
where
    D: Decide,
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    // For whoever hears of failures; the rest goes on.
    let told = parts.clone();
    layer.own(parts, body.to_bytes(), address).await.unwrap_or_else(|error| {
        (layer.failed)(&told, &error);
        unavailable()
    })
}

/// Whether a request is for Spigot itself. One whose path may lead elsewhere is decided upon like any other.
fn is_below(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    // Below it nothing begins with a dot, nor is written otherwise than it is.
    path.strip_prefix(BELOW).is_some_and(|rest| {
        !rest.starts_with('.') && !["/.", "\\", "%2e", "%2f", "%5c"].iter().any(|other| rest.contains(other))
    })
}

/// Takes away what only Spigot may say, in every spelling that some server takes for it.
fn remove_ours(headers: &mut HeaderMap) {
    let is_ours = |name: &HeaderName| {
        let plain = name.as_str().replace('_', "-");
        plain.starts_with("x-spigot-") || plain == "x-captcha-reason"
    };
    let ours: Vec<HeaderName> = headers.keys().filter(|name| is_ours(name)).cloned().collect();
    for name in ours {
        headers.remove(name);
    }
}

fn host(parts: &Parts) -> String {
    let authority = parts.uri.authority().filter(|_| parts.version >= Version::HTTP_2);
    let field = || parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    authority.map_or_else(|| field().to_owned(), |authority| authority.as_str().to_owned())
}

fn target(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("/", |target| target.as_str())
}

fn written(instead: Instead, method: &Method) -> Response<Bytes> {
    let body = if *method == Method::HEAD { Bytes::new() } else { Bytes::from(instead.body) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(instead.status).unwrap_or(StatusCode::FORBIDDEN);
    for (name, value) in instead.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn status(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

fn unavailable() -> Response<Bytes> {
    let problem = serde_json::json!({
        "type": "about:blank", "title": "This cannot be checked at the moment", "status": 503,
        "detail": "Please try again in a few seconds.", "code": "unavailable",
    });
    let mut response = Response::new(Bytes::from(problem.to_string()));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}
