//! Who may ask at a door, and whom the chain of addresses that a peer shows comes to.

use std::net::SocketAddr;

use http::Request;

use super::super::client::Connection;
use super::super::demo::free_port;
use super::super::http2::{Pieces, ask};
use super::super::served::Served;

/// What a door of a kind is told about a harmless request.
const WELL: [(&str, &str); 9] = [
    ("X-Original-Method", "GET"),
    ("X-Original-URI", "/shop"),
    ("X-Original-Host", "shop.test"),
    ("X-Real-IP", "198.51.100.7"),
    ("X-Forwarded-Method", "GET"),
    ("X-Forwarded-Uri", "/shop"),
    ("X-Forwarded-Host", "shop.test"),
    ("X-Forwarded-For", "198.51.100.7"),
    ("X-Forwarded-Proto", "https"),
];

/// One configuration with a door of each kind that asks by fields, and one by gRPC; each twice, as `peers` say.
fn doors(peers: &str, kinds: &[&'static str]) -> (String, Vec<(&'static str, SocketAddr)>) {
    let (mut text, mut doors) = (String::new(), Vec::new());
    for kind in kinds {
        let listen = free_port();
        text.push_str(&format!("[[door]]\nkind = \"{kind}\"\nlisten = \"{listen}\"\npeers = {peers}\n"));
        doors.push((*kind, listen));
    }
    (text, doors)
}

const BY_FIELDS: [&str; 6] = ["nginx", "caddy", "traefik", "haproxy", "apache", "envoy_http"];

#[test]
fn strangers_may_not_ask() {
    // The door is for one address; whoever comes from another is a stranger.
    let (text, doors) = doors("[\"127.0.0.2\"]", &BY_FIELDS);
    let served = Served::start(&format!("{text}[[route]]\nname = \"rest\"\nmatch = \"/**\"\n"));
    let statuses = |from: u8, door: SocketAddr, target: &str, fields: &[(&str, &str)]| {
        let answer = Connection::open_from(door, from).request("GET", target, fields, b"");
        let refused = answer.text().contains("not_a_peer");
        assert_eq!(refused, from != 2, "{target} from {from}: {answer:?}");
        answer.status
    };
    for (kind, door) in doors {
        let check = if kind == "envoy_http" { "/check/shop" } else { "/check" };
        assert_eq!(statuses(2, door, check, &WELL), 200, "{kind}");
        let mut claimed = WELL.to_vec();
        claimed.extend([("X-Forwarded-For", "127.0.0.2"), ("Forwarded", "for=127.0.0.2")]);
        for from in [1, 3] {
            for target in [check, "/answer", "/.spigot/answer/AAAA", "/.spigot/challenge", "/shop"] {
                for fields in [&[("X-Spigot-Answer", "AAAA")][..], &WELL, &claimed] {
                    assert_eq!(statuses(from, door, target, fields), 403, "{kind}: {target}");
                }
            }
        }
        // A peer that asks for an answer that nobody waits for is told so, and not that it is a stranger.
        assert!([403, 404].contains(&statuses(2, door, "/answer", &WELL)), "{kind}");
    }
    drop(served);
}

#[test]
fn strangers_may_not_ask_by_grpc() {
    let (closed, for_another) = doors("[\"127.0.0.2\"]", &["envoy_grpc"]);
    let (open, for_us) = doors("[\"127.0.0.1\"]", &["envoy_grpc"]);
    let _served = Served::start(&format!("{closed}{open}[[route]]\nname = \"rest\"\nmatch = \"/**\"\n"));
    let called = |door: SocketAddr| {
        let uri = format!("http://{door}/envoy.service.auth.v3.Authorization/Check");
        let call = Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
        let told = ask(door, vec![call.body(Pieces::of(&["\0\0\0\0\0"], None)).unwrap()]);
        told.into_iter().next().unwrap().unwrap()
    };
    let stranger = called(for_another[0].1);
    assert_eq!(stranger.status, 403, "{stranger:?}");
    assert!(stranger.body.contains("not_a_peer") && stranger.trailers.is_none(), "{stranger:?}");
    // The same call, where it may be made, is answered as a call.
    let peer = called(for_us[0].1);
    assert!(peer.status == 200 && !peer.body.contains("not_a_peer"), "{peer:?}");
}

#[test]
fn chains_are_read_from_the_right_less_peers() {
    let (text, doors) = doors("[\"127.0.0.1\", \"10.0.0.0/8\"]", &["caddy", "traefik"]);
    let _served = Served::start(&format!(
        "{text}[[route]]\nname = \"rest\"\nmatch = \"/**\"\nmode = \"enforce\"\n\
         [[list]]\nname = \"enemies\"\nkind = \"deny\"\naction = \"block\"\nentries = [\"203.0.113.66\", \"10.0.0.66\"]\n"
    ));
    let check = |lines: &[&str], status: u16| {
        for (kind, door) in &doors {
            let mut fields: Vec<(&str, &str)> =
                WELL.into_iter().filter(|(name, _)| *name != "X-Forwarded-For").collect();
            fields.extend(lines.iter().map(|line| ("X-Forwarded-For", *line)));
            let answer = Connection::open(*door).request("GET", "/check", &fields, b"");
            assert_eq!(answer.status, status, "{kind}: {lines:?}: {answer:?}");
        }
    };
    let (passes, is_blocked, is_misconfigured) = (200, 403, 500);
    check(&["203.0.113.66"], is_blocked);
    check(&["203.0.113.66:4711"], is_blocked);
    check(&["::ffff:203.0.113.66"], is_blocked);
    check(&["203.0.113.9"], passes);
    // What stands left of the first that is no peer, the client wrote.
    check(&["203.0.113.66, 203.0.113.9"], passes);
    check(&["203.0.113.9, 203.0.113.66"], is_blocked);
    check(&["203.0.113.66, 203.0.113.9, 10.0.0.7, 10.1.0.1"], passes);
    check(&["203.0.113.9, 203.0.113.66, 10.0.0.7,10.1.0.1"], is_blocked);
    check(&["garbage, 203.0.113.66, 10.0.0.7"], is_blocked);
    // Lines are one chain, in their order.
    check(&["203.0.113.66", "203.0.113.9"], passes);
    check(&["203.0.113.9", "203.0.113.66"], is_blocked);
    check(&["203.0.113.9, 203.0.113.66", "10.0.0.7"], is_blocked);
    // Where peers alone stand, the one furthest from us is whom it is about.
    check(&["10.0.0.66, 10.0.0.7"], is_blocked);
    check(&["garbage, 10.0.0.66"], is_blocked);
    check(&["10.0.0.8, 10.0.0.7"], passes);
    // And what ends in no address is no chain: nobody passes as somebody that they are not.
    for lines in [&[][..], &[""], &["garbage"], &["203.0.113.9, garbage"], &["203.0.113.9", ""]] {
        check(lines, is_misconfigured);
    }
}
