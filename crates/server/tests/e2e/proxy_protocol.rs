//! Behind a layer-4 proxy, which says in a header of its own who the client is.

use super::client::Connection;
use super::demo::{Demo, OPEN};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16).to_be_bytes();
    [SIGNATURE, &[0x20 | command, family], &length, body].concat()
}

#[test]
fn both_versions_tell_the_client() {
    let config = format!("proxy_protocol = true\ntrusted_proxies = [\"127.0.0.1\"]\n{OPEN}");
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&config));
    // The application sees the client that the proxy named; `None`: the connection is closed without an answer.
    let check = |header: &[u8], client: Option<&str>| {
        let mut connection = demo.connect();
        connection.send(header);
        connection.send(b"GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let Some(client) = client else {
            return assert_eq!(connection.rest(), b"", "{header:x?}");
        };
        let seen = connection.answer(false).json();
        let pairs = seen["headers"].as_array().unwrap();
        let forwarded = pairs.iter().find(|pair| pair[0] == "x-forwarded-for").unwrap();
        assert_eq!(forwarded[1], client, "{header:x?}");
    };
    let (v4, v6): (&[u8], Vec<u8>) = (
        &[192, 0, 2, 1, 192, 0, 2, 2, 18, 103, 1, 187],
        [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1], &[0; 16], &[18, 103, 1, 187]].concat(),
    );
    // A type, a length, and a value that nobody reads.
    let extension = |bytes: u16| [&[0xee][..], &bytes.to_be_bytes(), &vec![7; usize::from(bytes)]].concat();
    check(b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n", Some("192.0.2.1"));
    check(b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n", Some("2001:db8::1"));
    check(b"PROXY TCP6 ::ffff:192.0.2.1 ::1 4711 443\r\n", Some("192.0.2.1"));
    check(b"PROXY UNKNOWN\r\n", Some("127.0.0.1"));
    check(b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", Some("127.0.0.1"));
    check(&v2(1, 0x11, v4), Some("192.0.2.1"));
    check(&v2(1, 0x21, &v6), Some("2001:db8::1"));
    check(&v2(0, 0, &[]), Some("127.0.0.1"));
    check(&v2(0, 0, &extension(20)), Some("127.0.0.1"));
    check(&v2(1, 0x11, &[v4, &extension(300)].concat()), Some("192.0.2.1"));
    check(&v2(1, 0x21, &[&v6[..], &extension(1)].concat()), Some("2001:db8::1"));
    check(b"", None);
    check(b"PROXY TCP4 192.0.2.1 192.0.2.2 4711\r\n", None);
    check(b"PROXY TCP4 2001:db8::1 2001:db8::2 4711 443\r\n", None);
    check(b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\n", None);
    check(format!("PROXY TCP4 {}\r\n", "1".repeat(200)).as_bytes(), None);
    check(b"proxy TCP4 192.0.2.1 192.0.2.2 4711 443\r\n", None);
    check(&v2(1, 0x11, &v4[..11]), None);
    check(&v2(1, 0x21, v4), None);
    check(&v2(2, 0x11, v4), None);
    check(&v2(1, 0x12, v4), None);
    check(&v2(1, 0x11, &[v4, &extension(3000)].concat()), None);
    check(&[SIGNATURE, &[0x11, 0x11, 0, 0]].concat(), None);
    check(b"PROXY UNKNOWN\r\n", Some("127.0.0.1"));
}

/// Any peer could claim to be any client.
#[test]
fn only_trusted_proxies_are_believed() {
    let config = format!("proxy_protocol = true\ntrusted_proxies = [\"127.0.0.1\"]\n{OPEN}");
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&config));
    let refused = || {
        let metrics =
            Connection::open(demo.admin).request("GET", "/metrics", &[("Connection", "close")], b"");
        let line = metrics.text();
        let line = line.lines().find_map(|line| line.strip_prefix("spigot_connections_refused_total "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let headers = [
        b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n".to_vec(),
        b"PROXY UNKNOWN\r\n".to_vec(),
        v2(1, 0x11, &[192, 0, 2, 1, 192, 0, 2, 2, 18, 103, 1, 187]),
        v2(0, 0, &[]),
        Vec::new(),
    ];
    for (count, header) in headers.iter().enumerate() {
        let mut stranger = demo.connect_from(2);
        stranger.send(header);
        stranger.send(b"GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_eq!(stranger.rest(), b"", "{header:x?}");
        assert_eq!(refused(), count as u64 + 1, "{header:x?}");
    }
    let mut proxy = demo.connect();
    proxy.send(&headers[0]);
    proxy.send(b"GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(proxy.answer(false).status, 200);
}
