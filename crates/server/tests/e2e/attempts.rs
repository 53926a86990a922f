//! How an application tells that an attempt on an account failed, and what of its answer the sender gets to see.

use std::time::{Duration, Instant};

use super::application::{Application, Exchange};
use super::client::{Answer, Connection};
use super::served::Served;

fn post(served: &Served, from: [u8; 4], path: &str, body: &str) -> Answer {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    Connection::open_in(served.address, from).request("POST", path, &form, body.as_bytes())
}

fn tell(exchange: &mut Exchange, status: &str, fields: &str, body: &str) {
    let length = body.len();
    exchange.write(format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n{body}"));
}

const TIME: Duration = Duration::from_millis(200);

/// A reset that answers each in another way.
fn reset(exchange: &mut Exchange) -> bool {
    let begun = Instant::now();
    let (body, _) = exchange.body();
    let (status, fields, body) = match String::from_utf8(body).unwrap().as_str() {
        "email=known" => ("200 OK", "Set-Cookie: asked=1\r\nX-Account: 7\r\n", "A mail is sent."),
        "email=nobody" => ("404 Not Found", "Content-Type: text/plain\r\n", "Nobody."),
        "email=slow" => {
            while begun.elapsed() < TIME + TIME / 5 {
                std::thread::yield_now();
            }
            ("303 See Other", "Location: /sent\r\n", "")
        }
        _ => ("502 Bad Gateway", "Set-Cookie: trace=1\r\n", "The mail server is away."),
    };
    tell(exchange, status, fields, body);
    true
}

#[test]
fn one_answer_for_all_whatever_the_application_says_and_however_long_it_takes() {
    let application = Application::start(reset);
    let served = Served::enforcing(&format!(
        "upstream = \"{}\"\n[[route]]\nname = \"reset\"\nmatch = \"POST /reset\"\naccount_fields = \"email\"\nattempt = {{ kind = \"reset\" }}\nsame_answer = {{ answers = \"all\", status = 202, body = \"Look into your mail.\", time = \"200ms\" }}\n",
        application.address
    ));
    let ask = |n: u8, email: &str| {
        let begun = Instant::now();
        let answer = post(&served, [127, 31, n, 1], "/reset", &format!("email={email}"));
        (answer, begun.elapsed())
    };
    let shown = |answer: &Answer| {
        let headers = answer.headers.iter().filter(|(name, _)| name != "date").cloned();
        (answer.status, headers.collect::<Vec<_>>(), answer.text())
    };
    let (known, took) = ask(0, "known");
    assert!(took >= TIME, "{took:?}");
    assert_eq!((known.status, known.text().as_str()), (202, "Look into your mail."));
    for name in ["set-cookie", "x-account"] {
        assert_eq!(known.header(name), None, "thrown away");
    }
    let (nobody, took) = ask(1, "nobody");
    assert!(took >= TIME, "{took:?}");
    assert_eq!(shown(&nobody), shown(&known));
    let (slow, took) = ask(2, "slow");
    assert!(took >= 2 * TIME, "the next multiple: {took:?}");
    assert_eq!(shown(&slow), shown(&known));
    // Who is late with the body chooses nothing by it: the time runs from its end.
    let form = "email=nobody";
    let head = format!(
        "POST /reset HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    let mut late = Connection::open_in(served.address, [127, 31, 4, 1]);
    late.send(head.as_bytes());
    let begun = Instant::now();
    while begun.elapsed() < TIME * 3 / 4 {
        std::thread::yield_now();
    }
    let whole = Instant::now();
    late.send(form.as_bytes());
    assert_eq!(shown(&late.answer(false)), shown(&known));
    assert!(whole.elapsed() >= TIME, "{:?}", whole.elapsed());
    let (broken, took) = ask(3, "other");
    assert!(took >= TIME, "{took:?}");
    assert_eq!((broken.status, broken.text().as_str()), (502, "The mail server is away."), "told as it is");
}

/// A log-in that says 200 or 303 to everybody; what else it says tells them apart.
fn log_in(exchange: &mut Exchange) -> bool {
    let (body, _) = exchange.body();
    let right = String::from_utf8(body).unwrap().contains("password=right");
    if exchange.head[0].starts_with("POST /by-header") {
        let fields = if right { "X-Login: welcome\r\n" } else { "X-Login: failed\r\n" };
        tell(exchange, "200 OK", fields, "");
    } else {
        let fields = if right { "Location: /account\r\n" } else { "Location: /by-location?again=1\r\n" };
        tell(exchange, "303 See Other", fields, "");
    }
    true
}

#[test]
fn failures_are_told_by_a_header_and_by_where_an_answer_leads() {
    let application = Application::start(log_in);
    let route = |name: &str, failed: &str| {
        format!(
            "[[route]]\nname = \"{name}\"\nmatch = \"POST /{name}\"\naccount_fields = \"email\"\nattempt = {{ password_fields = \"password\", {failed} }}\nfailure_status = []\ntriggers = {{ payload_repetition = false }}\n"
        )
    };
    let served = Served::enforcing(&format!(
        "upstream = \"{}\"\n{}{}",
        application.address,
        route("by-header", "failed_header = \"X-Login: failed\""),
        route("by-location", "failed_location = \"/by-location\""),
    ));
    let check = |network: u8, path: &str, password: &str, expected: [u16; 6]| {
        let statuses: Vec<u16> = (0..6)
            .map(|n| {
                let body = format!("email=ada{network}%40example.org&password={password}{n}");
                post(&served, [127, 41, network, 1], path, &body).status
            })
            .collect();
        assert_eq!(statuses, expected, "{path} {password}");
    };
    check(0, "/by-header", "wrong", [200, 200, 200, 200, 403, 403]);
    check(1, "/by-header", "right", [200; 6]);
    check(2, "/by-location", "wrong", [303, 303, 303, 303, 403, 403]);
    check(3, "/by-location", "right", [303; 6]);
}
