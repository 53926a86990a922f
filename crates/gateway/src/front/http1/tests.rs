use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt;
use spigot_decision::Keys;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Duration, Instant, sleep, timeout};

use super::fuzz::{Ended, Followed, LIMITS, TIMES, http1};
use super::head;
use super::link::Link;
use super::request::{Asked, parts};
use super::state::Next;
use crate::body::{self, BodyBroken, Incoming, Through};
use crate::http1::Framing;
use crate::wire::Refusal;

const SECOND: Duration = Duration::from_secs(1);
const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &str =
    "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";
const TRAILED: &str = "POST /t HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n";

fn link(socket: DuplexStream) -> Rc<Link<DuplexStream, ()>> {
    Rc::new(Link::new(socket, BytesMut::new(), (LIMITS, TIMES), Keys(1, 2), ()))
}

async fn next(link: &Link<DuplexStream, ()>) -> Next {
    poll_fn(|context| link.poll_head(context)).await
}

#[test]
fn requests_are_the_same_in_whatever_pieces_they_come() {
    let all = [GET, POST, "\r\n", CHUNKED, TRAILED, GET].concat();
    let whole = http1(all.as_bytes(), all.len());
    let bodies: Vec<_> = whole.requests.iter().map(|(_, body)| body.escape_ascii().to_string()).collect();
    assert_eq!(bodies, ["", "hello", "hello!", "Some({\\\"x-sum\\\": \\\"1\\\"})", ""]);
    assert_eq!(whole.requests[0].0, r#"GET / {"host": "a"}"#);
    assert_eq!(whole.requests[1].0, r#"POST /p {"content-length": "5"}"#);
    assert_eq!(whole.ended, Ended::Open);
    for size in [1, 2, 7, 30, 100] {
        assert_eq!(http1(all.as_bytes(), size), whole, "in pieces of {size}");
    }
}

#[test]
fn behind_what_is_refused_or_broken_nothing_is_read() {
    let check = |bytes: &str, ended: Ended| {
        for before in ["", GET, POST, CHUNKED] {
            let all = [before, bytes, GET].concat();
            for size in [1, 9, 1000] {
                let Followed { requests, ended: found } = http1(all.as_bytes(), size);
                assert_eq!((requests.len(), &found), (usize::from(!before.is_empty()), &ended), "{all:?}");
            }
        }
    };
    let twice = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    check(twice, Ended::Refused(Refusal::TwoLengths.why()));
    check("GET http:// HTTP/1.1\r\n\r\n", Ended::Refused(Refusal::Target.why()));
    let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for chunks in ["5\nhello\r\n0\r\n\r\n", "5\r\nhelloX0\r\n\r\n", "0\r\nX: \n\r\n", "0\r\nx y: 1\r\n\r\n"] {
        check(&[chunked, chunks].concat(), Ended::Broken);
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_has_bounds() {
    let start = Instant::now();
    let (_client, server) = tokio::io::duplex(1 << 16);
    assert!(matches!(next(&link(server)).await, Next::End), "no first request");
    assert_eq!(start.elapsed().as_secs(), 1);

    let (mut client, server) = tokio::io::duplex(1 << 16);
    let dribbling = link(server);
    let dribble = async {
        for byte in GET.as_bytes().chunks(1) {
            client.write_all(byte).await.unwrap();
            sleep(SECOND / 10).await;
        }
    };
    let (found, ()) = tokio::join!(next(&dribbling), dribble);
    assert!(matches!(found, Next::Refused(Refusal::HeadLate)), "{found:?}");

    let (mut client, server) = tokio::io::duplex(1 << 16);
    let idle = link(server);
    client.write_all(GET.as_bytes()).await.unwrap();
    assert!(matches!(next(&idle).await, Next::Request(..)));
    let long = timeout(60 * SECOND, poll_fn(|context| idle.poll_beside(context))).await;
    assert!(long.is_err(), "an answer may take as long as it takes");
    let start = Instant::now();
    assert!(matches!(next(&idle).await, Next::End));
    assert_eq!(start.elapsed().as_secs(), 5, "the next request has its own time");
}

#[tokio::test(start_paused = true)]
async fn a_body_has_a_pace() {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    client.write_all(b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n").await.unwrap();
    let slow = link(server);
    assert!(matches!(next(&slow).await, Next::Request(..)));
    let mut body = Incoming::http1(slow.clone(), slow.expect_body(&Asked::UNREADABLE));
    let start = Instant::now();
    let dribble = async {
        for _ in 0..1000 {
            sleep(SECOND / 10).await;
            client.write_all(b"x").await.unwrap();
        }
    };
    let reading = async {
        loop {
            match body.frame().await {
                Some(Ok(_)) => {}
                Some(Err(BodyBroken::Slow)) => return start.elapsed(),
                other => panic!("{other:?}"),
            }
        }
    };
    let took = tokio::select! { () = dribble => Duration::MAX, took = reading => took };
    assert!((2..4).contains(&took.as_secs()), "ten bytes a second are too few: {took:?}");
    assert!(slow.is_late());
}

/// What the client sent of a body, whether it waits to be told to, and what became of a body that nobody wanted.
#[tokio::test(start_paused = true)]
async fn what_nobody_wants_is_read_away_up_to_a_bound() {
    for (length, sent, expects, settled, seconds) in [
        (100, 100, false, true, 0),
        (4 << 20, 4 << 20, false, true, 0),
        (8 << 20, 8 << 20, false, false, 0),
        // Too slow, by its pace.
        (100, 50, false, false, 2),
        (100, 0, true, false, 0),
    ] {
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let link = link(server);
        let expect = if expects { "Expect: 100-continue\r\n" } else { "" };
        let head = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n{expect}\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        let Next::Request(bytes, found) = next(&link).await else { panic!("{head}") };
        let request = link.expect_body(&Asked::from(&*parts(&bytes, &found).unwrap()));
        drop(Incoming::http1(link.clone(), request));
        let start = Instant::now();
        let sending = async {
            let _ = client.write_all(&vec![b'x'; sent]).await;
            std::future::pending::<()>().await;
        };
        let found = tokio::select! {
            found = poll_fn(|context| link.poll_settled(context)) => found,
            () = sending => panic!(),
        };
        assert_eq!((found, start.elapsed().as_secs()), (settled, seconds), "{length}, {sent}, {expects}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_is_told_to_send() {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    let link = link(server);
    client.write_all(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n").await.unwrap();
    let Next::Request(bytes, head) = next(&link).await else { panic!() };
    let asked = Asked::from(&*parts(&bytes, &head).unwrap());
    let mut body = Incoming::http1(link.clone(), link.expect_body(&asked));
    let told = async {
        let mut room = [0; 25];
        client.read_exact(&mut room).await.unwrap();
        assert_eq!(&room, b"HTTP/1.1 100 Continue\r\n\r\n");
        client.write_all(b"hi").await.unwrap();
    };
    let (frame, ()) = tokio::join!(body.frame(), told);
    assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), "hi");
    let mut answer = Response::new(Through::Bytes(Bytes::from_static(b"ok")));
    assert!(link.begin(&mut answer, &asked, true));
    poll_fn(|context| link.poll_send(context)).await.unwrap();
    assert!(poll_fn(|context| link.poll_settled(context)).await);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_or_goes_away() {
    let (client, server) = tokio::io::duplex(1 << 10);
    let link = link(server);
    let mut answer = Response::new(Through::Bytes(vec![0; 1 << 20].into()));
    link.begin(&mut answer, &Asked::UNREADABLE, false);
    let start = Instant::now();
    assert!(poll_fn(|context| link.poll_send(context)).await.is_err());
    assert_eq!(start.elapsed().as_secs(), 1);
    drop(client);

    let (mut client, server) = tokio::io::duplex(1 << 10);
    let link = self::link(server);
    client.write_all(GET.as_bytes()).await.unwrap();
    assert!(matches!(next(&link).await, Next::Request(..)));
    assert!(timeout(SECOND, poll_fn(|context| link.poll_beside(context))).await.is_err());
    drop(client);
    poll_fn(|context| link.poll_beside(context)).await;
}

#[tokio::test(start_paused = true)]
async fn behind_a_switch_everything_belongs_to_the_tunnel() {
    let (mut client, server) = tokio::io::duplex(1 << 10);
    let link = link(server);
    client.write_all(b"GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n\0\nraw").await.unwrap();
    assert!(matches!(next(&link).await, Next::Request(..)));
    assert!(poll_fn(|context| Poll::Ready(link.poll_beside(context))).await.is_pending());
    let (mut tunnel, ()) = link.take_tunnel().unwrap();
    client.write_all(b" and more").await.unwrap();
    let mut room = [0; 14];
    tunnel.read_exact(&mut room).await.unwrap();
    assert_eq!(&room, b"\0\nraw and more");
}

/// A request with a body, and the body.
async fn posted(link: &Rc<Link<DuplexStream, ()>>, client: &mut DuplexStream, sent: &str) -> Incoming {
    client.write_all(sent.as_bytes()).await.unwrap();
    assert!(matches!(next(link).await, Next::Request(..)));
    Incoming::http1(link.clone(), link.expect_body(&Asked::UNREADABLE))
}

#[tokio::test(start_paused = true)]
async fn who_still_has_a_body_holds_neither_the_connection_nor_the_next_body() {
    // An answer that holds the body of its own request, as one that comes early does.
    let (mut client, server) = tokio::io::duplex(1 << 10);
    let link = self::link(server);
    let body = posted(&link, &mut client, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhell").await;
    let held = Rc::downgrade(&link);
    let (_, _, answer) = body::begin(Through::Incoming(body.into()), 4, SECOND).await;
    link.begin(&mut Response::new(answer), &Asked::UNREADABLE, true);
    link.close();
    drop(link);
    assert!(held.upgrade().is_none(), "nothing holds itself");
    assert_eq!(client.read(&mut [0; 9]).await.unwrap(), 0, "the client sees the end");

    // Somebody else's task has it, and waits.
    let (mut client, server) = tokio::io::duplex(1 << 10);
    let link = self::link(server);
    let mut body = posted(&link, &mut client, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhell").await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "hell");
    let (frame, ()) = tokio::join!(body.frame(), async { link.close() });
    assert!(matches!(frame, Some(Err(BodyBroken::Unsent))), "{frame:?}");
    assert_eq!(client.read(&mut [0; 9]).await.unwrap(), 0);

    // The first body has ended, and is let go of while the second one comes.
    let (mut client, server) = tokio::io::duplex(1 << 10);
    let link = self::link(server);
    let mut first = posted(&link, &mut client, POST).await;
    assert_eq!(first.frame().await.unwrap().unwrap().into_data().unwrap(), "hello");
    assert!(poll_fn(|context| link.poll_settled(context)).await);
    let mut second = posted(&link, &mut client, POST).await;
    assert!(first.frame().await.is_none() && http_body::Body::is_end_stream(&first));
    drop(first);
    assert!(poll_fn(|context| Poll::Ready(link.poll_beside(context))).await.is_pending());
    assert_eq!(second.frame().await.unwrap().unwrap().into_data().unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn what_is_read_away_at_the_end_is_missing_in_no_body() {
    let (mut client, server) = tokio::io::duplex(1 << 10);
    let link = self::link(server);
    let mut body = posted(&link, &mut client, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhell").await;
    client.write_all(b"o you").await.unwrap();
    link.end(false).await;
    assert!(matches!(body.frame().await, Some(Err(BodyBroken::Unsent))));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_taken_after_the_answer_goes_on_at_its_pace() {
    let (mut client, server) = tokio::io::duplex(1 << 10);
    let link = self::link(server);
    let mut body = posted(&link, &mut client, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n").await;
    let taking = async {
        for _ in 0..9 {
            client.write_all(b"x").await.unwrap();
            assert!(body.frame().await.unwrap().is_ok());
            sleep(SECOND).await;
        }
    };
    let (settled, ()) = tokio::join!(poll_fn(|context| link.poll_settled(context)), taking);
    assert!(settled, "nine seconds, each with a piece");
    // One that nobody takes is waited for a while.
    let _kept = posted(&link, &mut client, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n").await;
    let start = Instant::now();
    assert!(!poll_fn(|context| link.poll_settled(context)).await);
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[test]
fn heads_of_answers() {
    const MORE: Asked = Asked { more: true, ..Asked::UNREADABLE };
    let check = |status: u16, fields: &[(header::HeaderName, &'static str)], body: Through, asked: Asked| {
        let mut answer = Response::new(Through::Empty);
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        answer.headers_mut().insert(header::DATE, HeaderValue::from_static("now"));
        for (name, value) in fields {
            answer.headers_mut().append(name.clone(), HeaderValue::from_static(value));
        }
        let (mut keeps, mut into) = (asked.more, Vec::new());
        let framing = head::write(&answer, &asked, &body, &mut keeps, &mut into);
        let text = String::from_utf8(into).unwrap();
        (text.replace("\r\n", "|").replace("date: now|", ""), framing, keeps)
    };
    let bytes = || Through::Bytes(Bytes::from_static(b"body"));
    let told = |length| [(header::CONTENT_LENGTH, length)];
    let expect = |text: &str, framing, keeps| (text.to_owned(), framing, keeps);
    assert_eq!(
        check(200, &[], bytes(), MORE),
        expect("HTTP/1.1 200 OK|content-length: 4|", Framing::Length(4), true)
    );
    assert_eq!(
        check(404, &told("4"), bytes(), Asked::UNREADABLE),
        expect("HTTP/1.1 404 Not Found|content-length: 4|connection: close|", Framing::Length(4), false)
    );
    assert_eq!(
        check(200, &[(header::CONNECTION, "x, Close")], bytes(), MORE),
        expect("HTTP/1.1 200 OK|content-length: 4|connection: close|", Framing::Length(4), false)
    );
    assert_eq!(
        check(299, &[], Through::Empty, MORE),
        expect("HTTP/1.1 299 |content-length: 0|", Framing::Done, true)
    );
    for status in [204, 304] {
        let (text, framing, keeps) = check(status, &told("4"), bytes(), MORE);
        assert!(!text.contains("length") && keeps && framing == Framing::Done, "{text}");
    }
    let head_only = Asked { head_only: true, ..MORE };
    assert_eq!(
        check(200, &told("7"), Through::Empty, head_only),
        expect("HTTP/1.1 200 OK|content-length: 7|", Framing::Done, true)
    );
    assert_eq!(check(200, &[], Through::Empty, head_only), expect("HTTP/1.1 200 OK|", Framing::Done, true));
    let old = Asked { old: true, ..MORE };
    assert_eq!(
        check(200, &[], bytes(), old),
        expect("HTTP/1.0 200 OK|content-length: 4|connection: keep-alive|", Framing::Length(4), true)
    );
    let coded =
        [(header::TRANSFER_ENCODING, "chunked"), (header::SET_COOKIE, "a"), (header::SET_COOKIE, "b")];
    assert_eq!(
        check(200, &coded, bytes(), MORE),
        expect("HTTP/1.1 200 OK|set-cookie: a|set-cookie: b|content-length: 4|", Framing::Length(4), true)
    );
    let upgrade = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")];
    assert_eq!(
        check(101, &upgrade, Through::Empty, MORE),
        expect(
            "HTTP/1.1 101 Switching Protocols|connection: upgrade|upgrade: websocket|",
            Framing::Done,
            false
        )
    );
}

#[tokio::test(start_paused = true)]
async fn answers_without_a_length_are_framed_for_whoever_asked() {
    // One that was looked at and has trailers does not tell its length.
    let told_nothing = || {
        Through::Inspected(Box::new(crate::body::Inspected {
            bytes: Bytes::from_static(b"body"),
            rest: None,
            trailers: Some(
                [
                    (header::ETAG, HeaderValue::from_static("e")),
                    (header::HOST, HeaderValue::from_static("h")),
                ]
                .into_iter()
                .collect(),
            ),
            fault: None,
            complete: true,
        }))
    };
    let more = Asked { more: true, ..Asked::UNREADABLE };
    let cases = [
        (more, "transfer-encoding: chunked|", "4|body|0||", true),
        (Asked { trailers: true, ..more }, "transfer-encoding: chunked|", "4|body|0|etag: e||", true),
        (Asked { old: true, ..more }, "connection: close|", "body", false),
    ];
    for (asked, field, body, keeps) in cases {
        let (mut client, server) = tokio::io::duplex(1 << 10);
        let link = link(server);
        assert_eq!(link.begin(&mut Response::new(told_nothing()), &asked, true), keeps);
        poll_fn(|context| link.poll_send(context)).await.unwrap();
        link.end(false).await;
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        let text = text.replace("\r\n", "|");
        let (head, found) = text.split_once("||").unwrap();
        assert!(format!("{head}|").contains(field), "{asked:?}: {head}");
        assert_eq!(found, body, "{asked:?}");
    }
}
