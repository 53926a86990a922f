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
