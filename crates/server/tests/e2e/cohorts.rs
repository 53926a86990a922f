//! Budgets of cohorts: what is usual comes from the data folder, is held against real fingerprints, and goes back there.

use std::path::Path;

use serde_json::{Value, json};
use spigot_decision::{Cohort, Millis};
use spigot_keeping::Secrets;

use super::client::{Answer, Connection};
use super::demo::Demo;

const POLICY: &str =
    "[[route]]\nname = \"search\"\nmatch = \"/**\"\nbudget = { times = 1, at_least = 8, needs_days = 7 }\n";
/// What one fingerprint that nobody knows may do, whatever its networks: half of `at_least`.
const STRANGER: usize = 4;
/// What is usual in an hour, and what of it the known browser does.
const USUAL: u32 = 40;
const KNOWN: u32 = 30;
/// Of [`spigot_decision`]: what keeps the keys of cohorts apart from those of counts.
const COHORTS: u16 = 13;

fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Millis(i64::try_from(since.as_millis()).unwrap())
}

/// A client of the network 127.77.`network`.0/24 that sends these fields, in this order.
fn get(demo: &Demo, network: usize, fields: &[(&str, &str)]) -> Answer {
    let from = [127, 77, u8::try_from(network).unwrap(), 1];
    Connection::open_in(demo.address, from).request("GET", "/", fields, b"")
}

const BROWSER: &[(&str, &str)] =
    &[("User-Agent", "Mozilla/5.0"), ("Accept", "text/html"), ("Accept-Language", "de"), ("X-A", "1")];
const TOOL: &[(&str, &str)] = &[("Accept", "text/html"), ("User-Agent", "Mozilla/5.0"), ("X-A", "1")];

/// How many of `count` requests pass, each from another network; the others are asked for this budget's sake.
fn passing(demo: &Demo, networks: std::ops::Range<usize>, fields: &[(&str, &str)]) -> usize {
    let mut passed = 0;
    for network in networks {
        let answer = get(demo, network, fields);
        match answer.header("x-captcha-reason") {
            None => assert_eq!(answer.status, 200, "{answer:?}"),
            reason => assert_eq!((answer.status, reason), (403, Some("cohort_budget")), "{answer:?}"),
        }
        passed += usize::from(answer.status == 200);
    }
    passed
}

/// The fingerprint that the events tell of a client's request: without TLS that of its header fields alone.
fn fingerprint(demo: &Demo) -> u64 {
    demo.until("it is written", |health| health["events"]["written"].as_u64() > Some(0));
    let listed = demo.command(&["events", "--format", "json"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let event: Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
    u64::from_str_radix(event["fingerprints"]["header"].as_str().unwrap(), 16).unwrap()
}

/// Seven days of a site on which one browser does most.
fn write_usual(folder: &Path, browser: u64) {
    let keys = Secrets::open(folder, now()).unwrap().subject_keys();
    let cohort = Cohort { network: None, fingerprint: Some(browser) };
    let browser = keys.key(COHORTS, &[cohort.fingerprint_of(&keys).unwrap()]);
    let (all, known) = (f64::from(USUAL), f64::from(KNOWN));
    let strangers = json!({ "known": [], "others": all });
    let kept = json!({ "version": 1, "routes": [{
        "route": "search",
        "day": vec![(all, 7); 24],
        "volume": all,
        "levels": [strangers, strangers, { "known": [(browser, known)], "others": all - known }],
    }] });
    std::fs::write(folder.join("cohorts.json"), kept.to_string()).unwrap();
}

fn usual(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("cohorts.json")).unwrap()).unwrap()
}

fn stop(demo: Demo) -> tempfile::TempDir {
    demo.signal("TERM");
    let mut demo = demo;
    let folder = std::mem::replace(&mut demo.folder, tempfile::tempdir().unwrap());
    assert!(demo.wait().success());
    folder
}

#[test]
fn what_is_usual_is_loaded_held_against_fingerprints_and_kept() {
    // Budgets are of a clock hour, and the clock is the real one.
    while !within_an_hour() {
        println!("the hour ended meanwhile: once more");
    }
}

fn within_an_hour() -> bool {
    let hour = now().hour();
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(POLICY));
    assert_eq!(passing(&demo, 0..20, BROWSER), 20, "before anything is usual nobody is asked");
    let browser = fingerprint(&demo);
    let folder = stop(demo);
    if now().hour() != hour {
        return false;
    }
    assert_eq!(usual(folder.path())["routes"][0]["route"], "search", "kept at the end");
    write_usual(folder.path(), browser);
    let before = usual(folder.path());

    let demo = Demo::start_with(folder, Some(POLICY));
    let stranger = passing(&demo, 0..8, TOOL);
    let known = passing(&demo, 8..20, BROWSER);
    let folder = stop(demo);
    if now().hour() != hour {
        return false;
    }
    assert_eq!(stranger, STRANGER, "a fingerprint that is new here, from ever new networks");
    assert_eq!(known, 12, "the browser that most have is not held to that");
    let after = usual(folder.path());
    for part in ["day", "volume", "levels"] {
        assert_eq!(after["routes"][0][part], before["routes"][0][part], "{part} comes back as it was");
    }

    // What cannot be read is said; nothing is usual then, and nobody is asked.
    std::fs::write(folder.path().join("cohorts.json"), "{").unwrap();
    let demo = Demo::start_with(folder, Some(POLICY));
    demo.until_said("cohorts_unread");
    assert_eq!(passing(&demo, 0..20, TOOL), 20);
    true
}
