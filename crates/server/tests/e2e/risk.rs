//! What operators learn from what happened: marks, sums and proposals.

use super::challenge::{of_page, solve, submit};
use super::demo::{Demo, SOON};
use super::review_hook::hook;

#[test]
fn a_decision_is_marked_and_tuning_says_how_little_it_knows() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    let page = connection.get("/login");
    let solved = submit(&mut connection, &solve(&of_page(&page)));
    assert_eq!(solved.status, 200, "{}", solved.text());
    demo.until("both are written", |health| health["events"]["written"].as_u64() > Some(1));
    let id = of_page(&page)["decision"].as_str().unwrap().to_owned();
    let revision = demo.revision();
    let marked = demo.command(&["mark", &id, "--as", "bot", "--note", "a test", "--author", "ada"]);
    assert!(marked.status.success(), "{marked:?}");
    assert_eq!(demo.revision(), revision, "a mark changes no policy");
    let listed = String::from_utf8(demo.command(&["mark", "--list"]).stdout).unwrap();
    assert!(listed.contains(&format!("mark {id}")) && listed.contains("by ada: a test"), "{listed}");
    let tuned = demo.command(&["tune", "--since", "1h", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&tuned.stdout).unwrap();
    assert_eq!((report["people"].as_u64(), report["bots"].as_u64()), (Some(0), Some(1)), "{report}");
    assert_eq!((report["marks_found"].as_u64(), report["proposal"].as_str()), (Some(1), Some("")));
    assert!(demo.command(&["mark", &id, "--remove"]).status.success());
    let tuned = String::from_utf8(demo.command(&["tune", "--since", "1h"]).stdout).unwrap();
    assert!(tuned.contains("1 clients are taken for people, 0 for bots"), "{tuned}");
    assert!(tuned.contains("too little is known: 1 people and 0 bots"), "{tuned}");
    for wrong in [&["mark", &id, "--as", "cat"][..], &["mark", "0000000000000000", "--as", "bot"]] {
        assert!(!demo.command(wrong).status.success(), "{wrong:?}");
    }
}

#[test]
fn explaining_adds_the_risk_up() {
    let demo = Demo::start();
    demo.connect().request("GET", "/?file=../../../../etc/passwd", &[("User-Agent", "")], b"");
    demo.until("it is written", |health| health["events"]["written"].as_u64() > Some(0));
    let found = demo.command(&["events", "--reason", "vulnerability_probe", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    let story = demo.command(&["explain", found["id"].as_str().unwrap()]);
    let story = String::from_utf8_lossy(&story.stdout).into_owned();
    assert!(story.contains("Risk 75 of 100 (= 15 no_user_agent + 60 vulnerability_probe)"), "{story}");
}

#[test]
fn operators_see_what_the_breaker_did_and_keep_it_from_doing_so() {
    let demo = Demo::start();
    demo.change(&[
        "breaker",
        "keep",
        "limit login-posts",
        "--reason",
        "whatever it costs",
        "--author",
        "ada",
    ]);
    let shown = String::from_utf8(demo.command(&["breaker", "show"]).stdout).unwrap();
    assert!(shown.contains("breaker limit login-posts, without end, by ada: whatever it costs"), "{shown}");
    demo.change(&["breaker", "end", "limit login-posts"]);
    let shown = String::from_utf8(demo.command(&["breaker", "show"]).stdout).unwrap();
    assert!(shown.contains("None is in force"), "{shown}");
    let wrong = demo.command(&["breaker", "keep", "login-posts"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("write its kind and name"), "{wrong:?}");
    // A challenge that is asked for is one that waits for its solution.
    let mut connection = demo.connect();
    for _ in 0..501 {
        connection.get("/");
    }
    demo.until("it is followed", |health| health["breaker"]["challenges_open"].as_u64() == Some(1));
    demo.until("by its reason", |health| health["breaker"]["reasons"].as_u64() == Some(1));
}

/// A rule of one's own that asks everybody, and puzzles that cost nothing.
const ASKING: &str = "trusted_proxies = [\"127.0.0.1\"]\nforwarded_header = \"x-client-address\"\n[challenge]\nlog2_work = [4, 4, 4]\n[[rule]]\nname = \"campaign\"\nwhen = 'request.path == \"/\"'\naction = \"challenge\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\n";

#[test]
fn a_rule_that_asks_people_is_demoted_for_a_while_and_an_alert_says_so() {
    let (posted, url) = hook();
    let folder = tempfile::tempdir().unwrap();
    let config = format!("{ASKING}[alerts]\nurl = \"{url}\"\n");
    let demo = Demo::start_with(folder, Some(&config));
    let mut connection = demo.connect();
    let person = |n: u32| format!("198.{}.{}.7", 18 + n % 2, n / 2);
    let mut solve_from = |n: u32| {
        let address = person(n);
        let from = [("x-client-address", address.as_str()), ("Accept", "text/html")];
        let page = connection.request("GET", "/", &from, b"");
        if page.status == 200 {
            return false;
        }
        let body = solve(&of_page(&page));
        let solved = connection.request("POST", "/.spigot/solve", &from, body.as_bytes());
        assert_eq!(solved.status, 200, "{}", solved.text());
        true
    };
    let solved = (0..200).take_while(|n| solve_from(*n)).count();
    assert!(solved >= 50, "demoted by {solved} alone");
    demo.until("it is demoted", |health| health["breaker"]["demoted"].to_string().contains("rule campaign"));
    assert!(!solve_from(250), "whoever comes now is not asked");
    let shown = String::from_utf8(demo.command(&["breaker", "show"]).stdout).unwrap();
    assert!(shown.contains("rule campaign") && shown.contains("by breaker"), "{shown}");
    let (_, body) = posted.recv_timeout(SOON).unwrap();
    let alert: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (alert["event"].as_str(), alert["told"]["reason"].as_str()),
        (Some("reason_demoted"), Some("rule campaign"))
    );
    assert!(alert["text"].as_str().unwrap().contains("asks people rather than bots"), "{alert}");
    demo.change(&["breaker", "end", "rule campaign"]);
    assert!(solve_from(251), "in force again");
}
