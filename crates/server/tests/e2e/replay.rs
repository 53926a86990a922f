//! What a policy would have done to what Spigot itself saw.

use super::challenge::{of_page, solve, submit};
use super::demo::Demo;

const OPEN: &str = "[[route]]\nname = \"all\"\nmatch = \"/**\"\ntriggers = { high_frequency = false }\n";

fn until_written(demo: &Demo, events: u64) {
    demo.until("the events are written", |health| health["events"]["written"].as_u64() == Some(events));
}

fn run(arguments: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_spigot")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Requests that passed and tell nothing that a log does not, over more pieces than are read at once.
#[test]
fn own_events_give_what_a_log_of_them_gives() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    for last_byte in [1, 2, 3] {
        let mut connection = demo.connect_from(last_byte);
        for n in 0..400 {
            let page = ["/", "/products/1", "/nothing-there"][n % 3];
            assert!(matches!(connection.get(page).status, 200 | 404));
        }
    }
    until_written(&demo, 1200);
    let folder = demo.folder.path().to_str().unwrap();
    let events = run(&["events", "--limit", "5000", "--format", "json", "--data", folder]);
    let mut lines: Vec<_> = events
        .lines()
        .map(|event| {
            let event: serde_json::Value = serde_json::from_str(event).unwrap();
            serde_json::json!({
                "remote_addr": event["client"], "time_iso8601": event["time"], "request_method": event["method"],
                "uri": event["path"], "status": event["upstream_status"].to_string(), "body_bytes_sent": "0",
                "http_user_agent": event["user_agent"], "host": event["host"],
            })
            .to_string()
        })
        .collect();
    assert_eq!(lines.len(), 1200);
    // They are shown newest first.
    lines.reverse();
    let log = demo.folder.path().join("access.log");
    std::fs::write(&log, lines.join("\n") + "\n").unwrap();
    let log = log.to_str().unwrap();
    for format in ["text", "json"] {
        let of_events = run(&["replay", "--events", folder, "--format", format]);
        assert_eq!(of_events, run(&["replay", log, "--format", format]), "byte for byte");
    }
    let said = run(&["replay", "--events", folder]);
    assert!(said.contains("1200 lines, 1200 records") && said.contains("requests of 3 clients"), "{said}");
}

#[test]
fn whoever_held_a_clearance_is_not_asked_in_the_replay_either() {
    let policy = OPEN.replace("triggers", "ask = \"always\"\ntriggers");
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&policy));
    let mut connection = demo.connect();
    let asked = connection.get("/");
    assert_eq!(asked.status, 403);
    let cookie = submit(&mut connection, &solve(&of_page(&asked))).cookie();
    for _ in 0..10 {
        let with = [("Accept", "text/html"), ("Cookie", cookie.as_str())];
        assert_eq!(connection.request("GET", "/", &with, b"").status, 200);
    }
    until_written(&demo, 12);
    let (folder, file) = (demo.folder.path().to_str().unwrap(), demo.folder.path().join("policy.toml"));
    let arguments = ["replay", "--events", folder, "--config", file.to_str().unwrap(), "--format", "json"];
    let report: serde_json::Value = serde_json::from_str(&run(&arguments)).unwrap();
    assert_eq!(report["requests"], 12);
    // The page that asked and the submission came without; the ten came with it.
    assert_eq!(report["input"]["with_clearance"], 10);
    assert_eq!((&report["treatments"]["standing"], &report["treatments"]["allow"]), (&2.into(), &10.into()));
}

#[test]
fn lists_that_were_fetched_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("bad.txt"), "198.51.100.0/24\n").unwrap();
    let agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    std::fs::write(at("own.txt"), "192.0.2.0/24\n").unwrap();
    let config = at("spigot.toml");
    let text = format!(
        "upstream = \"http://127.0.0.1:9\"\ndata = \"{}\"\n[[list]]\nname = \"bad\"\nkind = \"deny\"\nfile = \"{}\"\n[[list]]\nname = \"own\"\nkind = \"crawler\"\ncrawler = \"googlebot\"\nfile = \"{}\"\n",
        at("data"),
        at("bad.txt"),
        at("own.txt"),
    );
    std::fs::write(&config, text).unwrap();
    let line = |address: &str, second: u32, agent: &str| {
        format!(
            "{address} - - [21/Nov/2026:10:00:{second:02} +0000] \"GET /a HTTP/1.1\" 200 9 \"-\" \"{agent}\"\n"
        )
    };
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
    let log = at("access.log");
    let lines = [
        line("198.51.100.7", 1, browser),
        line("203.0.113.7", 2, browser),
        line("192.0.2.7", 3, agent),
        line("203.0.113.8", 4, agent),
    ];
    std::fs::write(&log, lines.concat()).unwrap();
    let reasons = || {
        let said = run(&["replay", "--config", &config, "--format", "json", &log]);
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        let names: Vec<String> = report["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| reason["reason"].as_str().or(reason["name"].as_str()).unwrap().to_owned())
            .collect();
        names
    };
    let has = |names: &[String], wanted: &str| names.iter().any(|name| name.contains(wanted));
    assert!(!has(&reasons(), "denylisted_origin"), "nothing is fetched yet: {:?}", reasons());
    run(&["lists", "--config", &config, "update"]);
    let names = reasons();
    for wanted in ["denylisted_origin", "verified_crawler", "false_crawler"] {
        assert!(has(&names, wanted), "{wanted} is not in {names:?}");
    }
}
