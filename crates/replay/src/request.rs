//! One record of a log as a request: owned, so that it can be put in order, and then seen as an observation.

use std::net::IpAddr;

use spigot_accesslog::Record;
use spigot_decision::{Cohort, Headers, Observation, Prefix, Presented, Sender, path};
use spigot_intel::Software;

use crate::recorded::Told;

/// What the request line was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// HTTP.
    Request,
    /// Something else, or HTTP that the gateway refuses.
    Malformed,
    /// Nothing: the client connected and sent no request.
    Nothing,
}

/// A request, held until it is its turn. The texts stand in one string, whose memory is used again.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) client: IpAddr,
    pub(crate) status: u16,
    pub(crate) shape: Shape,
    pub(crate) told: Told,
    text: String,
    ends: [u32; PARTS],
}

const PARTS: usize = 6;
const METHOD: usize = 0;
const HOST: usize = 1;
const PATH: usize = 2;
const QUERY: usize = 3;
const USER_AGENT: usize = 4;
const REFERER: usize = 5;

impl Held {
    /// Takes over what is needed of a record, into the memory of `spare`.
    pub(crate) fn take(record: &Record<'_>, trusted: &[Prefix], mut spare: String) -> Self {
        spare.clear();
        let mut ends = [0; PARTS];
        // Servers skip white space before the protocol.
        let target = record.target.trim_end_matches(' ');
        let (target_host, path, query) = split_target(target);
        let host = target_host.or(record.host).unwrap_or_default();
        let texts = [
            record.method,
            host,
            path,
            query,
            record.user_agent.unwrap_or_default(),
            record.referer.unwrap_or_default(),
        ];
        spare.reserve(texts.iter().map(|text| text.len()).sum());
        for (text, end) in texts.into_iter().zip(&mut ends) {
            spare.push_str(text);
            // A line is at most 64 KiB and replacement characters can only treble that.
            *end = u32::try_from(spare.len()).unwrap_or(u32::MAX);
        }
        spare[ends[METHOD] as usize..ends[HOST] as usize].make_ascii_lowercase();
        let shape = match (record.request_malformed, record.malformed_request.trim()) {
            (true, "" | "-") => Shape::Nothing,
            (true, _) => Shape::Malformed,
            (false, _) if refused(record.method, target) => Shape::Malformed,
            (false, _) => Shape::Request,
        };
        let client = visitor(record, trusted);
        Self { client, status: record.status, shape, told: Told::default(), text: spare, ends }
    }

    /// Gives the memory back.
    pub(crate) fn into_spare(self) -> String {
        self.text
    }

    /// The path as it is forwarded and as it is matched; `None` when the request is malformed.
    pub(crate) fn path(&self) -> Option<path::Understood<'_>> {
        (self.shape == Shape::Request).then(|| path::Understood::read(self.part(PATH)).ok()).flatten()
    }

    /// The observation, given what [`Held::path`] found.
    pub(crate) fn observation<'h>(
        &'h self,
        path: Option<&'h path::Understood<'_>>,
        software: Software,
        clearance: Option<Presented>,
        network: Option<u32>,
    ) -> Observation<'h> {
        let malformed = path.is_none();
        let (path, matched) = path.map_or(("/", "/"), |path| (path.whole(), path.matched()));
        let (method, user_agent) = (self.part(METHOD), self.part(USER_AGENT));
        Observation {
            host: self.part(HOST),
            query: self.part(QUERY),
            sender: self.told.sender.unwrap_or_else(|| sender(method, path, user_agent)),
            user_agent,
            agent: software.agent,
            cohort: Cohort { network, fingerprint: self.told.fingerprint },
            headers: self,
            clearance,
            matched,
            malformed,
            ..Observation::of(self.client, method, path)
        }
    }

    pub(crate) fn user_agent(&self) -> &str {
        self.part(USER_AGENT)
    }

    fn part(&self, part: usize) -> &str {
        let start = if part == 0 { 0 } else { self.ends[part - 1] };
        &self.text[start as usize..self.ends[part] as usize]
    }
}

impl Headers for Held {
    fn value(&self, name: &str) -> Option<&[u8]> {
        let part = match name {
            "host" => HOST,
            "user-agent" => USER_AGENT,
            "referer" => REFERER,
            _ => return None,
        };
        Some(self.part(part).as_bytes()).filter(|value| !value.is_empty())
    }
}

/// Host of an absolute target, path, query. `*` (a question about the server as a whole) is its root.
fn split_target(target: &str) -> (Option<&str>, &str, &str) {
    let absolute = if target.starts_with('/') { None } else { target.split_once("://") };
    let (host, rest) = match absolute {
        Some((scheme, rest)) if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let host = match host.rsplit_once(':') {
                Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
                _ => host,
            };
            (Some(host), path)
        }
        _ => (None, target),
    };
    let (path, query) = match memchr::memchr(b'?', rest.as_bytes()) {
        Some(mark) => (&rest[..mark], &rest[mark + 1..]),
        None => (rest, ""),
    };
    (host, if matches!(path, "" | "*") { "/" } else { path }, query)
}

/// What an HTTP parser does not accept, whatever the server that wrote the log made of it: white space inside the
/// target, tunnels, and the start of HTTP/2 on a connection of HTTP/1.1.
fn refused(method: &str, target: &str) -> bool {
    // Folded without a way out, which compiles to comparisons of many bytes at once.
    let blank = target.bytes().fold(false, |blank, byte| blank | (byte <= b' ') | (byte == 0x7f));
    blank || matches!(method, "CONNECT" | "PRI")
}

