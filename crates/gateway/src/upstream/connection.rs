use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::TcpKeepalive;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::spawn_local;
use tokio_rustls::TlsConnector;

use super::http1::{Http1, Socket};
use super::target::{Place, Speech};
use crate::body::Through;
use crate::front::LocalExecutor;

/// Bytes of one answer that an HTTP/2 server may send ahead of a slow reader, and of all answers of a connection: as
/// much as a fast network needs, and small enough that many slow readers do not fill the memory.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// A connection just opened.
pub(super) enum Opened {
    Http1(Rc<RefCell<Http1>>),
    Http2(http2::SendRequest<Through>),
}

/// Opens a connection; `http1_only` when it will be upgraded, which HTTP/2 cannot.
pub(super) async fn open(place: &Place, http1_only: bool) -> io::Result<Opened> {
    let stream = TcpStream::connect(place.address).await?;
    stream.set_nodelay(true)?;
    socket2::SockRef::from(&stream).set_tcp_keepalive(&keep_alive())?;
    match &*place.speech {
        Speech::Http1 => Ok(Opened::Http1(Http1::new(Socket::Plain(stream)))),
        Speech::Http2 => http2(stream).await,
        Speech::Tls(secured) => {
            let config = if http1_only { &secured.trust.http1 } else { &secured.trust.any };
            let connector = TlsConnector::from(config.clone());
            let stream = connector.connect(secured.name.clone(), stream).await?;
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                http2(stream).await
            } else {
                Ok(Opened::Http1(Http1::new(Socket::Tls(Box::new(stream)))))
            }
        }
    }
}

/// A server that is gone without a word is noticed, also behind an answer that may rest for as long as it likes.
fn keep_alive() -> TcpKeepalive {
    TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(20))
        .with_retries(3)
}

async fn http2(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> io::Result<Opened> {
    let (sender, connection) = http2::Builder::new(LocalExecutor)
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        // A server that is gone without a word is noticed.
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    spawn_local(async move {
        let _ = connection.await;
    });
    Ok(Opened::Http2(sender))
}
