//! Crawlers of real logs against published ranges, where the data are at hand.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;
use std::path::PathBuf;

use spigot_decision::policy::load;
use spigot_intel::lists::{Entries, Format, read};
use spigot_intel::{CrawlerId, Lists, Named, Place, Reputations};

/// What operators publish, as somebody collected it in one file: no list of one crawler, so it is taken to be all of what
/// these publish.
const POLICY: &str = r#"
[[list]]
name = "googlebot"
kind = "crawler"
crawler = "googlebot"
file = "googlebot"

[[list]]
name = "collected"
kind = "crawler"
crawler = ["bingbot", "ahrefsbot", "yandexbot", "twitterbot", "facebook", "applebot", "ccbot"]
file = "collected"
"#;

fn data() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let found = folder.join("labels/crawlers.csv").exists().then_some(folder);
    if found.is_none() {
        println!("SKIPPED: the data are not here");
    }
    found
}

fn entries(path: PathBuf) -> Entries {
    read(&std::fs::read(path).unwrap(), &Format::Text, 100_000).unwrap()
}

/// A line of CSV whose sixth column may hold commas in quotation marks.
fn columns(line: &str) -> (String, IpAddr, u32, String) {
    let mut front = line.splitn(6, ',');
    let (claimed, address) = (front.nth(1).unwrap(), front.next().unwrap());
    let network = front.nth(1).unwrap();
    let label = line.rsplit(',').next().unwrap();
    (claimed.to_owned(), address.parse().unwrap(), network.parse().unwrap(), label.to_owned())
}

#[test]
fn the_genuine_are_known_and_every_impostor_is() {
    let Some(data) = data() else { return };
    let policy = load("policy.toml", POLICY).unwrap_or_else(|problems| panic!("{problems}"));
    let lists = ["googlebot-2025-11.txt", "goodbots-2025-11.txt"]
        .map(|file| entries(data.join("networks").join(file)));
    let reputations = Reputations::new(Lists::new(&lists), &policy);
    let judge = |claimed: &str, address: IpAddr, network: u32| {
        let id = CrawlerId::declared(if claimed == "facebook" { "facebookexternalhit/1.1" } else { claimed });
        let id = id.or_else(|| CrawlerId::declared(&format!("{claimed}/")));
        let id = id.unwrap_or_else(|| panic!("{claimed} is no crawler that is known"));
        let place = Place { network: Some(network).filter(|network| *network != 0), country: None };
        let found =
            reputations
                .crawler(id, address, reputations.find(address, &[0; 3], place), place, true, || Named::Off);
        found.map(|crawler| crawler.genuine)
    };
    let text = std::fs::read_to_string(data.join("labels/crawlers.csv")).unwrap();
    let mut counts = std::collections::BTreeMap::<(String, Option<bool>), u32>::new();
    for line in text.lines().skip(1) {
        let (claimed, address, network, label) = columns(line);
        let said = judge(&claimed, address, network);
        assert!(label != "impostor" || said == Some(false), "an impostor passes: {line}");
        assert!(!label.starts_with("genuine") || said != Some(false), "a genuine one is refused: {line}");
        *counts.entry((label, said)).or_default() += 1;
        // Behind a proxy that names nobody all of them come from one private address.
        assert_eq!(judge(&claimed, IpAddr::from([10, 0, 0, 1]), network), None, "{line}");
    }
    println!("{counts:?}");
    let count = |label: &str, said| counts.get(&(label.to_owned(), said)).copied().unwrap_or(0);
    let genuine: u32 = [Some(true), Some(false), None].into_iter().map(|said| count("genuine", said)).sum();
    assert!(count("genuine", Some(true)) * 100 >= genuine * 99, "{counts:?}");
    assert_eq!((genuine, count("impostor", Some(false))), (534, 413), "the labels have these");
}
