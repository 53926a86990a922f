//! Lists of a million prefixes: what they cost to compile, to keep and to ask. And what it costs to know what a client did
//! before, with a million clients in a table for half of them.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin lists -- [prefixes]
//! ```
//!
//! Half of the prefixes are on a list of their own, the other half on one of four lists that overlap. Asks for addresses
//! spread over all that a family uses, which is the worst for the processor's caches, for addresses that are on a list,
//! and for one address again and again. Beside it the `prefix-trie` crate is asked the same, with the prefixes as one set: it
//! tells whether an address is on any list, and not on which.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixSet;
use spigot_decision::Millis;
use spigot_intel::Lists;
use spigot_intel::lists::{Entries, Span};
use spigot_state::Histories;

const LOOK_UPS: u64 = 4_000_000;
const LISTS: u64 = 5;

fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    run("IPv4", count, v4, |n| Ipv4Addr::from_bits((spread(n) >> 32) as u32).into());
    run("IPv6", count, v6, |n| Ipv6Addr::from_bits(1 << 125 | u128::from(spread(n) >> 3) << 64).into());
    histories();
}

fn histories() {
    let histories = Histories::new(12 << 20);
    let now = |n: u64| Millis(1_700_000_000_000 + n as i64);
    let keys: Vec<u64> = (0..LOOK_UPS).map(|n| spread(spread(n) % 1_000_000) | 1).collect();
    for what in ["as they come", "again"] {
        let (start, mut known) = (processor_nanos(), 0u64);
        for (n, key) in (0..).zip(&keys) {
            known += u64::from(histories.seen(black_box(*key), now(n)).known_seconds > 0);
        }
        let nanos = (processor_nanos() - start) / LOOK_UPS;
        println!(
            "histories of a million clients, {what}: {nanos} ns, {} % were known",
            known * 100 / LOOK_UPS
        );
    }
}

/// Visits all numbers once, in no order: an odd multiple by the golden ratio.
fn spread(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The nth prefix: addresses of one machine as often as networks, as blocklists have them.
fn v4(n: u64) -> Span {
    let length = [32, 32, 24, 22][(n % 4) as usize];
    let first = (spread(n) >> 32) as u32 & u32::MAX << (32 - length);
    Span::V4(first, first | (u32::MAX >> (length - 1)) >> 1)
}

/// Within 2000::/3, from /32 to /64.
fn v6(n: u64) -> Span {
    let length = [64, 56, 48, 32][(n % 4) as usize];
    let first = (1 << 125 | u128::from(spread(n) >> 3) << 64) & u128::MAX << (128 - length);
    Span::V6(first, first | u128::MAX >> length)
}

fn run(family: &str, count: u64, span: fn(u64) -> Span, anywhere: fn(u64) -> IpAddr) {
    let mut lists = vec![Entries::default(); LISTS as usize];
    for n in 0..count {
        let list = if n % 2 == 0 { 0 } else { 1 + spread(n) % (LISTS - 1) };
        lists[list as usize].push(span(n));
    }
    let start = processor_nanos();
    let compiled = Lists::new(&lists);
    let millis = (processor_nanos() - start) / 1_000_000;
    println!("{family}: {count} prefixes compiled in {millis} ms, {} KiB", compiled.bytes() / 1024);
    let on = |n: u64| match span(spread(n) % count) {
        Span::V4(first, _) => IpAddr::from(Ipv4Addr::from_bits(first)),
        Span::V6(first, _) => IpAddr::from(Ipv6Addr::from_bits(first)),
    };
    let trie = Trie::new((0..count).map(span));
    let ask_both = |what: &str, address: &dyn Fn(u64) -> IpAddr| {
        ask(what, address, |address| compiled.find(address) != 0);
        ask(&format!("{what}, prefix-trie"), address, |address| trie.holds(address));
    };
    ask_both("anywhere", &anywhere);
    ask_both("on a list", &on);
    ask_both("one address", &|_| on(1));
}

/// The same prefixes in the `prefix-trie` crate.
#[derive(Default)]
struct Trie {
    v4: PrefixSet<Ipv4Net>,
    v6: PrefixSet<Ipv6Net>,
}

impl Trie {
    fn new(spans: impl Iterator<Item = Span>) -> Self {
        let mut trie = Self::default();
        for span in spans {
            match span {
                Span::V4(first, last) => {
                    let length = (first ^ last).leading_zeros() as u8;
                    trie.v4.insert(Ipv4Net::new(Ipv4Addr::from_bits(first), length).expect("a length"));
                }
                Span::V6(first, last) => {
                    let length = (first ^ last).leading_zeros() as u8;
                    trie.v6.insert(Ipv6Net::new(Ipv6Addr::from_bits(first), length).expect("a length"));
                }
            }
        }
        trie
    }

    fn holds(&self, address: IpAddr) -> bool {
        match IpNet::from(address) {
            IpNet::V4(net) => self.v4.get_lpm(&net).is_some(),
            IpNet::V6(net) => self.v6.get_lpm(&net).is_some(),
        }
    }
}

fn ask(what: &str, address: impl Fn(u64) -> IpAddr, holds: impl Fn(IpAddr) -> bool) {
    let addresses: Vec<IpAddr> = (0..LOOK_UPS).map(address).collect();
    let (start, mut found) = (processor_nanos(), 0u64);
    for address in &addresses {
        found += u64::from(holds(black_box(*address)));
    }
    let nanos = (processor_nanos() - start) / LOOK_UPS;
    println!("  {what}: {nanos} ns a look-up, {} % are on a list", found * 100 / LOOK_UPS);
}

/// What this thread has had of a processor.
fn processor_nanos() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}
