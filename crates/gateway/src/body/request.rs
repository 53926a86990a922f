use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::{BodyBroken, Incoming, Patience};
use crate::respond::remove_untrusted_trailers;

/// How far a client's body is on its way to the application.
#[derive(Default)]
pub(crate) struct Upload {
    moved: Cell<Option<Instant>>,
    broken: Cell<Option<Fault>>,
}

impl Upload {
    /// Whether the client let it break off, and how.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.broken.get()
    }

    /// When a piece of it was handed over last.
    pub(crate) fn moved(&self) -> Option<Instant> {
        self.moved.get()
    }
}

/// What a client did to its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It broke it off.
    BrokeOff,
    /// It sent it too slowly.
    TooSlow,
}

/// A client's body.
pub(crate) struct RequestBody {
    incoming: Incoming,
    upload: Option<Rc<Upload>>,
    /// Where its pace is ours to watch.
    patience: Option<Box<Patience>>,
    ended: bool,
}

impl RequestBody {
    /// With a pace that it has to keep.
    pub(crate) fn paced(mut self, patience: Patience) -> Self {
        self.patience = Some(Box::new(patience));
        self
    }

    pub(super) fn watched(&mut self) -> Rc<Upload> {
        self.upload.get_or_insert_default().clone()
    }

    fn end(&mut self) {
        self.ended = true;
    }

    /// Nothing follows, but it has not ended well.
    fn break_off(&mut self, fault: Fault) {
        self.ended = true;
        if let Some(upload) = &self.upload {
            upload.broken.set(Some(fault));
        }
    }
}

impl From<Incoming> for RequestBody {
    fn from(incoming: Incoming) -> Self {
        Self { incoming, upload: None, patience: None, ended: false }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        let polled = Pin::new(&mut self.incoming).poll_frame(context);
        if polled.is_ready()
            && let Some(upload) = &self.upload
        {
            upload.moved.set(Some(Instant::now()));
        }
        if let Some(patience) = &mut self.patience {
            match &polled {
                Poll::Pending if patience.poll(context).is_ready() => {
                    self.break_off(Fault::TooSlow);
                    return Poll::Ready(Some(Err(BodyBroken::Slow)));
                }
                Poll::Ready(Some(Ok(frame))) => patience.came(frame.data_ref().map_or(0, Bytes::len)),
                _ => {}
            }
        }
        match polled {
            Poll::Ready(None) => {
                self.end();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                if self.is_end_stream() {
                    self.end();
                }
                let frame = match frame.into_trailers() {
                    Ok(mut trailers) => {
                        self.end();
                        remove_untrusted_trailers(&mut trailers);
                        Frame::trailers(trailers)
                    }
                    Err(frame) => frame,
                };
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                let slow = matches!(error, BodyBroken::Slow);
                self.break_off(if slow { Fault::TooSlow } else { Fault::BrokeOff });
                Poll::Ready(Some(Err(error)))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
