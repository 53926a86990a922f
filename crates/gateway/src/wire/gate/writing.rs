//! The gate's other side: answers on their way to the client, interim ones before final ones, and the end of the
//! connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arrayvec::ArrayVec;
use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Gate, Mode, PIECE_BYTES};
use crate::wire::abort::Abort;
use crate::wire::http1::Part;

/// After the last answer what the client still sends is read away for this long, because closing a socket with unread
/// bytes makes the other side throw away what it has not read yet: our answer.
const LINGER: Duration = Duration::from_secs(2);
/// And at most so much: an upload that was refused may be on its way.
const LINGER_BYTES: usize = 16 << 20;

/// Pieces that are no more than this together are written as one: to copy a small page costs less than the kernel's way
/// through a list of pieces.
pub(super) const TOGETHER_BYTES: usize = 4 << 10;

impl<S: AsyncRead + AsyncWrite + Abort + Unpin, P: Unpin> Gate<S, P> {
    /// Bounds how long the client lets our bytes lie. A tunnel's client may: its other side is not ours to hurry.
    fn poll_written<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing.clear();
            return written;
        }
        if matches!(self.mode, Mode::Open) {
            return Poll::Pending;
        }
        let time = self.times.write;
        ready!(self.writing.poll(|| time, context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }

    /// Writes what is left of the interim answer that was taken.
    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.interim.is_empty() {
            let written = Pin::new(&mut self.inner).poll_write(context, &self.interim);
            let count = ready!(self.poll_written(context, written))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.interim.advance(count);
            if self.interim.is_empty() {
                self.notes.interim.written();
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Puts small pieces together in `room`; whether all of them fit.
pub(super) fn together(pieces: &[io::IoSlice<'_>], room: &mut ArrayVec<u8, TOGETHER_BYTES>) -> bool {
    pieces.iter().all(|piece| room.try_extend_from_slice(piece).is_ok())
}

impl<S: AsyncRead + AsyncWrite + Abort + Unpin, P: Unpin> AsyncWrite for Gate<S, P> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        ready!(gate.poll_interim(context))?;
        let written = Pin::new(&mut gate.inner).poll_write(context, bytes);
        gate.poll_written(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        ready!(gate.poll_interim(context))?;
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

    /// hyper flushes when it has written all that it had: the answer before is whole, and the next has not begun. That is
    /// where an interim answer belongs.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            ready!(gate.poll_interim(context))?;
            match gate.notes.interim.take() {
                Some(head) => gate.interim = head,
                None => break,
            }
        }
        let flushed = Pin::new(&mut gate.inner).poll_flush(context);
        gate.poll_written(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        if gate.linger.is_none() {
            let shut = Pin::new(&mut gate.inner).poll_shutdown(context);
            ready!(gate.poll_written(context, shut))?;
            let Mode::Http1(http1) = &gate.mode else { return Poll::Ready(Ok(())) };
            if matches!(http1.part, Part::Head) && !http1.refused && gate.held.is_empty() {
                return Poll::Ready(Ok(()));
            }
            gate.reading.clear();
            gate.linger = Some(LINGER_BYTES);
        }
        let left = gate.linger.get_or_insert(0);
        let mut piece = [0; PIECE_BYTES];
        while *left > 0 {
            let mut piece = ReadBuf::new(&mut piece);
            match Pin::new(&mut gate.inner).poll_read(context, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => {
                    *left = left.saturating_sub(piece.filled().len());
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(gate.reading.poll(|| LINGER, context));
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
