//! HTTP/2 floods: the connection ends, or costs no more than an honest one; others are served meanwhile.

use std::time::Instant;

use http::Request;

use super::demo::{Demo, OPEN, SOON};
use super::frames::*;
use super::http2::{Pieces, ask};

/// What one flood may cost in memory at most; all of them run against one process.
const MEMORY_MAX: u64 = 96 << 20;

fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// Sends what `flood` makes until the connection ends, at most `most` times; another client is served meanwhile. How
/// often it was sent.
fn flood(demo: &Demo, name: &str, most: u32, mut flood: impl FnMut(u32) -> Vec<u8>) -> u32 {
    let before = demo.memory();
    let mut connection = Http2::open(demo.address, &[]);
    // So that it is not the system that takes what the other side does not.
    socket2::SockRef::from(&connection.socket).set_send_buffer_size(16 << 10).unwrap();
    // What comes back is read away, so that nothing stops us but the other side.
    let mut reader = Http2 { socket: connection.socket.try_clone().unwrap() };
    let reading = std::thread::spawn(move || while reader.next().is_some() {});
    let start = Instant::now();
    let mut sent = 0;
    while sent < most && start.elapsed() < SOON && connection.send(&flood(sent)) {
        sent += 1;
        if sent.is_multiple_of(most / 10) {
            assert_eq!(demo.connect().get("/whoami").status, 200, "{name}: another client");
        }
    }
    assert_eq!(demo.connect().get("/whoami").status, 200, "{name}: another client");
    let grown = demo.memory().saturating_sub(before);
    let _ = connection.socket.shutdown(std::net::Shutdown::Both);
    reading.join().unwrap();
    println!("{name}: {sent} in {:?}, {} KiB more", start.elapsed(), grown >> 10);
    assert!(grown < MEMORY_MAX, "{name}: {grown} bytes");
    sent
}

#[test]
fn floods_end() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    // Warm: what every connection needs once is not a flood's.
    assert_eq!(demo.connect().get("/whoami").status, 200);
    let ends = |name: &str, most: u32, make: &mut dyn FnMut(u32) -> Vec<u8>| {
        let sent = flood(&demo, name, most, make);
        assert!(sent < most, "{name}: the connection ends");
    };
    let request = |n: u32, flags: u8| frame(HEADERS, END_HEADERS | flags, 2 * n + 1, &get("/whoami"));
    ends("rapid reset", 100_000, &mut |n| {
        [request(n, END_STREAM), frame(RST_STREAM, 0, 2 * n + 1, &[0, 0, 0, 8])].concat()
    });
    // MadeYouReset: a window that nobody may ask for makes the server reset the stream.
    ends("made you reset", 100_000, &mut |n| {
        [request(n, 0), frame(WINDOW_UPDATE, 0, 2 * n + 1, &[0, 0, 0, 0])].concat()
    });
    ends("settings", 100_000, &mut |n| frame(SETTINGS, 0, 0, &setting(4, 65_535 + n % 2)));
    ends("ping", 100_000, &mut |_| frame(PING, 0, 0, &[7; 8]));
    ends("empty data", 100_000, &mut |n| {
        let data = frame(DATA, 0, 1, &[]);
        if n == 0 { [request(0, 0), data].concat() } else { data }
    });
    ends("continuation", 100_000, &mut |n| {
        let more = frame(CONTINUATION, 0, 1, &[0, 1, b'x', 1, b'y'].repeat(20));
        if n == 0 { [frame(HEADERS, END_STREAM, 1, &get("/")), more].concat() } else { more }
    });
    ends("empty continuation", 100_000, &mut |n| {
        let more = frame(CONTINUATION, 0, 1, &[]);
        if n == 0 { [frame(HEADERS, END_STREAM, 1, &get("/")), more].concat() } else { more }
    });
    ends("priority", 100_000, &mut |_| frame(2, 0, 1, &[0, 0, 0, 3, 9]));
    ends("unknown", 100_000, &mut |_| frame(0xbe, 0, 0, &[0; 8]));
}

