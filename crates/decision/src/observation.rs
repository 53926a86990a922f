use std::net::IpAddr;

/// One request, normalised, with no look-up in it. Everything borrows from the request.
#[derive(Clone, Copy)]
pub struct Observation<'r> {
    /// The client's address: the rightmost untrusted one, IPv4-mapped canonicalised.
    pub client: IpAddr,
    /// Host in lower case without port; empty when the request had none.
    pub host: &'r str,
    /// Method, as sent.
    pub method: &'r str,
    /// Path after [`crate::path::normalise`]: the same text that is forwarded.
    pub path: &'r str,
    /// The path that rules, routes and limits are about: without the parameters of its segments
    /// ([`crate::path::Understood::matched`]).
    pub matched: &'r str,
    /// Query without the question mark, as sent.
    pub query: &'r str,
    /// What kind of client code waits for the answer.
    pub sender: Sender,
    /// `User-Agent`, empty when absent.
    pub user_agent: &'r str,
    /// What that says of the client.
    pub agent: crate::Agent,
    /// Whom it is counted together with.
    pub cohort: crate::Cohort,
    /// The layers of its fingerprint, each as [`crate::layer_number`] numbers it; 0 for those that are not known.
    pub layers: [u64; 3],
    /// What contradicts it.
    pub story: crate::Story,
    /// The other headers.
    pub headers: &'r dyn Headers,
    /// What was seen of the body.
    pub body: Body,
    /// Whether a field that people cannot see came filled in.
    pub honeypot_filled: bool,
    /// The account that the request names, from the route's `identifier` fields.
    pub account: Option<&'r str>,
    /// Which account is meant cannot be told for sure: the body was not read whole, or names two.
    pub account_unclear: bool,
    /// A clearance that was presented and is genuine, unexpired, in scope and bound to this client.
    pub clearance: Option<Presented>,
    /// One was presented that is all of this, but not from where it is presented: then it is as if there were none, and
    /// this is why (how often it was used away from home, against how often it may be).
    pub clearance_elsewhere: Option<crate::Evidence>,
    /// What a widget saw of how its page was used; only its submissions tell.
    pub behaviour: Option<&'r crate::Behaviour>,
    /// What it proved of its sender.
    pub trusted: crate::Trusted,
    /// The request could not be parsed as HTTP; only replay of logs sees such, the gateway refuses them earlier.
    pub malformed: bool,
}

/// A genuine clearance, as the gateway found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Its id, already hashed to a subject.
    pub id: u64,
    /// How much assurance it carries.
    pub level: crate::Level,
    /// How often it may be used in all.
    pub quota: u32,
    /// Milliseconds that it is valid for in all, from issue to expiry.
    pub life_millis: u32,
    /// Milliseconds since its issue.
    pub age_millis: u32,
}

/// What was read of a request's body before the decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Digest of the inspected part and the length told, `None` when there is no body.
    pub digest: Option<u64>,
    /// Bytes inspected.
    pub bytes: u64,
    /// Whether that was all of it.
    pub complete: bool,
}

/// Who waits for the answer, which decides the form of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A browser that will show the answer as a page.
    Navigation,
    /// A script or a subresource in a browser.
    Fetch,
    /// A program that speaks JSON.
    Api,
    /// A gRPC client.
    Grpc,
    /// A request to switch protocols.
    Upgrade,
    /// Anything else: feed readers, command-line tools.
    Other,
}

impl Sender {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Navigation, Self::Fetch, Self::Api, Self::Grpc, Self::Upgrade, Self::Other];

    /// The kind with a name, as events hold it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sender| sender.name() == name)
    }

    /// Its name in expressions and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Navigation => "navigation",
            Self::Fetch => "fetch",
            Self::Api => "api",
            Self::Grpc => "grpc",
            Self::Upgrade => "upgrade",
            Self::Other => "other",
        }
    }

    /// Reads it off the headers. `Sec-Fetch-*` decides where it is sent (the page's scripts cannot forge it);
    /// otherwise a client that asks for HTML is a navigation.
    #[must_use]
    pub fn of(told: &Told<'_>) -> Self {
        let Told { accept, content_type, .. } = *told;
        if content_type.starts_with(b"application/grpc") {
            return Self::Grpc;
        }
        if !told.upgrade.is_empty() {
            return Self::Upgrade;
        }
        match told.sec_fetch_mode {
            b"navigate" | b"nested-navigate" => return Self::Navigation,
            b"" => {}
            _ => return Self::Fetch,
        }
        if told.x_requested_with.eq_ignore_ascii_case(b"XMLHttpRequest") {
            return Self::Fetch;
        }
        if memchr::memmem::find(accept, b"text/html").is_some() {
            return Self::Navigation;
        }
        if memchr::memmem::find(accept, b"json").is_some()
            || memchr::memmem::find(content_type, b"json").is_some()
        {
            return Self::Api;
        }
        Self::Other
    }
}

