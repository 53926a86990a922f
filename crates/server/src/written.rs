//! Bodies that are written while they are sent: what produces them runs on a thread and waits whenever the client is
//! slower than it.

use std::convert::Infallible;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame};
use spigot_admin::api::WriteDownload;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Bytes that are gathered before they go on.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces on their way at most.
const PIECES: usize = 4;

/// A body of the admin port.
pub(crate) enum Sent {
    Whole(Full<Bytes>),
    Pieces(mpsc::Receiver<Bytes>),
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context),
            Self::Pieces(pieces) => {
                pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
        }
    }
}

/// Starts writing on a thread of the pool; `permit` is given back when it has ended.
pub(crate) fn written(write: WriteDownload, permit: OwnedSemaphorePermit) -> Sent {
    let (sender, receiver) = mpsc::channel(PIECES);
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let mut pieces = Pieces { sender, gathered: Vec::with_capacity(PIECE_BYTES) };
        // An error is the reader having gone; there is nobody to tell.
        let _ = write(&mut pieces).and_then(|()| pieces.flush());
    });
    Sent::Pieces(receiver)
}

struct Pieces {
    sender: mpsc::Sender<Bytes>,
    gathered: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.gathered, Vec::with_capacity(PIECE_BYTES));
        self.sender.blocking_send(piece.into()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
