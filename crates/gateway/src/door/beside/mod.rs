//! Doors beside another server: it receives the requests, describes each of them here in its own way, and passes on,
//! or answers, as it is told.
//!
//! - [`words`]: in which fields which server describes a request. One line each; nothing else is read.
//! - [`asked`]: the question, judged. [`reply`]: the judgement, in the form that the server acts on.
//! - [`grpc`]: the same by gRPC.
//! - [`answers`]: answers that wait until a server that can only say yes or no comes back for them.
//!
//! Only the configured peers may ask: whoever asks says who the client is.

mod answers;
mod asked;
mod grpc;
mod reply;
mod words;

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderName, Response, StatusCode};
use spigot_decision::policy::PrefixMap;
use spigot_state::State;

pub(crate) use self::answers::Answers;
use self::answers::Comes;
#[cfg(fuzzing)]
pub(crate) use self::grpc::fuzz;
pub(super) use self::words::{Sent, Untold};
use super::connection::Connection;
use crate::body::{Incoming, Through};
use crate::challenge_routes::BELOW;
use crate::pipeline::Snapshot;
use crate::respond::Refusal;
use crate::settings::Bounds;

/// Where a server asks about a request.
const CHECK: &str = "/check";
/// Where one that can only be told yes or no comes for the answer that its client gets.
const ANSWER: &str = "/answer";
/// Where clients are sent for an answer that their server would take for a yes.
const ELSEWHERE: &str = "/.spigot/answer/";

const STRANGER: Refusal = Refusal {
    status: StatusCode::FORBIDDEN,
    code: "not_a_peer",
    title: "Only the servers that this door is for may ask here",
    detail: "Add this address to `peers` of its [[door]], if it is one of them.",
};

/// A server that was told no, and then comes without a ticket, refuses for reasons of its own.
const GONE: Refusal = Refusal {
    status: StatusCode::FORBIDDEN,
    code: "refused",
    title: "This request was refused",
    detail: "Load the page again.",
};

/// Under which name a ticket is told, and brought back.
static TICKET: HeaderName = HeaderName::from_static("x-spigot-answer");

pub(super) const NOWHERE: Refusal = Refusal {
    status: StatusCode::NOT_FOUND,
    code: "not_found",
    title: "There is nothing here",
    detail: "Ask at /check; pass on to here what is below /.spigot/.",
};

/// A door beside another server.
#[derive(Debug)]
pub struct Beside {
    /// Which server asks.
    pub kind: BesideKind,
    /// Where it asks from; nobody else may.
    pub peers: PrefixMap<()>,
}

/// Which server asks, and so in which words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BesideKind {
    /// nginx, by `auth_request`.
    Nginx,
    /// Caddy, by `forward_auth`.
    Caddy,
    /// Traefik, by `ForwardAuth`.
    Traefik,
    /// `HAProxy`, by our script.
    Haproxy,
    /// Apache, by our script.
    Apache,
    /// Envoy, by `ext_authz` over HTTP.
    EnvoyHttp,
    /// Envoy, by `ext_authz` over gRPC.
    EnvoyGrpc,
}

impl BesideKind {
    /// Every kind, by its name in the configuration.
    pub const ALL: [(&'static str, Self); 7] = [
        ("nginx", Self::Nginx),
        ("caddy", Self::Caddy),
        ("traefik", Self::Traefik),
        ("haproxy", Self::Haproxy),
        ("apache", Self::Apache),
        ("envoy_http", Self::EnvoyHttp),
        ("envoy_grpc", Self::EnvoyGrpc),
    ];
}

impl BesideKind {
    /// A script of ours asks, within the server.
    fn is_script(self) -> bool {
        matches!(self, Self::Haproxy | Self::Apache)
    }
}

impl Beside {
    /// Whether an address may ask.
    pub(crate) fn is_peer(&self, peer: IpAddr) -> bool {
        self.peers.find(peer.to_canonical()).is_some()
    }
}

/// The bounds of a question: what a client may send, and what a server says beside it. Otherwise a client could have
/// questions refused that the same request without a door would not be.
pub(crate) fn with_description(bounds: &Bounds) -> Bounds {
    // Each of the few fields that a server adds, and a target that stands in a field.
    let (fields, field_bytes) = (16, 128);
    Bounds {
        headers: bounds.headers + fields,
        head_bytes: bounds.head_bytes + bounds.target_bytes + fields * field_bytes,
        ..bounds.clone()
    }
}

impl<S: State> Connection<S> {
    /// A request of the server itself. What it passes on for its clients is [`BELOW`], and not for here.
    pub(super) async fn beside(
        &self,
        beside: &Beside,
        snapshot: &Snapshot,
        parts: Box<Parts>,
        body: Incoming,
        header_order: u64,
    ) -> Response<Through> {
        if !beside.is_peer(self.peer()) {
            return STRANGER.undecided();
        }
        let path = parts.uri.path();
        if path == ANSWER && beside.kind == BesideKind::Nginx {
            let ticket = parts.headers.get(&TICKET).and_then(|ticket| ticket.to_str().ok());
            return self.waiting(ticket, Comes::Server);
        }
        if let Some(ticket) = path.strip_prefix(ELSEWHERE) {
            return self.waiting(Some(ticket), Comes::Client);
        }
        if beside.kind == BesideKind::EnvoyGrpc {
            return if path == grpc::METHOD {
                self.called(snapshot, body).await
            } else {
                NOWHERE.undecided()
            };
        }
        if path.strip_prefix(CHECK).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return self.asked(beside, snapshot, parts, body, header_order).await;
        }
        NOWHERE.undecided()
    }

    /// The answer of a ticket. Whoever comes too late, or without one, is refused all the same.
    fn waiting(&self, ticket: Option<&str>, who: Comes) -> Response<Through> {
        let answer = ticket.and_then(|ticket| self.gateway.answers.take(ticket, who));
        answer.map_or_else(|| GONE.undecided(), |answer| answer.map(Through::Bytes))
    }
}

impl Beside {
    /// Whether a request at this door is a client's, which its server passed on for it.
    pub(super) fn is_clients(path: &str) -> bool {
        path.starts_with(BELOW) && !path.starts_with(ELSEWHERE)
    }
}
