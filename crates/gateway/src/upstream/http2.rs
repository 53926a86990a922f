//! HTTP/2 to an application (RFC 9113): many requests over one connection.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Reason, SendStream};
use http::{HeaderValue, Method, Request, Response, header};
use http_body::Body;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::Instant;

use super::Head;
use super::line::Unanswered;
use crate::body::Through;
use crate::http1::Stuck;
use crate::http2::{Coming, Sending};
use crate::respond::remove_hop_by_hop;
use crate::wire::Interims;

/// Requests that share a connection: the number that RFC 9113 (section 6.5.2) asks servers to allow.
pub(super) const STREAMS_MAX: usize = 100;
/// Bytes of one answer that a server may send ahead of a slow reader: small enough that many of those do not fill the
/// memory.
const STREAM_WINDOW: u32 = 64 << 10;
/// Of all answers of a connection. Were it less than that many slow readers leave lying, they would stop the others.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * STREAMS_MAX as u32;
/// Bytes of one request that wait for the server.
const SEND_BYTES: usize = 256 << 10;
/// Bytes of an answer's head, as over HTTP/1.1.
const HEAD_BYTES: u32 = 64 << 10;

/// A connection that many requests share.
pub(super) struct Http2 {
    requests: SendRequest<Bytes>,
    since: Instant,
    /// Requests whose answers have not ended.
    open: Cell<u32>,
    /// When the last of them ended.
    idle_since: Cell<Instant>,
    end: Rc<End>,
}

#[derive(Default)]
struct End {
    /// It takes no more requests, and may still answer those that it has.
    full: Cell<bool>,
    /// When it broke.
    broken: Cell<Option<Instant>>,
}

/// The answer to a request, and what is left to send of that.
pub(super) struct Exchange {
    pub(super) answer: Response<()>,
    pub(super) body: Coming,
    pub(super) rest: Option<Sending<Through>>,
}

impl Http2 {
    /// Begins with a server; `bell` is rung when the connection ends.
    pub(super) async fn begin(
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        bell: Rc<Notify>,
    ) -> io::Result<Rc<Self>> {
        let (requests, mut connection) = Builder::new()
            .enable_push(false)
            .initial_max_send_streams(0)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BYTES)
            .max_header_list_size(HEAD_BYTES)
            .handshake(stream)
            .await
            .map_err(io::Error::other)?;
        // Requests beyond the server's bound would be refused: it is waited for, and comes with the first that it says.
        poll_fn(|context| match Pin::new(&mut connection).poll(context) {
            Poll::Ready(ended) => {
                Poll::Ready(ended.and(Err(h2::Error::from(Reason::NO_ERROR))).map_err(io::Error::other))
            }
            Poll::Pending if requests.current_max_send_streams() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        let end = Rc::<End>::default();
        let task = end.clone();
        spawn_local(async move {
            let _ = connection.await;
            task.broke();
            bell.notify_one();
        });
        let since = Instant::now();
        Ok(Rc::new(Self { requests, since, open: Cell::new(0), idle_since: Cell::new(since), end }))
    }

    /// Since when it stands.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// When it broke.
    pub(super) fn broken(&self) -> Option<Instant> {
        self.end.broken.get()
    }

    /// It shall take no more requests.
    pub(super) fn fill(&self) {
        self.end.full.set(true);
    }

    /// Whether it may carry requests, also when it carries none now and the time is over that such ones are kept.
    pub(super) fn lives(&self, rest: Duration, now: Instant) -> bool {
        !self.end.full.get()
            && (self.open.get() > 0 || now.saturating_duration_since(self.idle_since.get()) < rest)
    }

    /// Requests that it takes at once, by the server's bound too. Beyond that they would wait inside `h2`, which sends
    /// them even when they are given up.
    pub(super) fn most(&self) -> usize {
        self.requests.current_max_send_streams().min(STREAMS_MAX)
    }

    /// Whether it takes one more of them.
    pub(super) fn has_room(&self) -> bool {
        (self.open() as usize) < self.most()
    }

    /// Requests whose answers have not ended.
    pub(super) fn open(&self) -> u32 {
        self.open.get()
    }

    /// One more of them.
    pub(super) fn opened(&self) {
        self.open.update(|open| open + 1);
    }

    /// One less.
    pub(super) fn closed(&self) {
        self.open.update(|open| open - 1);
        if self.open.get() == 0 {
            self.idle_since.set(Instant::now());
        }
    }

    /// Sends a request and waits for the head of its answer; `interims` hears of what comes before it.
    pub(super) async fn send(
        &self,
        head: &dyn Head,
        body: Through,
        interims: Option<&dyn Interims>,
    ) -> Result<Exchange, Unanswered> {
        let mut requests = self.requests.clone();
        if let Err(error) = poll_fn(|context| requests.poll_ready(context)).await {
            self.end.by(&error);
            return Err(Unanswered::Unsent(body));
        }
        let ended = body.is_end_stream();
        // The connection is well: a head that cannot be sent here cannot be sent over another one.
        let sent = requests.send_request(request(head, &body), ended);
        let (mut answering, stream) = sent.map_err(|_| Unanswered::Broken)?;
        let spare = body.again();
        let mut rest = (!ended).then(|| sending(stream, body));
        let answered = poll_fn(|context| {
            if let Some(sending) = &mut rest
                && let Poll::Ready(sent) = sending.poll(context)
            {
                if sent == Err(Stuck::Body) {
                    return Poll::Ready(Err(None));
                }
                // A server that takes no more may still answer.
                rest = None;
            }
            while let Poll::Ready(Some(Ok(head))) = answering.poll_informational(context) {
                if let Some(interims) = interims {
                    interims.hear(head.status(), head.headers());
                }
            }
            Pin::new(&mut answering).poll(context).map_err(Some)
        });
        match answered.await {
            Ok(answer) => {
                let (parts, stream) = answer.into_parts();
                let body = Coming::new(stream, &parts.headers);
                Ok(Exchange { answer: Response::from_parts(parts, ()), body, rest })
            }
            Err(Some(error)) => {
                self.end.by(&error);
                // What the server says that it has not looked at (RFC 9113, section 8.7).
                let untouched: Option<fn(Through) -> Unanswered> = match error.reason() {
                    _ if !error.is_remote() => None,
                    _ if error.is_go_away() => Some(Unanswered::Unsent),
                    Some(Reason::REFUSED_STREAM) => Some(Unanswered::Refused),
                    _ => None,
                };
                Err(spare.zip(untouched).map_or(Unanswered::Broken, |(body, of)| of(body)))
            }
            Err(None) => Err(Unanswered::Broken),
        }
    }
}

impl End {
    fn broke(&self) {
        self.full.set(true);
        self.broken.set(self.broken.get().or_else(|| Some(Instant::now())));
    }

    /// A request has met its end, of which its task may not know yet.
    fn by(&self, error: &h2::Error) {
        if error.is_go_away() && error.is_remote() {
            self.full.set(true);
        } else if !error.is_reset() {
            self.broke();
        }
    }
}

fn sending(stream: SendStream<Bytes>, body: Through) -> Sending<Through> {
    Sending::new(stream, body, Reason::CANCEL)
}

fn request(head: &dyn Head, body: &Through) -> Request<()> {
    let mut request = head.http2(body);
    let takes_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    let length = body.size_hint().exact().filter(|length| *length > 0 || takes_body);
    let headers = request.headers_mut();
    remove_hop_by_hop(headers);
    if let Some(length) = length {
        headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    request
}
