use std::collections::HashMap;

use domain::base::Rtype;

use super::*;

mod resolver;

use resolver::{Zone, resolver};

const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const SOON: Duration = Duration::from_secs(30);

fn zone() -> Zone {
    HashMap::from([
        (("1.64.249.66.in-addr.arpa", Rtype::PTR), "crawl-66-249-64-1.googlebot.com"),
        (("crawl-66-249-64-1.googlebot.com", Rtype::A), "66.249.64.1"),
        // A name that anybody may give to an address of their own, and that leads elsewhere.
        (("1.2.0.192.in-addr.arpa", Rtype::PTR), "crawl-66-249-64-1.googlebot.com"),
        // A name that leads back, in a domain of nobody's.
        (("2.2.0.192.in-addr.arpa", Rtype::PTR), "crawl.evil.example"),
        (("crawl.evil.example", Rtype::A), "192.0.2.2"),
        (("3.2.0.192.in-addr.arpa", Rtype::PTR), "servfail"),
        (
            ("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.0.0.4.0.6.8.4.1.0.0.2.ip6.arpa", Rtype::PTR),
            "crawl-v6.googlebot.com",
        ),
        (("crawl-v6.googlebot.com", Rtype::AAAA), "2001:4860:4008:1::1"),
    ])
}

/// Asks until something is known, or `time` has passed; the clock of what is asked stands still.
fn settled(proofs: &Proofs, dns: &CrawlerDns, address: &str, time: Duration) -> Named {
    let id = CrawlerId::declared(GOOGLEBOT).unwrap();
    let address = address.parse().unwrap();
    let start = std::time::Instant::now();
    assert_eq!(
        proofs.named(dns, id, address, Millis(0)),
        Named::Unknown,
        "{address}: nothing is known at first"
    );
    loop {
        let named = proofs.named(dns, id, address, Millis(0));
        if named != Named::Unknown || start.elapsed() > time {
            return named;
        }
        std::thread::yield_now();
    }
}

#[test]
fn names_that_lead_back_and_names_that_do_not() {
    for cut in [false, true] {
        let dns = CrawlerDns { servers: vec![resolver(zone(), cut, false)], time: SOON };
        let proofs = Proofs::default();
        for (address, named) in [
            ("66.249.64.1", Named::Confirmed),
            ("2001:4860:4008:1::1", Named::Confirmed),
            ("192.0.2.1", Named::Refuted),
            ("192.0.2.2", Named::Refuted),
            ("192.0.2.9", Named::Refuted),
        ] {
            assert_eq!(settled(&proofs, &dns, address, SOON), named, "{address}, cut: {cut}");
        }
    }
}

#[test]
fn a_resolver_in_trouble_says_nothing_and_the_next_one_is_asked() {
    let time = Duration::from_millis(400);
    let silent = resolver(Zone::new(), false, true);
    let proofs = Proofs::default();
    let alone = CrawlerDns { servers: vec![silent], time };
    assert_eq!(settled(&proofs, &alone, "66.249.64.1", 3 * time), Named::Unknown);
    let both = CrawlerDns { servers: vec![silent, resolver(zone(), false, false)], time: SOON };
    assert_eq!(settled(&Proofs::default(), &both, "66.249.64.1", SOON), Named::Confirmed);
    let broken = CrawlerDns { servers: both.servers[1..].to_vec(), time };
    assert_eq!(settled(&proofs, &broken, "192.0.2.3", 3 * time), Named::Unknown, "SERVFAIL refutes nobody");
}

#[test]
fn answers_end_and_are_bounded() {
    let id = CrawlerId::declared(GOOGLEBOT).unwrap();
    let key = |n: u32| (IpAddr::from(n.to_be_bytes()), id);
    let mut known = Known::default();
    known.keep(key(1), Named::Refuted, Millis(1000));
    assert_eq!(known.find(&key(1), Millis(999)), Some(Named::Refuted));
    assert_eq!(known.find(&key(1), Millis(1000)), None);
    for n in 0..3 * HALF as u32 {
        known.keep(key(n), Named::Confirmed, Millis(1000));
    }
    assert!(known.new.len() + known.old.len() <= 2 * HALF);
    assert_eq!(known.find(&key(3 * HALF as u32 - 1), Millis(0)), Some(Named::Confirmed), "the latest");
    assert_eq!(known.find(&key(0), Millis(0)), None, "the oldest are let go");
}
