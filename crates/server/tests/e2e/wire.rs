//! What the bytes on the wire must be, and what they tell.

use super::client::{Answer, Connection};
use super::demo::{Demo, OPEN};

fn demo(more: &str) -> Demo {
    Demo::start_with(tempfile::tempdir().unwrap(), Some(&format!("{OPEN}{more}")))
}

fn fingerprint(answer: &Answer, layer: &str) -> Option<String> {
    let name = format!("x-spigot-fingerprint-{layer}");
    let headers = answer.json()["headers"].as_array().unwrap().clone();
    let mut values =
        headers.iter().filter(|pair| pair[0] == *name).map(|pair| pair[1].as_str().unwrap().to_owned());
    let first = values.next();
    assert_eq!(values.next(), None, "one of each");
    first
}

/// Each is followed by a request that must stay unread, and comes alone and behind a good request.
#[test]
fn a_head_that_two_servers_may_read_differently_is_refused() {
    let demo = demo("");
    let check = |head: &str, status: u16, why: &str| {
        for before in ["", "GET /whoami HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let mut connection = demo.connect();
            connection
                .send(format!("{before}{head}GET /whoami?hidden HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
            if !before.is_empty() {
                assert_eq!(connection.answer(false).status, 200, "{head:?}");
            }
            let answer = connection.answer(false);
            assert_eq!(answer.status, status, "{head:?}: {}", answer.text());
            assert!(answer.text().contains(why), "{head:?}: {}", answer.text());
            assert_eq!(answer.header("connection"), Some("close"));
            assert_eq!(connection.rest(), b"", "{head:?}: nothing else is answered");
        }
    };
    let field = |field: &str, why| {
        check(&format!("POST /whoami HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n1\r\na\r\n0\r\n\r\n"), 400, why);
    };
    field("Content-Length: 3\r\nTransfer-Encoding: chunked", "two ways");
    field("Transfer-Encoding: chunked\r\nContent-Length: 3", "two ways");
    field("Content-Length: 3\r\nContent-Length: 3", "two ways");
    field("Content-Length: 3\r\nContent-Length: 4", "two ways");
    field("Content-Length: +3", "one number");
    field("Content-Length: 3, 3", "one number");
    field("Transfer-Encoding: gzip, chunked", "exactly");
    field("Transfer-Encoding: xchunked", "exactly");
    field("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "exactly");
    field("Transfer-Encoding : chunked", "before the colon");
    field("X: 1\r\n Transfer-Encoding: chunked", "folded");
    field("X: 1\nTransfer-Encoding: chunked", "CR LF");
    field("X: 1\rTransfer-Encoding: chunked", "CR LF");
    field("X: \0", "control character");
    field("X\0: 1", "no name has");
    check("POST /whoami HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0");
    check("GET /whoami HTTP/1.1\nHost: a\n\n", 400, "CR LF");
    check("GET  /whoami HTTP/1.1\r\nHost: a\r\n\r\n", 400, "first line");
    check("GET /whoami HTTP/3.0\r\nHost: a\r\n\r\n", 400, "first line");
    check(&format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(9000)), 414, "target");
    check(&format!("GET / HTTP/1.1\r\n{}\r\n", "x: 1\r\n".repeat(10_000)), 431, "head");
    check(&format!("GET / HTTP/1.1\r\n{}\r\n", "x: 1\r\n".repeat(200)), 431, "fields");
    check(&format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(1 << 20)), 431, "head");
    let und = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept-Language: und\r\n\r\n";
    let mut connection = demo.connect();
    connection.send(und);
    assert_eq!(connection.answer(false).status, 200);
    let metrics =
        Connection::open(demo.admin).request("GET", "/metrics", &[("Connection", "close")], b"").text();
    assert!(metrics.contains("spigot_requests_refused_total 46\n"), "{metrics}");
}

#[test]
fn a_broken_chunk_is_no_body_and_ends_the_connection() {
    let demo = demo("");
    let check = |chunks: &str| {
        let mut connection = demo.connect();
        connection.send(
            format!("POST /newsletter HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")
                .as_bytes(),
        );
        assert_eq!(connection.answer(false).status, 400, "{chunks:?}");
        assert_eq!(connection.rest(), b"", "{chunks:?}");
    };
    check("5\nhello\r\n0\r\n\r\n");
    check("5 \r\nhello\r\n0\r\n\r\n");
    check("0x5\r\nhello\r\n0\r\n\r\n");
    check("5\r\nhelloX0\r\n\r\n");
    check("5\r\nhello\r\n0\r\nGET / HTTP/1.1\n\r\n");
    let received = demo.connect().request("GET", "/received", &[("Accept", "application/json")], b"").json();
    assert_eq!(received.as_array().unwrap().len(), 0, "the application saw none of them");
}

#[test]
fn pipelined_requests_are_answered_in_turn() {
    let demo = demo("");
    let mut connection = demo.connect();
    let mut all = Vec::new();
    for n in 0..20 {
        match n % 3 {
            0 => all.extend(format!("GET /whoami?n={n} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()),
            1 => all.extend(format!("POST /whoami?n={n} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel{n:02}").into_bytes()),
            _ => all.extend(format!("\r\nPOST /whoami?n={n} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel{n:02}\r\n0\r\n\r\n").into_bytes()),
        }
    }
    connection.send(&all);
    for n in 0..20 {
        let answer = connection.answer(false).json();
        let bytes = if n % 3 == 0 { 0 } else { 5 };
        assert_eq!(
            (answer["target"].as_str().unwrap(), &answer["body_bytes"]),
            (&*format!("/whoami?n={n}"), &bytes.into())
        );
    }
}

#[test]
fn a_switch_that_is_declined_leaves_the_connection_as_it_was() {
    let demo = demo("");
    let mut connection = demo.connect();
    connection.send(b"GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\nGET /whoami?2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(connection.answer(false).status, 200);
    assert_eq!(connection.answer(false).json()["target"], "/whoami?2");
    assert_eq!(connection.get("/whoami?3").json()["target"], "/whoami?3");
}

#[test]
fn the_application_learns_the_fingerprints() {
    let demo = demo("");
    let header = |names: [&str; 2]| {
        let lie = [
            (names[0], "1"),
            (names[1], "2"),
            ("X-Spigot-Fingerprint-Header", "lie"),
            ("x_spigot_fingerprint_tls", "lie"),
        ];
        let answer = demo.connect().request("GET", "/whoami", &lie, b"");
        assert_eq!((fingerprint(&answer, "tls"), fingerprint(&answer, "http2")), (None, None));
        fingerprint(&answer, "header").unwrap()
    };
    let first = header(["Accept", "X-A"]);
    assert_eq!((first.len(), &first), (16, &header(["Accept", "X-A"])), "the same on another connection");
    assert_ne!(first, header(["X-A", "Accept"]));
    assert_ne!(first, header(["accept", "X-A"]));
    let output = std::process::Command::new("curl")
        .args(["-s", "--http2-prior-knowledge", &format!("http://{}/whoami", demo.address)])
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let answer = Answer { status: 200, headers: Vec::new(), body: output.stdout };
            let http2 = fingerprint(&answer, "http2").unwrap();
            // Versions of curl differ in their settings; the form does not.
            assert!(http2.ends_with("|0|m,p,s,a") && http2.contains("4:"), "{http2}");
            println!("curl: {http2}");
        }
        other => println!("skipped: curl with HTTP/2 is not here ({other:?})"),
    }
}
