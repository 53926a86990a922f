//! A request on its way out: its head and, where they are at hand, the beginnings of its body in one write.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body;
use tokio::io::AsyncWrite;

use crate::body::Through;
use crate::upstream::Head;

/// Pieces of a body up to this are copied behind what is to be written before them: a copy costs less than a write.
const COPIED_MAX: usize = 8 << 10;
/// Memory for what is to be written that an idle connection keeps.
const KEPT_MAX: usize = 16 << 10;

pub(super) struct Sending {
    /// To be written, from `written` on.
    output: Vec<u8>,
    written: usize,
    /// To be written behind it.
    held: Bytes,
    body: Through,
    framing: Framing,
    /// Something has left.
    begun: bool,
    /// All of it has left. What was written may still wait in the connection (TLS), until a flush says otherwise.
    flushed: bool,
    /// The body, when it was copied whole and nothing has left.
    copied: Option<Bytes>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// So many bytes have to follow.
    Length(u64),
    Chunked,
    /// Nothing follows what is to be written.
    Done,
}

/// Why nothing more can be sent.
pub(super) enum Stuck {
    /// The client broke off, or does not keep to the length that it told.
    Client,
    /// The connection takes nothing any more.
    Connection,
}

impl From<io::Error> for Stuck {
    fn from(_: io::Error) -> Self {
        Self::Connection
    }
}

impl Sending {
    pub(super) fn new() -> Self {
        Self {
            output: Vec::new(),
            written: 0,
            held: Bytes::new(),
            body: Through::Empty,
            framing: Framing::Done,
            begun: false,
            flushed: true,
            copied: None,
        }
    }

    /// Puts a request in the place of the one before, which has been sent.
    pub(super) fn begin(&mut self, head: &dyn Head, body: Through) {
        self.output.clear();
        (self.written, self.begun, self.flushed, self.copied) = (0, false, false, None);
        let told = head.http1(&body, &mut self.output);
        self.framing = if body.is_end_stream() {
            Framing::Done
        } else if let Some(length) = told {
            Framing::Length(length)
        } else if let Some(length) = body.size_hint().exact() {
            // Writing into memory does not fail.
            let _ = write!(self.output, "content-length: {length}\r\n");
            Framing::Length(length)
        } else {
            self.output.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Framing::Chunked
        };
        self.output.extend_from_slice(b"\r\n");
        self.body = body;
        if let (Through::Bytes(bytes), Framing::Length(length)) = (&self.body, self.framing)
            && bytes.len() as u64 == length
            && bytes.len() <= COPIED_MAX
        {
            self.output.extend_from_slice(bytes);
            self.copied = Some(bytes.clone());
            (self.body, self.framing) = (Through::Empty, Framing::Done);
        }
    }

    /// Whether all of it has left.
    pub(super) fn is_done(&self) -> bool {
        self.flushed
    }

    /// The body, when nothing of the request has left.
    pub(super) fn take_unsent(&mut self) -> Option<Through> {
        if self.begun {
            return None;
        }
        let body = std::mem::replace(&mut self.body, Through::Empty);
        Some(self.copied.take().map_or(body, Through::Bytes))
    }

