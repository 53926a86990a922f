use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::timeout;

/// Bytes read of a body that nobody wants, and for how long: a client that has seen the answer stops by then. After
/// that the connection closes.
const BYTES_MAX: usize = 4 << 20;
const TIME_MAX: Duration = Duration::from_secs(5);
/// Bodies that wait to be taken up; they are taken up at once, so this is a burst.
const WAITING_MAX: usize = 1024;

/// A body that nobody will read to its end.
pub(crate) struct Unread(pub(super) Incoming);

/// Starts this thread's drain. Runs inside its `LocalSet`.
pub(crate) fn drain() -> mpsc::Sender<Unread> {
    let (sender, mut receiver) = mpsc::channel::<Unread>(WAITING_MAX);
    spawn_local(async move {
        while let Some(Unread(body)) = receiver.recv().await {
            spawn_local(timeout(TIME_MAX, read(body)));
        }
    });
    sender
}

async fn read(mut body: Incoming) {
    let mut bytes = 0;
    while bytes <= BYTES_MAX {
        match body.frame().await {
            Some(Ok(frame)) => bytes += frame.data_ref().map_or(0, bytes::Bytes::len),
            _ => return,
        }
    }
}
