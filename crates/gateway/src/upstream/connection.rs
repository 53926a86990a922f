use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsConnector;

use super::http1::{Http1, Socket};
use super::http2::Http2;
use super::target::{Place, Speech};
use crate::keep_alive::keep_alive;

/// A connection just opened.
pub(super) enum Opened {
    Http1(Rc<RefCell<Http1>>),
    Http2(Rc<Http2>),
}

/// Opens a connection; `http1_only` when it will be upgraded, which HTTP/2 cannot. `bell` is rung when a shared one ends.
pub(super) async fn open(place: &Place, http1_only: bool, bell: Rc<Notify>) -> io::Result<Opened> {
    let stream = TcpStream::connect(place.address).await?;
    stream.set_nodelay(true)?;
    keep_alive(&stream)?;
    match &*place.speech {
        Speech::Http1 => Ok(Opened::Http1(Http1::new(Socket::Plain(stream)))),
        Speech::Http2 => Ok(Opened::Http2(Http2::begin(stream, bell).await?)),
        Speech::Tls(secured) => {
            let config = if http1_only { &secured.trust.http1 } else { &secured.trust.any };
            let connector = TlsConnector::from(config.clone());
            let stream = connector.connect(secured.name.clone(), stream).await?;
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                Ok(Opened::Http2(Http2::begin(stream, bell).await?))
            } else {
                Ok(Opened::Http1(Http1::new(Socket::Tls(Box::new(stream)))))
            }
        }
    }
}
