//! `spigot.toml`: the server's own settings beside the policy, read with the same care.

mod breach;
mod crawlers;
mod doors;
mod files;
mod hook;
mod lists;
mod mail;
mod oidc;
mod panel;
mod providers;
mod review;
mod service;
mod sites;
mod story;
mod trusted;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use spigot_decision::Prefix;
use spigot_decision::policy::source::{Problems, Section};
use spigot_decision::policy::units::{duration_millis, size_bytes};
use spigot_decision::policy::{Policy, PrefixMap, load_with};
use spigot_decision::story::Rules;
use spigot_gateway::{Bounds, CrawlerDns, FingerprintHeaders, Provider, Settings, Site, TrustedProof};

pub(crate) use self::breach::BreachSection;
pub(crate) use self::doors::DoorSection;
pub(crate) use self::hook::Hook;
pub(crate) use self::lists::{Changes, Feed, From};
pub(crate) use self::mail::{MailSection, MailTls};
pub(crate) use self::panel::PanelSection;
pub(crate) use self::review::ReviewSection;
pub(crate) use self::service::ServiceSection;

/// A whole configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) policy: Policy,
    pub(crate) server: Server,
}

/// The server's own part.
#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) data: PathBuf,
    pub(crate) sites: Vec<Site>,
    pub(crate) trusted_proxies: Vec<Prefix>,
    pub(crate) forwarded_header: String,
    pub(crate) fingerprint_headers: FingerprintHeaders,
    pub(crate) browsers: Arc<Rules>,
    pub(crate) proxy_protocol: bool,
    pub(crate) networks: Vec<PathBuf>,
    pub(crate) feeds: Vec<Arc<Feed>>,
    pub(crate) crawlers: Option<CrawlerDns>,
    pub(crate) threads: usize,
    pub(crate) counter_bytes: usize,
    pub(crate) bounds: Bounds,
    pub(crate) events: Events,
    pub(crate) providers: Vec<Arc<Provider>>,
    pub(crate) trusted: Vec<TrustedProof>,
    pub(crate) certificate_header: Option<HeaderName>,
    pub(crate) service: Option<ServiceSection>,
    pub(crate) doors: Vec<DoorSection>,
    pub(crate) breach: Option<BreachSection>,
    pub(crate) disposable_domains: Vec<PathBuf>,
    /// Files of mail domains that have an ill name.
    pub(crate) ill_reputed_domains: Vec<PathBuf>,
    pub(crate) panel: PanelSection,
    pub(crate) review: Option<ReviewSection>,
    pub(crate) alerts: Option<Hook>,
}

/// Where TLS is spoken, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) listen: Vec<SocketAddr>,
    /// For every name that none of `sites` holds for.
    pub(crate) first: CertificateFiles,
    /// For the names that stand in them.
    pub(crate) sites: Vec<CertificateFiles>,
    /// Who signs the certificates that clients may show.
    pub(crate) client_ca: Option<PathBuf>,
}

impl TlsFiles {
    /// Every certificate with its key, the first one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &CertificateFiles> {
        std::iter::once(&self.first).chain(&self.sites)
    }
}

/// A certificate with its chain, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// How long events are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Events {
    pub(crate) keep_days: u32,
    pub(crate) keep_bytes: u64,
    pub(crate) truncate_after_days: Option<u32>,
}

impl Default for Events {
    fn default() -> Self {
        Self { keep_days: 30, keep_bytes: 2 << 30, truncate_after_days: None }
    }
}

impl Config {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Self::parse(&path.display().to_string(), &text).map_err(|problems| problems.to_string())
    }

    /// Reads a text, and whether every file that it names can be used.
    pub(crate) fn parse_with_files(file: &str, text: &str) -> Result<Self, Problems> {
        let all = |top: &Section<'_, '_>| {
            let server = server(top);
            files::check(top, server.tls.as_ref());
            server
        };
        load_with(file, text, all).map(|(policy, server)| Self { policy, server })
    }

    /// Reads a text; a policy alone is a configuration without upstreams.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        load_with(file, text, server).map(|(policy, server)| Self { policy, server })
    }
}

impl Server {
    /// Whether nothing is protected, decided about beside another server, or served: what stands with a policy alone.
    pub(crate) fn is_policy_alone(&self) -> bool {
        self.sites.is_empty() && self.service.is_none() && self.doors.is_empty()
    }