/// A field of 4000 bytes is put into the table once, then named by one byte, 15,000 times a request: 60 MB of fields in
/// 16 KB. It may be answered with 431 for as long as it likes; what it must not do is cost memory.
#[test]
fn a_header_bomb_stays_small() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    assert_eq!(demo.connect().get("/whoami").status, 200);
    let field = [&[0x40, 1, b'x', 0x7f, 0xa1, 0x1e][..], &[b'y'; 4000]].concat();
    let bomb = [get("/whoami"), vec![0xbe; 15_000]].concat();
    flood(&demo, "header bomb", 200, |n| {
        let flags = END_HEADERS | END_STREAM;
        let block = if n == 0 { [get("/whoami"), field.clone()].concat() } else { bomb.clone() };
        frame(HEADERS, flags, 2 * n + 1, &block)
    });
}

#[test]
fn requests_beyond_a_bound_over_http2() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    let check = |target: &str, fields: usize, value: usize, expected: u16, code: &str| {
        let mut request = Request::get(format!("http://a{target}"));
        for n in 0..fields {
            request = request.header(format!("x-{n}"), "y".repeat(value));
        }
        let told = ask(demo.address, vec![request.body(Pieces::default()).unwrap()]).remove(0).unwrap();
        assert_eq!(
            told.status,
            expected,
            "{} bytes, {fields} fields of {value}: {}",
            target.len(),
            told.body
        );
        assert!(told.body.contains(code), "{}", told.body);
    };
    let long = format!("/{}", "a".repeat(8191));
    check("/whoami", 90, 10, 200, "whoami");
    check("/whoami", 101, 10, 431, "too many fields");
    check(&format!("{long}a"), 0, 0, 414, "too long");
    // Here h2 answers before we are asked, without words.
    check("/whoami", 40, 1000, 431, "");
    demo.change(&["restrict", "add", "127.0.0.1", "--for", "1h", "--action", "throttle"]);
    check("/whoami", 0, 0, 200, "whoami");
    check("/whoami", 0, 0, 429, "Too many requests");
}

#[test]
fn streams_beyond_the_bound_are_refused() {
    let config = format!("{OPEN}[bounds]\nstreams = 3\n");
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&config));
    let mut connection = Http2::open(demo.address, &[]);
    // Bodies that do not end keep their streams open.
    let open =
        |n: u32| frame(HEADERS, END_HEADERS, 2 * n + 1, &[&b"\x83"[..], &get("/whoami")[1..]].concat());
    for n in 0..5 {
        assert!(connection.send(&open(n)));
    }
    let mut resets = std::iter::from_fn(|| connection.next()).filter(|frame| frame.kind == RST_STREAM);
    // REFUSED_STREAM (RFC 9113, section 7): it was not looked at and may be sent again.
    for stream in [7, 9] {
        let reset = resets.next().unwrap();
        assert_eq!((reset.stream, &reset.payload[..]), (stream, &[0, 0, 0, 7][..]));
    }
    assert_eq!(demo.connect().get("/whoami").status, 200);
}

/// A window that is never opened again: the answer would wait for ever.
#[test]
fn a_reader_that_takes_nothing_is_let_go() {
    let config = format!("{OPEN}[bounds]\nwrite_time = \"1s\"\nidle_time = \"1s\"\n");
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&config));
    let mut connection = Http2::open(demo.address, &setting(4, 1000));
    assert!(connection.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &get("/download?bytes=3000000"))));
    let start = Instant::now();
    while let Some(frame) = connection.next() {
        assert!(start.elapsed() < SOON, "it goes on: {frame:?}");
    }
    // An idle one is told so first.
    let mut idle = Http2::open(demo.address, &[]);
    assert!(idle.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &get("/whoami"))));
    let kinds: Vec<u8> = std::iter::from_fn(|| idle.next()).map(|frame| frame.kind).collect();
    assert!(kinds.contains(&HEADERS) && kinds.contains(&GOAWAY), "{kinds:?}");
    assert_eq!(demo.connect().get("/whoami").status, 200);
}
