//! Reports made from lines of our own, with documentation addresses.

use std::fmt::Write;
use std::io::Cursor;
use std::sync::Arc;

use expect_test::{Expect, expect};
use spigot_decision::policy::{self, Policy};
use spigot_replay::{Log, Options, Report, Treatment, compare, render_comparison, render_text, replay};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";

fn policy_of(text: &str) -> Arc<Policy> {
    Arc::new(policy::load("test.toml", text).expect("the policy is valid"))
}

fn line(address: &str, second: u32, request: &str, status: u16) -> String {
    let (hour, minute, second) = (8 + second / 3600, second / 60 % 60, second % 60);
    format!(
        "{address} - - [21/Nov/2026:{hour:02}:{minute:02}:{second:02} +0000] \"{request}\" {status} 12 \"-\" \"{FIREFOX}\"\n"
    )
}

fn logs(text: &str) -> Vec<Log> {
    vec![Log::Reader(Box::new(Cursor::new(text.to_owned())))]
}

fn report_of(policy: &str, text: &str) -> Report {
    replay(policy_of(policy), logs(text), &Options::default(), &mut |_| ()).expect("memory can be read")
}

/// The report without its revision, which changes with the shipped policy.
fn check(report: &Report, expected: &Expect) {
    expected.assert_eq(&render_text(report).replace(&report.policy_revision, "REVISION"));
}

/// A visitor, somebody who guesses passwords, an idle connection, a broken request and a line that is none.
fn small_log() -> String {
    let mut text = String::new();
    text += &line("192.0.2.1", 0, "GET / HTTP/1.1", 200);
    text += &line("192.0.2.1", 2, "GET /login HTTP/1.1", 200);
    for second in 0..8 {
        text += &line("198.51.100.7", 10 + second, "POST /login HTTP/1.1", 200);
    }
    text += &line("192.0.2.1", 5, "POST /login HTTP/1.1", 302);
    text += &line("192.0.2.1", 20, "-", 400);
    text += &line("203.0.113.9", 30, "\\x16\\x03\\x01", 400);
    text += &line("2001:db8::5", 40, "GET /.git/config HTTP/1.1", 404);
    text += "not a line of a log\n";
    text
}

