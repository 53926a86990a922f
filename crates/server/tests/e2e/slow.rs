//! Clients that waste a connection: whoever keeps us waiting is let go, and told why where HTTP has a word for it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::client::Connection;
use super::demo::{Demo, OPEN, SOON};

const BOUNDS: &str = "[bounds]\nhead_time = \"1s\"\nidle_time = \"2s\"\nbody_time = \"1s\"\nbody_pace = \"100B\"\nwrite_time = \"1s\"\n";

fn demo(more: &str) -> Demo {
    Demo::start_with(tempfile::tempdir().unwrap(), Some(&format!("{OPEN}{BOUNDS}{more}")))
}

/// Sends `bytes` one by one, as fast as the pause lets it, until there is an answer or an end: that, and how long it
/// took. The pause is a read that waits so long.
fn dribble(connection: &mut Connection, bytes: &[u8], pause: Duration) -> (Vec<u8>, Duration) {
    let start = Instant::now();
    let mut socket = connection.socket().try_clone().unwrap();
    socket.set_read_timeout(Some(pause)).unwrap();
    let mut answer = vec![0; 4096];
    for byte in bytes.iter().cycle() {
        let _ = socket.write_all(&[*byte]);
        match socket.read(&mut answer) {
            Ok(count) => {
                answer.truncate(count);
                return (answer, start.elapsed());
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => {}
            Err(_) => return (Vec::new(), start.elapsed()),
        }
        assert!(start.elapsed() < SOON, "it goes on");
    }
    unreachable!("the bytes go round");
}

#[test]
fn a_head_that_dribbles() {
    let demo = demo("");
    let mut connection = demo.connect();
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ");
    let (answer, took) = dribble(&mut connection, b"a", Duration::from_millis(50));
    assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
    assert!(took >= Duration::from_millis(900), "{took:?}");
    assert_eq!(connection.rest(), b"");
}

#[test]
fn silence() {
    let demo = demo("");
    let start = Instant::now();
    let mut connection = demo.connect();
    assert_eq!(connection.rest(), b"", "nothing was asked, nothing is answered");
    assert!(start.elapsed() >= Duration::from_millis(900));
    let mut idle = demo.connect();
    assert_eq!(idle.get("/whoami").status, 200);
    let start = Instant::now();
    assert_eq!(idle.rest(), b"", "the pause between requests has its own time");
    assert!((1900..20_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
fn a_body_that_dribbles_or_stops() {
    let demo = demo("inspect_time = \"20s\"\n");
    for (pause, body) in [(Duration::from_millis(50), &b"a"[..]), (Duration::from_secs(20), b"a")] {
        let mut connection = demo.connect();
        connection.send(b"POST /newsletter HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
        let (answer, took) = dribble(&mut connection, body, pause);
        assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
        assert!(took >= Duration::from_millis(900), "{took:?}");
    }
    let received = demo.connect().request("GET", "/received", &[("Accept", "application/json")], b"").json();
    assert_eq!(received.as_array().unwrap().len(), 0);
    // An answer that takes its time is nobody's fault: it is longer than every bound here.
    let slow = demo.connect().get("/slow?millis=2500");
    assert_eq!(slow.status, 200, "{}", slow.text());
}

#[test]
fn a_reader_that_never_reads() {
    let demo = demo("");
    let mut connection = demo.connect();
    connection.send(b"GET /download?bytes=30000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    // Nothing is read until the connection is gone, which a write shows: the other side answers it with a reset.
    let start = Instant::now();
    let socket = connection.socket().try_clone().unwrap();
    assert_eq!(demo.connect().get("/whoami").status, 200, "others do not wait");
    demo.until("the connection is gone", |_| {
        assert!(start.elapsed() < SOON, "it still waits");
        (&socket).write_all(b"\r\n").is_err()
    });
    assert!(connection.rest().len() < 30_000_000);
}

#[test]
fn connections_of_one_address() {
    let demo = demo("connections_per_address = 4\nconnections = 30\n");
    let mut first: Vec<Connection> = (0..4).map(|_| demo.connect()).collect();
    for connection in &mut first {
        assert_eq!(connection.get("/whoami").status, 200);
    }
    let mut fifth = demo.connect();
    let refused = fifth.answer(false);
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("10")));
    assert_eq!(fifth.rest(), b"");
    assert_eq!(demo.connect_from(9).get("/whoami").status, 200, "another address");
    first.clear();
    let start = Instant::now();
    while demo.connect().get("/whoami").status != 200 {
        assert!(start.elapsed() < SOON, "the places come back");
    }
}

/// A switch of protocols must not make a connection's place free.
#[test]
fn a_tunnel_keeps_its_place() {
    let demo = demo("connections_per_address = 1\n");
    let mut tunnel = demo.connect_from(5);
    tunnel.send(b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    assert_eq!(tunnel.head().status, 101);
    assert_eq!(demo.connect_from(5).answer(false).status, 429);
    tunnel.send(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    assert_eq!(tunnel.bytes(4), [0x81, 2, b'h', b'i']);
}

#[test]
fn what_is_no_http_at_all() {
    let demo = demo("");
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"SSH-2.0-x\r\n", &[0; 100], &[0xff; 5000]]
    {
        let mut socket = TcpStream::connect(demo.address).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        let _ = socket.write_all(bytes);
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{bytes:x?}: {}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(demo.connect().get("/whoami").status, 200);
}
