//! The reverse proxy: a request comes in, is decided, and goes on to the upstream or is answered here.

mod act;
mod attempt;
mod pass;
mod rewrite;
mod shadow;
mod understand;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version, header};
use http_body::Body;
use hyper::body::Incoming;
use spigot_intel::Agents;
use spigot_state::State;

use self::rewrite::Original;
use self::understand::{body_fields, is_coded, sender, understood, wanted_upgrade};
use crate::body::{Fault, Through};
use crate::challenge_routes::BELOW;
use crate::client_ip::client_address;
use crate::front::Door;
use crate::marks::Marks;
use crate::metrics::Metrics;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::respond::{Refusal, remove_ours};
use crate::story::{self, Judged};
use crate::trusted::{Brought, Found};
use crate::upstream::Pool;
use crate::wire;

const UNCLEAR: Refusal = Refusal {
    status: StatusCode::BAD_REQUEST,
    code: "bad_request",
    title: "This request cannot be understood in one way only",
    detail: "",
};

/// What a client is told whose body did not come whole.
fn unfinished(fault: Fault) -> Refusal {
    match fault {
        Fault::BrokeOff => Refusal {
            status: StatusCode::BAD_REQUEST,
            code: "bad_request",
            title: "The body broke off",
            detail: "Send the request again.",
        },
        Fault::TooSlow => {
            let late = wire::Refusal::BodyLate;
            let (code, title) = late.name();
            Refusal { status: late.status(), code, title, detail: late.why() }
        }
    }
}

/// A connection, as its requests see it.
pub(crate) struct Connection<S> {
    pub(crate) gateway: Arc<Gateway<S>>,
    door: Door,
    pool: Rc<Pool>,
    agents: Rc<RefCell<Agents>>,
    peer: SocketAddr,
    /// The peer's address as it is forwarded.
    peer_text: HeaderValue,
    secure: bool,
    pub(crate) marks: Marks,
    judged: Judged,
}

impl<S: State> Connection<S> {
    pub(crate) fn new(
        gateway: Arc<Gateway<S>>,
        door: Door,
        pool: Rc<Pool>,
        agents: Rc<RefCell<Agents>>,
        peer: SocketAddr,
        secure: bool,
        marks: Marks,
    ) -> Rc<Self> {
        let peer_text = HeaderValue::try_from(peer.ip().to_canonical().to_string())
            .unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        Rc::new(Self {
            gateway,
            door,
            pool,
            agents,
            peer,
            peer_text,
            secure,
            marks,
            judged: Judged::default(),
        })
    }

    /// Answers one request. There is always an answer.
    pub(crate) async fn handle(
        self: Rc<Self>,
        request: Request<Incoming>,
        header_order: u64,
    ) -> Response<Through> {
        let snapshot = self.gateway.snapshot.load_full();
        let arrived = Instant::now();
        let now = (self.gateway.clock)();
        let (mut parts, body) = request.into_parts();
        remove_ours(&mut parts.headers);
        let (host, path) = match understood(&parts) {
            Ok(understood) => understood,
            Err(why) => {
                Metrics::one(&self.gateway.metrics.requests_refused);
                let mut response = Refusal { detail: why, ..UNCLEAR }.undecided();
                if parts.version != Version::HTTP_2 {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                return response;
            }
        };
        let client = client_address(
            self.peer.ip(),
            &parts.headers,
            &snapshot.settings.forwarded_header,
            &snapshot.settings.trusted_proxies,
        );
        let user_agent =
            parts.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let told = self.told(&parts.headers, &snapshot);
        let software = self.agents.borrow_mut().read(user_agent);
        let secure = self.secure || self.came_by_tls(&parts.headers, &snapshot);
        let asked = story::Request {
            agent: &software.agent,
            method: parts.method.as_str(),
            headers: &parts.headers,
            told: told.as_ref(),
            trustworthy: secure || story::is_own_machine(&host),
        };
        let story = self.judged.story(&snapshot.settings.browsers, &self.marks, &asked);
        let seen = Seen {
            client,
            host: &host,
            method: parts.method.as_str(),
            path: &path,
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            user_agent,
            software,
            secure,
            marks: &self.marks,
            told: told.as_ref(),
            story,
            header_order,
            errand: None,
            behaviour: None,
            now,
        };
        if self.door == Door::Service {
            let request = Request::from_parts(parts.clone(), body);
            return Box::pin(self.gateway.service(&snapshot, &seen, request)).await;
        }
        if path.starts_with(BELOW) {
            let request = Request::from_parts(parts.clone(), body);
            // In a box, as everything rare is: a request's future is moved several times, and is as large as its
            // largest part.
            return Box::pin(self.gateway.own_route(&snapshot, &seen, request)).await;
        }
        let turn = Turn { connection: &self, snapshot: &snapshot, seen: &seen, arrived };
        turn.take(&parts, body).await
    }
}

impl<S> Connection<S> {
    /// Whether the peer may speak for clients.
    fn is_trusted_proxy(&self, snapshot: &Snapshot) -> bool {
        snapshot.settings.trusted_proxies.find(self.peer.ip()).is_some()
    }

