//! What the shipped policy allows one client to do again and again.

use super::challenge::{of_page, solve, submit};
use super::demo::Demo;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// How many posts pass before one is asked for a challenge, of at most `most`.
fn passes(demo: &Demo, from: u8, path: &str, cookie: &str, most: usize) -> usize {
    let mut connection = demo.connect_from(from);
    let headers = [("Accept", "text/html"), FORM, ("Cookie", cookie)];
    let asked = (0..most).position(|n| {
        let body = format!("email=reader{n}%40example.org&name=Ada&product=1&quantity=1");
        let status = connection.request("POST", path, &headers, body.as_bytes()).status;
        assert!(status < 400 || status == 403, "{path} is answered {status} at post {n}");
        status == 403
    });
    asked.unwrap_or(most)
}

#[test]
fn subscriptions_and_orders_have_an_end() {
    let demo = Demo::start();
    assert_eq!(passes(&demo, 41, "/newsletter", "", 20), 5);
    let mut buyer = demo.connect_from(42);
    let asked = buyer.request("GET", "/checkout", &[("Accept", "text/html")], b"");
    let cookie = submit(&mut buyer, &solve(&of_page(&asked))).cookie();
    assert_eq!(passes(&demo, 42, "/checkout", &cookie, 40), 20);
    let looks = [("Accept", "text/html"), ("Cookie", cookie.as_str())];
    let looked = buyer.request("GET", "/checkout", &looks, b"");
    assert_eq!(looked.status, 405, "the shop itself answers who only looks");
}
