//! One pool of connections per thread, and the choice among servers.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::Response;
use tokio::time::Instant;

use super::health::PassOver;
use super::line::Unanswered;
use super::server::{NoLine, Server};
use super::target::Place;
use super::{Head, Upstream, UpstreamError};
use crate::body::{Pauses, Through, Upload};
use crate::metrics::Metrics;
use crate::settings::Bounds;
use crate::wire::{Deadline, Interims};

/// How often a request may be refused unseen by one server, as those beyond its bound of streams are, before that counts
/// as a failure.
const REFUSED_MAX: u8 = 3;

/// The upstream connections of one thread.
pub(crate) struct Pool {
    servers: RefCell<Vec<Rc<Server>>>,
    turn: Cell<usize>,
    metrics: Arc<Metrics>,
}

/// A request on its way out.
pub(crate) struct Outgoing<'a> {
    pub(crate) head: &'a dyn Head,
    pub(crate) body: Through,
    /// Whether it may be sent twice without harm (RFC 9110, section 9.2.2).
    pub(crate) idempotent: bool,
    /// Whether the connection will be upgraded, which HTTP/2 cannot.
    pub(crate) http1_only: bool,
    /// Who passes interim answers on, when anybody can.
    pub(crate) interims: Option<&'a dyn Interims>,
}

/// How long things may take.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) connect: Duration,
    pub(crate) answer: Duration,
    pub(crate) pauses: Pauses,
    pub(crate) pass_over: PassOver,
}

impl From<&Bounds> for Times {
    fn from(bounds: &Bounds) -> Self {
        Self {
            connect: bounds.connect_time,
            answer: bounds.answer_time,
            pauses: Pauses::from(bounds),
            pass_over: PassOver { first: bounds.pass_over, most: bounds.pass_over_most },
        }
    }
}

