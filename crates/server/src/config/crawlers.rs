//! `[crawlers]`: who is asked for the names of crawlers' addresses.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use spigot_decision::policy::source::Section;
use spigot_decision::policy::units::duration_millis;
use spigot_gateway::CrawlerDns;

/// More would only be asked when all before them are silent.
const SERVERS_MAX: usize = 4;
const TIME_MILLIS_MAX: u64 = 60_000;

pub(super) fn crawlers(top: &Section<'_, '_>) -> Option<CrawlerDns> {
    let part = top.table("crawlers")?;
    let texts = part.texts("dns").unwrap_or_default();
    let time = part.parsed("time", |text| {
        let millis = duration_millis(text)?;
        let fits = (100..=TIME_MILLIS_MAX).contains(&millis);
        if fits { Ok(millis) } else { Err("write between \"100ms\" and \"1m\"".to_owned()) }
    });
    part.finish();
    let mut servers = Vec::new();
    for text in &texts {
        let found =
            if text.value == "system" { of_the_system() } else { server(text.value).into_iter().collect() };
        if found.is_empty() {
            let (what, instead) = if text.value == "system" {
                (
                    "/etc/resolv.conf names no nameserver".to_owned(),
                    "write the address of one, for example dns = \"192.0.2.53\"",
                )
            } else {
                (
                    format!("\"{}\" is no address of a resolver", text.value),
                    "write \"system\", an address, or an address with its port",
                )
            };
            part.reader.problem(text.span.clone(), what, instead);
        }
        servers.extend(found);
    }
    servers.truncate(SERVERS_MAX);
    let time = Duration::from_millis(time.map_or(5000, |time| time.value));
    (!servers.is_empty()).then_some(CrawlerDns { servers, time })
}

fn server(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 53)))
}

fn of_the_system() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    named.filter_map(|address| server(address.trim())).collect()
}
