use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::BodyBroken;
use crate::http2::Coming;

/// A client's body, as its protocol brings it.
pub(crate) enum Incoming {
    Nothing,
    Http1(Held),
    Http2(Coming),
}

/// Where the bodies of an HTTP/1.1 connection's requests come from. Requests are told apart by numbers: whoever has the
/// body of one may still have it when the next one is on its way, and there is nothing left of it then.
pub(crate) trait BodySource {
    fn poll_frame(
        &self,
        request: u64,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>>;
    fn has_ended(&self, request: u64) -> bool;
    fn size_hint(&self, request: u64) -> SizeHint;
    /// Nobody will ask for more of it.
    fn let_go(&self, request: u64);
}

/// Somebody may ask for more of a request's body.
pub(crate) struct Held(Rc<dyn BodySource>, u64);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.let_go(self.1);
    }
}

impl Incoming {
    pub(crate) fn http1(source: Rc<dyn BodySource>, request: u64) -> Self {
        Self::Http1(Held(source, request))
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        match self.get_mut() {
            Self::Nothing => Poll::Ready(None),
            Self::Http1(Held(source, request)) => source.poll_frame(*request, context),
            Self::Http2(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Http1(Held(source, request)) => source.has_ended(*request),
            Self::Http2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Nothing => SizeHint::with_exact(0),
            Self::Http1(Held(source, request)) => source.size_hint(*request),
            Self::Http2(body) => body.size_hint(),
        }
    }
}
