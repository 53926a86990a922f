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
use tokio::task::spawn_local;

use super::Head;
use super::line::Unanswered;
use super::server::STREAMS_MAX;
use crate::body::Through;
use crate::http1::Stuck;
use crate::http2::{Coming, Pings, Sending};
use crate::respond::remove_hop_by_hop;
use crate::wire::Interims;

/// Bytes of one answer that a server may send ahead of a slow reader, and of all answers of a connection: as much as a
/// fast network needs, and small enough that many slow readers do not fill the memory.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// Bytes of one request that wait for the server.
const SEND_BYTES: usize = 256 << 10;
/// Bytes of an answer's head, as over HTTP/1.1.
const HEAD_BYTES: u32 = 64 << 10;
/// A server that is gone without a word is noticed after these, while requests wait for it.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_WITHIN: Duration = Duration::from_secs(10);

/// A connection that many requests share.
pub(super) struct Http2 {
    requests: SendRequest<Bytes>,
    shared: Rc<Shared>,
}

/// What its task has to know, and tells.
#[derive(Default)]
struct Shared {
    /// Requests whose answers have not ended.
    open: Cell<u32>,
    /// It takes no more requests.
    ended: Cell<bool>,
}

/// The answer to a request, and what is left to send of that.
pub(super) struct Exchange {
    pub(super) answer: Response<()>,
    pub(super) body: Coming,
    pub(super) rest: Option<Sending<Through>>,
}

impl Http2 {
    pub(super) async fn begin(stream: impl AsyncRead + AsyncWrite + Unpin + 'static) -> io::Result<Rc<Self>> {
        let (requests, mut connection) = Builder::new()
            .enable_push(false)
            .initial_max_send_streams(STREAMS_MAX as usize)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BYTES)
            .max_header_list_size(HEAD_BYTES)
            .handshake(stream)
            .await
            .map_err(io::Error::other)?;
        let shared = Rc::new(Shared::default());
        let mut pings = connection.ping_pong().map(|asking| Pings::new(asking, PING_EVERY, PING_WITHIN));
        let task = shared.clone();
        spawn_local(async move {
            poll_fn(|context| {
                let waited = task.open.get() > 0;
                // What came is looked at first: the answer to a ping may be among it.
                if Pin::new(&mut connection).poll(context).is_ready() {
                    return Poll::Ready(());
                }
                pings.as_mut().map_or(Poll::Pending, |pings| pings.poll(waited, context))
            })
            .await;
            task.ended.set(true);
        });
        Ok(Rc::new(Self { requests, shared }))
    }

    /// Whether it takes no more requests.
    pub(super) fn has_ended(&self) -> bool {
        self.shared.ended.get()
    }

    /// Requests whose answers have not ended.
    pub(super) fn open(&self) -> u32 {
        self.shared.open.get()
    }

    /// One more of them.
    pub(super) fn opened(&self) {
        self.shared.open.update(|open| open + 1);
    }

    /// One less.
    pub(super) fn closed(&self) {
        self.shared.open.update(|open| open - 1);
    }

    /// Sends a request and waits for the head of its answer; `interims` hears of what comes before it.
    pub(super) async fn send(
        &self,
        head: &dyn Head,
        body: Through,
        interims: Option<&dyn Interims>,
    ) -> Result<Exchange, Unanswered> {
        let mut requests = self.requests.clone();
        if poll_fn(|context| requests.poll_ready(context)).await.is_err() {
            self.shared.ended.set(true);
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
            Err(Some(error)) if is_untouched(&error) => {
                Err(spare.map_or(Unanswered::Broken, Unanswered::Unsent))
            }
            Err(_) => Err(Unanswered::Broken),
        }
    }
}

/// Whether the server says that it has not looked at the request (RFC 9113, section 8.7).
fn is_untouched(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM))
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
