use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::connection::{Opened, open};
use super::health::{Health, PassOver};
use super::http1::Http1;
use super::line::Line;
use super::sharing::Sharing;
use super::target::{Place, Speech};
use crate::in_box::in_box;
use crate::metrics::Metrics;

/// Idle connections kept to one server: as many as one thread's requests are likely to want at once.
const IDLE_MAX: usize = 256;
/// How long they are kept: shorter than most servers wait before they close.
const IDLE_TIME: Duration = Duration::from_secs(50);
/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoLine {
    /// The server takes none.
    Refused,
    /// Others had all of them, or opened theirs, for too long.
    Busy,
}

/// What one thread has to do with one address of a protected server.
pub(crate) struct Server {
    pub(super) place: Arc<Place>,
    pub(super) health: RefCell<Health>,
    pass_over: Cell<PassOver>,
    idle: RefCell<Vec<Rc<RefCell<Http1>>>>,
    pub(super) sharing: Sharing,
    pub(super) metrics: Arc<Metrics>,
}

impl Server {
    pub(super) fn new(place: Arc<Place>, pass_over: PassOver, metrics: Arc<Metrics>) -> Rc<Self> {
        Rc::new(Self {
            place,
            health: RefCell::default(),
            pass_over: Cell::new(pass_over),
            idle: RefCell::default(),
            sharing: Sharing::default(),
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

    /// A connection, and whether it has been used before; one that stands only since `newer`, where that is told.
    ///
    /// # Errors
    /// Why none can be had in time.
    pub(super) async fn line(
        self: &Rc<Self>,
        http1_only: bool,
        newer: Option<Instant>,
        time: Duration,
        now: Instant,
    ) -> Result<(Line, bool), NoLine> {
        // Without TLS there is no choice: the upgrade is left out.
        let http1_only = http1_only && *self.place.speech != Speech::Http2;
        if let Some(line) = self.free(http1_only, newer, now) {
            return Ok((line, true));
        }
        // In a box, as nearly every request finds a connection.
        in_box(|| self.open(http1_only, newer, time)).await
    }

    fn free(self: &Rc<Self>, http1_only: bool, newer: Option<Instant>, now: Instant) -> Option<Line> {
        if !http1_only && let Some(connection) = self.sharing.take(newer, IDLE_TIME, now) {
            return Some(Line::http2(self.clone(), connection));
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

    async fn open(
        self: &Rc<Self>,
        http1_only: bool,
        newer: Option<Instant>,
        time: Duration,
    ) -> Result<(Line, bool), NoLine> {
        let (begun, shareable) = (Instant::now(), !http1_only && *self.place.speech != Speech::Http1);
        let mut waited = false;
        if shareable {
            let waiting = timeout(time, self.sharing.wait(newer, IDLE_TIME));
            if let Some(connection) = waiting.await.map_err(|_| NoLine::Busy)? {
                return Ok((Line::http2(self.clone(), connection), true));
            }
            waited = begun.elapsed() > time / 2;
        }
        let mut opening = (shareable && self.sharing.is_likely()).then(|| self.sharing.begin());
        let left = time.saturating_sub(begun.elapsed());
        match timeout(left, open(&self.place, http1_only, self.sharing.bell())).await {
            Ok(Ok(Opened::Http1(connection))) => {
                if let Some(opening) = &mut opening {
                    opening.chose_http1();
                }
                Ok((Line::http1(self.clone(), connection), false))
            }
            Ok(Ok(Opened::Http2(connection))) => {
                opening.get_or_insert_with(|| self.sharing.begin()).shared(&connection);
                Ok((Line::http2(self.clone(), connection), false))
            }
            failed => {
                if let Some(opening) = &mut opening {
                    opening.failed();
                }
                // Too little time was left to blame the server.
                Err(if failed.is_err() && waited { NoLine::Busy } else { NoLine::Refused })
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
