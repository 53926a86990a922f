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
pub(super) const STREAMS_MAX: u32 = 100;
/// HTTP/2 connections to one server; with all of them full, requests wait for streams inside them.
const SHARED_MAX: usize = 16;

/// What one thread has to do with one address of a protected server.
pub(crate) struct Server {
    pub(super) place: Arc<Place>,
    pub(super) health: RefCell<Health>,
    pass_over: Cell<PassOver>,
    idle: RefCell<Vec<Rc<RefCell<Http1>>>>,
    shared: RefCell<Vec<Rc<Http2>>>,
    /// Somebody opens a connection that others can share.
    opening: Cell<bool>,
    opened: Notify,
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
            opening: Cell::new(false),
            opened: Notify::new(),
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

    /// A connection, and whether it has been used before. `None` when none can be had in time.
    pub(super) async fn line(
        self: &Rc<Self>,
        http1_only: bool,
        fresh: bool,
        time: Duration,
        now: Instant,
    ) -> Option<(Line, bool)> {
        // Without TLS there is no choice: the upgrade is left out.
        let http1_only = http1_only && *self.place.speech != Speech::Http2;
        if !fresh && let Some(line) = self.free(http1_only, now) {
            return Some((line, true));
        }
        // In a box, as nearly every request finds a connection.
        in_box(|| async move { timeout(time, pin!(self.open(http1_only, fresh))).await }).await.ok().flatten()
    }

    fn free(self: &Rc<Self>, http1_only: bool, now: Instant) -> Option<Line> {
        if !http1_only && let Some(line) = self.share() {
            return Some(line);
        }
        loop {
            let connection = self.idle.borrow_mut().pop()?;
            let usable = {
                let mut connection = connection.borrow_mut();
                now - connection.idle_since < IDLE_TIME && connection.is_alive()
            };
            if usable {
                return Some(Line::http1(self.clone(), connection));
            }
        }
    }

    /// The shared connection with the fewest requests.
    fn share(self: &Rc<Self>) -> Option<Line> {
        let mut shared = self.shared.borrow_mut();
        shared.retain(|connection| !connection.has_ended());
        let full = shared.len() >= SHARED_MAX;
        let least = shared.iter().min_by_key(|connection| connection.open())?;
        (full || least.open() < STREAMS_MAX).then(|| Line::http2(self.clone(), least.clone()))
    }

    async fn open(self: &Rc<Self>, http1_only: bool, fresh: bool) -> Option<(Line, bool)> {
        let shareable = !http1_only && !matches!(*self.place.speech, Speech::Http1);
        // One opens, the others wait for it: it will carry them all. Only when it turns out to be HTTP/1 do they open
        // their own, and those who know that by now do not wait.
        let mut waited = fresh || !self.idle.borrow().is_empty();
        while shareable && self.opening.get() && !waited {
            self.opened.notified().await;
            if let Some(line) = self.share() {
                return Some((line, true));
            }
            waited = true;
        }
        let _opening = (shareable && !self.opening.replace(true)).then(|| Opening(self));
        match open(&self.place, http1_only).await.ok()? {
            Opened::Http1(connection) => Some((Line::http1(self.clone(), connection), false)),
            Opened::Http2(connection) => {
                self.shared.borrow_mut().push(connection.clone());
                Some((Line::http2(self.clone(), connection), false))
            }
        }
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

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.opening.set(false);
        self.0.opened.notify_waiters();
    }
}
