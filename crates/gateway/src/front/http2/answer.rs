//! One request's answer over HTTP/2, watched from its head to the last byte that the client takes.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use spigot_state::State;

use crate::body::{BodyBroken, Incoming, Through};
use crate::door::connection::Connection;
use crate::front::date::date;
use crate::front::refusal;
use crate::http1::lists;
use crate::http2::{Coming, Sending};
use crate::in_box::in_box;
use crate::respond::remove_hop_by_hop;
use crate::wire::{Busy, INTERIM_MAX, Interims, Limits, Notes, Refusal, order_of, passed_on};

/// Answers a request.
pub(super) async fn answer<S: State>(
    connection: Rc<Connection<S>>,
    notes: Rc<Notes>,
    limits: Limits,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) {
    let busy = Busy::new(&notes);
    let names = request.headers().keys().map(|name| name.as_str().as_bytes());
    let order = order_of(names, &connection.gateway.keys);
    let refused = too_large(&request, limits);
    let to_head = *request.method() == Method::HEAD;
    let reply =
        Rc::new(Reply { respond: RefCell::new(respond), heard: Cell::new(0), begun: Cell::new(false) });
    let response = match refused {
        Some(why) => {
            // What came of its body would keep the others of its connection waiting.
            drop(request);
            Box::new(refusal(&connection, why))
        }
        None => {
            let (parts, stream) = request.into_parts();
            let mut body = Coming::new(stream, &parts.headers);
            if lists(&parts.headers, &header::EXPECT, "100-continue") {
                let reply = reply.clone();
                body = body.when_asked(move || reply.interject(StatusCode::CONTINUE, HeaderMap::new()));
            }
            let body = Incoming::Http2(body);
            let (parts, interims) = (Box::new(parts), reply.clone());
            let mut handling = in_box(|| connection.handle(parts, body, order, Some(interims)));
            let answered = poll_fn(|context| {
                // Before anything else is written to it.
                if reply.poll_gone(context).is_ready() {
                    return Poll::Ready(None);
                }
                handling.as_mut().poll(context).map(Some)
            });
            let Some(response) = answered.await else { return };
            response
        }
    };
    let (head, body) = response.map(|body| Watched { body, busy }).into_parts();
    let mut head = Response::from_parts(head, ());
    let ended = body.is_end_stream() || to_head;
    complete(head.headers_mut(), &body);
    let Ok(stream) = reply.begin(head, ended) else { return };
    if !ended {
        let mut sending = Sending::new(stream, body, Reason::INTERNAL_ERROR);
        let _ = poll_fn(|context| sending.poll(context)).await;
    }
}

/// Leaves out what HTTP/2 has not, and adds what an answer should have.
fn complete(headers: &mut HeaderMap, body: &Watched) {
    remove_hop_by_hop(headers);
    headers.remove(header::TE);
    if let Some(length) = body.size_hint().exact().filter(|_| !body.is_end_stream()) {
        headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    if !headers.contains_key(header::DATE)
        && let Ok(now) = HeaderValue::from_bytes(&date())
    {
        headers.insert(header::DATE, now);
    }
}

/// `h2` bounds the bytes of a head, but neither its fields nor its target.
fn too_large(request: &Request<RecvStream>, limits: Limits) -> Option<Refusal> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.target_bytes {
        Some(Refusal::TargetTooLong)
    } else if request.headers().len() > limits.fields {
        Some(Refusal::TooManyFields)
    } else {
        None
    }
}

/// What a request is answered on: interim answers first.
struct Reply {
    respond: RefCell<SendResponse<Bytes>>,
    heard: Cell<u32>,
    /// The final answer has, and nothing may precede it any more.
    begun: Cell<bool>,
}

impl Reply {
    /// Ready when the client does not want the answer any more.
    fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        self.respond.borrow_mut().poll_reset(context).map(|_| ())
    }

    /// Says something before the final answer.
    fn interject(&self, status: StatusCode, headers: HeaderMap) {
        if self.begun.get() {
            return;
        }
        let mut head = Response::new(());
        *head.status_mut() = status;
        *head.headers_mut() = headers;
        // Where it cannot be sent, the final answer will find out as well.
        let _ = self.respond.borrow_mut().send_informational(head);
    }

    /// The final answer begins; `ended` when its head is all of it.
    fn begin(&self, head: Response<()>, ended: bool) -> Result<SendStream<Bytes>, h2::Error> {
        self.begun.set(true);
        let mut respond = self.respond.borrow_mut();
        respond.send_response(head, ended).inspect_err(|_| respond.send_reset(Reason::INTERNAL_ERROR))
    }
}

impl Interims for Reply {
    fn hear(&self, status: StatusCode, headers: &HeaderMap) {
        if self.heard.get() >= INTERIM_MAX {
            return;
        }
        let Some(headers) = passed_on(status, headers) else { return };
        self.heard.update(|heard| heard + 1);
        self.interject(status, headers);
    }

    /// What `h2` has been given goes out in its order.
    fn poll_passed(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// The body of an answer; tells whether the client takes it.
struct Watched {
    body: Through,
    busy: Busy,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        this.busy.offered(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
