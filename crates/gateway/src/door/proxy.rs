//! The reverse proxy: a request comes in, is decided, and goes on to the upstream or is answered here.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use spigot_challenge::from_text;
use spigot_decision::{Action, Body, ReasonKind, Sender, Subject};
use spigot_event::ChallengeStep;
use spigot_state::State;

use crate::body::{Through, inspect};
use crate::challenge_routes::{BELOW, Errand, is_return_address};
use crate::client_ip::client_address;
use crate::entropy::random;
use crate::fields;
use crate::metrics::Metrics;
use crate::pipeline::{Decided, End, Fields, Gateway, Seen, Snapshot};
use crate::respond::{problem, refusal, remove_hop_by_hop, remove_ours, retry_after};
use crate::stash::Kept;
use crate::upstream::{Pool, UpstreamError};

/// A connection, as its requests see it.
pub(crate) struct Connection<S> {
    pub(crate) gateway: Arc<Gateway<S>>,
    pub(crate) pool: Rc<Pool>,
    pub(crate) peer: SocketAddr,
    pub(crate) secure: bool,
}

const STASH_FIELD: &[u8] = b"spigot-stash=";

impl<S: State> Connection<S> {
    /// Answers one request. There is always an answer.
    pub(crate) async fn handle(self: Rc<Self>, request: Request<Incoming>) -> Response<Through> {
        let snapshot = self.gateway.snapshot.load_full();
        let arrived = Instant::now();
        let now = (self.gateway.clock)();
        let (parts, body) = request.into_parts();
        let (host, path) = match understood(&parts, snapshot.settings.bounds.target_bytes) {
            Ok(understood) => understood,
            Err(why) => {
                Metrics::one(&self.gateway.metrics.requests_refused);
                let mut response = problem(
                    StatusCode::BAD_REQUEST,
                    "bad_request",
                    "This request cannot be understood in one way only",
                    why,
                    serde_json::json!({}),
                );
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                return if parts.version == Version::HTTP_2 {
                    without_connection(response)
                } else {
                    response
                };
            }
        };
        let client = client_address(
            self.peer.ip(),
            &parts.headers,
            &snapshot.settings.forwarded_header,
            &snapshot.settings.trusted_proxies,
        );
        let user_agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let method = parts.method.clone();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let mut headers = parts.headers.clone();
        remove_ours(&mut headers);
        let seen = Seen {
            client,
            host: &host,
            method: method.as_str(),
            path: &path,
            query: &query,
            headers: &headers,
            user_agent: &user_agent,
            secure: self.secure || self.came_by_tls(&headers, &snapshot),
            now,
        };
        if path.starts_with(BELOW) {
            return self.gateway.own_route(&snapshot, &seen, Request::from_parts(parts, body)).await;
        }
        let turn = Turn { connection: &self, snapshot: &snapshot, seen: &seen, arrived };
        turn.take(parts, body).await
    }
}

impl<S> Connection<S> {
    /// Whether a trusted proxy in front says that the client speaks TLS with it.
    fn came_by_tls(&self, headers: &HeaderMap, snapshot: &Snapshot) -> bool {
        headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
            && snapshot.settings.trusted_proxies.find(self.peer.ip()).is_some()
    }
}

fn without_connection(mut response: Response<Through>) -> Response<Through> {
    response.headers_mut().remove(header::CONNECTION);
    response
}

/// Host in lower case and normalised path; or why the request could be read in more than one way.
fn understood(parts: &http::request::Parts, target_bytes: usize) -> Result<(String, String), &'static str> {
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
    if headers.contains_key(header::TRANSFER_ENCODING)
        && (headers.contains_key(header::CONTENT_LENGTH) || parts.version == Version::HTTP_10)
    {
        return Err("its length is told in two ways");
    }
    if parts.method == Method::CONNECT || parts.method == Method::TRACE {
        return Err("its method is not for this server");
    }
    if parts.uri.path_and_query().map_or(0, |target| target.as_str().len()) > target_bytes {
        return Err("its target is too long");
    }
    // OPTIONS * is for the server itself; as a path it is the root.
    let path = if parts.uri.path() == "*" { "/" } else { parts.uri.path() };
    let path = spigot_decision::path::normalise(path).map_err(|ambiguous| ambiguous.message())?;
    let name = host_name(host).ok_or("its Host is no host name")?;
    Ok((name, path.into_owned()))
}

/// The name without port, in lower case and without a final dot.
fn host_name(host: &str) -> Option<String> {
    let name = match host.strip_prefix('[') {
        Some(rest) => &host[..rest.find(']')? + 2],
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let fits = !name.is_empty()
        && name.len() <= 255
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'[' | b']' | b':'));
    fits.then(|| name.to_ascii_lowercase())
}

