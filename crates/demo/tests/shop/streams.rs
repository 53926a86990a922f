//! Uploads, downloads, events, trailers and the WebSocket.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::client::Running;

#[tokio::test]
async fn downloads() {
    let shop = Running::start().await;
    let mut expected = vec![0; 1024 * 1024];
    spigot_demo::fill_download(0, &mut expected);
    let check = async |query: &str, bytes: usize, sized: bool| {
        let seen = shop.send(&format!("GET /download{query}")).await;
        assert!(seen.body == expected[..bytes], "{query}");
        assert_eq!(seen.headers.contains_key("content-length"), sized, "{query}");
    };
    check("", 1024 * 1024, true).await;
    check("?bytes=0", 0, true).await;
    check("?bytes=7", 7, true).await;
    check("?bytes=65537", 65_537, true).await;
    check("?bytes=65537&chunked=1", 65_537, false).await;
    check("?bytes=0&chunked=1", 0, false).await;
    for bytes in ["4294967297", "-1", "1e3", "", "x"] {
        shop.check(&format!("GET /download?bytes={bytes}"), 400, &["application/problem+json"]).await;
    }
    let mut middle = [0; 21];
    spigot_demo::fill_download(65_530, &mut middle);
    assert_eq!(middle, expected[65_530..65_551]);
    shop.stop().await;
}

#[tokio::test]
async fn uploads() {
    let shop = Running::start().await;
    let content = "x".repeat(3_000_000);
    let sha256: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let raw = shop.json(&format!("POST /upload\nContent-Type: image/png\n\n{content}")).await;
    assert_eq!((raw["bytes"].as_u64(), raw["sha256"].as_str()), (Some(3_000_000), Some(sha256.as_str())));
    let form = format!(
        "POST /upload\nContent-Type: multipart/form-data; boundary=x\n\n--x\r\nContent-Disposition: form-data; \
         name=\"note\"\r\n\r\nhello\r\n--x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"tap.png\"\r\n\
         Content-Type: image/png\r\n\r\n{content}\r\n--x--\r\n"
    );
    shop.check(&form, 200, &["text/html", "note", "2cf24dba", "tap.png", "3000000", &sha256]).await;
    assert_eq!(shop.json("GET /received").await[1]["fields"], serde_json::json!(["note", "photo"]));
    let kind = "POST /upload\nContent-Type: multipart/form-data";
    shop.check(&format!("{kind}\n\nx"), 400, &["boundary"]).await;
    shop.check(&format!("{kind}; boundary=x\n\n--x\r\n"), 400, &["closing boundary"]).await;
    shop.stop().await;
}

#[tokio::test]
async fn trailers_come_when_they_are_wanted() {
    let shop = Running::start().await;
    let seen = shop.send("GET /trailers\nTE: trailers").await;
    assert_eq!(
        (seen.headers["trailer"].as_bytes(), &seen.body[..]),
        (&b"x-drips"[..], &b"drip, drip, drip\n"[..])
    );
    assert!(!seen.headers.contains_key("content-length"));
    assert_eq!(seen.trailers["x-drips"], "3");
    let seen = shop.send("GET /trailers").await;
    assert_eq!((seen.status, seen.trailers.len()), (200, 0));
    shop.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_come_at_once_and_then_by_the_second() {
    let shop = Running::start().await;
    let mut body = shop.begin("GET /events\nLast-Event-ID: 41").await.into_body();
    let start = tokio::time::Instant::now();
    for drip in 0..6_u64 {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let comment = if drip % 5 == 0 { ": keep-alive\n\n" } else { "" };
        let number = 42 + drip;
        assert_eq!(frame, format!("{comment}id: {number}\nevent: drip\ndata: {{\"drip\":{number}}}\n\n"));
        assert_eq!(start.elapsed().as_millis() / 100, u128::from(drip * 10));
    }
    let (_, rest) = tokio::join!(shop.stop(), body.collect());
    assert!(rest.unwrap().to_bytes().is_empty());
}

const HANDSHAKE: &str = "GET /ws\nConnection: keep-alive, Upgrade\nUpgrade: WebSocket\nSec-WebSocket-Version: 13\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

async fn open_socket(shop: &Running) -> WebSocketStream<TokioIo<Upgraded>> {
    let response = shop.begin(HANDSHAKE).await;
    assert_eq!(response.status(), 101);
    // The example of RFC 6455, section 1.3.
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let upgraded = hyper::upgrade::on(response).await.unwrap();
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await
}

#[tokio::test]
async fn the_socket_echoes() {
    let shop = Running::start().await;
    let mut socket = open_socket(&shop).await;
    let big = Message::Binary(Bytes::from(vec![7; 1024 * 1024]));
    for message in [Message::text("drip ü"), Message::text(""), Message::binary(vec![0, 255]), big] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    socket.send(Message::Ping(Bytes::from_static(b"p"))).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong(Bytes::from_static(b"p")));
    socket.close(None).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    assert!(socket.next().await.is_none());
    shop.stop().await;
}

#[tokio::test]
async fn the_socket_closes_with_a_reason() {
    let shop = Running::start().await;
    let closed = async |mut socket: WebSocketStream<_>| match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => frame.code,
        other => panic!("{other:?}"),
    };
    let mut socket = open_socket(&shop).await;
    // Refused from the head of its frame, while the content may still be on its way.
    let _ = socket.send(Message::binary(vec![7; 1024 * 1024 + 1])).await;
    assert_eq!(closed(socket).await, CloseCode::Size);
    let socket = open_socket(&shop).await;
    let (_, code) = tokio::join!(shop.stop(), closed(socket));
    assert_eq!(code, CloseCode::Away);
}

#[tokio::test]
async fn handshakes_that_are_none() {
    let shop = Running::start().await;
    let without = |line: &str| HANDSHAKE.replace(line, "");
    let upgrade = ["upgrade: websocket", "sec-websocket-version: 13"];
    shop.check("GET /ws", 426, &upgrade).await;
    shop.check(&without("\nUpgrade: WebSocket"), 426, &upgrade).await;
    shop.check(&HANDSHAKE.replace(": 13", ": 12"), 426, &upgrade).await;
    shop.check(&HANDSHAKE.replace("dGhl", ""), 400, &["sixteen bytes"]).await;
    shop.check(&HANDSHAKE.replace("GET", "POST"), 405, &["allow: GET\n"]).await;
    shop.stop().await;
}
