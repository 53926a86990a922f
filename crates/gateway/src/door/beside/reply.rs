//! A judgement in the form that a server acts on. All of them take 200 for a yes, and its fields for the application.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use spigot_decision::Sender;
use spigot_state::State;

use super::answers::Comes;
use super::{BesideKind, ELSEWHERE, GONE, TICKET};
use crate::body::Through;
use crate::door::described::{Answer, Judgement};
use crate::pipeline::Gateway;

/// Which fields of its client's Envoy leaves out.
static HEADERS_TO_REMOVE: HeaderName = HeaderName::from_static("x-envoy-auth-headers-to-remove");
/// The same for a script within HAProxy or Apache.
static REMOVE: HeaderName = HeaderName::from_static("x-spigot-remove");

impl BesideKind {
    /// What the server is told.
    pub(super) fn reply<S: State>(self, gateway: &Gateway<S>, judgement: Judgement) -> Response<Bytes> {
        let Judgement { answer, remove, sender, .. } = judgement;
        let answer = match answer {
            Answer::Pass(fields) => {
                // Envoy would remove what it has just been given.
                let names = remove.iter().filter(|name| !fields.contains_key(*name));
                let names: Vec<&str> = names.map(HeaderName::as_str).collect();
                let mut response = Response::new(Bytes::new());
                *response.headers_mut() = fields;
                let told_in = match self {
                    Self::EnvoyHttp => Some(&HEADERS_TO_REMOVE),
                    Self::Haproxy | Self::Apache => Some(&REMOVE),
                    Self::EnvoyGrpc | Self::Nginx | Self::Caddy | Self::Traefik => None,
                };
                if let Some(told_in) = told_in.filter(|_| !names.is_empty())
                    && let Ok(names) = HeaderValue::from_str(&names.join(","))
                {
                    response.headers_mut().insert(told_in, names);
                }
                return response;
            }
            Answer::Instead(answer) => answer,
        };
        match self {
            // In a message of its own, it is said in so many words.
            Self::EnvoyGrpc => answer,
            Self::Nginx => refer(gateway, answer),
            Self::Haproxy | Self::Apache => {
                let mut answer = answer;
                answer.headers_mut().insert(&TICKET, HeaderValue::from_static("instead"));
                answer
            }
            Self::Caddy | Self::Traefik | Self::EnvoyHttp if sender == Sender::Grpc => as_http(answer),
            Self::Caddy | Self::Traefik | Self::EnvoyHttp if self.misreads(answer.status()) => {
                send_elsewhere(gateway, answer)
            }
            Self::Caddy | Self::Traefik | Self::EnvoyHttp => answer,
        }
    }

    /// Whether an answer of this status would be taken for something else: what looks like a success, for a yes. What looks
    /// like a fault Envoy takes for Spigot's absence, and lets the request pass where its configuration says so.
    pub(super) fn misreads(self, status: StatusCode) -> bool {
        status.is_success() || (self == Self::EnvoyHttp && status.is_server_error())
    }
}

/// No, and where the answer is. Without room for it the server finds none, and refuses all the same.
fn refer<S: State>(gateway: &Gateway<S>, answer: Response<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::FORBIDDEN;
    let ticket = gateway.answers.keep(answer, Comes::Server, (gateway.clock)());
    if let Some(ticket) = ticket.and_then(|ticket| HeaderValue::from_str(&ticket).ok()) {
        response.headers_mut().insert(&TICKET, ticket);
    }
    response
}

/// Sends the client to where its answer waits, as after a form that was taken: there it has the status that it should.
fn send_elsewhere<S: State>(gateway: &Gateway<S>, answer: Response<Bytes>) -> Response<Bytes> {
    let ticket = gateway.answers.keep(answer, Comes::Client, (gateway.clock)());
    let Some(to) = ticket.and_then(|ticket| HeaderValue::from_str(&format!("{ELSEWHERE}{ticket}")).ok())
    else {
        return GONE.undecided().map(Through::of_ours);
    };
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, to);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A gRPC refusal by its HTTP status, which clients read where there is no other ("HTTP to gRPC Status Code Mapping").
fn as_http(mut answer: Response<Bytes>) -> Response<Bytes> {
    let status = match answer.headers().get("grpc-status").map(HeaderValue::as_bytes) {
        // Clients read it as UNAVAILABLE, which both are near enough, and no server takes it for our absence.
        Some(b"8" | b"14") => StatusCode::TOO_MANY_REQUESTS,
        Some(b"3") => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    };
    *answer.status_mut() = status;
    answer
}
