//! Looks at what came with a request for what contradicts its user agent: the connection once for each browser that its
//! requests name, header fields with each of them.

use std::cell::Cell;

use http::{HeaderMap, HeaderName};
use spigot_decision::story::{Found, Rules, Sent, claimed};
use spigot_decision::{Agent, Browser, Story};

use crate::marks::{Mark, Marks};

/// The header fields in which trusted proxies tell the fingerprints of the clients before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FingerprintHeaders {
    /// Of TLS: a JA4.
    pub tls: Option<HeaderName>,
    /// Of HTTP/2: settings, window, priorities, order of pseudo-fields, between bars.
    pub http2: Option<HeaderName>,
}

/// Longer than any fingerprint of a real client.
const TOLD_MAX: usize = 512;

impl FingerprintHeaders {
    /// What a trusted proxy tells of the client before it. Its own connection with us says nothing of that one.
    pub(crate) fn told(&self, headers: &HeaderMap) -> Told {
        let read = |name: &Option<HeaderName>| headers.get(name.as_ref()?)?.to_str().ok();
        Told::by_word(read(&self.tls), read(&self.http2))
    }
}

/// Fingerprints by a trusted proxy's word.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) tls: Option<Mark>,
    pub(crate) http2: Option<Mark>,
}

impl Told {
    /// What is no fingerprint is left out.
    pub(crate) fn by_word(tls: Option<&str>, http2: Option<&str>) -> Self {
        let read = |text: Option<&str>| {
            let text = text.filter(|text| text.len() <= TOLD_MAX && !text.contains(' '))?;
            Mark::new(text)
        };
        Self { tls: read(tls), http2: read(http2) }
    }
}

/// What a connection's layers contradict, for the browser that was named last: nearly always the only one.
#[derive(Default)]
pub(crate) struct Judged(Cell<Option<(Browser, Layers)>>);

/// TLS and HTTP/2.
type Layers = (Option<Found>, Option<Found>);

/// A request, as far as its story goes.
pub(crate) struct Request<'r> {
    pub(crate) agent: &'r Agent,
    pub(crate) method: &'r str,
    pub(crate) headers: &'r HeaderMap,
    /// By a trusted proxy, for its client.
    pub(crate) told: Option<&'r Told>,
    /// The client reached the site over TLS, or on its own machine.
    pub(crate) trustworthy: bool,
}

impl Judged {
    /// What contradicts a request's user agent.
    pub(crate) fn story(&self, rules: &Rules, marks: &Marks, request: &Request<'_>) -> Story {
        let Some(browser) = claimed(request.agent) else { return Story::default() };
        let (tls, http2) = match (request.told, self.0.get()) {
            (Some(told), _) => layers(rules, request.agent, &Marks::of(told)),
            (None, Some((known, layers))) if known == browser => layers,
            (None, _) => {
                let layers = layers(rules, request.agent, &marks.layers());
                self.0.set(Some((browser, layers)));
                layers
            }
        };
        let fields = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let sent = Sent::of(request.method, fields);
        let sent = if request.told.is_some() { sent.relayed() } else { sent };
        Story {
            tls,
            http2,
            headers: rules.headers(request.agent, &sent, request.trustworthy),
            hints: rules.hints(request.agent, &sent),
        }
    }
}

fn layers(rules: &Rules, agent: &Agent, seen: &crate::marks::Layers<'_>) -> Layers {
    let tls = seen.tls.and_then(|tls| rules.tls(agent, &tls));
    (tls, seen.http2.and_then(|http2| rules.http2(agent, http2)))
}

/// Whether browsers take a host for their own machine, and tell it what they tell over TLS.
pub(crate) fn is_own_machine(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]"
}
