//! Crawlers by the names that they give themselves, and what proves that it is they. What is known of them stands in
//! `data/crawlers.toml`.

use std::net::IpAddr;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::Deserialize;
use spigot_decision::Crawler;
use spigot_decision::policy::{ListKind, Policy};

use crate::{Lists, Place};

/// A crawler whose operator says how it is recognised.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownCrawler {
    /// As lists and conditions call it.
    pub name: String,
    words: Vec<String>,
    /// The domains that its addresses' names are in.
    #[serde(default)]
    pub domains: Vec<String>,
    #[serde(default)]
    networks: Vec<u32>,
    #[serde(default)]
    proves: Option<Proves>,
    #[serde(default)]
    complete: bool,
    /// Where its ranges are published.
    #[serde(default)]
    pub ranges: Option<String>,
    /// The page that says so.
    pub source: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Proves {
    Network,
}

/// A crawler of the table, by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CrawlerId(u8);

/// What DNS said of an address that a crawler is said to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// It is not asked.
    Off,
    /// It has not answered yet, or could not.
    Unknown,
    /// The address has a name of the operator's, and the name that address.
    Confirmed,
    /// It has not.
    Refuted,
}

struct Table {
    crawlers: Vec<KnownCrawler>,
    matcher: AhoCorasick,
    /// Whose word it is.
    owners: Vec<CrawlerId>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct File {
        crawler: Vec<KnownCrawler>,
    }
    let crawlers = toml::from_str::<File>(include_str!("../data/crawlers.toml"))
        .expect("a file of the project, which a test reads")
        .crawler;
    let words = crawlers.iter().flat_map(|crawler| &crawler.words);
    let matcher =
        AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("a short fixed list");
    let owners =
        (0u8..).zip(&crawlers).flat_map(|(id, crawler)| crawler.words.iter().map(move |_| CrawlerId(id)));
    let owners = owners.collect();
    Table { crawlers, matcher, owners }
});

impl CrawlerId {
    /// The crawler that a user agent names; `None` when it names none, or several: then it is said to be like them.
    #[must_use]
    pub fn declared(user_agent: &str) -> Option<Self> {
        let mut found =
            TABLE.matcher.find_iter(user_agent).map(|word| TABLE.owners[word.pattern().as_usize()]);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// What is known of it.
    #[must_use]
    pub fn known(self) -> &'static KnownCrawler {
        &TABLE.crawlers[usize::from(self.0)]
    }
}

/// Every crawler of the table.
#[must_use]
pub fn known_crawlers() -> &'static [KnownCrawler] {
    &TABLE.crawlers
}

/// The lists of a policy, and whose ranges some of them are.
#[derive(Debug, Default)]
pub struct Reputations {
    lists: Lists,
    /// For each crawler of the table the lists that hold its addresses, by the policy's numbers.
    ranges: Vec<u64>,
}

impl Reputations {
    /// `lists` has the policy's numbers.
    #[must_use]
    pub fn new(lists: Lists, policy: &Policy) -> Self {
        let holding = |crawler: &KnownCrawler| {
            let of =
                policy.lists.iter().enumerate().filter(|(_, list)| {
                    list.kind == ListKind::Crawler && list.crawlers.contains(&crawler.name)
                });
            of.fold(0, |set, (list, _)| set | 1 << list)
        };
        Self { lists, ranges: TABLE.crawlers.iter().map(holding).collect() }
    }

    /// The lists that a client is on, by its address, its place or a layer of its fingerprint.
    #[must_use]
    pub fn find(&self, address: IpAddr, layers: &[u64; 3], place: Place) -> u64 {
        self.lists.find(address) | self.lists.find_wide(layers, place.network, place.country)
    }

    /// Whether a client is the crawler that it names, as far as that can be known. `lists` are those that its address is
    /// on, `networks` whether networks of addresses are known at all, and `named` asks DNS, which happens only where
    /// nothing else tells.
    #[must_use]
    pub fn crawler(
        &self,
        id: CrawlerId,
        address: IpAddr,
        lists: u64,
        place: Place,
        networks: bool,
        named: impl FnOnce() -> Named,
    ) -> Option<Crawler> {
        // What only a proxy's address is known of says nothing of who is behind it.
        if !is_public(address) {
            return None;
        }
        let known = id.known();
        let ranges = self.ranges.get(usize::from(id.0)).copied().unwrap_or(0);
        let of_its_own = place.network.is_some_and(|network| known.networks.contains(&network));
        let says = |genuine| Some(Crawler { name: &known.name, genuine });
        if lists & ranges != 0 || (of_its_own && known.proves.is_some()) {
            return says(true);
        }
        let asked = if known.domains.is_empty() { Named::Off } else { named() };
        match asked {
            Named::Confirmed => return says(true),
            Named::Refuted => return says(false),
            Named::Unknown => return None,
            Named::Off => {}
        }
        // An address in a network of the operator's, or in one that no table has, may be its own all the same.
        let elsewhere = !of_its_own && (place.network.is_some() || !networks);
        let by_ranges = known.complete && ranges != 0;
        let by_network = known.proves.is_some() && place.network.is_some();
        (elsewhere && (by_ranges || by_network)).then(|| says(false)).flatten()
    }
}

/// Whether an address can be a client's own on the internet: neither private nor of one machine or link (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
#[path = "crawlers/tests.rs"]
mod tests;
