//! Ending, and handing over to another process.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::client::Connection;
use super::demo::{Demo, OPEN, SOON, free_port};

const WEBSOCKET: &[u8] = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn demo(stop_time: &str) -> Demo {
    let config = format!("{OPEN}[bounds]\nstop_time = \"{stop_time}\"\n");
    Demo::start_with(tempfile::tempdir().unwrap(), Some(&config))
}

#[test]
fn requests_in_progress_end_as_they_should() {
    let demo = demo("30s");
    let address = demo.address;
    // More than sockets hold: it is in progress until it is read.
    let mut download = demo.connect();
    download.send(b"GET /download?bytes=30000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = download.head();
    assert_eq!(head.header("content-length"), Some("30000000"));
    let mut idle = demo.connect();
    assert_eq!(idle.get("/whoami").status, 200);
    let mut slow = demo.connect();
    slow.send(b"GET /slow?millis=2000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut upload = demo.connect();
    upload.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\nhello");
    // Both have arrived when a later request of another connection is answered by each thread; the slow one tells by
    // its answer below that it was in progress.
    for _ in 0..16 {
        assert_eq!(demo.connect().get("/whoami").status, 200);
    }
    demo.signal("TERM");
    assert_eq!(idle.rest(), b"", "an idle connection is closed");
    let start = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(start.elapsed() < SOON, "no new connections");
    }
    upload.send(b"world");
    let uploaded = upload.answer(false);
    assert_eq!((uploaded.status, uploaded.header("connection")), (200, Some("close")));
    let answer = slow.answer(false);
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")), "and no more after it");
    assert_eq!(download.bytes(30_000_000).len(), 30_000_000);
    assert!(demo.wait().success());
}

#[test]
fn tunnels_and_endless_answers_end_with_the_grace() {
    let mut demo = demo("2s");
    let mut tunnel = demo.connect();
    tunnel.send(WEBSOCKET);
    assert_eq!(tunnel.head().status, 101);
    let mut events = demo.connect();
    events.send(b"GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
    assert_eq!(events.head().status, 200);
    demo.signal("TERM");
    let start = Instant::now();
    while TcpStream::connect(demo.address).is_ok() {
        assert!(start.elapsed() < SOON, "it takes no more");
    }
    tunnel.send(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    assert_eq!(tunnel.bytes(4), [0x81, 2, b'h', b'i'], "the tunnel lasts for the grace");
    assert!(demo.ended().is_none());
    assert_eq!(tunnel.rest(), b"");
    events.rest();
    assert!(start.elapsed().as_millis() > 1500, "{:?}", start.elapsed());
    assert!(demo.wait().success());
}

/// Two processes share the address, then the first one is told to go. A client that connects without a pause sees no
/// refusal. What remains, and is counted here: a connection whose handshake the system finishes in the instant in which
/// the first one's sockets close is reset, unless `net.ipv4.tcp_migrate_req` is set.
#[test]
fn another_process_takes_over() {
    let address = free_port();
    // The client asks far more often than one may.
    let config = format!("{OPEN}triggers = {{ high_frequency = false }}\n[bounds]\nstop_time = \"5s\"\n");
    let first = Demo::start_at(address, tempfile::tempdir().unwrap(), Some(&config));
    assert_eq!(Connection::open(address).get("/whoami").status, 200);
    let folder = tempfile::tempdir().unwrap();
    let alone = start_beside(&first, address, folder.path());
    assert!(alone.contains("--take-over") && alone.contains("spigot (process"), "{alone}");
    let second = Demo::start_saying(address, free_port(), folder, Some(&config), &["--take-over"]);
    let stop = AtomicBool::new(false);
    let (refused, reset, served) = std::thread::scope(|scope| {
        // Also when something fails here: nothing would end otherwise.
        let ends = Ends(&stop);
        let client = scope.spawn(|| {
            let (mut refused, mut reset, mut served) = (0u32, 0u32, 0u32);
            while !stop.load(Ordering::Relaxed) {
                let Ok(mut socket) = TcpStream::connect(address) else {
                    refused += 1;
                    continue;
                };
                socket.set_read_timeout(Some(SOON)).unwrap();
                let mut answer = Vec::new();
                let request = b"GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
                let _ = std::io::Write::write_all(&mut socket, request);
                let _ = socket.read_to_end(&mut answer);
                if answer.starts_with(b"HTTP/1.1 200") { served += 1 } else { reset += 1 }
            }
            (refused, reset, served)
        });
        first.signal("TERM");
        assert!(first.wait().success());
        for _ in 0..50 {
            assert_eq!(Connection::open(address).get("/whoami").status, 200);
        }
        drop(ends);
        client.join().unwrap()
    });
    println!("served {served}, refused {refused}, reset {reset}");
    assert_eq!(refused, 0);
    let sockets = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    assert!(reset <= sockets && served > 10, "served {served}, reset {reset}");
    drop(second);
}

/// What a demo says that is started at an address where another one listens, and does not ask to take it over.
fn start_beside(other: &Demo, address: SocketAddr, folder: &Path) -> String {
    let check = |listen: SocketAddr, admin: SocketAddr, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_spigot"))
            .args(["demo", "--listen", &listen.to_string(), "--admin", &admin.to_string(), "--service"])
            .args([&free_port().to_string(), "--data"])
            .arg(folder)
            .args(more)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for more in [&[][..], &["--take-over"]] {
        let admin = check(free_port(), other.admin, more);
        assert!(admin.contains("`admin`") && admin.contains("another `admin` address"), "{admin}");
    }
    check(address, free_port(), &[])
}

/// Tells the other threads of a test to end, however it ends.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