    /// Sends as much as there is and as the connection takes. Ready when all of it has left.
    pub(super) fn poll(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Stuck>> {
        loop {
            ready!(self.poll_write(socket, context))?;
            if self.framing == Framing::Done {
                self.body = Through::Empty;
                if self.output.capacity() > KEPT_MAX {
                    self.output = Vec::new();
                }
                ready!(Pin::new(socket).poll_flush(context))?;
                self.flushed = true;
                return Poll::Ready(Ok(()));
            }
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
                // What was written must not wait for what is not there yet.
                ready!(Pin::new(socket).poll_flush(context))?;
                return Poll::Pending;
            };
            match frame {
                None => self.end(None)?,
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.push(data)?,
                    Err(frame) => self.end(frame.trailers_ref())?,
                },
                Some(Err(_)) => return Poll::Ready(Err(Stuck::Client)),
            }
        }
    }

    fn poll_write(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.written < self.output.len() {
            let count = ready!(Pin::new(&mut *socket).poll_write(context, &self.output[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.begun = true;
            self.written += count;
        }
        self.output.clear();
        self.written = 0;
        while !self.held.is_empty() {
            let count = ready!(Pin::new(&mut *socket).poll_write(context, &self.held))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.held.advance(count);
        }
        Poll::Ready(Ok(()))
    }

    fn push(&mut self, data: Bytes) -> Result<(), Stuck> {
        match &mut self.framing {
            Framing::Length(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or(Stuck::Client)?;
                if *left == 0 && self.body.is_end_stream() {
                    self.framing = Framing::Done;
                }
                if data.len() <= COPIED_MAX {
                    self.output.extend_from_slice(&data);
                } else {
                    self.held = data;
                }
            }
            // A chunk of no length would be the last.
            Framing::Chunked if !data.is_empty() => {
                let _ = write!(self.output, "{:x}\r\n", data.len());
                self.output.extend_from_slice(&data);
                self.output.extend_from_slice(b"\r\n");
            }
            Framing::Chunked | Framing::Done => {}
        }
        Ok(())
    }

    fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), Stuck> {
        match self.framing {
            Framing::Length(0) | Framing::Done => {}
            Framing::Length(_) => return Err(Stuck::Client),
            Framing::Chunked => {
                self.output.extend_from_slice(b"0\r\n");
                for (name, value) in trailers.into_iter().flatten() {
                    field(&mut self.output, name.as_str(), value.as_bytes());
                }
                self.output.extend_from_slice(b"\r\n");
            }
        }
        self.framing = Framing::Done;
        Ok(())
    }
}

/// Writes a field's line.
pub(crate) fn field(into: &mut Vec<u8>, name: &str, value: &[u8]) {
    into.extend_from_slice(name.as_bytes());
    into.extend_from_slice(b": ");
    into.extend_from_slice(value);
    into.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use http::{Method, Request};

    use super::*;

    /// Takes everything at once, and passes it on when it is flushed: at the second attempt, as TLS does over a socket
    /// that is full.
    #[derive(Default)]
    struct Reluctant {
        taken: Vec<u8>,
        passed_on: usize,
        asked: bool,
    }

    impl AsyncWrite for Reluctant {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.taken.extend_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.asked = !self.asked;
            if self.asked {
                return Poll::Pending;
            }
            self.passed_on = self.taken.len();
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    struct Post;

    impl Head for Post {
        fn method(&self) -> &Method {
            &Method::POST
        }

        fn http1(&self, _: &Through, into: &mut Vec<u8>) -> Option<u64> {
            into.extend_from_slice(b"POST / HTTP/1.1\r\n");
            None
        }

        fn http2(&self, _: &Through) -> Request<()> {
            Request::default()
        }
    }

    #[test]
    fn a_request_is_sent_when_it_is_flushed() {
        let mut context = Context::from_waker(Waker::noop());
        let mut sending = Sending::new();
        assert!(sending.is_done(), "nothing to send");
        // Without a body, with one that is copied, and with one that is written by itself; over the same connection.
        for length in [0, 10, COPIED_MAX + 1] {
            let mut socket = Reluctant::default();
            sending.begin(&Post, Through::Bytes(vec![b'x'; length].into()));
            assert!(!sending.is_done(), "{length}");
            assert!(sending.poll(&mut socket, &mut context).is_pending(), "{length}");
            assert!(!sending.is_done(), "{length} bytes were written, {} have left", socket.passed_on);
            assert!(matches!(sending.poll(&mut socket, &mut context), Poll::Ready(Ok(()))), "{length}");
            assert!(sending.is_done(), "{length}");
            assert!(socket.passed_on > length && socket.passed_on == socket.taken.len(), "{length}");
        }
    }
}
