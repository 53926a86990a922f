use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype};
use domain::rdata::{A, Aaaa, Ptr};

use super::*;

const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const SOON: Duration = Duration::from_secs(30);

/// What a stub of a resolver says: for a name and a type the data of its records, or nothing that there is.
type Zone = HashMap<(&'static str, Rtype), &'static str>;

/// A resolver on the loopback. Over UDP it answers cut, when `cut`; `silent` it says nothing.
fn resolver(zone: Zone, cut: bool, silent: bool) -> SocketAddr {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = udp.local_addr().unwrap();
    let tcp = TcpListener::bind(address).unwrap();
    let whole = zone.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut buffer) {
            if !silent {
                // A stray with another id comes first.
                let mut stray = answer(&zone, &buffer[..length], false);
                stray[0] ^= 0x55;
                udp.send_to(&stray, from).unwrap();
                udp.send_to(&answer(&zone, &buffer[..length], cut), from).unwrap();
            }
        }
    });
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = tcp.accept() {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut query).unwrap();
            let answer = answer(&whole, &query, false);
            let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
            stream.write_all(&[&length[..], &answer].concat()).unwrap();
        }
    });
    address
}

fn answer(zone: &Zone, query: &[u8], cut: bool) -> Vec<u8> {
    let query = Message::from_slice(query).unwrap();
    let question = query.sole_question().unwrap();
    let name = format!("{}", question.qname()).trim_end_matches('.').to_ascii_lowercase();
    let found = zone.iter().find(|((known, kind), _)| *known == name && *kind == question.qtype());
    let (rcode, data) = match found {
        Some((_, &"servfail")) => (Rcode::SERVFAIL, None),
        Some((_, data)) => (Rcode::NOERROR, Some(*data).filter(|_| !cut)),
        None => (Rcode::NXDOMAIN, None),
    };
    let mut message = MessageBuilder::new_vec().start_answer(query, rcode).unwrap();
    message.header_mut().set_tc(cut);
    let owner = question.qname();
    match (data, question.qtype()) {
        (Some(data), Rtype::PTR) => {
            let name: Name<Vec<u8>> = data.parse().unwrap();
            message.push((owner, 3600, Ptr::new(name))).unwrap();
        }
        (Some(data), Rtype::A) => message.push((owner, 3600, A::new(data.parse().unwrap()))).unwrap(),
        (Some(data), _) => message.push((owner, 3600, Aaaa::new(data.parse().unwrap()))).unwrap(),
        (None, _) => {}
    }
    message.finish()
}

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
