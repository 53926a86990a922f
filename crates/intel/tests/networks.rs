//! Networks and countries of open data, as a registry's packages bring them: `scripts/fetch-networks`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use spigot_intel::Networks;

/// The files, where they were fetched; in CI they have to be.
fn fetched() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/networks");
    let files = ["country.mmdb", "asn-ipv4.csv", "asn-ipv6.csv"].map(|name| folder.join(name)).to_vec();
    let found = files.iter().all(|file| file.exists()).then_some(files);
    if found.is_none() {
        assert!(std::env::var_os("SPIGOT_CI").is_none(), "scripts/fetch-networks has to have fetched them");
        println!("SKIPPED: nothing was fetched by scripts/fetch-networks");
    }
    found
}

/// Addresses that have belonged to the same registries and operators for decades.
#[test]
fn well_known_addresses_are_where_they_belong() {
    let Some(files) = fetched() else { return };
    let networks = Networks::read(&files).unwrap();
    let check = |address: &str, country: Option<&str>, network: u32| {
        let place = networks.place(address.parse::<IpAddr>().unwrap());
        let found = place.country.map(|code| String::from_utf8_lossy(&code).into_owned());
        assert_eq!(found.as_deref().filter(|_| country.is_some()), country, "{address}: {place:?}");
        assert_eq!(place.network, Some(network), "{address}: {place:?}");
    };
    check("193.0.6.139", Some("NL"), 3333);
    check("8.8.8.8", Some("US"), 15169);
    check("130.89.148.77", Some("NL"), 1133);
    check("2001:4860:4860::8888", None, 15169);
    check("2001:67c:2e8:22::c100:68b", Some("NL"), 3333);
    for nobody in ["127.0.0.1", "10.0.0.1", "192.0.2.1", "::1", "2001:db8::1"] {
        let place = networks.place(nobody.parse().unwrap());
        assert_eq!(place.network, None, "{nobody}: {place:?}");
    }
}