    /// The keys that `new` has other values for and that take effect at the start alone.
    pub(crate) fn differs_at_start(&self, new: &Self) -> Vec<&'static str> {
        let service =
            |server: &Self| server.service.clone().map(|service| (service.listen, service.listen_tls));
        let differ = [
            ("listen", self.listen != new.listen),
            ("tls", self.tls != new.tls),
            ("admin", self.admin != new.admin),
            ("data", self.data != new.data),
            ("proxy_protocol", self.proxy_protocol != new.proxy_protocol),
            ("threads", self.threads != new.threads),
            ("counter_memory", self.counter_bytes != new.counter_bytes),
            ("events", self.events != new.events),
            ("panel", self.panel != new.panel),
            ("review", self.review != new.review),
            ("alerts", self.alerts != new.alerts),
            ("service.listen", service(self) != service(new)),
            ("door", self.doors != new.doors),
        ];
        differ.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }

    /// All addresses, with the keys that name them.
    pub(crate) fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        let tls = self.tls.iter().flat_map(|tls| &tls.listen).map(|address| ("tls", *address));
        let service =
            self.service.iter().flat_map(|service| service.listen.iter().chain(&service.listen_tls));
        let listen = self.listen.iter().map(|address| ("listen", *address));
        let listen = listen.filter(|_| !self.sites.is_empty()).chain(tls.filter(|_| !self.sites.is_empty()));
        let admin = self.admin.iter().map(|address| ("admin", *address));
        let doors = self.doors.iter().flat_map(|door| &door.listen).map(|address| ("door", *address));
        listen.chain(admin).chain(service.map(|address| ("service", *address))).chain(doors).collect()
    }

    pub(crate) fn gateway_settings(&self) -> Settings {
        Settings {
            sites: self.sites.clone(),
            trusted_proxies: PrefixMap::new(self.trusted_proxies.iter().map(|prefix| (*prefix, ()))),
            forwarded_header: self.forwarded_header.clone(),
            fingerprint_headers: self.fingerprint_headers.clone(),
            browsers: self.browsers.clone(),
            bounds: self.bounds.clone(),
            providers: self.providers.clone(),
            crawlers: self.crawlers.clone(),
            trusted: self.trusted.clone(),
            certificate_header: self.certificate_header.clone(),
            ..Settings::default()
        }
    }
}

fn server(top: &Section<'_, '_>) -> Server {
    let mut server = Server {
        listen: addresses(top, "listen").unwrap_or_else(|| vec![SocketAddr::from(([127, 0, 0, 1], 8080))]),
        tls: tls(top),
        admin: address(top, "admin"),
        data: top.text("data").map_or_else(|| PathBuf::from("spigot-data"), |text| PathBuf::from(text.value)),
        sites: sites::sites(top),
        trusted_proxies: prefixes(top, "trusted_proxies"),
        forwarded_header: top
            .text("forwarded_header")
            .map_or("x-forwarded-for".to_owned(), |text| text.value.to_ascii_lowercase()),
        fingerprint_headers: story::fingerprint_headers(top),
        browsers: story::browsers(top),
        proxy_protocol: proxy_protocol(top),
        networks: paths(top, "networks"),
        feeds: lists::feeds(top),
        crawlers: crawlers::crawlers(top),
        threads: top.integer("threads", 1..=1024).map_or(0, |n| usize::try_from(n.value).unwrap_or(0)),
        counter_bytes: 128 << 20,
        bounds: bounds(top),
        events: events(top),
        providers: providers::providers(top),
        trusted: trusted::trusted(top),
        certificate_header: trusted::header(top, "client_certificate_header"),
        service: service::service(top),
        doors: doors::doors(top),
        breach: breach::breach(top),
        disposable_domains: paths(top, "disposable_domains"),
        ill_reputed_domains: paths(top, "ill_reputed_domains"),
        panel: panel::panel(top),
        review: review::review(top),
        alerts: hook::alerts(top),
    };
    named_twice(top, &server);
    if let Some(bytes) = top.parsed("counter_memory", size_bytes) {
        server.counter_bytes = usize::try_from(bytes.value).unwrap_or(usize::MAX);
    }
    server
}

/// Two that listen on one address would get its connections by chance.
fn named_twice(top: &Section<'_, '_>, server: &Server) {
    let all = server.addresses();
    for (at, (key, address)) in all.iter().enumerate() {
        let taken = address.port() != 0 && all[..at].iter().any(|(_, other)| other == address);
        if let Some((_, span)) = top.raw(key).filter(|_| taken) {
            top.reader.problem(
                span,
                format!("{address} is named twice"),
                "give each of `listen`, `admin`, [tls], [service] and [[door]] an address of its own",
            );
        }
    }
}

