//! The upstream's request, made of the client's.

use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, header};
use http_body::Body;
use spigot_decision::Sender;
use spigot_state::State;

use super::Passing;
use super::attempt::is_read;
use crate::body::Through;
use crate::door::turn::{Original, injects, target, tell};
use crate::pipeline::Decided;
use crate::respond::{is_odd, is_of_one_hop, named_by_connection};
use crate::stash::Foreign;
use crate::upstream::{Fields, Head};

/// Fields that are added to the client's.
const OURS: usize = 15;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// A request as it goes on to the application, for whichever protocol that speaks.
pub(super) struct Onward<'a, S> {
    pub(super) passing: &'a Passing<'a, S>,
    pub(super) original: &'a Original<'a>,
    pub(super) decided: &'a Decided,
}

impl<S: State> Head for Onward<'_, S> {
    fn method(&self) -> &Method {
        &self.original.parts.method
    }

    fn http1(&self, body: &Through, into: &mut Vec<u8>) -> Option<u64> {
        into.extend_from_slice(self.method().as_str().as_bytes());
        into.push(b' ');
        into.extend_from_slice(self.passing.target_of(self.original.parts).as_str().as_bytes());
        into.extend_from_slice(b" HTTP/1.1\r\n");
        self.write(body, into);
        if let Some(protocol) = self.original.upgrade {
            into.set(&header::CONNECTION, b"upgrade");
            into.keep(&header::UPGRADE, protocol);
        }
        // Behind a length there is no room for trailers; without a body nobody asks for it.
        let framed = !body.is_end_stream() && body.trailers().is_none();
        framed.then(|| self.original.told_length()).flatten()
    }

    fn http2(&self, body: &Through) -> Request<()> {
        let mut headers = HeaderMap::with_capacity(self.original.parts.headers.len() + OURS);
        self.write(body, &mut headers);
        let host = headers.remove(header::HOST);
        let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(if self.passing.connection.secure { Scheme::HTTPS } else { Scheme::HTTP });
        // A host that we understood is an authority.
        uri.authority = authority.or_else(|| Authority::try_from(self.passing.turn.seen.host).ok());
        uri.path_and_query = Some(self.passing.target_of(self.original.parts));
        let mut request = Request::new(());
        *request.method_mut() = self.method().clone();
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers;
        request
    }
}

