//! The shipped policy and browsers that say that they are programs: without a window, or steered.

use serde_json::{Value, json};

use super::challenge::{of_page, solve};
use super::demo::Demo;

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36";

#[test]
fn a_browser_without_window_reads_and_is_turned_away_from_forms() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    let mut check = |agent: &str, path: &str, status: u16, asked: bool| {
        let headers = [("User-Agent", agent), ("Accept", "text/html")];
        let answer = connection.request("GET", path, &headers, b"");
        assert_eq!(answer.status, status, "{path} for {agent}: {}", answer.text());
        assert_eq!(answer.header("x-captcha-reason").is_some(), asked, "{path} for {agent}");
    };
    check(AGENT, "/products/3", 200, false);
    for path in ["/login", "/signup", "/reset", "/coupon"] {
        check(AGENT, path, 403, false);
        check(&AGENT.replace("Headless", ""), path, 403, true);
    }
    let told = || {
        let output = demo.command(&["events", "--action", "block", "--reason", "browser-without-window"]);
        String::from_utf8(output.stdout).unwrap()
    };
    demo.until("all four are events", |_| told().lines().count() == 4);
    let told = told();
    let id = told.split_whitespace().nth(1).unwrap();
    let story = demo.command(&["explain", id]);
    assert!(String::from_utf8_lossy(&story.stdout).contains("browser-without-window"), "{story:?}");
}

#[test]
fn a_browser_that_says_that_it_is_steered_solves_for_nothing() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    let agent = AGENT.replace("Headless", "");
    let headers = [("User-Agent", agent.as_str()), ("Accept", "text/html")];
    let mut submitted = |marks: &[&str]| {
        let page = connection.request("GET", "/login", &headers, b"");
        let mut body: Value = serde_json::from_str(&solve(&of_page(&page))).unwrap();
        body["seen"] = json!({ "browser": { "marks": marks } });
        let json = [("User-Agent", agent.as_str()), ("Content-Type", "application/json")];
        connection.request("POST", "/.spigot/solve", &json, body.to_string().as_bytes())
    };
    let refused = submitted(&["webdriver"]);
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(refused.json()["code"], "blocked");
    assert_eq!(refused.header("set-cookie"), None);
    for marks in [&[][..], &["patched", "no_window"], &["a mark of next year"]] {
        let solved = submitted(marks);
        assert_eq!(solved.status, 200, "{marks:?}: {}", solved.text());
        assert!(solved.header("set-cookie").is_some());
    }
    let told = || {
        let output = demo.command(&["events", "--reason", "steered_browser"]);
        String::from_utf8(output.stdout).unwrap()
    };
    demo.until("it is an event", |_| told().contains("steered_browser"));
    let told = told();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("refused"), "{told}");
}
