use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use tokio::task::{AbortHandle, spawn_local};

use super::Head;
use super::http1::{Http1, Socket};
use super::server::Server;
use crate::body::{BodyBroken, Through, Upload};
use crate::http1::Tunnel;
use crate::metrics::Metrics;
use crate::wire::{Deadline, Notes};

/// Why a request has no answer.
pub(super) enum Unanswered {
    /// Nothing of it was sent.
    Unsent(Through),
    /// It may have reached the application.
    Broken,
}

/// A connection that many requests share.
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<Through>,
    /// Requests whose answers have not ended.
    pub(super) open: Cell<u32>,
}

/// A connection, for the time of one request and its answer. Dropped before the answer has ended, the request is
/// cancelled: an HTTP/1 connection closes, an HTTP/2 stream is reset.
pub(crate) struct Line {
    server: Rc<Server>,
    carrier: Carrier,
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
    Http2(Rc<Http2>, Option<Incoming>),
}

impl Line {
    pub(super) fn http1(server: Rc<Server>, connection: Rc<RefCell<Http1>>) -> Self {
        Self::over(server, Carrier::Http1(Some(connection)))
    }

    pub(super) fn http2(server: Rc<Server>, connection: Rc<Http2>) -> Self {
        connection.open.set(connection.open.get() + 1);
        Self::over(server, Carrier::Http2(connection, None))
    }

    fn over(server: Rc<Server>, carrier: Carrier) -> Self {
        Self { server, carrier, upload: None, pause: None, paused: Deadline::default(), pump: None }
    }

    /// Sends a request and waits for the head of its answer; `interim` hears of what comes before it.
    pub(super) async fn send(
        &mut self,
        head: &dyn Head,
        body: Through,
        interim: Option<&Arc<Notes>>,
    ) -> Result<Response<()>, Unanswered> {
        match &mut self.carrier {
            Carrier::Http1(Some(connection)) => {
                connection.borrow_mut().begin(head, body);
                let interim = interim.map(|notes| &**notes);
                let answer = poll_fn(|context| connection.borrow_mut().poll_answer(interim, context)).await?;
                self.pump = Http1::pump(connection).map(|rest| spawn_local(rest).abort_handle());
                Ok(answer)
            }
            Carrier::Http1(None) => unreachable!("a line sends once, before its answer ends"),
            Carrier::Http2(connection, answer) => {
                let mut request = head.http2(&body).map(|()| body);
                if let Some(notes) = interim.cloned() {
                    hyper::ext::on_informational(&mut request, move |head| {
                        notes.interim.hear(head.status(), head.headers());
                    });
                }
                match connection.sender.clone().try_send_request(request).await {
                    Ok(response) => {
                        let (parts, incoming) = response.into_parts();
                        *answer = Some(incoming);
                        Ok(Response::from_parts(parts, ()))
                    }
                    Err(mut error) => Err(match error.take_message() {
                        Some(unsent) => Unanswered::Unsent(unsent.into_body()),
                        None => Unanswered::Broken,
                    }),
                }
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
            Carrier::Http2(_, Some(answer)) => {
                Pin::new(answer).poll_frame(context).map_err(BodyBroken::Connection)
            }
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

    /// The answer has ended: an HTTP/1 connection may carry the next request, unless this one's body is still on its
    /// way. Then the application does not want the rest, and half a body must not precede another request.
    pub(crate) fn answer_ended(&mut self) {
        if let Carrier::Http1(slot) = &mut self.carrier
            && let Some(connection) = slot.take_if(|connection| connection.borrow().is_free())
        {
            self.server.put(connection);
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
        if let Carrier::Http2(connection, _) = &self.carrier {
            connection.open.set(connection.open.get() - 1);
        }
    }
}
