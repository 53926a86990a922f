//! One request's answer, watched from its head to the last byte that the client takes.

use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use spigot_state::State;

use crate::body::{BodyBroken, Through};
use crate::door::connection::Connection;
use crate::in_box::in_box;
use crate::metrics::Metrics;
use crate::respond;
use crate::wire::{Busy, Limits, Notes, Refusal, order_of};

/// The body of an answer; tells whether the client takes it.
pub(super) struct Watched {
    body: Through,
    busy: Busy,
    /// Whether its length is shown by the connection's end, as to HTTP/1.0.
    ends_with_connection: bool,
}

/// Answers a request. What the reader noted is taken at once, before anything is awaited: the note is about the request
/// that hyper calls with, and the next one overwrites it.
///
/// The future stands in a box: hyper keeps room for it as long as the connection stands, and moves it on its way there.
pub(super) fn answer<S: State>(
    connection: Rc<Connection<S>>,
    notes: Arc<Notes>,
    limits: Limits,
    request: Request<Incoming>,
) -> Pin<Box<dyn Future<Output = Result<Response<Watched>, Infallible>>>> {
    let busy = Busy::new(&notes);
    let http2 = request.version() == Version::HTTP_2;
    let ends_with_connection = request.version() == Version::HTTP_10;
    let (order, refused) = if http2 {
        let names = request.headers().keys().map(|name| name.as_str().as_bytes());
        (order_of(names, &connection.gateway.keys), too_large(&request, limits))
    } else {
        (notes.header_order(), notes.refusal())
    };
    let (parts, body) = request.into_parts();
    let parts = Box::new(parts);
    in_box(|| async move {
        let response = match refused {
            Some(why) => Box::new(refusal(&connection, why, http2)),
            None => {
                let response = connection.clone().handle(parts, body, order).await;
                let late = !http2 && notes.is_body_late();
                if late { Box::new(refusal(&connection, Refusal::BodyLate, http2)) } else { response }
            }
        };
        if !http2 {
            notes.answered(response.status() == StatusCode::SWITCHING_PROTOCOLS);
        }
        Ok(response.map(|body| Watched { body, busy, ends_with_connection }))
    })
}

/// hyper bounds the bytes of an HTTP/2 head, but neither its fields nor its target.
fn too_large(request: &Request<Incoming>, limits: Limits) -> Option<Refusal> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.target_bytes {
        Some(Refusal::TargetTooLong)
    } else if request.headers().len() > limits.fields {
        Some(Refusal::TooManyFields)
    } else {
        None
    }
}

fn refusal<S>(connection: &Connection<S>, why: Refusal, http2: bool) -> Response<Through> {
    Metrics::one(&connection.gateway.metrics.requests_refused);
    let mut response = respond::Refusal::from(why).undecided();
    if !http2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
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
        if this.ends_with_connection && matches!(polled, Poll::Ready(Some(Err(_)))) {
            this.busy.cut();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
