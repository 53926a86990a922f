//! One request's answer over HTTP/2, watched from its head to the last byte that the client takes.

use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use spigot_state::State;

use crate::body::{BodyBroken, Incoming, Through};
use crate::door::connection::Connection;
use crate::front::refusal;
use crate::in_box::in_box;
use crate::wire::{Busy, Limits, Notes, Refusal, order_of};

/// The body of an answer; tells whether the client takes it.
pub(super) struct Watched {
    body: Through,
    busy: Busy,
}

/// Answers a request.
///
/// The future stands in a box: hyper keeps room for it as long as the stream stands, and moves it on its way there.
pub(super) fn answer<S: State>(
    connection: Rc<Connection<S>>,
    notes: &Arc<Notes>,
    limits: Limits,
    request: Request<hyper::body::Incoming>,
) -> Pin<Box<dyn Future<Output = Result<Response<Watched>, Infallible>>>> {
    let busy = Busy::new(notes);
    let names = request.headers().keys().map(|name| name.as_str().as_bytes());
    let order = order_of(names, &connection.gateway.keys);
    let refused = too_large(&request, limits);
    let (parts, body) = request.into_parts();
    let parts = Box::new(parts);
    in_box(|| async move {
        let response = match refused {
            Some(why) => Box::new(refusal(&connection, why)),
            None => connection.clone().handle(parts, Incoming::Http2(body), order).await,
        };
        Ok(response.map(|body| Watched { body, busy }))
    })
}

/// hyper bounds the bytes of an HTTP/2 head, but neither its fields nor its target.
fn too_large(request: &Request<hyper::body::Incoming>, limits: Limits) -> Option<Refusal> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.target_bytes {
        Some(Refusal::TargetTooLong)
    } else if request.headers().len() > limits.fields {
        Some(Refusal::TooManyFields)
    } else {
        None
    }
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