/// One request on its way through.
struct Turn<'a, S> {
    connection: &'a Rc<Connection<S>>,
    snapshot: &'a Arc<Snapshot>,
    seen: &'a Seen<'a>,
    arrived: Instant,
}

impl<S: State> Turn<'_, S> {
    async fn take(&self, mut parts: http::request::Parts, body: Incoming) -> Response<Through> {
        let (gateway, snapshot, seen) = (&self.connection.gateway, &**self.snapshot, self.seen);
        let sender = Sender::from_headers(&Fields(&parts.headers));
        let clearance = gateway.clearance(snapshot, seen);
        let route = snapshot.policy.route(snapshot.policy.route_for(seen.host, seen.method, seen.path));
        let Some((mut body, mut inspected, complete)) =
            self.inspected(&parts, sender, body, route.settings.body_bytes).await
        else {
            Metrics::one(&gateway.metrics.requests_refused);
            return problem(
                StatusCode::BAD_REQUEST,
                "bad_request",
                "The body broke off",
                "Send the request again.",
                serde_json::json!({}),
            );
        };
        if let Some(kept) = self.kept_form(&parts, &inspected) {
            // The form itself is what is decided upon and sent: its method and target are this request's.
            parts.method = kept.method;
            parts.headers.remove(header::TRANSFER_ENCODING);
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(kept.body.len()));
            match kept.content_type {
                Some(content_type) => parts.headers.insert(header::CONTENT_TYPE, content_type),
                None => parts.headers.remove(header::CONTENT_TYPE),
            };
            inspected = kept.body.clone();
            body = Through::Bytes(kept.body);
        }
        let facts = self.body_facts(&inspected, complete);
        let fields = body_fields(&route.settings, &parts, &inspected);
        let decided = gateway.decide(snapshot, seen, facts, fields, sender, clearance).await;
        self.act(parts, body, inspected, decided).await
    }

    /// The beginning of the body, held for a look; gRPC streams go by unseen, because their ends wait for each other.
    /// `None` when the client broke off: half a body must never look like a whole one.
    async fn inspected(
        &self,
        parts: &http::request::Parts,
        sender: Sender,
        body: Incoming,
        most: u64,
    ) -> Option<(Through, Bytes, bool)> {
        if http_body::Body::is_end_stream(&body) {
            return Some((Through::Empty, Bytes::new(), true));
        }
        if sender == Sender::Grpc || parts.headers.contains_key(header::UPGRADE) {
            return Some((Through::Incoming(body), Bytes::new(), false));
        }
        let found = inspect(body, Bytes::new(), most, self.snapshot.settings.bounds.inspect_time).await;
        let bytes = found.bytes.clone();
        match found.rest {
            _ if found.broken => None,
            Some(rest) => Some((Through::Inspected(found.bytes, rest), bytes, false)),
            None => Some((Through::Bytes(found.bytes), bytes, found.complete)),
        }
    }

    fn body_facts(&self, inspected: &Bytes, complete: bool) -> Body {
        if inspected.is_empty() {
            return Body { digest: None, bytes: 0, complete };
        }
        let digest = self.connection.gateway.keys.hash(u16::MAX, &[Subject::Text(inspected)]);
        Body { digest: Some(digest), bytes: inspected.len() as u64, complete }
    }

    /// The form that was kept while its sender solved a challenge, when this request brings its id.
    fn kept_form(&self, parts: &http::request::Parts, inspected: &Bytes) -> Option<Kept> {
        let id = inspected.strip_prefix(STASH_FIELD).filter(|_| parts.method == Method::POST)?;
        let id = from_text(std::str::from_utf8(id).ok()?)?;
        self.connection.gateway.stash.take(id.as_slice().try_into().ok()?, self.seen.host, &target(self.seen))
    }

    async fn act(
        &self,
        parts: http::request::Parts,
        body: Through,
        inspected: Bytes,
        decided: Decided,
    ) -> Response<Through> {
        let gateway = &self.connection.gateway;
        let id = decided.id.to_string();
        let retry = decided.decision.retry_after_seconds;
        match decided.decision.effective {
            Action::Allow | Action::Log => self.pass(parts, body, decided, false).await,
            Action::Throttle => {
                let admitted = match &decided.decision.trickle {
                    Some(trickle) => gateway
                        .state
                        .count(trickle, self.seen.now)
                        .await
                        .is_some_and(|count| count <= trickle.limit),
                    None => false,
                };
                if admitted {
                    return self.pass(parts, body, decided, true).await;
                }
                let mut response = refusal(
                    decided.sender,
                    StatusCode::TOO_MANY_REQUESTS,
                    "throttled",
                    "Too many requests",
                    "Please wait a moment and try again.",
                    &id,
                );
                retry_after(&mut response, retry);
                self.end(decided, None, None, false);
                response
            }
            Action::Challenge => self.challenge(parts, body, inspected, decided).await,
            Action::Shadow => {
                let status = self.snapshot.policy.route(decided.decision.route).settings.shadow_status;
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                let response = crate::respond::plain(
                    status,
                    "text/html; charset=utf-8",
                    "<!doctype html><title>Thank you</title><p>Thank you.</p>\n",
                );
                self.end(decided, None, None, false);
                response
            }
            Action::Block => {
                let mut response = refusal(
                    decided.sender,
                    StatusCode::FORBIDDEN,
                    "blocked",
                    "This request was refused",
                    "If you think that this is a mistake, quote the id to the site's support.",
                    &id,
                );
                retry_after(&mut response, retry);
                self.end(decided, None, None, false);
                response
            }
        }
    }

    async fn challenge(
        &self,
        parts: http::request::Parts,
        body: Through,
        inspected: Bytes,
        decided: Decided,
    ) -> Response<Through> {
        let gateway = &self.connection.gateway;
        let return_to = target(self.seen);
        let return_to = if is_return_address(&return_to) { return_to } else { "/".to_owned() };
        let mut errand =
            Errand { return_to: &return_to, method: self.seen.method, stash: None, too_large: false };
        let keeps =
            decided.sender == Sender::Navigation && !matches!(parts.method, Method::GET | Method::HEAD);
        if keeps {
            let id = random();
            errand.stash = self.keep(&parts, body, inspected, id).await.then_some(id);
            errand.too_large = errand.stash.is_none();
        }
        let demand = decided
            .decision
            .demand
            .unwrap_or(spigot_decision::Demand { level: spigot_decision::Level::Medium, doublings: 0 });
        let (response, step) = gateway.challenged(self.snapshot, self.seen, &decided, demand, &errand);
        self.end(decided, Some(step), None, false);
        response
    }

    /// Keeps a posted form whole, or not at all.
    async fn keep(
        &self,
        parts: &http::request::Parts,
        body: Through,
        inspected: Bytes,
        id: [u8; 16],
    ) -> bool {
        let bounds = &self.snapshot.settings.bounds;
        let whole = match body {
            Through::Inspected(already, rest) => {
                let told = parts
                    .headers
                    .get(header::CONTENT_LENGTH)
                    .and_then(|v| v.to_str().ok())
                    .and_then(|v| v.parse::<u64>().ok());
                if told.is_some_and(|told| told > bounds.stash_bytes) {
                    return false;
                }
                let read = inspect(rest, already, bounds.stash_bytes, bounds.answer_time).await;
                if !read.complete || read.bytes.len() as u64 > bounds.stash_bytes {
                    return false;
                }
                read.bytes
            }
            Through::Incoming(_) | Through::Answer(..) => return false,
            Through::Empty | Through::Bytes(_) => inspected,
        };
        let kept = Kept {
            host: self.seen.host.to_owned(),
            method: parts.method.clone(),
            target: target(self.seen),
            content_type: parts.headers.get(header::CONTENT_TYPE).cloned(),
            body: whole,
        };
        self.connection.gateway.stash.keep(id, kept, bounds.stash_bytes_total, self.seen.now)
    }

    async fn pass(
        &self,
        mut parts: http::request::Parts,
        body: Through,
        decided: Decided,
        trickled: bool,
    ) -> Response<Through> {
        let (gateway, snapshot, seen) = (&self.connection.gateway, self.snapshot, self.seen);
        let Some((_, site)) = snapshot.settings.site(seen.host) else {
            let response = refusal(
                decided.sender,
                StatusCode::MISDIRECTED_REQUEST,
                "unknown_host",
                "This host is not served here",
                "Check the address.",
                &decided.id.to_string(),
            );
            self.end(decided, None, None, trickled);
            return response;
        };
        let upgrade = wanted_upgrade(&parts);
        // Taken from the request before its parts are reused: the client's half of an upgrade lives there.
        let client_half =
            upgrade.is_some().then(|| parts.extensions.remove::<hyper::upgrade::OnUpgrade>()).flatten();
        self.rewrite(&mut parts, &decided, upgrade.as_ref());
        let added = self.arrived.elapsed();
        let answer = self
            .connection
            .pool
            .send(
                &site.upstreams,
                Request::from_parts(parts, body),
                snapshot.settings.bounds.connect_time,
                snapshot.settings.bounds.answer_time,
            )
            .await;
        let answered = Instant::now();
        match answer {
            Ok(mut response) => {
                let status = response.status();
                if status == StatusCode::SWITCHING_PROTOCOLS {
                    return self.tunnel(response, upgrade, client_half, decided);
                }
                remove_hop_by_hop(response.headers_mut());
                gateway.report(snapshot, seen, &decided, status.as_u16(), false).await;
                let added = added + answered.elapsed();
                self.end_after(decided, None, Some(status.as_u16()), trickled, added);
                response
            }
            Err(error) => {
                Metrics::one(&gateway.metrics.upstream_failures);
                let (status, detail) = match error {
                    UpstreamError::Connect => (StatusCode::BAD_GATEWAY, "The application cannot be reached."),
                    UpstreamError::Timeout => {
                        (StatusCode::GATEWAY_TIMEOUT, "The application did not answer in time.")
                    }
                    UpstreamError::Broken => {
                        (StatusCode::BAD_GATEWAY, "The application broke off its answer.")
                    }
                };
                let response = refusal(
                    decided.sender,
                    status,
                    "upstream",
                    "The application is not available",
                    detail,
                    &decided.id.to_string(),
                );
                self.end_after(decided, None, Some(status.as_u16()), trickled, added);
                response
            }
        }
    }

    /// Makes the upstream's request of the client's.
    fn rewrite(&self, parts: &mut http::request::Parts, decided: &Decided, upgrade: Option<&HeaderValue>) {
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

    /// Joins the two halves after the upstream's 101, and not before.
    fn tunnel(
        &self,
        response: Response<Through>,
        upgrade: Option<HeaderValue>,
        client_half: Option<hyper::upgrade::OnUpgrade>,
        decided: Decided,
    ) -> Response<Through> {
        let (Some(_), Some(client_half)) = (upgrade, client_half) else {
            self.end(decided, None, Some(502), false);
            return problem(
                StatusCode::BAD_GATEWAY,
                "upstream",
                "The application switched protocols unasked",
                "",
                serde_json::json!({}),
            );
        };
        let (mut parts, body) = response.into_parts();
        let Through::Answer(_, _) = &body else {
            self.end(decided, None, Some(502), false);
            return problem(
                StatusCode::BAD_GATEWAY,
                "upstream",
                "The application cannot switch protocols",
                "",
                serde_json::json!({}),
            );
        };
        let upstream_half = parts.extensions.remove::<hyper::upgrade::OnUpgrade>();
        tokio::task::spawn_local(async move {
            // The pooled sender in `body` must live until the upgrade has happened.
            let _body = body;
            let Some(upstream_half) = upstream_half else { return };
            if let (Ok(client), Ok(upstream)) = (client_half.await, upstream_half.await) {
                let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream))
                    .await;
            }
        });
        self.end(decided, None, Some(101), false);
        Response::from_parts(parts, Through::Empty)
    }

    fn end(
        &self,
        decided: Decided,
        challenge: Option<ChallengeStep>,
        upstream_status: Option<u16>,
        trickled: bool,
    ) {
        self.end_after(decided, challenge, upstream_status, trickled, self.arrived.elapsed());
    }

    fn end_after(
        &self,
        decided: Decided,
        challenge: Option<ChallengeStep>,
        upstream_status: Option<u16>,
        trickled: bool,
        added: std::time::Duration,
    ) {
        let added_micros = u32::try_from(added.as_micros()).unwrap_or(u32::MAX);
        self.connection.gateway.record(
            self.snapshot,
            self.seen,
            decided,
            End { challenge, trickled, upstream_status, added_micros },
        );
    }
}

fn body_fields(
    settings: &spigot_decision::policy::Settings,
    parts: &http::request::Parts,
    inspected: &Bytes,
) -> fields::Fields {
    if inspected.is_empty() {
        return fields::Fields::default();
    }
    let content_type = parts.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    fields::read(content_type, inspected, &settings.account_fields, &settings.honeypot_fields)
}

/// Path and query as they are matched, shown and forwarded: one text for all three.
fn target(seen: &Seen<'_>) -> String {
    if seen.query.is_empty() { seen.path.to_owned() } else { format!("{}?{}", seen.path, seen.query) }
}

/// The protocol that an HTTP/1.1 request asks to switch to.
fn wanted_upgrade(parts: &http::request::Parts) -> Option<HeaderValue> {
    let asked = parts
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .any(|v| v.split(',').any(|t| t.trim().eq_ignore_ascii_case("upgrade")));
    (asked && parts.version == Version::HTTP_11)
        .then(|| parts.headers.get(header::UPGRADE).cloned())
        .flatten()
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
