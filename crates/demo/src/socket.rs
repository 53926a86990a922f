//! The WebSocket echo (RFC 6455).

use std::sync::PoisonError;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::{SinkExt, StreamExt};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode, Version, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::answer::{Answer, Fault, bare, set};
use crate::serve::{Stopping, UpgradeSlot};

/// Bytes of one message, and so of what a connection holds.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes and time that a client gets to end its side after a close; a few messages may be on their way.
const CLOSE_BYTES_MAX: u64 = 4 * MESSAGE_BYTES_MAX as u64;
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// Answers the opening handshake (section 4.2) and leaves the connection in `slot`, to become a WebSocket.
pub(crate) fn upgrade(head: &mut Parts, slot: &UpgradeSlot) -> Result<Answer, Fault> {
    let wanted = has_token(&head.headers, header::CONNECTION, "upgrade")
        && has_token(&head.headers, header::UPGRADE, "websocket")
        && head.version == Version::HTTP_11;
    let version = head.headers.get(header::SEC_WEBSOCKET_VERSION);
    if !wanted || version.is_none_or(|version| version != "13") {
        return Err(Fault::UpgradeRequired);
    }
    let key = head.headers.get(header::SEC_WEBSOCKET_KEY).map(|key| key.as_bytes()).unwrap_or_default();
    if BASE64_STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(Fault::Malformed("Sec-WebSocket-Key is not sixteen bytes in base64.".into()));
    }
    let accept = derive_accept_key(key);
    let upgrade = head.extensions.remove::<OnUpgrade>().ok_or(Fault::UpgradeRequired)?;
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
    let mut answer = bare(StatusCode::SWITCHING_PROTOCOLS);
    set(&mut answer, header::CONNECTION, "upgrade");
    set(&mut answer, header::UPGRADE, "websocket");
    if let Ok(accept) = accept.parse() {
        answer.headers_mut().insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    Ok(answer)
}

/// Whether a field that lists tokens has this one.
fn has_token(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|token| token.trim().eq_ignore_ascii_case(wanted))
}

/// Sends every text and binary message back until the client closes, errs or goes, or the shop stops.
pub(crate) async fn echo(upgraded: Upgraded, stopping: Stopping) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
        .max_write_buffer_size(2 * MESSAGE_BYTES_MAX);
    let mut socket =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let mut stopping = std::pin::pin!(stopping.wait());
    let close = loop {
        let message = tokio::select! {
            () = &mut stopping => break Some((CloseCode::Away, "the shop closes")),
            message = socket.next() => message,
        };
        match message {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if socket.send(message).await.is_err() {
                    break None;
                }
            }
            // Pings are answered, and a close is confirmed, by the library while the next message is awaited.
            Some(Ok(_)) => {}
            Some(Err(error)) => break close_code(&error),
            None => break None,
        }
    };
    if let Some((code, reason)) = close {
        let _ = socket.close(Some(CloseFrame { code, reason: reason.into() })).await;
        let _ = tokio::time::timeout(CLOSE_WAIT, end(socket.into_inner())).await;
    }
}

/// Ends our side and reads until the client ends its own (section 7.1.1): closing on unread bytes would reset the
/// connection, and the close frame might be lost.
async fn end(mut stream: TokioIo<Upgraded>) -> std::io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(CLOSE_BYTES_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}

/// The status to close with after an error (section 7.4.1); `None` when nobody is left to hear it.
fn close_code(error: &Error) -> Option<(CloseCode, &'static str)> {
    match error {
        Error::Capacity(_) => Some((CloseCode::Size, "more than 1 MiB")),
        Error::Utf8(_) => Some((CloseCode::Invalid, "not UTF-8")),
        Error::Protocol(_) => Some((CloseCode::Protocol, "not RFC 6455")),
        _ => None,
    }
}
