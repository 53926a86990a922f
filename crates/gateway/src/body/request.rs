use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::drain::Unread;
use super::{BodyBroken, Patience};
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

/// A client's body. Dropped before its end, it goes to the drain: an answer that is sent while the client still writes
/// would be lost if the connection were closed in its face.
pub(crate) struct RequestBody {
    /// `None` when it went to the drain.
    incoming: Option<Incoming>,
    unread: Option<mpsc::Sender<Unread>>,
    upload: Option<Rc<Upload>>,
    /// Where its pace is ours to watch.
    patience: Option<Box<Patience>>,
    ended: bool,
}

impl RequestBody {
    /// A body, and where it goes when nobody reads it; over HTTP/2 nowhere, because there a stream just ends.
    pub(crate) fn new(incoming: Incoming, unread: Option<mpsc::Sender<Unread>>) -> Self {
        Self { incoming: Some(incoming), unread, upload: None, patience: None, ended: false }
    }

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
        Self::new(incoming, None)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        let polled = Pin::new(incoming).poll_frame(context);
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
                self.break_off(Fault::BrokeOff);
                Poll::Ready(Some(Err(error.into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.ended
            && !self.is_end_stream()
            && let (Some(incoming), Some(unread)) = (self.incoming.take(), &self.unread)
        {
            // No room: it is dropped, and the connection closes.
            let _ = unread.try_send(Unread(incoming));
        }
    }
}
