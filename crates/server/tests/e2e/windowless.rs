//! The shipped policy and a browser that says that it has no window.

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
