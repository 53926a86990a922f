use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use crate::body::BodyBroken;
use crate::http1::told_length;

/// The body of a message, as it comes. Dropped before its end, the stream is reset.
pub(crate) struct Coming {
    stream: RecvStream,
    /// Bytes that are to come, where the head tells; `h2` holds the other side to it.
    left: Option<u64>,
    only_trailers: bool,
    /// Is told when somebody asks for the body for the first time.
    asked: Option<Box<dyn FnOnce()>>,
}

impl Coming {
    /// What follows a head with these fields.
    pub(crate) fn new(stream: RecvStream, headers: &HeaderMap) -> Self {
        let left = if stream.is_end_stream() { Some(0) } else { told_length(headers) };
        Self { stream, left, only_trailers: false, asked: None }
    }

    /// `asked` is told when somebody asks for it for the first time.
    pub(crate) fn when_asked(mut self, asked: impl FnOnce() + 'static) -> Self {
        self.asked = Some(Box::new(asked));
        self
    }
}

impl Body for Coming {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        if let Some(asked) = self.asked.take() {
            asked();
        }
        if !self.only_trailers {
            match ready!(self.stream.poll_data(context)) {
                Some(Ok(data)) => {
                    // Room for as much again. It fails only for more than came.
                    let _ = self.stream.flow_control().release_capacity(data.len());
                    self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                // Whatever reason it gives: half a body must never look like a whole one.
                Some(Err(error)) => return Poll::Ready(Some(Err(BodyBroken::Stream(error)))),
                None => self.only_trailers = true,
            }
        }
        let trailers = ready!(self.stream.poll_trailers(context)).map_err(BodyBroken::Stream);
        Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
