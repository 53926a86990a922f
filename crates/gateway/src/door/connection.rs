//! A connection, as its requests see it: who is at the other end, and what is behind the door.

use std::cell::{OnceCell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, Version, header};
use spigot_intel::{Agents, Software};
use spigot_state::State;

use super::api;
use super::beside::{Beside, NOWHERE, Sent, Untold};
use super::proxy::Passing;
use super::turn::{Turn, UNCLEAR, understood, user_agent};
use crate::body::{Incoming, Through};
use crate::challenge_routes::BELOW;
use crate::client_ip::client_address;
use crate::front::Door;
use crate::in_box::in_box;
use crate::marks::Marks;
use crate::metrics::Metrics;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::respond::{Refusal, remove_ours};
use crate::story::{self, Judged};
use crate::upstream::Pool;
use crate::wire::Interims;

/// A connection, as its requests see it.
pub(crate) struct Connection<S> {
    pub(crate) gateway: Arc<Gateway<S>>,
    door: Door,
    pub(super) pool: Rc<Pool>,
    agents: Rc<RefCell<Agents>>,
    peer: SocketAddr,
    /// The peer's address as it is forwarded.
    pub(super) peer_text: HeaderValue,
    pub(super) secure: bool,
    pub(crate) marks: Marks,
    /// Of clients whose requests a server describes over this connection.
    nobody: OnceCell<Marks>,
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
            nobody: OnceCell::new(),
            judged: Judged::default(),
        })
    }

    /// Answers one request; `interims` passes on what precedes the answer. There is always an answer. Heads are in
    /// boxes, because every future on the way would copy them.
    pub(crate) async fn handle(
        self: Rc<Self>,
        mut parts: Box<Parts>,
        body: Incoming,
        header_order: u64,
        interims: Option<Rc<dyn Interims>>,
    ) -> Box<Response<Through>> {
        let snapshot = self.gateway.snapshot.load_full();
        let arrived = Instant::now();
        let now = (self.gateway.clock)();
        if let Door::Beside(beside) = &self.door
            && !(beside.is_peer(self.peer()) && Beside::is_clients(parts.uri.path()))
        {
            return Box::new(in_box(|| self.beside(beside, &snapshot, parts, body, header_order)).await);
        }
        let Who { client, secure, told } = match self.who(&parts.headers, &snapshot) {
            Ok(who) => who,
            Err(untold) => return Box::new(untold.refusal()),
        };
        remove_ours(&mut parts.headers);
        let (host, path) = match understood(&parts) {
            Ok(understood) => understood,
            Err(why) => {
                Metrics::one(&self.gateway.metrics.requests_refused);
                let mut response = match self.door {
                    Door::Service => api::unclear(parts.uri.path(), why),
                    _ => Refusal { detail: why, ..UNCLEAR }.undecided(),
                };
                if parts.version != Version::HTTP_2 {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                return Box::new(response);
            }
        };
        let user_agent = user_agent(&parts.headers);
        let software = self.read_agent(user_agent);
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
            path: path.whole(),
            matched: path.matched(),
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
        if matches!(self.door, Door::Service) {
            let request = Request::from_parts((*parts).clone(), body);
            let service = in_box(|| self.gateway.service(&snapshot, &seen, &self.agents, request));
            return Box::new(service.await);
        }
        if path.whole().starts_with(BELOW) {
            let request = Request::from_parts((*parts).clone(), body);
            // In a box, as everything rare is: a request's future is moved several times, and is as large as its
            // largest part.
            return Box::new(in_box(|| self.gateway.own_route(&snapshot, &seen, request)).await);
        }
        if matches!(self.door, Door::Beside(_)) {
            // A path that is brought into its one form may be no longer ours.
            return Box::new(NOWHERE.undecided());
        }
        let turn = Turn {
            gateway: &self.gateway,
            snapshot: &snapshot,
            seen: &seen,
            arrived,
            from_trusted_proxy: self.is_trusted_proxy(&snapshot),
        };
        Passing { connection: &self, turn, interims }.take(&parts, body).await
    }
}

/// Who sent a request.
struct Who {
    client: IpAddr,
    secure: bool,
    /// The client's fingerprints by the word of a trusted proxy in front; `None` when there is none.
    told: Option<story::Told>,
}

impl<S> Connection<S> {
    /// Who sent a request, by the connection, and by the peer's word where it may speak for clients.
    fn who(&self, headers: &HeaderMap, snapshot: &Snapshot) -> Result<Who, Untold> {
        if let Door::Beside(beside) = &self.door {
            let Sent { client, secure } = beside.sent(self.peer(), headers)?;
            return Ok(Who { client, secure, told: Some(story::Told::default()) });
        }
        let settings = &snapshot.settings;
        let trusted = self.is_trusted_proxy(snapshot);
        Ok(Who {
            client: client_address(
                self.peer(),
                headers,
                &settings.forwarded_header,
                &settings.trusted_proxies,
            ),
            secure: self.secure || (trusted && came_by_tls(headers)),
            told: trusted.then(|| settings.fingerprint_headers.told(headers)),
        })
    }

    pub(super) fn peer(&self) -> IpAddr {
        self.peer.ip()
    }

    /// The marks of a client that is behind a server, of which this connection shows none.
    pub(super) fn nobody(&self) -> &Marks {
        self.nobody.get_or_init(|| Marks::new(None))
    }

    /// What a user agent names.
    pub(super) fn read_agent(&self, user_agent: &str) -> Software {
        self.agents.borrow_mut().read(user_agent)
    }

    /// Whether the peer may speak for clients.
    fn is_trusted_proxy(&self, snapshot: &Snapshot) -> bool {
        snapshot.settings.trusted_proxies.find(self.peer.ip()).is_some()
    }
}

/// Whether a trusted proxy in front says that the client speaks TLS with it. Of several lines the last one counts: a proxy
/// that adds its own leaves the client's above it.
fn came_by_tls(headers: &HeaderMap) -> bool {
    let told = headers.get_all("x-forwarded-proto").iter().next_back();
    told.is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_nearest_proxy_says_whether_it_was_tls() {
        let check = |lines: &[&'static str], expected: bool| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-proto", HeaderValue::from_static(line));
            }
            assert_eq!(came_by_tls(&headers), expected, "{lines:?}");
        };
        check(&[], false);
        check(&["https"], true);
        check(&["HTTPS"], true);
        check(&["http"], false);
        check(&["https", "http"], false);
        check(&["http", "https"], true);
    }
}
