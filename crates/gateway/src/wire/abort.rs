use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Overheard;

/// A socket whose other side can be shown that something is missing.
pub(crate) trait Abort {
    /// Makes the socket's closing a reset. A clean one is, to HTTP/1.0, the end of an answer without a length.
    fn abort(&self);
}

impl Abort for TcpStream {
    fn abort(&self) {
        // A socket that cannot be told is gone already.
        let _ = self.set_zero_linger();
    }
}

impl<S: Abort> Abort for Overheard<S> {
    fn abort(&self) {
        self.inner.abort();
    }
}

impl<S: Abort> Abort for TlsStream<S> {
    fn abort(&self) {
        self.get_ref().0.abort();
    }
}

#[cfg(test)]
impl Abort for tokio::io::DuplexStream {
    fn abort(&self) {}
}
