use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::connection::{Opened, open};
use super::health::{Health, PassOver};
use super::http1::Http1;
use super::http2::Http2;
use super::line::Line;
use super::target::{Place, Speech};
use crate::in_box::in_box;
use crate::metrics::Metrics;

/// Idle connections kept to one server: as many as one thread's requests are likely to want at once.
const IDLE_MAX: usize = 256;
/// How long they are kept: shorter than most servers wait before they close.
const IDLE_TIME: Duration = Duration::from_secs(50);
/// Requests that share an HTTP/2 connection: the number that RFC 9113 (section 6.5.2) asks servers to allow.
pub(super) const STREAMS_MAX: usize = 100;
/// HTTP/2 connections to one server: streams for thousands that follow events. With all of them full, requests wait.
pub(super) const SHARED_MAX: usize = 128;

/// What one thread has to do with one address of a protected server.
pub(crate) struct Server {
    pub(super) place: Arc<Place>,
    pub(super) health: RefCell<Health>,
    pass_over: Cell<PassOver>,
    idle: RefCell<Vec<Rc<RefCell<Http1>>>>,
    shared: RefCell<Vec<Rc<Http2>>>,
    /// It chose HTTP/1.1 last: nobody waits for a connection to share.
    chose_http1: Cell<bool>,
    /// Connections that are being opened and that others can share.
    opening: Cell<usize>,
    /// How many were opened, or could not be.
    opened: Cell<u64>,
    /// Rings when one is there, or a request of one has ended.
    room: Notify,
    pub(super) metrics: Arc<Metrics>,
}

impl Server {
    pub(super) fn new(place: Arc<Place>, pass_over: PassOver, metrics: Arc<Metrics>) -> Rc<Self> {
        Rc::new(Self {
            place,
            health: RefCell::default(),
            pass_over: Cell::new(pass_over),
            idle: RefCell::default(),
            shared: RefCell::default(),
            chose_http1: Cell::new(false),
            opening: Cell::new(0),
            opened: Cell::new(0),
            room: Notify::new(),
            metrics,
        })
    }

    pub(super) fn admits(&self, pass_over: PassOver, now: Instant) -> bool {
        self.pass_over.set(pass_over);
        self.health.borrow_mut().admits(pass_over, now)
    }

    pub(super) fn refused(&self) {
        self.health.borrow_mut().refused(self.pass_over.get(), Instant::now());
    }

    pub(super) fn answer_broke(&self) {
        self.health.borrow_mut().broke(self.pass_over.get(), Instant::now());
    }

    /// A connection, and whether it has been used before; one that stands only since `newer`, where that is told. `None`
    /// when none can be had in time.
    pub(super) async fn line(
        self: &Rc<Self>,
        http1_only: bool,
        newer: Option<Instant>,
        time: Duration,
        now: Instant,
    ) -> Option<(Line, bool)> {
        // Without TLS there is no choice: the upgrade is left out.
        let http1_only = http1_only && *self.place.speech != Speech::Http2;
        if let Some(line) = self.free(http1_only, newer, now) {
            return Some((line, true));
        }
        // In a box, as nearly every request finds a connection.
        in_box(|| async move { timeout(time, pin!(self.open(http1_only, newer))).await }).await.ok().flatten()
    }

    fn free(self: &Rc<Self>, http1_only: bool, newer: Option<Instant>, now: Instant) -> Option<Line> {
        if !http1_only && let Some(line) = self.share(newer, now) {
            return Some(line);
        }
        while newer.is_none() {
            let connection = self.idle.borrow_mut().pop()?;
            let usable = {
                let mut connection = connection.borrow_mut();
                now - connection.idle_since < IDLE_TIME && connection.is_alive()
            };
            if usable {
                return Some(Line::http1(self.clone(), connection));
            }
        }
        None
    }

    /// The shared connection with the fewest requests. With equally few it is the first of them, so that those opened
    /// for a rush rest after it.
    fn share(self: &Rc<Self>, newer: Option<Instant>, now: Instant) -> Option<Line> {
        let mut shared = self.shared.borrow_mut();
        shared.retain(|connection| connection.lives(IDLE_TIME, now));
        let is_new = |connection: &Http2| newer.is_none_or(|newer| connection.since() >= newer);
        let with_room = shared.iter().filter(|connection| is_new(connection) && connection.has_room());
        let least = with_room.min_by_key(|connection| connection.open())?;
        Some(Line::http2(self.clone(), least.clone()))
    }

    /// Whether it has as many shared connections as it may have.
    pub(super) fn is_full(&self) -> bool {
        self.shared.borrow().len() >= SHARED_MAX
    }

    /// A shared connection may take another request.
    pub(super) fn has_room(&self) {
        self.room.notify_one();
    }

    async fn open(self: &Rc<Self>, http1_only: bool, newer: Option<Instant>) -> Option<(Line, bool)> {
        let (before, mut alone) = (self.opened.get(), false);
        while self.is_shared(http1_only) {
            // One opens, the others wait for it: it will carry them all.
            let awaited = self.opening.get() > 0 && !alone;
            if !awaited && self.shared.borrow().len() + self.opening.get() < SHARED_MAX {
                break;
            }
            self.room.notified().await;
            if let Some(line) = self.share(newer, Instant::now()) {
                return Some((line, true));
            }
            // When nothing came of it, to wait for one after the other would take too long.
            alone = self.opened.get() != before && self.shared.borrow().is_empty();
        }
        let _opening = self.is_shared(http1_only).then(|| Opening::begin(self));
        match open(&self.place, http1_only).await.ok()? {
            Opened::Http1(connection) => {
                if !http1_only {
                    self.chose_http1.set(true);
                }
                Some((Line::http1(self.clone(), connection), false))
            }
            Opened::Http2(connection) => {
                self.chose_http1.set(false);
                if !self.is_full() {
                    self.shared.borrow_mut().push(connection.clone());
                }
                Some((Line::http2(self.clone(), connection), false))
            }
        }
    }

    /// Whether a new connection can probably carry several requests.
    fn is_shared(&self, http1_only: bool) -> bool {
        !http1_only && !self.chose_http1.get() && *self.place.speech != Speech::Http1
    }

    /// Takes a connection back.
    pub(super) fn put(&self, connection: Rc<RefCell<Http1>>) {
        let now = Instant::now();
        connection.borrow_mut().rest(now);
        let mut idle = self.idle.borrow_mut();
        // The one used longest ago is first: those that nobody needs go one by one.
        if idle.first().is_some_and(|first| now - first.borrow().idle_since > IDLE_TIME) {
            idle.remove(0);
        }
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// Wakes those who wait, however the opening ends.
struct Opening<'a>(&'a Server);

impl<'a> Opening<'a> {
    fn begin(server: &'a Server) -> Self {
        server.opening.update(|opening| opening + 1);
        Self(server)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.opening.update(|opening| opening - 1);
        self.0.opened.update(|opened| opened + 1);
        self.0.room.notify_waiters();
    }
}
