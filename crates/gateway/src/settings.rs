use std::sync::Arc;
use std::time::Duration;

use spigot_decision::policy::PrefixMap;
use spigot_decision::story::Rules;
use spigot_intel::Domains;

use crate::accounts::Breach;
use crate::provider::{self, Fail, Provider};
use crate::site_keys::SiteKeys;
use crate::story::FingerprintHeaders;
use crate::trusted::TrustedProof;
use crate::upstream::Upstream;

/// What the gateway needs to know besides the policy.
#[derive(Debug, Default)]
pub struct Settings {
    /// The protected sites; the first whose host fits.
    pub sites: Vec<Site>,
    /// Peers whose addressing headers are believed.
    pub trusted_proxies: PrefixMap<()>,
    /// The header that trusted proxies write the client's address into, in lower case.
    pub forwarded_header: String,
    /// Where those tell the fingerprints of the clients before them.
    pub fingerprint_headers: FingerprintHeaders,
    /// What browsers' connections look like.
    pub browsers: Arc<Rules>,
    /// Bounds on what clients may send.
    pub bounds: Bounds,
    /// The third parties that may challenge, as the policy names them.
    pub providers: Vec<Arc<Provider>>,
    /// Where passwords are looked up.
    pub breach: Option<Arc<Breach>>,
    /// Mail domains that are given away for a moment, or have an ill name.
    pub disposable_domains: Arc<Domains>,
    /// Domains that have an ill name.
    pub ill_reputed_domains: Arc<Domains>,
    /// Who is asked for the names of crawlers' addresses; nobody when absent.
    pub crawlers: Option<crate::CrawlerDns>,
    /// How trusted clients prove who they are.
    pub trusted: Vec<TrustedProof>,
    /// The field in which trusted proxies show client certificates that they have verified.
    pub certificate_header: Option<http::HeaderName>,
}

/// What the challenge service knows: whose widgets it serves, and whose tokens it verifies.
#[derive(Debug, Default)]
pub struct Service {
    /// The sites.
    pub sites: SiteKeys,
    /// Whether the test keys count: ours, and those that other services document. Whoever knows them passes, so only
    /// where nothing is protected.
    pub test_keys: bool,
}

/// A protected site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Host patterns; empty means every host.
    pub hosts: Vec<String>,
    /// Its servers, used in turn.
    pub upstreams: Vec<Arc<Upstream>>,
}

/// Bounds on what clients may send and how long they may take.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Bytes of a request's head: 32 KiB hold every browser's, cookies included.
    pub head_bytes: usize,
    /// Header fields of a request.
    pub headers: usize,
    /// Bytes of path and query.
    pub target_bytes: usize,
    /// Connections of one client address.
    pub connections_per_address: u32,
    /// Connections in all; each idle one costs about 16 KiB.
    pub connections: u32,
    /// Streams of one HTTP/2 connection.
    pub streams: u32,
    /// For TLS, for a PROXY header, for a connection's first byte, and for a head from its first byte to its last.
    pub head_time: Duration,
    /// From an answer to the first byte of the next request.
    pub idle_time: Duration,
    /// The longest pause within a request's body.
    pub body_time: Duration,
    /// The pace that a body has to keep beside such pauses.
    pub body_bytes_per_second: u32,
    /// How long a client may let an answer wait without taking any of it.
    pub write_time: Duration,
    /// How long requests in progress, and tunnels, may last after a stop.
    pub stop_time: Duration,
    /// How long the inspected part of a body may take; then what has come is decided upon.
    pub inspect_time: Duration,
    /// How long an upstream may take to connect.
    pub connect_time: Duration,
    /// How long an upstream may take to begin its answer.
    pub answer_time: Duration,
    /// How long an upstream may pause within an answer whose length it told.
    pub pause_time: Duration,
    /// How long within one without; server-sent events and gRPC may rest as long as they like.
    pub stream_pause_time: Duration,
    /// How long an upstream that fails is passed over at first; each time doubles it.
    pub pass_over: Duration,
    /// How long at most.
    pub pass_over_most: Duration,
    /// Bytes of a posted form that are kept while its sender solves a challenge.
    pub stash_bytes: u64,
    /// Bytes of all such forms.
    pub stash_bytes_total: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head_bytes: 32 << 10,
            headers: 100,
            target_bytes: 8 << 10,
            connections_per_address: 512,
            connections: 20_000,
            streams: 128,
            head_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(75),
            body_time: Duration::from_secs(30),
            body_bytes_per_second: 256,
            write_time: Duration::from_secs(60),
            stop_time: Duration::from_secs(30),
            inspect_time: Duration::from_secs(5),
            connect_time: Duration::from_secs(3),
            answer_time: Duration::from_secs(60),
            pause_time: Duration::from_secs(60),
            stream_pause_time: Duration::from_secs(3600),
            pass_over: Duration::from_secs(1),
            pass_over_most: Duration::from_secs(60),
            stash_bytes: 8 << 20,
            stash_bytes_total: 64 << 20,
        }
    }
}

impl Settings {
    /// Takes over those of `old`'s upstreams and providers that stay: their connections and addresses, and what is known
    /// of them.
    pub fn keep_upstreams(&mut self, old: &Self) {
        let known: Vec<_> = old.upstreams().cloned().collect();
        for upstream in self.sites.iter_mut().flat_map(|site| &mut site.upstreams) {
            if let Some(same) = known.iter().find(|known| ***known == **upstream) {
                *upstream = same.clone();
            }
        }
        for provider in &mut self.providers {
            if let Some(same) = old.providers.iter().find(|known| known.settings == provider.settings) {
                *provider = same.clone();
            }
        }
        for client in &mut self.trusted {
            client.keep_directory(&old.trusted);
        }
    }

    /// Every server that is connected to: the upstreams of every site, and where providers and ranges are asked, and where agents
    /// show their keys.
    pub fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        let vendors = self.providers.iter().filter_map(|provider| provider.settings.base.as_ref());
        let directories = self.trusted.iter().filter_map(|client| Some(client.directory()?.server()));
        let breach = self.breach.iter().filter_map(|breach| breach.server());
        self.sites.iter().flat_map(|site| &site.upstreams).chain(vendors).chain(breach).chain(directories)
    }

    /// What is counted of providers, in Prometheus' text format; nothing where there are none.
    #[must_use]
    pub fn provider_metrics(&self) -> String {
        let mut text = if self.providers.is_empty() { "" } else { provider::HELP }.to_owned();
        for provider in &self.providers {
            provider.standing.render(&provider.settings.name, &mut text);
        }
        text
    }

    /// The provider of a name.
    pub(crate) fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.settings.name == name)
    }

    /// The provider that a challenge names.
    pub(crate) fn provider_of(&self, id: [u8; 6]) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// A provider, and those that take its place in turn. Each once: the configuration allows no circle.
    pub(crate) fn in_turn<'a>(
        &'a self,
        provider: &'a Arc<Provider>,
    ) -> impl Iterator<Item = &'a Arc<Provider>> {
        let next = |provider: &&'a Arc<Provider>| match &provider.settings.fail {
            Fail::Provider(name) => self.provider(name),
            Fail::Closed | Fail::Own => None,
        };
        std::iter::successors(Some(provider), next).take(self.providers.len())
    }

    /// The site for a host in lower case.
    #[must_use]
    pub fn site(&self, host: &str) -> Option<(usize, &Site)> {
        let fits = |pattern: &String| match pattern.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => pattern == host,
        };
        self.sites.iter().enumerate().find(|(_, site)| site.hosts.is_empty() || site.hosts.iter().any(fits))
    }
}
