//! Applications that stall in the middle of their answer: half of it never looks like a whole one.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use http::Request;

use super::application::{Application, Exchange};
use super::client::Connection;
use super::demo::free_port;
use super::http2::{Pieces, ask};
use super::served::Served;

/// Longer than the bounds of these tests.
const REST: Duration = Duration::from_millis(900);

/// Waits until the gateway closes, at most so long; whether it did.
fn waits(exchange: &mut Exchange, at_most: Duration) -> bool {
    exchange.stream.get_ref().set_read_timeout(Some(at_most)).unwrap();
    let closed =
        !matches!(exchange.stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
    exchange.stream.get_ref().set_read_timeout(None).unwrap();
    closed
}

fn application() -> Application {
    Application::start(|exchange| {
        let path = exchange.head[0].split(' ').nth(1).unwrap().to_owned();
        match path.as_str() {
            "/told" => exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789"),
            "/chunks" => {
                exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n");
            }
            "/events" => {
                exchange.write(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n1\n\n\r\n",
                );
                assert!(!waits(exchange, REST), "the gateway waits, too");
                exchange.write("3\r\n2\n\n\r\n0\r\n\r\n");
                return true;
            }
            "/large" => {
                exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"));
                exchange.write(vec![b'a'; LARGE]);
                return true;
            }
            _ => {
                exchange.answer("well");
                return true;
            }
        }
        assert!(waits(exchange, Duration::from_secs(20)), "the gateway gives up");
        false
    })
}

const LARGE: usize = 30_000_000;

fn served(application: &Application) -> (Served, SocketAddr) {
    let admin = free_port();
    let more = format!(
        "upstream = \"{}\"\nadmin = \"{admin}\"\n[bounds]\npause_time = \"300ms\"\nstream_pause_time = \"300ms\"\npass_over = \"1ms\"\npass_over_most = \"1ms\"",
        application.address
    );
    (Served::start(&more), admin)
}

#[test]
fn the_connection_is_cut_where_the_answer_stalls() {
    let application = application();
    let (served, admin) = served(&application);
    for (path, what) in [("/told", &b"0123456789"[..]), ("/chunks", b"a\r\n0123456789\r\n")] {
        let mut connection = served.connect();
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        assert_eq!(connection.head().status, 200);
        assert_eq!(connection.rest(), what, "{path}: cut, and nothing that looks like an end");
        // HTTP/1.0 knows no chunks: the end of the connection would be the end of the answer.
        let mut old = TcpStream::connect(served.address).unwrap();
        old.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        old.write_all(format!("GET {path} HTTP/1.0\r\nHost: a\r\n\r\n").as_bytes()).unwrap();
        let error = old.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{path}");
        // Over HTTP/2 the stream is reset, and the others go on.
        let get = |path| Request::get(format!("http://a{path}")).body(Pieces::default()).unwrap();
        let told = ask(served.address, vec![get(path), get("/well")]);
        assert!(told[0].is_err(), "{path}: {told:?}");
        assert_eq!(told[1].as_ref().map(|told| told.body.as_str()), Ok("well"));
    }
    let metrics = Connection::open(admin).request("GET", "/metrics", &[("Connection", "close")], b"").text();
    assert!(metrics.contains("\nspigot_answers_broken_total 6\n"), "{metrics}");
}

#[test]
fn what_may_rest_and_who_reads_slowly_are_waited_for() {
    let application = application();
    let (served, admin) = served(&application);
    // It reads nothing until the events have come, which takes longer than any bound here.
    let mut slow = served.connect();
    slow.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(served.connect().get("/events").text(), "1\n\n2\n\n");
    assert_eq!(slow.answer(false).body.len(), LARGE);
    let metrics = Connection::open(admin).request("GET", "/metrics", &[("Connection", "close")], b"").text();
    assert!(metrics.contains("\nspigot_answers_broken_total 0\n"), "{metrics}");
}