impl<S: State> Onward<'_, S> {
    /// All fields that are the same for every protocol. The client's own stay as they came, for conditions on the answer.
    fn write(&self, body: &Through, fields: &mut impl Fields) {
        let kept = self.original.kept;
        self.clients(body, fields);
        if let Some(kept) = kept {
            fields.keep(&header::CONTENT_TYPE, &kept.content_type);
            for (name, value) in kept.foreign.iter().flat_map(Foreign::fields) {
                fields.keep(name, value);
            }
        }
        let changed = kept.is_some() || self.original.removed > 0;
        if let Some(length) = self.original.told_length().filter(|_| changed) {
            fields.set(&header::CONTENT_LENGTH, length.to_string().as_bytes());
        }
        for name in body.trailers().iter().flat_map(|trailers| trailers.keys()) {
            // Only those that were announced are sent everywhere.
            fields.set(&header::TRAILER, name.as_str().as_bytes());
        }
        self.forwarded(fields);
        tell(self.passing.turn.snapshot, self.passing.turn.seen, self.decided, fields);
    }

    /// What the client said and the application is to hear.
    fn clients(&self, body: &Through, fields: &mut impl Fields) {
        let Original { parts, kept, removed, .. } = self.original;
        // What is coded cannot be read, and a part of a page has no forms.
        let readable = injects(self.passing.turn.snapshot, self.decided.decision.route, self.decided.sender);
        let headers = &parts.headers;
        let http2 = parts.version == Version::HTTP_2;
        let authority = parts.uri.authority().filter(|_| http2);
        if let Some(authority) = authority {
            fields.set(&header::HOST, authority.as_str().as_bytes());
        }
        let named = headers.contains_key(header::CONNECTION);
        let trusted = self.is_from_trusted_proxy();
        let settings = &self.passing.turn.snapshot.settings;
        // Whatever says there who the client is, nobody has verified.
        let unverified = settings.certificate_header.as_ref().filter(|_| !trusted);
        // Proxies of the operator's may name these as they like.
        let certificate = settings.certificate_header.as_ref().map(HeaderName::as_str);
        let known = [Some(settings.forwarded_header.as_str()), certificate];
        // Metadata may be called so, and nothing there makes variables of names.
        let grpc = http2 && self.decided.sender == Sender::Grpc;
        let secret = self.original.left_out.as_ref();
        let foreign = kept.is_some_and(|kept| kept.foreign.is_some());
        for (name, value) in headers {
            if foreign && Foreign::tells(name) {
                continue;
            }
            let text = name.as_str();
            let left_out = match text {
                // We have asked for the body ourselves, or will when it is sent on.
                "expect" => true,
                // Trailers are passed on, and nothing else that it may name is.
                "te" => !value.as_bytes().eq_ignore_ascii_case(b"trailers"),
                // Written anew.
                "x-forwarded-for" => true,
                "x-forwarded-proto" | "x-forwarded-host" | "x-forwarded-port" | "x-real-ip" | "forwarded" => {
                    !trusted
                }
                // Another path for the application than the one that was decided about.
                "x-original-url" | "x-rewrite-url" => !trusted,
                "host" => authority.is_some(),
                "cookie" => http2,
                // Only chunks can have trailers behind them.
                "content-length" => kept.is_some() || *removed > 0 || body.trailers().is_some(),
                "content-type" => kept.is_some(),
                "accept-encoding" => readable || self.is_answer_read(),
                "range" | "if-range" => readable,
                "trailer" => body.trailers().is_some(),
                name => {
                    is_of_one_hop(name)
                        // The field that proxies of the operator's write the client into, from somebody else.
                        || (!trusted && name == settings.forwarded_header)
                        || (is_odd(name) && !grpc && !known.contains(&Some(name)))
                        || (named
                            && named_by_connection(headers).any(|named| named.eq_ignore_ascii_case(name)))
                }
            };
            if !left_out && secret != Some(name) && unverified != Some(name) {
                fields.keep(name, value);
            }
        }
        if http2 && !foreign {
            join_cookies(headers, fields);
        }
        if readable {
            fields.set(&header::ACCEPT_ENCODING, b"identity");
        }
    }

    /// Whether the answer is looked at, and has to come as it is.
    fn is_answer_read(&self) -> bool {
        let plan = &self.decided.plan;
        plan.account.is_some()
            && is_read(&self.passing.turn.snapshot.policy.route(plan.route).settings.attempt)
    }

    fn is_from_trusted_proxy(&self) -> bool {
        self.passing.turn.from_trusted_proxy
    }

    /// What the application is told of the client. Only a trusted proxy's own words are kept.
    fn forwarded(&self, fields: &mut impl Fields) {
        let (connection, parts) = (self.passing.connection, self.original.parts);
        let trusted = self.is_from_trusted_proxy();
        let said = |name: &HeaderName| trusted.then(|| parts.headers.get(name)).flatten();
        match said(&X_FORWARDED_FOR) {
            Some(_) => {
                // Some proxies add a line of their own behind the client's, and the last is the one that is true.
                let lines = parts.headers.get_all(&X_FORWARDED_FOR).iter().chain([&connection.peer_text]);
                let lines: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
                fields.set(&X_FORWARDED_FOR, &lines.join(&b", "[..]));
            }
            None => fields.keep(&X_FORWARDED_FOR, &connection.peer_text),
        }
        if said(&X_FORWARDED_PROTO).is_none() {
            fields.set(&X_FORWARDED_PROTO, if connection.secure { b"https" } else { b"http" });
        }
        if said(&X_FORWARDED_HOST).is_none() {
            let authority = parts.uri.authority().filter(|_| parts.version == Version::HTTP_2);
            match (authority, parts.headers.get(header::HOST)) {
                (Some(authority), _) => fields.set(&X_FORWARDED_HOST, authority.as_str().as_bytes()),
                (None, Some(host)) => fields.keep(&X_FORWARDED_HOST, host),
                (None, None) => {}
            }
        }
    }
}

impl<S: State> Passing<'_, S> {
    fn target_of(&self, parts: &Parts) -> PathAndQuery {
        match parts.uri.path_and_query() {
            // Nothing was normalised: no need to write it anew.
            Some(same) if same.path() == self.turn.seen.path => same.clone(),
            _ => PathAndQuery::try_from(target(self.turn.seen))
                .unwrap_or_else(|_| PathAndQuery::from_static("/")),
        }
    }
}

/// HTTP/2 may send a cookie in pieces (RFC 9113, section 8.2.3); HTTP/1.1 has one field.
fn join_cookies(headers: &HeaderMap, fields: &mut impl Fields) {
    let mut pieces = headers.get_all(header::COOKIE).iter();
    match (pieces.next(), pieces.next()) {
        (Some(only), None) => fields.keep(&header::COOKIE, only),
        (Some(_), Some(_)) => {
            let pieces = headers.get_all(header::COOKIE).iter();
            let pieces: Vec<&[u8]> = pieces.map(HeaderValue::as_bytes).collect();
            fields.set(&header::COOKIE, &pieces.join(&b"; "[..]));
        }
        (None, _) => {}
    }
}