fn proxy_protocol(top: &Section<'_, '_>) -> bool {
    let Some(flag) = top.flag("proxy_protocol").filter(|flag| flag.value) else { return false };
    if !top.has("trusted_proxies") {
        let help = "name the proxies that begin connections so in `trusted_proxies`; nobody else is believed";
        top.reader.problem(flag.span, "`proxy_protocol` without trusted proxies", help);
    }
    true
}

fn address(section: &Section<'_, '_>, key: &'static str) -> Option<SocketAddr> {
    section
        .parsed(key, |text| {
            text.parse()
                .map_err(|_| "write an address with its port, for example \"127.0.0.1:8081\"".to_owned())
        })
        .map(|a| a.value)
}

fn addresses(section: &Section<'_, '_>, key: &'static str) -> Option<Vec<SocketAddr>> {
    let texts = section.texts(key)?;
    let mut found = Vec::new();
    for text in texts {
        match text.value.parse() {
            Ok(address) => found.push(address),
            Err(_) => section.reader.problem(
                text.span,
                format!("\"{}\" is no address", text.value),
                "write an address with its port, for example \"0.0.0.0:8080\"",
            ),
        }
    }
    Some(found)
}

fn paths(section: &Section<'_, '_>, key: &'static str) -> Vec<PathBuf> {
    section.texts(key).unwrap_or_default().iter().map(|text| text.value.into()).collect()
}

fn prefixes(section: &Section<'_, '_>, key: &'static str) -> Vec<Prefix> {
    let mut found = Vec::new();
    for text in section.texts(key).unwrap_or_default() {
        match Prefix::parse(text.value) {
            Some(prefix) => found.push(prefix),
            None => section.reader.problem(
                text.span,
                format!("\"{}\" is no address or prefix", text.value),
                "write for example \"10.0.0.0/8\"",
            ),
        }
    }
    found
}

/// Certificates of sites: all are read anew when one changes.
const CERTIFICATES_MAX: usize = 256;

fn tls(top: &Section<'_, '_>) -> Option<TlsFiles> {
    let part = top.table("tls")?;
    let first = certificate_files(&part);
    let sites: Vec<_> = part
        .tables("site")
        .iter()
        .map(|site| {
            let files = certificate_files(site);
            site.finish();
            files
        })
        .collect();
    if sites.len() > CERTIFICATES_MAX {
        let help = "give hosts a certificate in common, for example one for all names below a domain";
        part.reader.problem(part.span.clone(), format!("`tls` has at most {CERTIFICATES_MAX} sites"), help);
    }
    let client_ca = part.text("client_ca").map(|file| file.value.into());
    let listen = addresses(&part, "listen").unwrap_or_else(|| vec![SocketAddr::from(([0, 0, 0, 0], 8443))]);
    part.finish();
    Some(TlsFiles { listen, first: first?, sites: sites.into_iter().collect::<Option<_>>()?, client_ca })
}

fn certificate_files(part: &Section<'_, '_>) -> Option<CertificateFiles> {
    let certificate =
        part.require("certificate", part.text("certificate"), "certificate = \"/etc/spigot/site.pem\"");
    let key = part.require("key", part.text("key"), "key = \"/etc/spigot/site.key\"");
    Some(CertificateFiles { certificate: certificate?.value.into(), key: key?.value.into() })
}

fn bounds(top: &Section<'_, '_>) -> Bounds {
    let mut bounds = Bounds::default();
    let Some(part) = top.table("bounds") else { return bounds };
    let time = |key, slot: &mut Duration| {
        if let Some(millis) = part.parsed(key, duration_millis) {
            *slot = Duration::from_millis(millis.value);
        }
    };
    time("head_time", &mut bounds.head_time);
    time("idle_time", &mut bounds.idle_time);
    time("body_time", &mut bounds.body_time);
    time("write_time", &mut bounds.write_time);
    time("stop_time", &mut bounds.stop_time);
    time("inspect_time", &mut bounds.inspect_time);
    time("connect_time", &mut bounds.connect_time);
    time("answer_time", &mut bounds.answer_time);
    time("pause_time", &mut bounds.pause_time);
    time("stream_pause_time", &mut bounds.stream_pause_time);
    time("pass_over", &mut bounds.pass_over);
    time("pass_over_most", &mut bounds.pass_over_most);
    let number = |key, most: i64| part.integer(key, 1..=most).map(|n| n.value);
    if let Some(n) = number("headers", 1000) {
        bounds.headers = usize::try_from(n).unwrap_or(bounds.headers);
    }
    if let Some(n) = number("connections_per_address", 1_000_000) {
        bounds.connections_per_address = u32::try_from(n).unwrap_or(u32::MAX);
    }
    if let Some(n) = number("connections", 10_000_000) {
        bounds.connections = u32::try_from(n).unwrap_or(u32::MAX);
    }
    if let Some(n) = number("streams", 10_000) {
        bounds.streams = u32::try_from(n).unwrap_or(u32::MAX);
    }
    let size = |key, most: u64| {
        part.parsed(key, |text| {
            size_bytes(text)
                .and_then(|n| if n <= most { Ok(n) } else { Err(format!("at most {most} bytes")) })
        })
        .map(|s| s.value)
    };
    if let Some(n) = size("head", 1 << 20) {
        bounds.head_bytes = usize::try_from(n).unwrap_or(bounds.head_bytes);
    }
    if let Some(n) = size("target", 64 << 10) {
        bounds.target_bytes = usize::try_from(n).unwrap_or(bounds.target_bytes);
    }
    if let Some(n) = size("body_pace", 1 << 20) {
        bounds.body_bytes_per_second = u32::try_from(n).unwrap_or(u32::MAX);
    }
    if let Some(n) = size("kept_form", 1 << 30) {
        bounds.stash_bytes = n;
    }
    if let Some(n) = size("kept_forms", 64 << 30) {
        bounds.stash_bytes_total = n;
    }
    part.finish();
    bounds
}

