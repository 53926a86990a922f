//! A stream between the socket and `h2` that follows the frames of HTTP/2, and bounds how long a client lets our bytes
//! lie.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arrayvec::ArrayVec;
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::frames::{Frames, PREFACE};
use super::patience::Deadline;
use crate::marks::Mark;

/// Read at once while nobody knows the protocol yet. As large as most heads.
const PIECE_BYTES: usize = 2048;
/// Pieces that are no more than this together are written as one: to copy a small page costs less than the kernel's way
/// through a list of pieces.
const TOGETHER_BYTES: usize = 4 << 10;

/// How long a client may keep us waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// For a whole head, once it has begun, and for the first byte.
    pub(crate) head: Duration,
    /// For the next request.
    pub(crate) idle: Duration,
    /// For the next bytes of a body, see [`Pace`](super::Pace).
    pub(crate) body: Duration,
    pub(crate) body_bytes_per_second: u32,
    /// For the client to take anything that we write.
    pub(crate) write: Duration,
}

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// Reads until the first bytes tell the protocol: HTTP/2 begins with its preface (RFC 9113, section 3.4). What was read
/// comes with it. `None` when the client is gone.
pub(crate) async fn protocol(socket: &mut (impl AsyncRead + Unpin)) -> Option<(Protocol, BytesMut)> {
    let mut began = BytesMut::new();
    loop {
        began.reserve(PIECE_BYTES);
        if !matches!(socket.read_buf(&mut began).await, Ok(1..)) {
            return None;
        }
        let seen = began.len().min(PREFACE.len());
        if began[..seen] != PREFACE[..seen] {
            return Some((Protocol::Http1, began));
        }
        if seen == PREFACE.len() {
            return Some((Protocol::Http2, began));
        }
    }
}

/// The stream. `P` is what it keeps until it is dropped: the connection's place.
pub(crate) struct Gate<S, P> {
    inner: S,
    frames: Frames,
    /// Came before.
    began: BytesMut,
    mark: Arc<OnceLock<Mark>>,
    /// For the client to take what we write.
    time: Duration,
    writing: Deadline,
    _place: P,
}

impl<S: AsyncRead + AsyncWrite + Unpin, P: Unpin> Gate<S, P> {
    pub(crate) fn new(
        inner: S,
        began: BytesMut,
        mark: Arc<OnceLock<Mark>>,
        time: Duration,
        place: P,
    ) -> Self {
        let writing = Deadline::default();
        Self { inner, frames: Frames::new(), began, mark, time, writing, _place: place }
    }

    fn poll_written<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing.clear();
            return written;
        }
        let time = self.time;
        ready!(self.writing.poll(|| time, context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, P: Unpin> AsyncRead for Gate<S, P> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let before = buffer.filled().len();
        if gate.began.is_empty() {
            ready!(Pin::new(&mut gate.inner).poll_read(context, buffer))?;
        } else {
            let count = gate.began.len().min(buffer.remaining());
            buffer.put_slice(&gate.began[..count]);
            gate.began.advance(count);
        }
        if let Err(flood) = gate.frames.follow(&buffer.filled()[before..], Instant::now()) {
            return Poll::Ready(Err(io::Error::other(flood)));
        }
        if let Some(mark) = gate.frames.fingerprint().and_then(|text| Mark::new(&text)) {
            let _ = gate.mark.set(mark);
        }
        Poll::Ready(Ok(()))
    }
}

/// Puts small pieces together in `room`; whether all of them fit.
fn together(pieces: &[io::IoSlice<'_>], room: &mut ArrayVec<u8, TOGETHER_BYTES>) -> bool {
    pieces.iter().all(|piece| room.try_extend_from_slice(piece).is_ok())
}

impl<S: AsyncRead + AsyncWrite + Unpin, P: Unpin> AsyncWrite for Gate<S, P> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let written = Pin::new(&mut gate.inner).poll_write(context, bytes);
        gate.poll_written(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let inner = Pin::new(&mut gate.inner);
        let mut room = ArrayVec::new();
        let written = if together(pieces, &mut room) {
            inner.poll_write(context, &room)
        } else {
            inner.poll_write_vectored(context, pieces)
        };
        gate.poll_written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let flushed = Pin::new(&mut gate.inner).poll_flush(context);
        gate.poll_written(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let shut = Pin::new(&mut gate.inner).poll_shutdown(context);
        gate.poll_written(context, shut)
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
