use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use http::uri;
use rustls_pki_types::ServerName;

use super::trust::Trust;

/// Addresses taken of one name: more than any honest answer has, few enough to try in turn.
const ADDRESSES_MAX: usize = 16;

const FORMS: &str = "write \"http://HOST:PORT\", \"https://HOST:PORT\", \"h2c://HOST:PORT\" (HTTP/2 without TLS) or \
                     \"HOST:PORT\"; a path is not possible";

/// Why a text is no upstream.
#[derive(Clone, Debug)]
pub struct UpstreamProblem {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub instead: &'static str,
}

fn problem(what: String, instead: &'static str) -> UpstreamProblem {
    UpstreamProblem { what, instead }
}

/// How a server is spoken to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Speech {
    /// HTTP/1.1 without TLS.
    Http1,
    /// HTTP/2 without TLS, by prior knowledge.
    Http2,
    /// TLS; the server chooses between HTTP/2 and HTTP/1.1.
    Tls(Box<Secured>),
}

/// Whose certificate is expected, and who may have signed it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Secured {
    pub(crate) name: ServerName<'static>,
    pub(crate) trust: Trust,
}

/// One address of a protected server. Compared by identity: each thread keeps connections to it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    pub(crate) speech: Arc<Speech>,
}

/// A protected server as the operator wrote it, and where its name leads now.
pub struct Upstream {
    host: String,
    port: u16,
    speech: Arc<Speech>,
    places: ArcSwap<Vec<Arc<Place>>>,
    /// Somebody could not connect: the name may lead elsewhere by now.
    doubted: AtomicBool,
}

impl Upstream {
    /// Reads `http://HOST[:PORT]`, `https://…`, `h2c://…` or `HOST:PORT`; `trust` says whose certificates count. An
    /// address needs no look-up; a name leads nowhere until [`Self::resolve`].
    ///
    /// # Errors
    /// What is wrong, and what may be written instead.
    pub fn parse(
        text: &str,
        trust: impl FnOnce() -> Result<Trust, UpstreamProblem>,
    ) -> Result<Self, UpstreamProblem> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let bare = !text.contains("://");
        let rest = if bare { rest } else { rest.strip_suffix('/').unwrap_or(rest) };
        let none = || problem(format!("\"{text}\" is no upstream"), FORMS);
        let authority: uri::Authority = rest.parse().map_err(|_| none())?;
        let (host, given) = (authority.host(), authority.port_u16());
        if host.is_empty() || rest.contains(['@', '?', '#']) || (bare && given.is_none()) {
            return Err(none());
        }
        // "host:" and "host:99999" parse as an authority without a port.
        if given.is_none() && rest.len() != host.len() {
            return Err(problem(
                format!("\"{text}\" has no port between 1 and 65535 after its colon"),
                FORMS,
            ));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (speech, port) = match scheme {
            "http" => (Speech::Http1, 80),
            "h2c" => (Speech::Http2, 80),
            "https" => {
                let name = ServerName::try_from(host.clone()).map_err(|_| {
                    problem(format!("\"{host}\" is no name that a certificate could carry"), FORMS)
                })?;
                (Speech::Tls(Box::new(Secured { name, trust: trust()? })), 443)
            }
            other => return Err(problem(format!("no upstream can be spoken to by \"{other}\""), FORMS)),
        };
        let upstream = Self {
            host,
            port: given.unwrap_or(port),
            speech: Arc::new(speech),
            places: ArcSwap::default(),
            doubted: AtomicBool::new(false),
        };
        if let Ok(address) = upstream.host.parse::<IpAddr>() {
            upstream.lead_to(vec![SocketAddr::new(address, upstream.port)]);
        }
        Ok(upstream)
    }

