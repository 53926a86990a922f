//! Bodies at their edges: trailers, early answers, answers without length, lies about lengths, clients that go away.

use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use hyper::body::Frame;

use super::application::Application;
use super::demo::SOON;
use super::frames::{self, Http2, frame};
use super::http2::{Modern, Pieces, ask};
use super::served::Served;

fn trailers(names: &[&'static str]) -> HeaderMap {
    names.iter().map(|name| (http::HeaderName::from_static(name), HeaderValue::from_static("yes"))).collect()
}

/// Repeats what it saw: the body, and the trailers behind a bar.
fn telling() -> Application {
    Application::start(|exchange| {
        let (body, trailers) = exchange.body();
        exchange.answer(&format!("{}|{}", String::from_utf8_lossy(&body), trailers.join(",")));
        true
    })
}

#[test]
fn trailers_of_an_inspected_body_arrive_and_none_of_ours() {
    let application = telling();
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let mut connection = served.connect();
    connection.send(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 42\r\nX-Spigot-Action: allow\r\nx_spigot_risk: 0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
    );
    assert_eq!(connection.answer(false).text(), "body|x-sum: 42");
    // HTTP/2 announces none; the same arrive.
    let sent = trailers(&["x-sum", "x-spigot-action", "x-real-ip", "authorization"]);
    let request = Request::post("http://a/").body(Pieces::of(&["bo", "dy"], Some(sent))).unwrap();
    let told = ask(served.address, vec![request]).remove(0).unwrap();
    assert_eq!(told.body, "body|x-sum: yes");
    let modern = Modern::start(None);
    let served = Served::start(&format!("upstream = \"h2c://{}\"", modern.address));
    let request = Request::post("http://a/").body(Pieces::of(&["body"], Some(trailers(&["x-sum"])))).unwrap();
    let told = ask(served.address, vec![request]).remove(0).unwrap();
    assert!(told.body.contains("\"trailers\":[[\"x-sum\",\"yes\"]]"), "{told:?}");
}

#[test]
fn trailers_of_a_long_body_and_of_an_answer_arrive() {
    let application = Application::start(|exchange| {
        let (body, trailers) = exchange.body();
        exchange.write(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-end\r\n\r\n5\r\n{:05}\r\n0\r\nConnection: close\r\nSet-Cookie: a=1\r\nx-end: {}\r\n\r\n",
            body.len() % 100_000,
            trailers.join(",")
        ));
        true
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let mut connection = served.connect();
    connection.send(b"POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n");
    for _ in 0..90 {
        connection.send(b"3e8\r\n");
        connection.send(&[b'a'; 1000]);
        connection.send(b"\r\n");
    }
    connection.send(b"0\r\nx-sum: 1\r\n\r\n");
    assert_eq!(connection.head().status, 200);
    assert_eq!((connection.line(), connection.line()), ("5".to_owned(), "90000".to_owned()));
    assert_eq!((connection.line(), connection.line()), ("0".to_owned(), "x-end: x-sum: 1".to_owned()));
    let request = Request::post("http://a/").body(Pieces::of(&["body"], None)).unwrap();
    let told = ask(served.address, vec![request]).remove(0).unwrap();
    let trailers = told.trailers.unwrap();
    assert_eq!((trailers.len(), &trailers["x-end"]), (1, &HeaderValue::from_static("")));
}

/// CVE-2025-4366: what the application did not read must not be taken for the next request, on either side.
#[test]
fn an_answer_before_the_body_has_come() {
    let application = Application::start(|exchange| {
        if exchange.field("content-length").is_some() {
            exchange.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo long");
            // It goes on reading, as if what follows were requests.
            return true;
        }
        exchange.answer("ordinary");
        true
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n".repeat(10_000);
    for length in [hidden.len(), 1 << 30] {
        let mut connection = served.connect();
        connection.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n").as_bytes());
        connection.send(hidden.as_bytes());
        let answer = connection.answer(false);
        assert_eq!((answer.status, answer.text()), (413, "too long".to_owned()), "{length}");
        if length > hidden.len() {
            // Never ends: after a bound the connection is closed, and others have not noticed.
            assert!(connection.is_closed());
        }
        for _ in 0..20 {
            assert_eq!(served.connect().get("/").text(), "ordinary");
        }
    }
}

/// The application's answer holds the connection on which the rest of its request still comes.
#[test]
fn an_early_answer_ends_with_its_client_and_with_its_application() {
    let (told, gone) = mpsc::channel();
    let told = Mutex::new(told);
    let application = Application::start(move |exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
        if exchange.head[0].contains("/left") {
            // What comes of the upload, and then its end.
            let _ = exchange.stream.read_to_end(&mut Vec::new());
            told.lock().unwrap().send(()).unwrap();
        }
        false
    });
    let served =
        Served::start(&format!("upstream = \"{}\"\n[bounds]\nwrite_time = \"1s\"", application.address));
    for (path, version) in [("/left", "1.1"), ("/broken", "1.1"), ("/broken", "1.0")] {
        for _ in 0..3 {
            let mut connection = served.connect();
            let head = format!("POST {path} HTTP/{version}\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
            connection.send(head.as_bytes());
            connection.send(&[b'x'; 100_000]);
            if path == "/left" {
                assert_eq!(connection.head().status, 200);
                drop(connection);
                gone.recv_timeout(SOON).expect("the application's connection ends");
            } else {
                let mut rest = Vec::new();
                let end = connection.socket().try_clone().unwrap().read_to_end(&mut rest);
                assert!(!end.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "{version}: it ends");
                assert!(!rest.ends_with(b"0\r\n\r\n"), "{version}");
            }
        }
    }
}

/// A client that sends everything before it reads anything, and an application that does both at once: neither waits for
/// the other through us.
#[test]
fn an_upload_goes_on_while_nobody_reads_the_answer() {
    const BYTES: usize = 32 << 20;
    let head = |first: &str| format!("{first}\r\nHost: a\r\nContent-Length: {BYTES}\r\n\r\n");
    let application = Application::start(move |exchange| {
        let mut stream = exchange.stream.get_ref().try_clone().unwrap();
        let answer = head("HTTP/1.1 200 OK") + &"a".repeat(BYTES);
        let writing = std::thread::spawn(move || stream.write_all(answer.as_bytes()));
        assert_eq!(exchange.body().0.len(), BYTES);
        writing.join().unwrap().is_ok()
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let mut connection = served.connect();
    connection.send(head("POST / HTTP/1.1").as_bytes());
    connection.send(&vec![b'b'; BYTES]);
    let answer = connection.answer(false);
    assert_eq!((answer.status, answer.text().len()), (200, BYTES));
    assert_eq!(served.connect().request("POST", "/", &[], &vec![b'b'; BYTES]).text().len(), BYTES);
}

/// CVE-2026-33555: an HTTP/2 body that is not as long as it says.
#[test]
fn a_body_of_another_length_than_told_poisons_nothing() {
    let application = telling();
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    for (told, pieces) in [("10", &["short"][..]), ("3", &["long"]), ("10", &[]), ("200000", &["sh", "ort"])]
    {
        let lie = Request::post("http://a/lie").header("content-length", told);
        let lie =
            lie.body(Pieces(pieces.iter().map(|p| Frame::data(Bytes::from_static(p.as_bytes()))).collect()));
        let honest = || Request::post("http://a/").body(Pieces::of(&["honest"], None)).unwrap();
        let answers = ask(served.address, vec![honest(), lie.unwrap()]);
        assert_eq!(answers[0].as_ref().unwrap().body, "honest|", "{told}");
        assert!(answers[1].as_ref().map_or(true, |told| told.status == 400), "{told}: {answers:?}");
        for _ in 0..5 {
            assert_eq!(served.connect().request("POST", "/", &[], b"next").text(), "next|", "{told}");
        }
    }
}

#[test]
fn answers_of_every_shape() {
    let application = Application::start(|exchange| {
        let target = exchange.head[0].split(' ').nth(1).unwrap().to_owned();
        match target.as_str() {
            "/hints" => {
                exchange.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
                exchange.answer("after the hints");
                true
            }
            "/continue" => {
                let expected = exchange.field("expect").is_some();
                exchange.write("HTTP/1.1 100 Continue\r\n\r\n");
                let (body, _) = exchange.body();
                exchange.answer(&format!("{} {expected}", body.len()));
                true
            }
            "/until-the-end" => {
                exchange.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
                false
            }
            "/nothing" => {
                exchange.write("HTTP/1.1 204 No Content\r\n\r\n");
                true
            }
            "/cut" => {
                exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut");
                false
            }
            "/h2c" => {
                let asked = exchange.field("upgrade").is_some() || exchange.field("http2-settings").is_some();
                exchange.answer(&asked.to_string());
                true
            }
            _ => {
                exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nETag: \"1\"\r\n\r\n");
                true
            }
        }
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let mut connection = served.connect();
    assert_eq!(connection.get("/hints").text(), "after the hints");
    connection.send(
        b"POST /continue HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n",
    );
    assert!(connection.line().contains("100") && connection.line().is_empty());
    connection.send(&[b'a'; 100_000]);
    assert_eq!(connection.answer(false).text(), "100000 false", "the gateway has answered the expectation");
    assert_eq!(connection.get("/until-the-end").text(), "until the end");
    assert_eq!(served.connect().get("/nothing").status, 204);
    let head = served.connect().request("HEAD", "/", &[], b"");
    assert_eq!(
        (head.status, head.header("content-length"), head.header("etag")),
        (200, Some("5000"), Some("\"1\""))
    );
    let cut = std::panic::catch_unwind(|| served.connect().get("/cut"));
    assert!(cut.is_err(), "a cut answer must not look whole: {cut:?}");
    let h2c = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
    ];
    assert_eq!(
        served.connect().request("GET", "/h2c", &h2c, b"").text(),
        "false",
        "no tunnel past the decisions"
    );
}

/// GHSA-rw47-hm26-6wr7: however the body comes, the same one six times is the same one.
#[test]
fn every_framing_is_inspected_alike() {
    let application = telling();
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let plain =
        || served.connect().request("POST", "/form", &[("Content-Type", "text/plain")], b"spam").text();
    let raw = |fields: &str, body: &str| {
        let mut connection = served.connect();
        connection.send(
            format!(
                "POST /form HTTP/1.1\r\nHost: shop.test\r\nContent-Type: text/plain\r\n{fields}\r\n\r\n{body}"
            )
            .as_bytes(),
        );
        connection.answer(false).text()
    };
    let chunked = || raw("Transfer-Encoding: chunked", "2\r\nsp\r\n2\r\nam\r\n0\r\n\r\n");
    let upgrading = || raw("Content-Length: 4\r\nConnection: Upgrade\r\nUpgrade: x", "spam");
    let http2 = || {
        let request = Request::post("http://shop.test/form").header("content-type", "text/plain");
        let request = request.body(Pieces::of(&["spa", "m"], None)).unwrap();
        ask(served.address, vec![request]).remove(0).unwrap().body
    };
    let all: [&dyn Fn() -> String; 6] = [&plain, &chunked, &http2, &upgrading, &chunked, &http2];
    for send in all {
        assert_eq!(send(), "spam|");
    }
    served.until_events("the sixth is a repetition", &["--reason", "payload_repetition"], |events| {
        events.lines().count() == 1
    });
}

#[test]
fn a_client_that_goes_away_is_recorded_and_its_request_cancelled() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let application = Application::start(move |exchange| {
        tell.lock().unwrap().send("asked").unwrap();
        // Nothing more comes: this returns when the gateway closes.
        exchange.line();
        tell.lock().unwrap().send("cancelled").unwrap();
        false
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let mut connection = served.connect();
    connection.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    let wait = Duration::from_secs(20);
    assert_eq!(told.recv_timeout(wait), Ok("asked"));
    drop(connection);
    assert_eq!(told.recv_timeout(wait), Ok("cancelled"));
    served.until_events("it is recorded", &[], |events| {
        events.lines().any(|line| line.contains("/slow") && line.contains("\"upstream_status\":499"))
    });
}

/// Whatever the client says that it breaks off for, what came is not the whole.
#[test]
fn half_a_body_over_http2_is_none() {
    let (seen, all_seen) = mpsc::channel();
    let application = Application::start(move |exchange| {
        seen.send(exchange.head[0].clone()).unwrap();
        exchange.body();
        exchange.answer("whole");
        true
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    // CANCEL, and NO_ERROR.
    for reason in [8, 0] {
        let mut connection = Http2::open(served.address, &[]);
        let post = [&b"\x83"[..], &frames::get("/half")[1..]].concat();
        connection.send(&frame(frames::HEADERS, frames::END_HEADERS, 1, &post));
        connection.send(&frame(frames::DATA, 0, 1, b"half"));
        connection.send(&frame(frames::RST_STREAM, 0, 1, &[0, 0, 0, reason]));
        let whole = frames::END_HEADERS | frames::END_STREAM;
        connection.send(&frame(frames::HEADERS, whole, 3, &frames::get("/whole")));
        let answered = std::iter::from_fn(|| connection.next()).find(|frame| frame.kind == frames::DATA);
        assert_eq!(answered.map(|frame| (frame.stream, frame.payload)), Some((3, b"whole".to_vec())));
        let seen: Vec<String> = all_seen.try_iter().collect();
        assert_eq!(seen, ["GET /whole HTTP/1.1"], "reason {reason}");
    }
}

#[test]
fn an_answer_of_our_own_to_head_has_no_body_over_http2() {
    let application = telling();
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let long = format!("http://a/{}", "x".repeat(9000));
    let told = |method: &str| {
        let request = Request::builder().method(method).uri(&long).body(Pieces::default()).unwrap();
        let told = ask(served.address, vec![request]).remove(0).unwrap();
        (told.status, told.body.is_empty())
    };
    assert_eq!((told("GET"), told("HEAD")), ((414, false), (414, true)));
}
