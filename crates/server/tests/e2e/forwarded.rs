//! What the application is told of the client when a proxy in front may speak for it.

use http::Request;

use super::application::{Application, Exchange};
use super::http2::{Pieces, ask};
use super::served::Served;

/// Answers with the lines of the field that the test is about.
fn chain(exchange: &mut Exchange) -> bool {
    let lines: Vec<&str> = exchange
        .head
        .iter()
        .filter(|line| line.to_lowercase().starts_with("x-forwarded-for:"))
        .map(String::as_str)
        .collect();
    let said = lines.join("\n").to_lowercase();
    exchange.answer(&said);
    true
}

#[test]
fn a_chain_in_several_lines_reaches_the_application_whole() {
    let application = Application::start(chain);
    let upstream = format!("upstream = \"{}\"\n", application.address);
    let trusting = Served::start(&format!("trusted_proxies = [\"127.0.0.1\"]\n{upstream}"));
    let distrusting = Served::start(&upstream);
    let check = |served: &Served, lines: &[&str], expected: &str| {
        let fields: Vec<(&str, &str)> = lines.iter().map(|line| ("X-Forwarded-For", *line)).collect();
        let told = served.connect().request("GET", "/", &fields, b"");
        assert_eq!((told.status, told.text().as_str()), (200, expected), "HTTP/1.1: {lines:?}");
        let mut request = Request::get(format!("http://{}/", served.address));
        for line in lines {
            request = request.header("x-forwarded-for", *line);
        }
        let told = ask(served.address, vec![request.body(Pieces::default()).unwrap()]).remove(0).unwrap();
        assert_eq!((told.status, told.body.as_str()), (200, expected), "HTTP/2: {lines:?}");
    };
    // HAProxy's `option forwardfor` adds a line behind the client's own: the forged one alone must not arrive.
    check(
        &trusting,
        &["203.0.113.66", "198.51.100.7"],
        "x-forwarded-for: 203.0.113.66, 198.51.100.7, 127.0.0.1",
    );
    check(
        &trusting,
        &["a, b", "c", "198.51.100.7, 10.0.0.1"],
        "x-forwarded-for: a, b, c, 198.51.100.7, 10.0.0.1, 127.0.0.1",
    );
    check(&trusting, &["198.51.100.7"], "x-forwarded-for: 198.51.100.7, 127.0.0.1");
    check(&trusting, &[], "x-forwarded-for: 127.0.0.1");
    check(&distrusting, &["203.0.113.66", "198.51.100.7"], "x-forwarded-for: 127.0.0.1");
}