fn events(top: &Section<'_, '_>) -> Events {
    let mut events = Events::default();
    let Some(part) = top.table("events") else { return events };
    if let Some(keep) = part.parsed("keep", days) {
        events.keep_days = keep.value;
    }
    if let Some(size) = part.parsed("keep_size", size_bytes) {
        events.keep_bytes = size.value;
    }
    events.truncate_after_days = part.parsed("truncate_addresses_after", days).map(|d| d.value);
    part.finish();
    events
}

fn days(text: &str) -> Result<u32, String> {
    let millis = duration_millis(text)?;
    if millis % 86_400_000 == 0 {
        Ok(u32::try_from(millis / 86_400_000).unwrap_or(u32::MAX))
    } else {
        Err("write whole days, for example \"30d\"".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_are_a_useful_configuration() {
        let text = "listen = \"127.0.0.1:8080\"\nupstream = \"http://127.0.0.1:3000\"\n\n[[route]]\nname = \"login\"\nmatch = \"POST /login\"\npreset = \"high\"\n";
        let config = Config::parse("spigot.toml", text).unwrap();
        assert_eq!(config.server.sites[0].upstreams[0].to_string(), "http://127.0.0.1:3000");
        assert_eq!(config.policy.routes.len(), 2, "the route and the default");
        assert!(
            Config::parse("x", "upstream = \"http://127.0.0.1:3000\"").unwrap().policy.routes.len() > 5,
            "without routes the default policy decides"
        );
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let text = "lisen = \"127.0.0.1:8080\"\nupstream = \"ftp://x\"\n[bounds]\nhead_time = \"soon\"\n";
        let problems = Config::parse("spigot.toml", text).unwrap_err();
        assert_eq!(problems.problems.len(), 3, "{problems}");
        assert!(problems.to_string().contains("did you mean \"listen\"?"), "{problems}");
    }

    #[test]
    fn an_address_has_one_purpose() {
        let check = |text: &str, said: &[&str]| {
            let text = format!("upstream = \"http://127.0.0.1:3000\"\n{text}");
            let problems = Config::parse("spigot.toml", &text).err();
            let problems = problems.iter().flat_map(|problems| &problems.problems);
            assert_eq!(problems.map(|problem| problem.message.as_str()).collect::<Vec<_>>(), said, "{text}");
        };
        check("admin = \"127.0.0.1:8081\"\n[service]\n", &[]);
        check("admin = \"127.0.0.1:8080\"", &["127.0.0.1:8080 is named twice"]);
        check("listen = [\"127.0.0.1:80\", \"127.0.0.1:80\"]", &["127.0.0.1:80 is named twice"]);
        check("[service]\nlisten = \"127.0.0.1:8080\"", &["127.0.0.1:8080 is named twice"]);
    }

    #[test]
    fn what_waits_for_a_restart_is_known() {
        let server = |text: &str| Config::parse("spigot.toml", text).unwrap().server;
        let old = server("upstream = \"http://127.0.0.1:3000\"\n[service]\n");
        let new = "upstream = \"http://127.0.0.1:3001\"\nthreads = 2\n[service]\nlisten = \"127.0.0.1:8083\"\ntest_keys = true\n[events]\nkeep = \"2d\"\n";
        assert_eq!(old.differs_at_start(&server(new)), ["threads", "events", "service.listen"]);
    }

    #[test]
    fn the_panels_origin_is_one() {
        let check = |origin: &str, host: Option<&str>| {
            let text = format!("upstream = \"http://127.0.0.1:3000\"\n[panel]\norigin = \"{origin}\"\n");
            let read = Config::parse("spigot.toml", &text).ok().and_then(|config| config.server.panel.host);
            assert_eq!(read.as_deref(), host, "{origin}");
        };
        check("https://Spigot.example", Some("spigot.example"));
        check("http://spigot.example:8443", Some("spigot.example"));
        check("spigot.example", None);
        check("https://spigot.example/panel", None);
        check("https://*.example", None);
    }

    #[test]
    fn hosts_of_a_site_are_hosts() {
        let text = "[[site]]\nhost = [\"https://shop.example\", \"shop.example:443\", \"*.Shop.example\"]\nupstream = \"http://127.0.0.1:3000\"\n[[site]]\nhost = []\nupstream = \"http://127.0.0.1:3000\"\n";
        let problems = Config::parse("spigot.toml", text).unwrap_err();
        let said: Vec<_> = problems.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            said,
            [
                "\"https://shop.example\" is no host",
                "\"shop.example:443\" is no host",
                "`host` is an empty list"
            ]
        );
    }

    #[test]
    fn the_schema_has_the_servers_keys() {
        use std::collections::BTreeSet;
        // Every section is there, so that every key is asked for.
        let text = "upstream = \"http://127.0.0.1:3000\"\n[tls]\ncertificate = \"a\"\nkey = \"b\"\n[[site]]\nupstream = \"http://127.0.0.1:3000\"\n[bounds]\n[events]\n[service]\n[panel]\norigin = \"http://127.0.0.1\"\n[panel.oidc]\nissuer = \"http://127.0.0.1\"\nclient_id = \"a\"\nothers = \"support\"\nroles = {}\n[review]\nurl = \"http://127.0.0.1:3000\"\n[alerts]\nurl = \"http://127.0.0.1:3000\"\n[crawlers]\n[[list]]\nname = \"a\"\nkind = \"mark\"\n[breach]\naddress = \"http://127.0.0.1:3000\"\n[[provider]]\nname = \"a\"\nkind = \"altcha\"\nscript = \"/a.js\"\nsecret = { file = 'Cargo.toml' }\n[[trusted]]\nname = \"a\"\nproof = \"key\"\ngives = \"pass\"\n[[door]]\nkind = \"nginx\"\nlisten = \"127.0.0.1:8084\"\n";
        let asked = load_with("spigot.toml", text, |top| {
            // Both ask providers for their names, and trusted clients for what they get.
            let shared = |at: &str| matches!(at, "provider" | "trusted");
            let of_policy = top.reader.asked().into_iter().filter(|(at, _)| !shared(at));
            let of_policy: BTreeSet<_> = of_policy.collect();
            server(top);
            top.reader.asked().into_iter().filter(|key| !of_policy.contains(key)).collect::<Vec<_>>()
        });
        let (_, asked) = asked.unwrap_or_else(|problems| panic!("{problems}"));
        let schema: serde_json::Value = serde_json::from_str(spigot_decision::policy::json_schema()).unwrap();
        let keys = |node: &serde_json::Value| -> BTreeSet<String> {
            node.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
        };
        let of = |section: &str| -> BTreeSet<String> {
            asked.iter().filter(|(at, _)| at == section).map(|(_, key)| (*key).to_owned()).collect()
        };
        let top = of("");
        assert!(top.contains("listen") && top.contains("site"), "{top:?}");
        assert!(top.is_subset(&keys(&schema["properties"])), "read, but not in schema.json: {top:?}");
        for section in [
            "tls", "site", "bounds", "events", "provider", "service", "breach", "crawlers", "trusted",
            "door", "panel", "review", "alerts",
        ] {
            let node = &schema["properties"][section];
            let node = if node["items"].is_object() { &node["items"] } else { node };
            let node = match node["$ref"].as_str() {
                Some(reference) => schema.pointer(&reference[1..]).unwrap(),
                None => node,
            };
            assert_eq!(of(section), keys(&node["properties"]), "[{section}]");
        }
        for (section, place) in [
            ("panel.oidc", "panel/properties/oidc"),
            ("panel.oidc.roles", "panel/properties/oidc/properties/roles"),
        ] {
            let node = schema.pointer(&format!("/properties/{place}/properties")).unwrap();
            assert_eq!(of(section), keys(node), "[{section}]");
        }
    }
}
