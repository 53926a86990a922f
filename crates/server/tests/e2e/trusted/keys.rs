use super::{ask, start, story, told};
use crate::demo::Demo;

const PARTNERS: &str = "[[trusted]]\nname = \"partners\"\nproof = \"key\"\ngives = \"pass\"\nroutes = \"api\"\nheader = \"X-Api-Key\"\n";

fn add(demo: &Demo, name: &str, more: &[&str]) -> String {
    let before = demo.revision();
    let arguments = [&["key", "add", name, "--client", "partners", "--format", "json"], more].concat();
    let key = of(&demo.command(&arguments));
    demo.until("the key counts", |health| health["revision"] != before);
    key
}

fn of(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{output:?}");
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    made["key"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_passes_is_counted_rotated_and_revoked() {
    let demo = start(PARTNERS);
    let key = add(&demo, "acme", &["--rate", "3 per 1m"]);
    assert!(key.starts_with("spigot_key_") && key.len() == 51, "{key}");
    let listed = demo.command(&["key", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(
        listed.contains("acme: partners on all its routes, 3 per 1m") && !listed.contains(&key),
        "{listed}"
    );
    let mut client = demo.connect();
    assert_eq!(ask(&mut client, &[]).status, 403);
    let passed = ask(&mut client, &[("X-Api-Key", &key)]);
    assert_eq!(passed.status, 200);
    assert_eq!(told(&passed, "x-spigot-trusted").as_deref(), Some("acme"));
    assert_eq!(told(&passed, "x-api-key"), None, "the application does not see it");
    let elsewhere = client.request("GET", "/", &[("X-Api-Key", &key), ("Accept", "application/json")], b"");
    assert_eq!(elsewhere.status, 403, "only where it means something");
    // As many as its rate allows, and one that trickles through.
    for count in 2..=4 {
        assert_eq!(ask(&mut client, &[("X-Api-Key", &key)]).status, 200, "{count}");
    }
    let slowed = ask(&mut client, &[("X-Api-Key", &key)]);
    assert_eq!((slowed.status, slowed.header("retry-after").is_some()), (429, true));
    let story = story(&demo, "acme");
    assert!(story.contains("acme (trusted)"), "{story}");

    let other = add(&demo, "umbrella", &[]);
    let before = demo.revision();
    let fresh = of(&demo.command(&["key", "rotate", "umbrella", "--overlap", "0s", "--format", "json"]));
    demo.until("the new key counts", |health| health["revision"] != before);
    assert_eq!(ask(&mut client, &[("X-Api-Key", &fresh)]).status, 200);
    assert_eq!(ask(&mut client, &[("X-Api-Key", &other)]).status, 403);
    demo.change(&["key", "revoke", "umbrella"]);
    assert_eq!(ask(&mut client, &[("X-Api-Key", &fresh)]).status, 403);
    let gone = demo.command(&["key", "revoke", "umbrella"]);
    assert!(String::from_utf8_lossy(&gone.stderr).contains("there is no key"), "{gone:?}");
}

#[test]
fn a_wrong_key_is_a_signal_and_the_applications_own_are_none_of_it() {
    let demo = start("[[trusted]]\nname = \"partners\"\nproof = \"key\"\ngives = \"pass\"\n");
    let mut client = demo.connect();
    let wrong = format!("Bearer spigot_key_{}", "0".repeat(40));
    assert_eq!(ask(&mut client, &[("Authorization", &wrong)]).status, 403);
    let told = story(&demo, "invalid_proof");
    assert!(
        told.contains("invalid_proof (signal) adds 40 to the risk: found \"key is not known\""),
        "{told}"
    );
    assert_eq!(ask(&mut client, &[("Authorization", "Bearer eyJhbGciOi")]).status, 403);
    let key = add(&demo, "acme", &["--for", "1h"]);
    let passed = ask(&mut client, &[("Authorization", &format!("bearer {key}"))]);
    assert_eq!((passed.status, super::told(&passed, "authorization")), (200, None));
    let metrics = crate::client::Connection::open(demo.admin)
        .request("GET", "/metrics", &[("Connection", "close")], b"")
        .text();
    assert!(
        metrics.contains("spigot_proofs_held_total 1") && metrics.contains("spigot_proofs_failed_total 1")
    );
}

#[test]
fn who_brings_wrong_proofs_has_no_more_of_them_looked_at() {
    let demo = start("[[trusted]]\nname = \"partners\"\nproof = \"key\"\ngives = \"pass\"\n");
    let key = add(&demo, "acme", &[]);
    let good = format!("Bearer {key}");
    let wrong = format!("Bearer spigot_key_{}", "0".repeat(40));
    let mut client = demo.connect_from(9);
    for _ in 0..30 {
        ask(&mut client, &[("Authorization", &wrong)]);
    }
    assert_eq!(ask(&mut client, &[("Authorization", &good)]).status, 403);
    assert_eq!(ask(&mut demo.connect(), &[("Authorization", &good)]).status, 200, "others are not its fault");
}