    /// The client's fingerprints by the word of a trusted proxy in front; `None` when there is none.
    fn told(&self, headers: &HeaderMap, snapshot: &Snapshot) -> Option<story::Told> {
        self.is_trusted_proxy(snapshot).then(|| snapshot.settings.fingerprint_headers.told(headers))
    }

    /// Whether a trusted proxy in front says that the client speaks TLS with it.
    fn came_by_tls(&self, headers: &HeaderMap, snapshot: &Snapshot) -> bool {
        let trusted = self.is_trusted_proxy(snapshot);
        let told = || headers.get("x-forwarded-proto");
        trusted && told().is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
    }
}

/// One request on its way through.
struct Turn<'a, S> {
    connection: &'a Rc<Connection<S>>,
    snapshot: &'a Arc<Snapshot>,
    seen: &'a Seen<'a>,
    arrived: Instant,
}

impl<S: State> Turn<'_, S> {
    /// Who the client proved to be.
    async fn proofs(&self, parts: &Parts) -> Found {
        if self.snapshot.settings.trusted.is_empty() {
            return Found::default();
        }
        let connection = self.connection;
        let brought = Brought {
            seen: self.seen,
            uri: &parts.uri,
            certificate: connection.marks.certificate.as_ref(),
            from_trusted_proxy: connection.is_trusted_proxy(self.snapshot),
        };
        // In a box: nearly no request needs the room.
        Box::pin(connection.gateway.proofs(self.snapshot, &brought)).await
    }

    async fn take(&self, parts: &Parts, body: Incoming) -> Response<Through> {
        let (gateway, snapshot, seen) = (&self.connection.gateway, &**self.snapshot, self.seen);
        let sender = sender(&parts.headers);
        let proofs = self.proofs(parts).await;
        let mut held = gateway.clearance(snapshot, seen).await;
        held.trusted = proofs.trusted;
        // Before the plan finds the route, only a body has to know it.
        let found = || snapshot.policy.route(snapshot.policy.route_for(seen.host, seen.method, seen.path));
        let route = (!body.is_end_stream()).then(found);
        let body_bytes = route.map_or(0, |route| route.settings.body_bytes);
        let read = self.inspected(parts, sender, body, body_bytes).await;
        let (mut body, mut inspected, complete) = match read {
            Ok(read) => read,
            Err(fault) => {
                Metrics::one(&gateway.metrics.requests_refused);
                return unfinished(fault).undecided();
            }
        };
        // The form itself is what is decided upon and sent: its host and target are this request's.
        let kept = self.kept_form(parts, &inspected);
        if let Some(kept) = &kept {
            inspected = kept.body.clone();
            body = Through::Bytes(kept.body.clone());
        }
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        let (removed, in_trap) = self.take_honeypot(content_type, &mut body, &mut inspected, complete);
        let upgrade = wanted_upgrade(parts);
        let original = Original { parts, kept: kept.as_ref(), removed, upgrade, left_out: proofs.left_out };
        let (looked_at, facts) = self.body_facts(&original, &inspected, complete, body_bytes);
        let mut fields = route.map_or_else(Default::default, |route| {
            let passwords = snapshot.settings.breach.is_some();
            let plain = facts.complete && !is_coded(&parts.headers);
            body_fields(&route.settings, original.content_type(), &looked_at, plain, passwords)
        });
        fields.honeypot_filled |= in_trap;
        let decided = gateway.decide(snapshot, seen, facts, fields, sender, held).await;
        self.act(&original, body, inspected, decided).await
    }
}
