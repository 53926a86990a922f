use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::Instant;

use super::Head;
use super::http1::{Http1, Socket};
use super::http2::{Exchange, Http2};
use super::server::Server;
use crate::body::{BodyBroken, Through, Upload};
use crate::http1::Tunnel;
use crate::http2::Coming;
use crate::metrics::Metrics;
use crate::wire::{Deadline, Interims};

/// Why a request has no answer.
pub(super) enum Unanswered {
    /// Nothing of it was sent, and its connection takes no more requests.
    Unsent(Through),
    /// The server did not look at it.
    Refused(Through),
    /// It may have reached the application.
    Broken,
}

/// A connection, for the time of one request and its answer. Dropped before the answer has ended, the request is
/// cancelled: an HTTP/1 connection closes, an HTTP/2 stream is reset.
pub(crate) struct Line {
    server: Rc<Server>,
    carrier: Carrier,
    /// It counts among the requests of a connection that others share.
    counts: bool,
    /// How far the request's body is, when it streams.
    pub(super) upload: Option<Rc<Upload>>,
    /// How long the application may pause within its answer.
    pub(super) pause: Option<Duration>,
    paused: Deadline,
    /// Sends the rest of the request while the answer comes.
    pump: Option<AbortHandle>,
}

enum Carrier {
    /// `None` when it went back.
    Http1(Option<Rc<RefCell<Http1>>>),
    Http2(Rc<Http2>, Option<Coming>),
}

impl Line {
    pub(super) fn http1(server: Rc<Server>, connection: Rc<RefCell<Http1>>) -> Self {
        Self::over(server, Carrier::Http1(Some(connection)))
    }

    pub(super) fn http2(server: Rc<Server>, connection: Rc<Http2>) -> Self {
        connection.opened();
        Self::over(server, Carrier::Http2(connection, None))
    }

    fn over(server: Rc<Server>, carrier: Carrier) -> Self {
        let counts = matches!(carrier, Carrier::Http2(..));
        Self { server, carrier, counts, upload: None, pause: None, paused: Deadline::default(), pump: None }
    }

    /// Sends a request and waits for the head of its answer; `interims` hears of what comes before it.
    pub(super) async fn send(
        &mut self,
        head: &dyn Head,
        body: Through,
        interims: Option<&dyn Interims>,
    ) -> Result<Response<()>, Unanswered> {
        match &mut self.carrier {
            Carrier::Http1(Some(connection)) => {
                connection.borrow_mut().begin(head, body);
                let answer =
                    poll_fn(|context| connection.borrow_mut().poll_answer(interims, context)).await?;
                self.pump = Http1::pump(connection).map(|rest| spawn_local(rest).abort_handle());
                Ok(answer)
            }
            Carrier::Http1(None) => unreachable!("a line sends once, before its answer ends"),
            Carrier::Http2(connection, coming) => {
                let Exchange { answer, body, rest } = connection.send(head, body, interims).await?;
                *coming = Some(body);
                self.pump = rest.map(|mut rest| {
                    let pump = async move {
                        let _ = poll_fn(|context| rest.poll(context)).await;
                    };
                    spawn_local(pump).abort_handle()
                });
                Ok(answer)
            }
        }
    }

    /// The next piece of the answer's body.
    pub(crate) fn poll_answer(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        match &mut self.carrier {
            Carrier::Http1(Some(connection)) => connection.borrow_mut().poll_frame(context),
            Carrier::Http2(_, Some(answer)) => Pin::new(answer).poll_frame(context),
            Carrier::Http1(None) | Carrier::Http2(_, None) => Poll::Ready(None),
        }
    }

    /// Whether nothing of the answer is left.
    pub(crate) fn is_end_stream(&self) -> bool {
        match &self.carrier {
            Carrier::Http1(connection) => {
                connection.as_ref().is_none_or(|connection| connection.borrow().has_ended())
            }
            Carrier::Http2(_, answer) => answer.as_ref().is_none_or(Body::is_end_stream),
        }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match &self.carrier {
            Carrier::Http1(Some(connection)) => connection.borrow().size_hint(),
            Carrier::Http2(_, Some(answer)) => answer.size_hint(),
            Carrier::Http1(None) | Carrier::Http2(_, None) => SizeHint::with_exact(0),
        }
    }

    /// When its connection broke; `None` when it did not.
    pub(super) fn broken(&self) -> Option<Instant> {
        match &self.carrier {
            Carrier::Http1(_) => Some(Instant::now()),
            Carrier::Http2(connection, _) => connection.broken(),
        }
    }

    /// The answer is late. The server may be gone without a word: others do not have to find that out on this
    /// connection.
    pub(super) fn give_up(&self) {
        if let Carrier::Http2(connection, _) = &self.carrier {
            connection.fill();
        }
    }

    /// The connection after a switch of protocols.
    pub(crate) fn into_tunnel(mut self) -> Option<Tunnel<Socket>> {
        match &mut self.carrier {
            Carrier::Http1(connection) => {
                let connection = connection.take().and_then(Rc::into_inner);
                connection.map(|connection| connection.into_inner().into_tunnel())
            }
            Carrier::Http2(..) => None,
        }
    }

    /// Its timer for an answer that does not begin. It stays with the connection, because a new one costs each request.
    pub(super) fn take_deadline(&mut self) -> Deadline {
        match &mut self.carrier {
            Carrier::Http1(Some(connection)) => std::mem::take(&mut connection.borrow_mut().late),
            _ => Deadline::default(),
        }
    }

    /// Takes it back.
    pub(super) fn keep_deadline(&mut self, mut deadline: Deadline) {
        deadline.clear();
        if let Carrier::Http1(Some(connection)) = &mut self.carrier {
            connection.borrow_mut().late = deadline;
        }
    }

    /// The answer has ended: its connection may carry the next request. HTTP/1 not while this one's body is still on its
    /// way: the application does not want the rest, and half a body must not precede another request.
    pub(crate) fn answer_ended(&mut self) {
        if self.pump.as_ref().is_none_or(AbortHandle::is_finished) {
            self.leave();
        }
        if let Carrier::Http1(slot) = &mut self.carrier
            && let Some(connection) = slot.take_if(|connection| connection.borrow().is_free())
        {
            self.server.put(connection);
        }
    }

    /// Its place among the requests of a shared connection is free.
    fn leave(&mut self) {
        if std::mem::take(&mut self.counts)
            && let Carrier::Http2(connection, _) = &self.carrier
        {
            connection.closed();
            self.server.sharing.room();
        }
    }

    /// More of the answer came.
    pub(crate) fn answer_moved(&mut self) {
        self.paused.clear();
    }

    /// Nothing came. Ready when the application has paused for too long.
    pub(crate) fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.pause {
            Some(pause) => self.paused.poll(|| pause, context),
            None => Poll::Pending,
        }
    }

    /// The application broke off in the middle of its answer, or stalled.
    pub(crate) fn answer_broke(&self) {
        Metrics::one(&self.server.metrics.answers_broken);
        self.server.answer_broke();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(pump) = &self.pump {
            pump.abort();
        }
        self.leave();
    }
}