#[test]
fn a_small_log() {
    check(
        &report_of("", &small_log()),
        &expect![[r#"
            15 lines, 14 records
            2026-11-21T08:00:00.000Z to 2026-11-21T08:00:40.000Z
              1 lines are no records: not_this_format
              1 connections came without a request and are left out
              1 records were out of order
            Policy REVISION

            13 requests of 4 clients, 1 malformed
            3 requests (23.07 %) of 2 clients (50.00 %) would have been stopped
            0 restrictions would have begun

            Routes
              login: 10 requests of 2 clients
                standing 8, throttle 2
                standing sensitive_route: 10 times on 2 clients
                limit login-burst: 3 times on 1 clients, stopped 2
              default: 3 requests of 3 clients
                allow 1, log 1, challenge 1
                risk risk: 2 times on 2 clients, stopped 1
                signal malformed_request: 1 times on 1 clients
                signal vulnerability_probe: 1 times on 1 clients

            Days (UTC)
              date          requests  challenged  standing  throttled  blocked
              2026-11-21          13           1         8          2        0

            Stopped clients
              198.51.100.7: 2 of 8 requests, first at 2026-11-21T08:00:16.000Z (request 7; 7 on login): throttle by login-burst
              2001:db8::/64: 1 of 1 requests, first at 2026-11-21T08:00:40.000Z (request 1; 1 on default): challenge by risk (vulnerability_probe)

            Not replayed
              payload_repetition: access logs hold no bodies
              spam_detected (honeypot fields): access logs hold no form fields
              limits per account: access logs do not name the account
              clearances: nobody presents one, so every client is counted by its address
        "#]],
    );
}

#[test]
fn the_challenge_comes_at_request_501() {
    let mut text = String::new();
    for request in 0..600 {
        text += &line("192.0.2.1", request / 200, "GET / HTTP/1.1", 200);
    }
    let report = report_of("", &text);
    let subject = &report.subjects[0];
    assert_eq!((subject.by.as_str(), subject.first_request), ("high_frequency", 501));
    assert_eq!((subject.treatment, subject.stopped), (Treatment::Challenge, 100));
}

#[test]
fn an_hour_of_more_than_twice_the_mean() {
    // Three days of 10 requests, then 25 in that hour: the 21st exceeds twice the mean.
    let mut text = String::new();
    for (day, requests) in [(21, 10), (22, 10), (23, 10), (24, 25)] {
        for request in 0..requests {
            let address = format!("192.0.2.{request}");
            text += &line(&address, request * 60, "GET / HTTP/1.1", 200).replace("[21/", &format!("[{day}/"));
        }
    }
    let report = report_of("triggers = { traffic_anomaly = { at_least = 0 } }", &text);
    let stopped: Vec<_> = report.subjects.iter().map(|s| (s.by.as_str(), s.address.as_str())).collect();
    let expected: Vec<_> = (20..25).map(|n| ("traffic_anomaly", format!("192.0.2.{n}"))).collect();
    assert_eq!(stopped, expected.iter().map(|(by, a)| (*by, a.as_str())).collect::<Vec<_>>());
}

#[test]
fn failures_lead_to_a_restriction() {
    // A refused sign-up every 70 seconds: slow enough for the burst limit, not for the ladder. The eighth restricts for
    // a minute.
    let mut text = String::new();
    for attempt in 0..8 {
        text += &line("198.51.100.7", attempt * 70, "POST /signup HTTP/1.1", 401);
    }
    text += &line("198.51.100.7", 7 * 70 + 59, "GET / HTTP/1.1", 200);
    text += &line("198.51.100.7", 7 * 70 + 60, "GET / HTTP/1.1", 200);
    let report = report_of("", &text);
    assert_eq!(report.restrictions_begun, 1);
    let subject = &report.subjects[0];
    assert_eq!((subject.by.as_str(), subject.first_request, subject.stopped), ("restriction", 9, 1));
}

#[test]
fn order_does_not_matter() {
    let text = small_log();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.reverse();
    let mut reversed = report_of("", &lines.join("\n"));
    let straight = report_of("", &text);
    assert!(reversed.input.out_of_order > 0 && reversed.input.clamped == 0);
    reversed.input.out_of_order = straight.input.out_of_order;
    assert_eq!(straight, reversed);
}

#[test]
fn clients_beyond_the_bound_are_only_counted() {
    let mut text = String::new();
    for client in 0..20 {
        text += &line(&format!("192.0.2.{client}"), client, "GET / HTTP/1.1", 200);
    }
    let options = Options { clients_max: 5, ..Options::default() };
    let report = replay(policy_of(""), logs(&text), &options, &mut |_| ()).unwrap();
    assert_eq!((report.requests, report.clients, report.requests_of_others), (20, 5, 15));
}

#[test]
fn months_without_a_line_leave_no_counts_behind() {
    let mut text = String::new();
    for month in ["Jan", "Feb", "Mar", "Jun"] {
        for _ in 0..8 {
            text += &line("198.51.100.7", 0, "POST /login HTTP/1.1", 200)
                .replace("21/Nov", &format!("21/{month}"));
        }
    }
    let report = report_of("", &text);
    let stopped: Vec<u64> = report.days.iter().map(|day| day.treatments.stopped()).collect();
    assert_eq!(stopped, [2, 2, 2, 2], "each day begins anew");
}

#[test]
fn a_stricter_policy_compared() {
    let mut text = String::new();
    for request in 0..12 {
        let _ = write!(text, "{}", line("198.51.100.7", request, "GET /search HTTP/1.1", 200));
    }
    text += &line("192.0.2.1", 3, "GET /search HTTP/1.1", 200);
    let strict = "[[limit]]\nname = \"few\"\nrate = \"10 per 1m per client\"\naction = \"block\"\n";
    let comparison =
        compare(policy_of(""), policy_of(strict), logs(&text), &Options::default(), &mut |_| ()).unwrap();
    let shown = render_comparison(&comparison)
        .replace(&comparison.before.policy_revision, "BEFORE")
        .replace(&comparison.after.policy_revision, "AFTER");
    expect![[r#"
        13 lines, 13 records
        2026-11-21T08:00:00.000Z to 2026-11-21T08:00:11.000Z
          1 records were out of order
        Policy BEFORE against AFTER

        2 of 13 requests (15.38 %) of 1 clients would be treated differently
        2 would be stopped that were not, 0 would pass that did not
        before: allow 13
        after:  allow 11, block 2

        Differences
          198.51.100.7 on search: allow → block (few), 2 requests
    "#]]
    .assert_eq(&shown);
    let json = serde_json::to_string(&comparison).unwrap();
    assert_eq!(serde_json::from_str::<spigot_replay::Comparison>(&json).unwrap(), comparison);
}
