//! HTTP/2 over one connection, until it ends by itself, is told to, or wastes its place.

mod answer;

use std::rc::Rc;
use std::time::Duration;

use h2::server::Builder;
use spigot_state::State;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::Instant;

use self::answer::answer;
use super::{limits, times};
use crate::door::connection::Connection;
use crate::settings::Bounds;
use crate::wire::{Gate, Notes, Times};

/// Bytes that a client may send ahead of us, in one body and in all of a connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Of one HTTP/2 answer as much waits for its reader, times the streams of a connection.
const SEND_BYTES: usize = 64 << 10;
/// Streams that a client has reset before we took them up, and that we had to reset because of it: beyond these the
/// connection ends. Honest clients do either rarely.
const RESET_BY_CLIENT_MAX: usize = 20;
const RESET_BY_US_MAX: usize = 128;

/// Serves the requests of a connection.
pub(super) async fn serve<S, I, P>(
    connection: Rc<Connection<S>>,
    gate: Gate<I, P>,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
) where
    S: State,
    I: AsyncRead + AsyncWrite + Unpin + 'static,
    P: Unpin + 'static,
{
    let (limits, times) = (limits(&bounds), times(&bounds));
    let notes = Rc::<Notes>::default();
    let mut builder = Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(bounds.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BYTES)
        .max_pending_accept_reset_streams(RESET_BY_CLIENT_MAX)
        .max_local_error_reset_streams(Some(RESET_BY_US_MAX));
    let Ok(Ok(mut requests)) = tokio::time::timeout(times.head, builder.handshake(gate)).await else {
        return;
    };
    let mut watch = Watch::new(notes.clone(), times);
    let mut ticks = tokio::time::interval(watch.period());
    let mut stopping = false;
    loop {
        tokio::select! {
            next = requests.accept() => match next {
                Some(Ok((request, respond))) => {
                    spawn_local(answer(connection.clone(), notes.clone(), limits, request, respond));
                }
                _ => return,
            },
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                requests.graceful_shutdown();
            }
            now = ticks.tick() => match watch.look(now) {
                Look::Well => {}
                Look::Idle => requests.graceful_shutdown(),
                Look::Wasted => return,
            },
        }
    }
}

/// Looks at an HTTP/2 connection from time to time: its streams share one socket, so that the socket alone does not
/// tell whether anybody waits for anything.
struct Watch {
    notes: Rc<Notes>,
    times: Times,
    progress: u64,
    since: Option<Instant>,
    leaving: Option<Instant>,
}

enum Look {
    Well,
    /// No request for so long that it is to be told to go.
    Idle,
    /// It does not take what it asked for, or does not go.
    Wasted,
}

impl Watch {
    fn new(notes: Rc<Notes>, times: Times) -> Self {
        Self { notes, times, progress: 0, since: None, leaving: None }
    }

    /// Half of the shortest bound: a bound is kept within one and a half times its length.
    fn period(&self) -> Duration {
        let shortest = self.times.head.min(self.times.idle).min(self.times.write);
        (shortest / 2).clamp(Duration::from_millis(50), Duration::from_secs(15))
    }

    fn look(&mut self, now: Instant) -> Look {
        let (owed, progress) = self.notes.owed();
        if progress != self.progress || self.since.is_none() {
            self.progress = progress;
            self.since = Some(now);
        }
        let still = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if self.leaving.is_some_and(|since| now.saturating_duration_since(since) > self.times.write) {
            return Look::Wasted;
        }
        if owed > 0 && still > self.times.write {
            return Look::Wasted;
        }
        let idle = if progress == 0 { self.times.head } else { self.times.idle };
        if self.notes.in_flight() == 0 && still > idle && self.leaving.is_none() {
            self.leaving = Some(now);
            return Look::Idle;
        }
        Look::Well
    }
}
