//! What passes through unchanged, and what is refused.

use super::client::Connection;
use super::demo::Demo;

#[test]
fn the_application_sees_the_truth() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    let lies = [
        ("X-Spigot-Action", "allow"),
        ("x_spigot_risk", "0"),
        ("X.Spigot-Action", "evil.example"),
        ("SCRIPT_NAME", "evil.example"),
        ("X-Original-URL", "evil.example"),
        ("X-Rewrite-URL", "evil.example"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("Forwarded", "for=203.0.113.9"),
        ("X-Captcha-Reason", "none"),
        ("Connection", "keep-alive, x-forwarded-proto"),
        ("Accept", "application/json"),
        // No browser, so that nothing is to be held against it.
        ("User-Agent", "somebody/1.0"),
        ("X-Mine", "1"),
        // Servers of the CGI kind read these as if they had dashes.
        ("X_Forwarded_For", "203.0.113.9"),
        ("x-forwarded_for", "203.0.113.9"),
        ("X_FORWARDED-FOR", "203.0.113.9"),
        ("X_Forwarded_Proto", "https"),
        ("x_forwarded_host", "evil.example"),
        ("X_Forwarded-Port", "443"),
        ("X_Real_IP", "203.0.113.9"),
        ("x-real_ip", "203.0.113.9"),
        ("X-Real-IP", "203.0.113.9"),
    ];
    let seen = connection.request("POST", "/whoami?a=b", &lies, b"body").json();
    let value = |name: &str| {
        seen["headers"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|pair| pair[0] == name)
            .map(|pair| pair[1].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(value("x-spigot-action"), ["allow"]);
    assert_eq!(value("x-spigot-decision")[0].len(), 16);
    assert_eq!(value("x-spigot-risk"), ["0"]);
    assert_eq!(
        (value("x_spigot_risk").len(), value("x-captcha-reason").len(), value("forwarded").len()),
        (0, 0, 0)
    );
    assert_eq!(value("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(value("x-forwarded-proto"), ["http"]);
    assert_eq!(value("x-mine"), ["1"]);
    for pair in seen["headers"].as_array().unwrap() {
        let (name, told) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
        assert!(!name.contains('_'), "{name}: {told}");
        assert!(!["203.0.113.9", "evil.example"].contains(&told), "{name}: {told}");
    }
    assert_eq!((seen["target"].as_str(), seen["body_bytes"].as_u64()), (Some("/whoami?a=b"), Some(4)));
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let demo = Demo::start();
    let check = |head: &str, status: u16| {
        let mut connection = demo.connect();
        connection.send(head.as_bytes());
        let answer = connection.answer(false);
        assert_eq!(answer.status, status, "{head:?}: {}", answer.text());
    };
    check("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\n\r\n", 400);
    check("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 200);
    check("GET /a%2f..%2flogin HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    for host in ["a/b", "a[", "[a]", "a:::1", "::1", "[::1", "[::1]a", "[fe80::1%25eth0]", "a:b", ":80", ""] {
        check(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400);
    }
    for host in ["[::1]", "[::1]:80", "A_b-c.d.:80", "127.0.0.1:80", "a:"] {
        check(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), 200);
    }
    check("POST /whoami HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    check("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("get / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    let types = "Content-Type: text/plain\r\nContent-Type: application/json\r\n";
    check(&format!("POST / HTTP/1.1\r\nHost: a\r\n{types}Content-Length: 0\r\n\r\n"), 400);
    check("GET /\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check(&format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(9000)), 414);
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    check(&format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431);
    check(&format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}\r\n\r\n", "a".repeat(100_000)), 431);
    check("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept-Language: und\r\n\r\n", 200);
    assert_eq!(demo.connect().get("/").status, 200, "it still serves");
}

#[test]
fn one_path_for_rule_and_application() {
    let demo = Demo::start();
    for path in ["/login", "/%6cogin", "//login", "/x/../login", "/./login", "/x/%2e%2e/login"] {
        let answer = demo.connect().get(path);
        assert_eq!(
            (answer.status, answer.header("x-captcha-reason")),
            (403, Some("sensitive_route")),
            "{path}"
        );
    }
    let seen = demo.connect().request("GET", "/x/..//%77hoami", &[("Accept", "*/*")], b"").json();
    assert_eq!(seen["target"], "/whoami");
}

#[test]
fn bodies_of_every_kind_pass_whole() {
    let demo = Demo::start();
    let body: Vec<u8> = (0..300_000u32).map(|n| (n * 7 % 251) as u8).collect();
    let json = [("Accept", "*/*"), ("Content-Type", "application/octet-stream")];
    let told = demo.connect().request("POST", "/upload", &json, &body).json();
    assert_eq!(told["bytes"], 300_000);
    let mut connection = demo.connect();
    connection.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/octet-stream\r\n\r\n");
    for piece in body.chunks(70_000) {
        connection.send(format!("{:x}\r\n", piece.len()).as_bytes());
        connection.send(piece);
        connection.send(b"\r\n");
    }
    connection.send(b"0\r\n\r\n");
    let chunked = connection.answer(false).json();
    assert_eq!((&chunked["bytes"], &chunked["sha256"]), (&told["bytes"], &told["sha256"]));
    let mut connection = demo.connect();
    connection.send(b"POST /whoami HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert!(connection.line().contains("100"));
    assert!(connection.line().is_empty());
    connection.send(b"body");
    assert_eq!(connection.answer(false).json()["body_bytes"], 4);
    let head = demo.connect().request("HEAD", "/download?bytes=5000", &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("5000")));
    assert_eq!(demo.connect().get("/download?bytes=3000000").body.len(), 3_000_000);
    assert_eq!(demo.connect().get("/download?bytes=70000&chunked=1").body.len(), 70_000);
}

#[test]
fn the_same_body_six_times_is_too_often() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    let post = |connection: &mut Connection, body: &[u8]| {
        connection.request(
            "POST",
            "/whoami",
            &[("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")],
            body,
        )
    };
    for n in 1..=5 {
        assert_ne!(post(&mut connection, b"email=a%40example.org").status, 403, "{n}");
    }
    let sixth = post(&mut connection, b"email=a%40example.org");
    assert_eq!((sixth.status, sixth.header("x-captcha-reason")), (403, Some("payload_repetition")));
    assert_ne!(post(&mut connection, b"email=b%40example.org").status, 403, "another body is another count");
}

#[test]
fn the_same_long_body_in_other_pieces_is_the_same() {
    let demo = Demo::start();
    let body: Vec<u8> =
        b"note=".iter().copied().chain((0..150_000u32).map(|n| b'a' + (n % 23) as u8)).collect();
    let post = |piece: usize| {
        let mut connection = demo.connect();
        connection.send(b"POST /newsletter HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n");
        for part in body.chunks(piece) {
            connection.send(format!("{:x}\r\n", part.len()).as_bytes());
            connection.send(part);
            connection.send(b"\r\n");
        }
        connection.send(b"0\r\n\r\n");
        connection.answer(false)
    };
    for piece in [150_005, 70_001, 65_536, 30_011, 9_973] {
        assert_ne!(
            post(piece).header("x-captcha-reason"),
            Some("payload_repetition"),
            "in pieces of {piece}"
        );
    }
    assert_eq!(post(50_000).header("x-captcha-reason"), Some("payload_repetition"), "the sixth");
}

#[test]
fn events_stream_at_once_and_sockets_switch_after_the_101() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    connection.send(b"GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
    assert_eq!(connection.head().status, 200);
    assert!(connection.chunk().is_some(), "the first event comes while the answer goes on");
    let mut connection = demo.connect();
    connection.send(b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    let switched = connection.head();
    assert_eq!(
        (switched.status, switched.header("sec-websocket-accept")),
        (101, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    );
    // A masked text frame "hi" with the mask zero.
    connection.send(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    assert_eq!(connection.bytes(4), [0x81, 2, b'h', b'i']);
    let mut plain = demo.connect();
    plain.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(plain.answer(false).status, 200, "no 101, no tunnel");
}

#[test]
fn http2_by_prior_knowledge() {
    let demo = Demo::start();
    let output = std::process::Command::new("curl")
        .args(["-s", "--http2-prior-knowledge", "-w", "%{http_version} %{http_code}", "-o", "/dev/null"])
        .arg(format!("http://{}/whoami", demo.address))
        .output();
    match output {
        Ok(output) if output.status.success() => assert_eq!(String::from_utf8_lossy(&output.stdout), "2 200"),
        other => println!("skipped: curl with HTTP/2 is not here ({other:?})"),
    }
}

#[test]
fn half_a_body_never_reaches_the_application() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    connection.send(b"POST /newsletter HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nemail=a");
    drop(connection);
    let received = demo.connect().request("GET", "/received", &[("Accept", "application/json")], b"").json();
    assert_eq!(received.as_array().unwrap().len(), 0);
    let mut early = demo.connect();
    early.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    assert_eq!(early.answer(false).status, 400);
    assert!(early.is_closed(), "a refused connection is closed");
}
