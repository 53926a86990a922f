//! HTTP over one connection, until it ends by itself, is told to, or wastes its place.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use spigot_state::State;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;

use super::answer::answer;
use crate::door::connection::Connection;
use crate::in_box::in_box;
use crate::settings::Bounds;
use crate::wire::{Abort, Gate, Limits, Notes, Protocol, Times};

/// hyper reads with this much at first; heads that are larger come in pieces.
const BUFFER_BYTES: usize = 8 << 10;
/// Of one HTTP/2 answer as much waits for its reader, times the streams of a connection.
const SEND_BYTES: usize = 64 << 10;
/// Streams that a client has reset before we took them up, and that we had to reset because of it: beyond these the
/// connection ends. Honest clients do either rarely.
const RESET_BY_CLIENT_MAX: usize = 20;
const RESET_BY_US_MAX: usize = 128;
/// An HTTP/2 client that is gone without a word is noticed after these.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_WITHIN: Duration = Duration::from_secs(20);

/// What the reader checks for requests, by the settings.
pub(super) fn limits(bounds: &Bounds) -> Limits {
    Limits { head_bytes: bounds.head_bytes, fields: bounds.headers, target_bytes: bounds.target_bytes }
}

pub(super) fn times(bounds: &Bounds) -> Times {
    Times {
        head: bounds.head_time,
        idle: bounds.idle_time,
        body: bounds.body_time,
        body_bytes_per_second: bounds.body_bytes_per_second,
        write: bounds.write_time,
    }
}

/// What serves the requests of a connection. In a box, so that those of the one protocol are not as large as of the other.
pub(super) type Served = Pin<Box<dyn Future<Output = ()>>>;

/// Serves the requests of a connection.
pub(super) fn serve<S, I, P>(
    connection: Rc<Connection<S>>,
    gate: Gate<I, P>,
    protocol: Protocol,
    bounds: &Bounds,
    stop: watch::Receiver<bool>,
) -> Served
where
    S: State,
    I: AsyncRead + AsyncWrite + Abort + Unpin + Send + 'static,
    P: Unpin + Send + 'static,
{
    let limits = limits(bounds);
    match protocol {
        Protocol::Http1 => in_box(|| http1(connection, gate, limits, stop)),
        Protocol::Http2 => in_box(|| http2(connection, gate, limits, times(bounds), bounds.streams, stop)),
    }
}

async fn http1<S, I, P>(
    connection: Rc<Connection<S>>,
    gate: Gate<I, P>,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) where
    S: State,
    I: AsyncRead + AsyncWrite + Abort + Unpin + Send + 'static,
    P: Unpin + Send + 'static,
{
    let notes = connection.marks.notes.clone();
    let service = service_fn(move |request| answer(connection.clone(), notes.clone(), limits, request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    // The reader keeps the bounds and the times; hyper's own would only answer less clearly.
    // No pipeline_flush: with it hyper never sends an answer behind which unread bytes remain.
    builder.max_buf_size(limits.head_bytes + BUFFER_BYTES).header_read_timeout(None);
    if limits.fields > 100 {
        builder.max_headers(limits.fields);
    }
    let mut served = pin!(builder.serve_connection(TokioIo::new(gate), service).with_upgrades());
    tokio::select! {
        _ = served.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

async fn http2<S, I, P>(
    connection: Rc<Connection<S>>,
    gate: Gate<I, P>,
    limits: Limits,
    times: Times,
    streams: u32,
    mut stop: watch::Receiver<bool>,
) where
    S: State,
    I: AsyncRead + AsyncWrite + Abort + Unpin + Send + 'static,
    P: Unpin + Send + 'static,
{
    let notes = connection.marks.notes.clone();
    let mut watch = Watch::new(notes.clone(), times);
    let service = service_fn(move |request| answer(connection.clone(), notes.clone(), limits, request));
    let mut builder = hyper::server::conn::http2::Builder::new(LocalExecutor);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(SEND_BYTES)
        .max_pending_accept_reset_streams(RESET_BY_CLIENT_MAX)
        .max_local_error_reset_streams(Some(RESET_BY_US_MAX))
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_WITHIN);
    let mut served = pin!(builder.serve_connection(TokioIo::new(gate), service));
    let mut ticks = tokio::time::interval(watch.period());
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = served.as_mut() => return,
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
            now = ticks.tick() => match watch.look(now) {
                Look::Well => {}
                Look::Idle => served.as_mut().graceful_shutdown(),
                Look::Wasted => return,
            },
        }
    }
}

/// Looks at an HTTP/2 connection from time to time: its streams share one socket, so that the socket alone does not
/// tell whether anybody waits for anything.
struct Watch {
    notes: Arc<Notes>,
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
    fn new(notes: Arc<Notes>, times: Times) -> Self {
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

/// Runs a connection's tasks on its own thread.
#[derive(Clone, Copy)]
pub(crate) struct LocalExecutor;

impl<F: Future + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}
