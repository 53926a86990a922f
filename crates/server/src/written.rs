//! Bodies that are written while they are sent: what produces them runs on a thread and waits whenever the client is
//! slower than it.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame};
use spigot_admin::api::WriteDownload;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

/// Bytes that are gathered before they go on.
const PIECE_BYTES: usize = 64 << 10;
/// Pieces on their way at most.
const PIECES: usize = 4;

/// How long a reader may take for a piece, and for all of them. Whoever reads slower gives the thread to others.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) piece: Duration,
    pub(crate) all: Duration,
}

/// What a phone on a slow line needs for a long file.
pub(crate) const PATIENCE: Patience =
    Patience { piece: Duration::from_secs(60), all: Duration::from_secs(3600) };

/// A body of the admin port.
pub(crate) enum Sent {
    Whole(Full<Bytes>),
    Pieces(Pieces),
}

/// A body that comes piece by piece.
pub(crate) struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    /// It ended before all was written.
    is_broken: Arc<AtomicBool>,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context).map_err(|never| match never {}),
            Self::Pieces(Pieces { pieces, is_broken }) => {
                pieces.poll_recv(context).map(|piece| match piece {
                    Some(piece) => Some(Ok(Frame::data(piece))),
                    // The connection breaks off, so that half a file is not taken for a whole one.
                    None if is_broken.load(Ordering::Acquire) => Some(Err(io::ErrorKind::TimedOut.into())),
                    None => None,
                })
            }
        }
    }
}

/// Starts writing on a thread of the pool; `permit` is given back when it has ended.
pub(crate) fn written(write: WriteDownload, permit: OwnedSemaphorePermit, patience: Patience) -> Sent {
    let (sender, pieces) = mpsc::channel(PIECES);
    let (is_broken, runtime) = (Arc::<AtomicBool>::default(), Handle::current());
    let broken = is_broken.clone();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let end = Instant::now() + patience.all;
        let mut writer = Writer { sender, gathered: Vec::with_capacity(PIECE_BYTES), runtime, patience, end };
        // There is nobody to tell but whoever reads the body.
        let ended = write(&mut writer).and_then(|()| writer.flush());
        broken.store(ended.is_err(), Ordering::Release);
    });
    Sent::Pieces(Pieces { pieces, is_broken })
}

struct Writer {
    sender: mpsc::Sender<Bytes>,
    gathered: Vec<u8>,
    runtime: Handle,
    patience: Patience,
    end: Instant,
}

impl Write for Writer {
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
        let left = self.end.saturating_duration_since(Instant::now()).min(self.patience.piece);
        let sent = self.runtime.block_on(async { timeout(left, self.sender.send(piece.into())).await });
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::sync::Semaphore;

    use super::*;

    /// What becomes of a file of so many pieces whose reader takes so many and then sleeps.
    async fn read(pieces: usize, taken: usize) -> (usize, bool, usize) {
        let permits = Arc::new(Semaphore::new(1));
        let permit = permits.clone().try_acquire_owned().unwrap();
        let write: WriteDownload =
            Box::new(move |to| (0..pieces).try_for_each(|_| to.write_all(&[7; PIECE_BYTES])));
        let patience = Patience { piece: Duration::from_millis(1), all: Duration::from_secs(60) };
        let mut body = written(write, permit, patience);
        let mut bytes = 0;
        for _ in 0..taken {
            bytes += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
        }
        // Asleep until the permit is back, which it is although nobody reads.
        drop(permits.acquire().await.unwrap());
        let mut is_broken = false;
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes += frame.into_data().unwrap().len(),
                Err(_) => {
                    is_broken = true;
                    break;
                }
            }
        }
        (bytes / PIECE_BYTES, is_broken, permits.available_permits())
    }

    #[test]
    fn who_does_not_read_on_holds_nothing() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let Ok(runtime) = runtime else { panic!("no runtime") };
        // What waits in the channel is read; a file that was cut is no whole one.
        assert_eq!(runtime.block_on(read(100, 0)), (PIECES, true, 1));
        assert_eq!(runtime.block_on(read(2, 0)), (2, false, 1));
    }
}
