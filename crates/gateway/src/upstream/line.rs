use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http2};
use tokio::time::Instant;

use super::connection::Http1;
use super::server::Server;
use crate::body::{Through, Upload};
use crate::metrics::Metrics;
use crate::wire::Deadline;

/// How a request has to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
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
}

enum Carrier {
    /// `None` when it went back.
    Http1(Option<Http1>),
    Http2(Rc<Http2>),
}

impl Line {
    pub(super) fn http1(server: Rc<Server>, connection: Http1) -> Self {
        Self::over(server, Carrier::Http1(Some(connection)))
    }

    pub(super) fn http2(server: Rc<Server>, connection: Rc<Http2>) -> Self {
        connection.open.set(connection.open.get() + 1);
        Self::over(server, Carrier::Http2(connection))
    }

    fn over(server: Rc<Server>, carrier: Carrier) -> Self {
        Self { server, carrier, upload: None, pause: None, paused: Deadline::default() }
    }

    pub(super) fn protocol(&self) -> Protocol {
        match self.carrier {
            Carrier::Http1(_) => Protocol::Http1,
            Carrier::Http2(_) => Protocol::Http2,
        }
    }

    /// Sends a request and waits for the head of its answer. The request comes back when nothing of it was sent.
    pub(super) async fn send(
        &mut self,
        request: Request<Through>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Through>>> {
        match &mut self.carrier {
            Carrier::Http1(Some(connection)) => connection.sender.try_send_request(request).await,
            Carrier::Http1(None) => unreachable!("a line sends once, before its answer ends"),
            Carrier::Http2(connection) => connection.sender.clone().try_send_request(request).await,
        }
    }

    /// The answer has ended: an HTTP/1 connection may carry the next request, unless this one's body is still on its
    /// way. Then the application does not want the rest, and half a body must not precede another request.
    pub(crate) fn answer_ended(&mut self) {
        if let Carrier::Http1(connection) = &mut self.carrier
            && self.upload.as_ref().is_none_or(|upload| upload.has_ended())
            && let Some(mut connection) = connection.take()
        {
            connection.idle_since = Instant::now();
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
        match &self.carrier {
            Carrier::Http1(Some(connection)) => connection.task.abort(),
            Carrier::Http1(None) => {}
            Carrier::Http2(connection) => connection.open.set(connection.open.get() - 1),
        }
    }
}