    /// A server of our own at an address, without TLS.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        let upstream = Self {
            host: address.ip().to_string(),
            port: address.port(),
            speech: Arc::new(Speech::Http1),
            places: ArcSwap::default(),
            doubted: AtomicBool::new(false),
        };
        upstream.lead_to(vec![address]);
        upstream
    }

    /// Asks the system where the name leads. Blocks: never on a thread that serves. When there is no answer, what was
    /// known stays.
    ///
    /// # Errors
    /// What the system says.
    pub fn resolve(&self) -> io::Result<()> {
        if self.is_address() {
            return Ok(());
        }
        let mut found: Vec<SocketAddr> = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        found.sort_unstable();
        found.dedup();
        found.truncate(ADDRESSES_MAX);
        self.lead_to(found);
        Ok(())
    }

    /// Its scheme, host and port: where it is reached.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.is_secure() { "https" } else { "http" }, self.authority())
    }

    /// Its host, with the port where that is not the usual one: what `Host` and `:authority` say.
    pub(crate) fn authority(&self) -> String {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        let usual = if self.is_secure() { 443 } else { 80 };
        if self.port == usual {
            format!("{open}{}{close}", self.host)
        } else {
            format!("{open}{}{close}:{}", self.host, self.port)
        }
    }

    /// Whether it is spoken to over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        matches!(*self.speech, Speech::Tls(_))
    }

    /// Whether there is nothing to look up.
    #[must_use]
    pub fn is_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }

    /// Whether it leads nowhere yet, or somebody failed to connect since this was asked last.
    #[must_use]
    pub fn take_doubt(&self) -> bool {
        self.doubted.swap(false, Ordering::Relaxed) || self.places.load().is_empty()
    }

    pub(crate) fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn places(&self) -> arc_swap::Guard<Arc<Vec<Arc<Place>>>> {
        self.places.load()
    }

    /// Places that stay keep their identity, and so their connections.
    fn lead_to(&self, addresses: Vec<SocketAddr>) {
        let before = self.places.load();
        let places = addresses
            .into_iter()
            .map(|address| match before.iter().find(|place| place.address == address) {
                Some(place) => place.clone(),
                None => Arc::new(Place { address, speech: self.speech.clone() }),
            })
            .collect();
        self.places.store(Arc::new(places));
    }
}

/// The same words, with the same trust.
impl PartialEq for Upstream {
    fn eq(&self, other: &Self) -> bool {
        (&self.host, self.port, &self.speech) == (&other.host, other.port, &other.speech)
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match &*self.speech {
            Speech::Http1 => "http",
            Speech::Http2 => "h2c",
            Speech::Tls(_) => "https",
        };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_and_what_is_none() {
        let signed = rcgen::generate_simple_self_signed(vec!["app".to_owned()]).unwrap();
        let pem = signed.cert.pem();
        let check = |text: &str, expected: Result<&str, &str>| {
            let parsed = Upstream::parse(text, || Ok(Trust::from_pem(pem.as_bytes()).unwrap()));
            match (parsed, expected) {
                (Ok(upstream), Ok(shown)) => assert_eq!(upstream.to_string(), shown, "{text}"),
                (Err(error), Err(part)) => assert!(error.what.contains(part), "{text}: {error:?}"),
                (parsed, _) => panic!("{text}: {parsed:?}"),
            }
        };
        check("127.0.0.1:3000", Ok("http://127.0.0.1:3000"));
        check("app:3000", Ok("http://app:3000"));
        check("http://app", Ok("http://app:80"));
        check("http://app/", Ok("http://app:80"));
        check("http://[::1]:3000", Ok("http://[::1]:3000"));
        check("h2c://app:50051", Ok("h2c://app:50051"));
        check("https://app.example", Ok("https://app.example:443"));
        check("https://10.0.0.1:8443", Ok("https://10.0.0.1:8443"));
        check("app", Err("is no upstream"));
        check("", Err("is no upstream"));
        check("http://", Err("is no upstream"));
        check("http://app/path", Err("is no upstream"));
        check("http://user@app", Err("is no upstream"));
        check("http://app:99999", Err("no port between"));
        check("http://app:", Err("no port between"));
        check("ftp://app", Err("spoken to by \"ftp\""));
        check("https://bad_name!", Err("is no"));
    }

    #[test]
    fn a_place_that_stays_keeps_its_identity() {
        let upstream = Upstream::parse("app:80", Trust::system).unwrap();
        assert!(upstream.take_doubt(), "it leads nowhere yet");
        let address = |last| SocketAddr::from(([127, 0, 0, last], 80));
        upstream.lead_to(vec![address(1), address(2)]);
        assert!(!upstream.take_doubt());
        let second = upstream.places()[1].clone();
        upstream.lead_to(vec![address(2), address(3)]);
        assert!(Arc::ptr_eq(&upstream.places()[0], &second));
        upstream.doubt();
        assert!(upstream.take_doubt() && !upstream.take_doubt());
    }
}