/// The first values of the header fields that tell who waits for an answer; empty where a field is absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'r> {
    /// `Accept`.
    pub accept: &'r [u8],
    /// `Content-Type`.
    pub content_type: &'r [u8],
    /// `Sec-Fetch-Mode`.
    pub sec_fetch_mode: &'r [u8],
    /// `Upgrade`.
    pub upgrade: &'r [u8],
    /// `X-Requested-With`.
    pub x_requested_with: &'r [u8],
}

impl<'r> Observation<'r> {
    /// A request of which no more is known: nothing was sent with it, and nobody is recognised.
    #[must_use]
    pub fn of(client: IpAddr, method: &'r str, path: &'r str) -> Self {
        Self {
            client,
            host: "",
            method,
            path,
            matched: path,
            query: "",
            sender: Sender::Other,
            user_agent: "",
            agent: crate::Agent::default(),
            cohort: crate::Cohort::default(),
            layers: [0; 3],
            story: crate::Story::default(),
            headers: &NoHeaders,
            body: Body::default(),
            honeypot_filled: false,
            account_unclear: false,
            account: None,
            clearance: None,
            clearance_elsewhere: None,
            behaviour: None,
            trusted: crate::Trusted::default(),
            malformed: false,
        }
    }
}

/// Read access to header fields, by lower-case name. `Sync`, so that whoever decides may wait on another thread.
pub trait Headers: Sync {
    /// The first value of a field, `None` when it is absent.
    fn value(&self, name: &str) -> Option<&[u8]>;
}

/// No headers at all.
pub struct NoHeaders;

impl Headers for NoHeaders {
    fn value(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

/// Headers as a list of lower-case names and values, for tests and replay.
pub struct Pairs<'a>(pub &'a [(&'a str, &'a str)]);

impl Headers for Pairs<'_> {
    fn value(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_bytes())
    }
}

#[cfg(test)]
pub(crate) mod tests_support {
    use super::*;

    /// A browser's `GET` of a path from 192.0.2.1.
    pub(crate) fn request(path: &str) -> Observation<'_> {
        Observation {
            host: "shop.example",
            sender: Sender::Navigation,
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
            ..Observation::of(std::net::Ipv4Addr::new(192, 0, 2, 1).into(), "GET", path)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders() {
        let check = |headers: &[(&str, &str)], name: &str| {
            let value = |name| {
                Pairs(headers).0.iter().find(|(key, _)| *key == name).map_or(&b""[..], |(_, v)| v.as_bytes())
            };
            let told = Told {
                accept: value("accept"),
                content_type: value("content-type"),
                sec_fetch_mode: value("sec-fetch-mode"),
                upgrade: value("upgrade"),
                x_requested_with: value("x-requested-with"),
            };
            assert_eq!(Sender::of(&told).name(), name, "{headers:?}");
        };
        check(&[("accept", "text/html,application/xhtml+xml")], "navigation");
        check(&[("sec-fetch-mode", "navigate"), ("accept", "*/*")], "navigation");
        check(&[("sec-fetch-mode", "cors"), ("accept", "text/html")], "fetch");
        check(&[("x-requested-with", "xmlhttprequest"), ("accept", "text/html")], "fetch");
        check(&[("accept", "application/json")], "api");
        check(&[("accept", "*/*"), ("content-type", "application/json")], "api");
        check(&[("content-type", "application/grpc+proto")], "grpc");
        check(&[("upgrade", "websocket"), ("sec-fetch-mode", "websocket")], "upgrade");
        check(&[("accept", "application/rss+xml, */*")], "other");
        check(&[], "other");
    }
}
