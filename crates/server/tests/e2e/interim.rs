//! Interim answers of the application on their way to the client.

use std::sync::Mutex;
use std::sync::mpsc;

use bytes::Bytes;
use http::{Request, Response};

use super::application::Application;
use super::client::Connection;
use super::http2::{converse, doing, hear};
use super::served::Served;

const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Spigot-Action: block\r\nConnection: close\r\n\r\n";

fn started(
    handle: impl Fn(&mut super::application::Exchange) + Send + Sync + 'static,
) -> (Application, Served) {
    let application = Application::start(move |exchange| {
        handle(exchange);
        true
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    (application, served)
}

fn lines(connection: &mut Connection) -> Vec<String> {
    std::iter::from_fn(|| Some(connection.line()).filter(|line| !line.is_empty())).collect()
}

const PASSED_ON: [&str; 2] = ["HTTP/1.1 103 Early Hints", "link: </a.css>; rel=preload"];
const PASSED_ON_HTTP2: &str = "103|link: </a.css>; rel=preload";

#[test]
fn early_hints_come_early() {
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let (_application, served) = started(move |exchange| {
        exchange.write(HINTS);
        // The final answer is written when the client has seen the hints, and not before.
        gone.lock().unwrap().recv().unwrap();
        exchange.answer("whole");
    });
    let mut connection = served.connect();
    for _ in 0..2 {
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(lines(&mut connection), PASSED_ON);
        go.send(()).unwrap();
        assert_eq!(connection.answer(false).text(), "whole");
        let (heard, told) = hear(served.address, "/", || go.send(()).unwrap());
        assert_eq!(heard, [PASSED_ON_HTTP2]);
        assert_eq!((told.status, told.body.as_str()), (200, "whole"));
    }
}

#[test]
fn over_http2_as_well_who_asks_is_told_to_go_on() {
    let (_application, served) = started(|exchange| {
        let expected = exchange.field("expect").is_some();
        let (body, _) = exchange.body();
        exchange.answer(&format!("{} {expected}", body.len()));
    });
    let request = Request::post("http://a/").header("expect", "100-continue");
    let request = request.body(Bytes::from_static(&[b'a'; 1000])).unwrap();
    let (heard, told) = converse(served.address, request, || ());
    assert_eq!((heard, told.body.as_str()), (vec!["100".to_owned()], "1000 false"));
}

#[test]
fn early_hints_of_an_application_that_speaks_http2() {
    let application = doing(|_, _, mut respond| {
        let interim = |status: u16| Response::builder().status(status).body(()).unwrap();
        respond.send_informational(interim(100)).unwrap();
        respond.send_informational(interim(102)).unwrap();
        let mut hints = interim(103);
        let headers = hints.headers_mut();
        headers.insert("link", "</a.css>; rel=preload".parse().unwrap());
        headers.insert("x-spigot-action", "block".parse().unwrap());
        respond.send_informational(hints).unwrap();
        respond.send_response(Response::new(()), false).unwrap().send_data("whole".into(), true).unwrap();
    });
    let served = Served::start(&format!("upstream = \"h2c://{application}\""));
    let mut connection = served.connect();
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(lines(&mut connection), ["HTTP/1.1 102 Processing"]);
    assert_eq!(lines(&mut connection), PASSED_ON);
    assert_eq!(connection.answer(false).text(), "whole");
    let (heard, told) = hear(served.address, "/", || ());
    assert_eq!(heard, ["102", PASSED_ON_HTTP2]);
    assert_eq!((told.status, told.body.as_str()), (200, "whole"));
}

#[test]
fn which_of_them_pass_and_to_whom() {
    let (_application, served) = started(|exchange| {
        let path = exchange.head[0].split(' ').nth(1).unwrap().to_owned();
        exchange.body();
        // All at once with the final answer.
        let processing = "HTTP/1.1 102 Processing\r\n\r\n";
        let interim = match path.as_str() {
            "/continue" => "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            "/many" => HINTS.repeat(20),
            "/large" => {
                format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n{processing}", "x".repeat(20_000))
            }
            _ => format!("{processing}{HINTS}"),
        };
        let length = path.len();
        exchange.write(format!("{interim}HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{path}"));
    });
    let mut connection = served.connect();
    let mut heads = |request: &str| {
        connection.send(request.as_bytes());
        let mut found = Vec::new();
        loop {
            let head = lines(&mut connection);
            if head[0].starts_with("HTTP/1.1 200") {
                let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                return (found, String::from_utf8(connection.bytes(length.parse().unwrap())).unwrap());
            }
            found.push(head.join("|"));
        }
    };
    let (processing, hints) = ("HTTP/1.1 102 Processing".to_owned(), PASSED_ON.join("|"));
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(heads(&get("/both")), (vec![processing.clone(), hints.clone()], "/both".to_owned()));
    assert_eq!(heads(&get("/continue")), (vec![], "/continue".to_owned()));
    assert_eq!(heads(&get("/many")), (vec![hints.clone(); 8], "/many".to_owned()));
    assert_eq!(heads(&get("/large")), (vec![processing.clone()], "/large".to_owned()));
    // Several at once: each where its own answer begins.
    let both = (vec![processing.clone(), hints.clone()], "/b".to_owned());
    assert_eq!(heads(&[get("/b"), get("/b"), get("/b")].concat()), both);
    assert_eq!(heads(""), both);
    assert_eq!(heads(""), both);
    // Our own 100 comes before theirs.
    let expecting = "POST /post HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi";
    let (found, body) = heads(expecting);
    assert_eq!(
        (&found[..], body.as_str()),
        (&["HTTP/1.1 100 Continue".to_owned(), processing, hints][..], "/post")
    );

    let mut old = served.connect();
    old.send(b"GET /old HTTP/1.0\r\nHost: a\r\n\r\n");
    let all = String::from_utf8(old.rest()).unwrap();
    assert!(
        all.starts_with("HTTP/1.0 200 ")
            && all.ends_with("\r\n\r\n/old")
            && all.matches("HTTP/1").count() == 1,
        "{all}"
    );
    // Over HTTP/2 the same ones.
    let check = |path: &str, expected: &[&str]| {
        let (heard, told) = hear(served.address, path, || ());
        assert_eq!((heard, told.status, told.body.as_str()), (strings(expected), 200, path));
    };
    check("/both", &["102", PASSED_ON_HTTP2]);
    check("/continue", &[]);
    check("/many", &[PASSED_ON_HTTP2; 8]);
    check("/large", &["102"]);
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
