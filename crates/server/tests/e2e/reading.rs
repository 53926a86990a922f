//! What the admin API tells of what happened: sums, events, one decision, and what support may do with it.

use serde_json::{Value, json};

use super::challenge::{solve, submit};
use super::client::Connection;
use super::demo::Demo;

pub(super) struct Panel<'a> {
    demo: &'a Demo,
    bearer: String,
}

impl<'a> Panel<'a> {
    pub(super) fn of(demo: &'a Demo, role: &str) -> Self {
        let made = demo.command(&["admin", "token", "add", role, "--role", role, "--author", "ada"]);
        let said = String::from_utf8_lossy(&made.stdout).into_owned();
        let token = said.lines().next();
        let token =
            token.unwrap_or_else(|| panic!("no token in {said}{}", String::from_utf8_lossy(&made.stderr)));
        Self { demo, bearer: format!("Bearer {token}") }
    }

    fn call(&self, method: &str, path: &str, body: &[u8]) -> (u16, String) {
        let mut connection = Connection::open(self.demo.admin);
        let (bearer, length) = (&self.bearer, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {bearer}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        connection.send(&[head.as_bytes(), body].concat());
        let answer = connection.answer(false);
        (answer.status, answer.text())
    }

    pub(super) fn get(&self, path: &str) -> Value {
        let (status, text) = self.call("GET", path, b"");
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let (status, text) = self.call("POST", path, body.to_string().as_bytes());
        (status, serde_json::from_str(&text).unwrap_or_default())
    }
}

/// Some pages, and a log-in that is asked for a challenge; its decision's id.
fn visited(demo: &Demo) -> String {
    for _ in 0..5 {
        assert_eq!(demo.connect().get("/").status, 200);
    }
    let refused = demo.connect().request("GET", "/login", &[("Accept", "application/json")], b"").json();
    demo.until("the events are written", |health| health["events"]["written"].as_u64() > Some(5));
    refused["decision"].as_str().unwrap().to_owned()
}

#[test]
fn sums_and_events_and_one_decision_are_told() {
    let demo = Demo::start();
    let id = visited(&demo);
    let panel = Panel::of(&demo, "analyst");
    let overview = panel.get("/api/overview?range=hour");
    let total = &overview["total"];
    assert_eq!(
        (&total["requests"], &total["challenged"], &total["issued"]),
        (&json!(6), &json!(1), &json!(1)),
        "{overview}"
    );
    assert!(total["added_p50_micros"].as_u64() > Some(0), "{overview}");
    let routes = overview["routes"].as_array().unwrap();
    assert!(
        routes.iter().any(|route| route["key"] == "login" && route["figures"]["challenged"] == 1),
        "{overview}"
    );
    let reasons = overview["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason["key"] == "sensitive_route"), "{overview}");

    let found = panel.get("/api/events?route=login&action=challenge&ip=127.0.0.0/8&limit=5");
    assert_eq!((found["events"].as_array().unwrap().len(), &found["done"]), (1, &json!(true)), "{found}");
    assert_eq!(found["events"][0]["id"], id.as_str());
    assert_eq!(panel.get("/api/events?country=NZ")["events"], json!([]));
    let (status, refused) = panel.call("GET", "/api/events?country=Atlantis", b"");
    assert!(status == 400 && refused.contains("two letters"), "{refused}");

    // Nothing is lost between two pages.
    let first = panel.get("/api/events?limit=4");
    let next = first["next"].as_str().unwrap();
    let second =
        panel.get(&format!("/api/events?limit=4&after={next}&until_millis={}", first["until_millis"]));
    assert_eq!((first["done"].as_bool(), second["done"].as_bool()), (Some(false), Some(true)));
    assert_eq!(second["events"].as_array().unwrap().len(), 2);

    let shown = panel.get(&format!("/api/events/{}", id.to_uppercase()));
    assert!(shown["story"].as_str().unwrap().contains("What would have changed it"), "{shown}");
    assert_eq!((&shown["captcha_reason"], &shown["marked"]), (&json!("sensitive_route"), &json!(null)));
    assert_eq!(shown["event"]["client"], "127.0.0.1");
    assert_eq!(panel.call("GET", "/api/events/0000000000000000", b"").0, 404);
    assert_eq!(panel.call("GET", "/api/events/me", b"").0, 400);
    let health = panel.get("/api/health");
    assert_eq!(
        (&health["nodes"][0]["events_dropped"], &health["nodes"][0]["events_written"]),
        (&json!(0), &json!(6))
    );
    assert!(
        health["stores"].as_array().unwrap().iter().any(|store| store["name"] == "events.sqlite"),
        "{health}"
    );
}

#[test]
fn solutions_are_counted_for_the_route_and_the_reason_that_asked() {
    let demo = Demo::start();
    let mut visitor = demo.connect();
    let asked = visitor.request("GET", "/login", &[("Accept", "application/json")], b"").json();
    assert_eq!(submit(&mut visitor, "{}").status, 400);
    assert_eq!(submit(&mut visitor, &solve(&asked["challenge"])).status, 200);
    demo.until("it is written", |health| health["events"]["written"].as_u64() >= Some(3));
    let overview = Panel::of(&demo, "analyst").get("/api/overview?range=hour");
    let figures = |group: &str, key: &str| {
        let all = overview[group].as_array().unwrap();
        let found = all.iter().find(|one| one["key"] == key);
        let found = &found.unwrap_or_else(|| panic!("no {key}: {overview}"))["figures"];
        ["requests", "issued", "solved", "abandoned"].map(|name| found[name].as_u64().unwrap())
    };
    assert_eq!(figures("routes", "login"), [1, 1, 1, 0]);
    assert_eq!(figures("reasons", "sensitive_route"), [1, 1, 1, 0]);
    assert_eq!(overview["total"]["solved"], 1, "{overview}");
}

#[test]
fn what_happens_is_followed() {
    let demo = Demo::start();
    visited(&demo);
    let panel = Panel::of(&demo, "analyst");
    let begin = panel.get("/api/events/newer");
    assert_eq!(begin["events"], json!([]));
    let place = begin["place"].as_str().unwrap().to_owned();
    demo.connect().get("/products/1");
    demo.until("it is written", |health| health["events"]["written"].as_u64() > Some(6));
    let after = panel.get(&format!("/api/events/newer?after={place}"));
    assert_eq!(after["events"][0]["path"], "/products/1", "{after}");
    let place = after["place"].as_str().unwrap();
    assert_eq!(panel.get(&format!("/api/events/newer?after={place}"))["events"], json!([]));
}

#[test]
fn files_hold_every_event_and_no_formula() {
    let demo = Demo::start();
    visited(&demo);
    demo.connect().request("GET", "/", &[("User-Agent", "=HYPERLINK(\"http://x\")")], b"");
    demo.until("it is written", |health| health["events"]["written"].as_u64() > Some(6));
    let panel = Panel::of(&demo, "analyst");
    let (status, csv) = panel.call("GET", "/api/events/export?format=csv", b"");
    assert_eq!((status, csv.matches("\r\n").count()), (200, 8), "{csv}");
    assert!(csv.starts_with("time,id,") && csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{csv}");
    let (_, lines) = panel.call("GET", "/api/events/export?format=jsonl&route=login", b"");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(panel.call("GET", "/api/events/export?format=xlsx", b"").0, 400);
}

#[test]
fn support_sees_no_whole_address_and_helps_one_visitor() {
    let demo = Demo::start();
    let id = visited(&demo);
    let support = Panel::of(&demo, "support");
    for path in [
        "/api/events?limit=50".to_owned(),
        format!("/api/events/{id}"),
        "/api/events/export?format=csv".to_owned(),
        "/api/events/export".to_owned(),
        // A search for a whole address is one for its network.
        "/api/events?ip=127.0.0.77".to_owned(),
    ] {
        let (status, text) = support.call("GET", &path, b"");
        assert!(
            status == 200 && text.contains("127.0.0.0/24") && !text.contains("127.0.0.1"),
            "{path}: {text}"
        );
    }
    let mark = json!({ "decision": id, "about": "person", "note": "called" });
    assert_eq!(support.post("/api/support/mark", &mark).0, 200);
    assert_eq!(
        support.get(&format!("/api/events/{id}"))["marked"],
        json!({ "about": "person", "note": "called" })
    );
    let except = |hours: u32, reason: &str| {
        support.post("/api/support/exception", &json!({ "decision": id, "hours": hours, "reason": reason }))
    };
    assert_eq!(except(0, "why").0, 400);
    assert_eq!(except(500, "why").0, 400);
    assert_eq!(except(2, " ").0, 400);
    let (status, made) = except(2, "cannot log in");
    assert_eq!(
        (status, &made["client"], &made["route"]),
        (200, &json!("127.0.0.0/24"), &json!("login")),
        "{made}"
    );
    // For that client alone.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while demo.connect().get("/login").status != 200 {
        assert!(std::time::Instant::now() < deadline, "the exception does not hold");
    }
    assert_eq!(demo.connect_from(9).get("/login").status, 403);
    let analyst = Panel::of(&demo, "analyst");
    assert_eq!(analyst.post("/api/support/mark", &mark).0, 403);
    let changes = analyst.get("/api/overview?range=hour");
    let marks = changes["marks"].as_array().unwrap();
    assert!(
        marks.iter().any(|mark| mark["kind"] == "exception" && mark["author"] == "token support"),
        "{changes}"
    );
}

#[test]
fn a_week_is_reviewed_at_the_panel_and_at_the_terminal() {
    let demo = Demo::start();
    visited(&demo);
    for number in 0..40 {
        demo.connect_from(44).get(&format!("/missing/{number}"));
    }
    demo.until("the events are written", |health| health["events"]["written"].as_u64() >= Some(46));
    let panel = Panel::of(&demo, "analyst");
    assert_eq!(panel.get("/api/review"), json!({ "review": null, "working": null }));
    panel.get("/api/review?fresh=true");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let review = loop {
        let told = panel.get("/api/review");
        if told["working"].is_null() && !told["review"].is_null() {
            break told["review"].clone();
        }
        assert!(std::time::Instant::now() < deadline, "{told}");
    };
    assert_eq!(review["events"], 46, "{review}");
    let patterns = review["patterns"].as_array().unwrap();
    assert!(patterns.iter().any(|one| one["kind"] == "address" && one["key"] == "127.0.0.44"), "{review}");
    let support = Panel::of(&demo, "support");
    assert_eq!(support.call("GET", "/api/review", b"").0, 403);
    let data = demo.folder.path().to_str().unwrap();
    for (format, part) in
        [("text", "address 127.0.0.44: 40"), ("json", "\"127.0.0.44\""), ("html", "<li>address 127.0.0.44")]
    {
        let said = std::process::Command::new(env!("CARGO_BIN_EXE_spigot"))
            .args(["review", "--data", data, "--format", format])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(text.contains(part), "{format}: {text}");
    }
}

#[test]
fn a_damaged_file_of_events_keeps_nobody_from_being_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.sqlite");
    std::fs::write(&file, b"no database any more, ".repeat(1_000)).unwrap();
    let demo = Demo::start_in(folder);
    demo.until_said("events_set_aside");
    assert_eq!(demo.connect().get("/").status, 200);
    let names = std::fs::read_dir(demo.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let aside: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".damaged-")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert!(std::fs::read(demo.folder.path().join(&aside[0])).unwrap().starts_with(b"no database"));
    assert!(std::fs::read(&file).unwrap().starts_with(b"SQLite format 3"));
}