/// Who sent it: the rightmost address of the forwarding chain that is no trusted proxy.
fn visitor(record: &Record<'_>, trusted: &[Prefix]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|prefix| prefix.contains(address));
    let mut client = record.client;
    let mut chain = record.forwarded_for.unwrap_or_default().rsplit(',');
    while is_trusted(client) {
        let Some(before) = chain.next().and_then(|text| text.trim().parse::<IpAddr>().ok()) else { break };
        client = before.to_canonical();
    }
    client
}

/// Who waits for the answer, as far as a log tells: JSON and `/api` are a program's; a browser waits with a page for
/// an address without an extension or with a page's, and with a script for anything else; every other client is
/// `other`.
pub(crate) fn sender(method: &str, path: &str, user_agent: &str) -> Sender {
    let name = memchr::memrchr(b'/', path.as_bytes()).map_or(path, |slash| &path[slash + 1..]);
    let extension = memchr::memrchr(b'.', name.as_bytes()).map_or("", |dot| &name[dot + 1..]);
    if path.starts_with("/api/") || extension.eq_ignore_ascii_case("json") {
        return Sender::Api;
    }
    if !(user_agent.starts_with("Mozilla/") || user_agent.starts_with("Opera/")) {
        return Sender::Other;
    }
    let page = extension.is_empty() || PAGES.iter().any(|page| extension.eq_ignore_ascii_case(page));
    if page && matches!(method, "GET" | "HEAD" | "POST") { Sender::Navigation } else { Sender::Fetch }
}

/// Extensions of pages; none is the usual one.
const PAGES: [&str; 9] = ["html", "htm", "xhtml", "php", "asp", "aspx", "jsp", "do", "cgi"];

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";

    fn record<'a>(method: &'a str, target: &'a str) -> Record<'a> {
        Record {
            time_millis: 0,
            client: "192.0.2.1".parse().unwrap(),
            method,
            target,
            protocol: "HTTP/1.1",
            host: Some("Shop.example"),
            status: 200,
            bytes: 0,
            referer: None,
            user_agent: Some(FIREFOX),
            user: None,
            forwarded_for: None,
            request_seconds: None,
            request_malformed: false,
            malformed_request: "",
        }
    }

    #[test]
    fn targets() {
        let check = |method: &str, target: &str, expected: Option<(&str, &str, &str)>| {
            let held = Held::take(&record(method, target), &[], String::new());
            let path = held.path();
            let seen = held.observation(path.as_ref(), Software::default(), None, None);
            let found = (!seen.malformed).then_some((seen.host, seen.path, seen.query));
            assert_eq!(found, expected, "{method} {target}");
        };
        check("GET", "/", Some(("shop.example", "/", "")));
        check("GET", "//a/../b?c=/../d", Some(("shop.example", "/b", "c=/../d")));
        check("GET", "http://Other.example:8080/x?y", Some(("other.example", "/x", "y")));
        check("GET", "http://other.example?y", Some(("other.example", "/", "y")));
        check("GET", "/?u=http://other.example/", Some(("shop.example", "/", "u=http://other.example/")));
        check("OPTIONS", "*", Some(("shop.example", "/", "")));
        check("CONNECT", "192.0.2.9:443", None);
        check("PRI", "*", None);
        check("GET", "/a ", Some(("shop.example", "/a", "")));
        check("GET", "/a b", None);
        check("GET", "/a%2fb", None);
    }

    #[test]
    fn nothing_and_malformed() {
        for (line, shape) in [("-", Shape::Nothing), ("", Shape::Nothing), ("\u{16}\u{3}", Shape::Malformed)]
        {
            let record = Record { request_malformed: true, malformed_request: line, ..record("", "") };
            assert_eq!(Held::take(&record, &[], String::new()).shape, shape, "{line:?}");
        }
    }

    #[test]
    fn senders() {
        for (method, path, agent, expected) in [
            ("GET", "/", FIREFOX, Sender::Navigation),
            ("POST", "/login.php", FIREFOX, Sender::Navigation),
            ("GET", "/logo.png", FIREFOX, Sender::Fetch),
            ("PUT", "/cart", FIREFOX, Sender::Fetch),
            ("GET", "/api/items", FIREFOX, Sender::Api),
            ("GET", "/items.json", "", Sender::Api),
            ("GET", "/", "curl/8.5.0", Sender::Other),
        ] {
            assert_eq!(sender(method, path, agent), expected, "{method} {path} {agent}");
        }
    }

    #[test]
    fn visitors_behind_proxies() {
        let trusted = [Prefix::parse("10.0.0.0/8").unwrap()];
        for (client, chain, expected) in [
            ("192.0.2.1", Some("198.51.100.1"), "192.0.2.1"),
            ("10.0.0.1", Some("198.51.100.1, 203.0.113.5, 10.0.0.2"), "203.0.113.5"),
            ("10.0.0.1", Some("::ffff:203.0.113.5"), "203.0.113.5"),
            ("10.0.0.1", Some("unknown"), "10.0.0.1"),
            ("10.0.0.1", None, "10.0.0.1"),
        ] {
            let record =
                Record { client: client.parse().unwrap(), forwarded_for: chain, ..record("GET", "/") };
            assert_eq!(visitor(&record, &trusted), expected.parse::<IpAddr>().unwrap(), "{client} {chain:?}");
        }
    }
}
