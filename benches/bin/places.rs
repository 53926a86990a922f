//! Where addresses belong: what data files of networks and countries cost to read, to keep and to ask.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin places -- country.mmdb asn-ipv4.csv asn-ipv6.csv
//! ```
//!
//! Asks for addresses spread over all of IPv4 and over 2000::/3, which is the worst for the processor's caches; and for one
//! again and again, which is what a busy client does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Instant;

use spigot_intel::Networks;

const LOOK_UPS: u64 = 2_000_000;

fn main() -> Result<(), String> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        return Err("name data files, as in this program's head".to_owned());
    }
    let before = resident_kib();
    let start = Instant::now();
    let networks = Networks::read(&files)?;
    println!("read in {} ms, {} KiB more in memory", start.elapsed().as_millis(), resident_kib() - before);
    // The golden ratio's odd multiple visits all numbers once, in no order.
    let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ask(&networks, "IPv4, all over", |n| Ipv4Addr::from_bits((spread(n) >> 32) as u32).into());
    ask(&networks, "IPv6, all over", |n| {
        Ipv6Addr::from_bits(1 << 125 | u128::from(spread(n) >> 3) << 64).into()
    });
    ask(&networks, "one address", |_| IpAddr::from([8, 8, 8, 8]));
    Ok(())
}

fn ask(networks: &Networks, what: &str, address: impl Fn(u64) -> IpAddr) {
    let start = Instant::now();
    let (mut with_network, mut with_country) = (0u64, 0u64);
    for n in 0..LOOK_UPS {
        let place = networks.place(address(n));
        with_network += u64::from(place.network.is_some());
        with_country += u64::from(place.country.is_some());
    }
    let each = start.elapsed().as_nanos() / u128::from(LOOK_UPS);
    let percent = |count: u64| count * 100 / LOOK_UPS;
    println!(
        "{what}: {each} ns per look-up; network known for {} %, country for {} %",
        percent(with_network),
        percent(with_country)
    );
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