impl Pool {
    /// An empty pool.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Rc<Self> {
        Rc::new(Self { servers: RefCell::default(), turn: Cell::new(0), metrics })
    }

    /// Sends a request to one of the servers in turn and waits for the head of its answer.
    ///
    /// What was surely not sent is sent again, whatever it is. What may have been sent is sent once more, on a
    /// connection of its own, when it is idempotent and its body is at hand; anything else never.
    ///
    /// The answer is in a box, because everybody whose hands it goes through would copy it.
    pub(crate) async fn send(
        &self,
        upstreams: &[Arc<Upstream>],
        outgoing: Outgoing<'_>,
        times: Times,
    ) -> Result<Box<Response<Through>>, UpstreamError> {
        let Outgoing { head, mut body, idempotent, http1_only, interims } = outgoing;
        // Each server at most once on each path, so this ends.
        let mut tried: Vec<Rc<Server>> = Vec::new();
        let (mut again, mut failure) = (idempotent, UpstreamError::Connect);
        let mut tries = Tries::default();
        // Read once where the first server answers, as nearly always.
        let begun = Instant::now();
        let mut now = begun;
        loop {
            // Servers that swallow connections must not be waited for one after the other.
            let late = !tried.is_empty() && now - begun > times.connect;
            let server =
                self.choose(upstreams, &tried, times.pass_over, now).filter(|_| !late).ok_or(failure)?;
            let (mut line, used) = match server.line(http1_only, tries.newer, times.connect, now).await {
                Ok(line) => line,
                Err(none) => {
                    if none == NoLine::Busy {
                        failure = UpstreamError::Timeout;
                    } else {
                        // A server without HTTP/1.1 takes no upgrades; that says nothing of other requests.
                        if !http1_only {
                            server.refused();
                        }
                        doubt(upstreams, &server.place);
                    }
                    tried.push(server);
                    tries = Tries::default();
                    now = Instant::now();
                    continue;
                }
            };
            line.upload = body.watched();
            let spare = if again { body.again() } else { None };
            let upload = line.upload.clone();
            let mut late = line.take_deadline();
            let sent = {
                let mut sending = pin!(line.send(head, body, interims));
                poll_fn(|context| match sending.as_mut().poll(context) {
                    Poll::Ready(sent) => Poll::Ready(Some(sent)),
                    Poll::Pending => {
                        poll_late(&mut late, upload.as_deref(), times.answer, context).map(|()| None)
                    }
                })
                .await
            };
            line.keep_deadline(late);
            match sent {
                None => {
                    line.give_up();
                    server.answer_broke();
                    return Err(UpstreamError::Timeout);
                }
                Some(Ok(response)) => {
                    server.health.borrow_mut().answered();
                    line.pause = times.pauses.within(response.headers());
                    return Ok(Box::new(response.map(|()| Through::answer(line))));
                }
                Some(Err(unanswered)) => {
                    failure = UpstreamError::Broken;
                    let refused = matches!(unanswered, Unanswered::Refused(_));
                    body = match (unanswered, spare) {
                        (Unanswered::Unsent(unsent) | Unanswered::Refused(unsent), _) => unsent,
                        (Unanswered::Broken, Some(spare)) => {
                            again = false;
                            spare
                        }
                        (Unanswered::Broken, None) => {
                            // A client that breaks off its body is not the server's fault.
                            let innocent = upload.is_some_and(|upload| upload.fault().is_some());
                            if !used && !innocent {
                                server.answer_broke();
                            }
                            return Err(UpstreamError::Broken);
                        }
                    };
                    if !tries.allow_one_more(refused, used, line.broken()) {
                        server.answer_broke();
                        tried.push(server);
                        tries = Tries::default();
                    }
                    now = Instant::now();
                }
            }
        }
    }

    /// The next server in turn that is not passed over and has room; else one without room, which may come; else the one
    /// whose time ends first: an attempt costs less than refusing everybody.
    fn choose(
        &self,
        upstreams: &[Arc<Upstream>],
        tried: &[Rc<Server>],
        pass_over: PassOver,
        now: Instant,
    ) -> Option<Rc<Server>> {
        let count: usize = upstreams.iter().map(|upstream| upstream.places().len()).sum();
        if count == 0 {
            upstreams.iter().for_each(|upstream| upstream.doubt());
            return None;
        }
        let start = self.turn.get() % count;
        self.turn.set(self.turn.get().wrapping_add(1));
        let (mut soonest, mut busy): (Option<Rc<Server>>, _) = (None, None);
        for second_half in [false, true] {
            let mut index = 0;
            for upstream in upstreams {
                for place in upstream.places().iter() {
                    index += 1;
                    if (index <= start) != second_half {
                        continue;
                    }
                    let server = self.server(place, pass_over);
                    if tried.iter().any(|tried| Rc::ptr_eq(tried, &server)) {
                        continue;
                    }
                    if server.sharing.is_busy() {
                        busy = busy.or(Some(server));
                        continue;
                    }
                    if server.admits(pass_over, now) {
                        return Some(server);
                    }
                    let until = server.health.borrow().until();
                    if soonest.as_ref().is_none_or(|soonest| until < soonest.health.borrow().until()) {
                        soonest = Some(server);
                    }
                }
            }
        }
        busy.filter(|server| server.admits(pass_over, now)).or(soonest)
    }

    fn server(&self, place: &Arc<Place>, pass_over: PassOver) -> Rc<Server> {
        let mut servers = self.servers.borrow_mut();
        if let Some(server) = servers.iter().find(|server| Arc::ptr_eq(&server.place, place)) {
            return server.clone();
        }
        // Places that no configuration and no name leads to any more; so there are never more than those.
        servers.retain(|server| Arc::strong_count(&server.place) > 1);
        let server = Server::new(place.clone(), pass_over, self.metrics.clone());
        servers.push(server.clone());
        server
    }
}

/// What has been tried at one server.
#[derive(Default)]
struct Tries {
    refused: u8,
    excused: bool,
    /// A connection will do that stands only since then.
    newer: Option<Instant>,
}

impl Tries {
    /// Whether the request may be sent to the same server once more. `refused` is one that it did not look at; `used` tells
    /// whether the connection had been used before, and `broken` when it broke.
    fn allow_one_more(&mut self, refused: bool, used: bool, broken: Option<Instant>) -> bool {
        if refused {
            self.refused += 1;
            return self.refused < REFUSED_MAX;
        }
        // A kept connection may have ended in the meantime; a new one has no such excuse.
        let excused = used && !self.excused;
        self.excused = true;
        self.newer = broken;
        excused
    }
}

/// Ready when an answer should have begun. While the body is on its way, nobody owes one.
fn poll_late(
    late: &mut Deadline,
    upload: Option<&Upload>,
    answer: Duration,
    context: &mut Context<'_>,
) -> Poll<()> {
    loop {
        let left = || match upload.and_then(Upload::moved) {
            Some(moved) => (moved + answer).saturating_duration_since(Instant::now()),
            None => answer,
        };
        ready!(late.poll(left, context));
        if left().is_zero() || upload.and_then(Upload::moved).is_none() {
            return Poll::Ready(());
        }
    }
}

fn doubt(upstreams: &[Arc<Upstream>], place: &Arc<Place>) {
    for upstream in upstreams {
        if upstream.places().iter().any(|known| Arc::ptr_eq(known, place)) {
            upstream.doubt();
        }
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
