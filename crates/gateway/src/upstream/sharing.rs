use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::http2::{Http2, STREAMS_MAX};

/// HTTP/2 connections to one server: streams for thousands that follow events. With all of them full, requests wait.
pub(super) const CONNECTIONS_MAX: usize = 128;

/// The connections to a server that requests share, and who waits for one.
#[derive(Default)]
pub(super) struct Sharing {
    connections: RefCell<Vec<Rc<Http2>>>,
    /// The server chose HTTP/1.1 last: nobody waits for a connection to share.
    chose_http1: Cell<bool>,
    /// Requests that one connection carries, by what the server said last.
    streams: Cell<Option<usize>>,
    /// Connections that are being opened, and how many could not be.
    opening: Cell<usize>,
    failed: Cell<u64>,
    /// Requests that wait.
    waiting: Cell<usize>,
    /// Rings for one of them when a connection may take it, or when there may be another connection.
    room: Rc<Notify>,
    /// Rings for all that want a new connection when an opening has come to its end.
    opened: Notify,
}

impl Sharing {
    /// The connection with the fewest requests, when it takes one more; one that stands only since `newer`, where that is
    /// told. With equally few it is the first of them, so that those opened for a rush rest after it, and those that
    /// have rested for `rest` are let go.
    pub(super) fn take(&self, newer: Option<Instant>, rest: Duration, now: Instant) -> Option<Rc<Http2>> {
        let mut connections = self.connections.borrow_mut();
        connections.retain(|connection| connection.lives(rest, now));
        let is_new = |connection: &Http2| newer.is_none_or(|newer| connection.since() >= newer);
        let with_room = connections.iter().filter(|connection| is_new(connection) && connection.has_room());
        with_room.min_by_key(|connection| connection.open()).cloned()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.connections.borrow().len()
    }

    /// Whether a new connection can probably carry several requests, as far as the server has shown.
    pub(super) fn is_likely(&self) -> bool {
        !self.chose_http1.get()
    }

    /// Whether a request would have to wait for the end of another.
    pub(super) fn is_busy(&self) -> bool {
        let connections = self.connections.borrow();
        connections.len() >= CONNECTIONS_MAX && !connections.iter().any(|connection| connection.has_room())
    }

    /// Waits for a connection that others open and that will carry this request as well, or, where there may be no more
    /// of them, for the end of another request. `None` when it is to open one itself.
    pub(super) async fn wait(&self, newer: Option<Instant>, rest: Duration) -> Option<Rc<Http2>> {
        let failed = self.failed.get();
        while self.is_likely() {
            let opening = self.opening.get();
            let full = self.connections.borrow().len() + opening >= CONNECTIONS_MAX;
            let carried = opening * (self.streams.get().unwrap_or(STREAMS_MAX) - 1);
            // After a failure, to wait for one opening after the other would take too long.
            let awaited = self.waiting.get() < carried && self.failed.get() == failed;
            if !full && !awaited {
                return None;
            }
            let newer = newer.filter(|_| !full);
            let waiting = Count::begin(&self.waiting);
            match newer {
                None => self.room.notified().await,
                Some(_) => self.opened.notified().await,
            }
            drop(waiting);
            if let Some(connection) = self.take(newer, rest, Instant::now()) {
                return Some(connection);
            }
        }
        None
    }

    /// Somebody opens a connection.
    pub(super) fn begin(&self) -> Opening<'_> {
        Opening { sharing: self, _opening: Count::begin(&self.opening), ended: Ended::GivenUp }
    }

    /// A request has ended.
    pub(super) fn room(&self) {
        self.room.notify_one();
    }

    /// Rings for those who wait.
    pub(super) fn bell(&self) -> Rc<Notify> {
        self.room.clone()
    }
}

/// One more of them, until it is dropped.
struct Count<'a>(&'a Cell<usize>);

impl<'a> Count<'a> {
    fn begin(count: &'a Cell<usize>) -> Self {
        count.update(|count| count + 1);
        Self(count)
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.update(|count| count - 1);
    }
}

/// A connection on its way. However it ends, those who wait for it hear of it.
pub(super) struct Opening<'a> {
    sharing: &'a Sharing,
    _opening: Count<'a>,
    ended: Ended,
}

#[derive(Clone, Copy)]
enum Ended {
    /// Whose request it was has gone: another one opens it.
    GivenUp,
    /// The server does not take it, or not for several requests.
    Alone,
    /// It takes so many more requests.
    Shared(usize),
}

impl Opening<'_> {
    /// The server takes no connection.
    pub(super) fn failed(&mut self) {
        self.sharing.failed.update(|failed| failed + 1);
        self.ended = Ended::Alone;
    }

    /// It chose HTTP/1.1.
    pub(super) fn chose_http1(&mut self) {
        self.sharing.chose_http1.set(true);
        self.ended = Ended::Alone;
    }

    /// It takes several requests.
    pub(super) fn shared(&mut self, connection: &Rc<Http2>) {
        let streams = connection.most().max(1);
        self.sharing.chose_http1.set(false);
        self.sharing.streams.set(Some(streams));
        let mut connections = self.sharing.connections.borrow_mut();
        // Where the server has changed its mind there may be more, for one request each.
        if connections.len() < CONNECTIONS_MAX {
            connections.push(connection.clone());
            self.ended = Ended::Shared(streams - 1);
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        let Sharing { room, opened, waiting, opening, .. } = self.sharing;
        let waiting = waiting.get();
        match self.ended {
            Ended::GivenUp => room.notify_one(),
            // With those that are on their way it will not do for all: some have to open others.
            Ended::Shared(more) if waiting <= opening.get() * more => {
                (0..more.min(waiting)).for_each(|_| room.notify_one());
            }
            Ended::Shared(_) | Ended::Alone => room.notify_waiters(),
        }
        opened.notify_waiters();
    }
}
