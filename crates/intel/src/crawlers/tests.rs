use std::collections::HashSet;

use spigot_decision::policy::load;

use super::*;
use crate::lists::{Entries, Span};

const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

#[test]
fn the_table_is_whole() {
    let mut names = HashSet::new();
    let mut words = HashSet::new();
    for crawler in known_crawlers() {
        assert!(names.insert(&crawler.name), "{} twice", crawler.name);
        assert!(crawler.source.starts_with("https://"), "{}", crawler.name);
        let found = !crawler.domains.is_empty() || crawler.ranges.is_some() || crawler.proves.is_some();
        assert!(found, "{} cannot be verified", crawler.name);
        assert!(!crawler.complete || crawler.ranges.is_some(), "{}: complete are ranges", crawler.name);
        assert!(crawler.proves.is_none() || !crawler.networks.is_empty(), "{}", crawler.name);
        for word in &crawler.words {
            assert!(words.insert(word.to_ascii_lowercase()), "{word} twice");
            assert!(CrawlerId::declared(word).is_some_and(|id| id.known().name == crawler.name), "{word}");
        }
    }
}

#[test]
fn who_they_say_they_are() {
    let check = |user_agent: &str, name: Option<&str>| {
        let declared = CrawlerId::declared(user_agent).map(|id| id.known().name.as_str());
        assert_eq!(declared, name, "{user_agent}");
    };
    check(GOOGLEBOT, Some("googlebot"));
    check("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", Some("bingbot"));
    check("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", Some("facebook"));
    // A telephone that makes a preview of a link says that it is like these.
    check("Mozilla/5.0 (Macintosh) Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0", None);
    check("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", None);
    check("", None);
}

#[test]
fn what_proves_and_what_refutes() {
    let policy = load(
        "policy.toml",
        "[[list]]\nname = \"g\"\nkind = \"crawler\"\ncrawler = \"googlebot\"\nfile = \"g\"\n[[list]]\nname = \"a\"\nkind = \"crawler\"\ncrawler = \"ahrefsbot\"\nfile = \"a\"\n",
    )
    .unwrap();
    let mut google = Entries::default();
    google.push(Span::parse("66.249.64.0/19").unwrap());
    google.push(Span::parse("10.0.0.0/8").unwrap());
    let reputations = Reputations::new(Lists::new([&google]), &policy);
    let check = |agent: &str, address: &str, network: Option<u32>, named: Named, genuine: Option<bool>| {
        let address: IpAddr = address.parse().unwrap();
        let place = Place { network, country: None };
        let id = CrawlerId::declared(agent).unwrap();
        let on = reputations.find(address, &[0; 3], place);
        let found = reputations.crawler(id, address, on, place, true, || named);
        assert_eq!(found.map(|crawler| crawler.genuine), genuine, "{agent} {address} {network:?} {named:?}");
    };
    check(GOOGLEBOT, "66.249.64.1", None, Named::Off, Some(true));
    // Ranges that are all there are, and an address in a network of somebody else's.
    check(GOOGLEBOT, "192.0.2.1", Some(64500), Named::Off, Some(false));
    // It may be Google's, or nobody knows whose it is.
    check(GOOGLEBOT, "192.0.2.1", Some(15169), Named::Off, None);
    check(GOOGLEBOT, "192.0.2.1", None, Named::Off, None);
    // DNS knows better than networks, and while it is asked nothing is said.
    check(GOOGLEBOT, "192.0.2.1", Some(15169), Named::Refuted, Some(false));
    check(GOOGLEBOT, "192.0.2.1", None, Named::Confirmed, Some(true));
    check(GOOGLEBOT, "192.0.2.1", Some(64500), Named::Unknown, None);
    // A proxy of our own, whatever its list says.
    check(GOOGLEBOT, "10.0.0.1", None, Named::Refuted, None);
    check(GOOGLEBOT, "100.64.0.1", Some(64500), Named::Off, None);
    // Ranges that are not all there are refute nobody.
    check("AhrefsBot/7.0", "192.0.2.1", Some(64500), Named::Off, None);
    // All of a network is Facebook's, and DNS is not asked.
    check("facebookexternalhit/1.1", "192.0.2.1", Some(32934), Named::Refuted, Some(true));
    check("facebookexternalhit/1.1", "192.0.2.1", Some(64500), Named::Unknown, Some(false));
    check("facebookexternalhit/1.1", "192.0.2.1", None, Named::Unknown, None);
}
