use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body;

use crate::body::BodyBroken;
use crate::http1::Stuck;
use crate::respond::remove_no_trailers;

/// The body of a message, on its way out.
pub(crate) struct Sending<B> {
    stream: SendStream<Bytes>,
    body: B,
    /// A piece that the other side does not take yet, and whether it is the last one.
    waiting: Option<(Bytes, bool)>,
    /// What a body that breaks off is reset with.
    broken: Reason,
    done: bool,
}

impl<B: Body<Data = Bytes, Error = BodyBroken> + Unpin> Sending<B> {
    /// Of a message whose head has gone.
    pub(crate) fn new(stream: SendStream<Bytes>, body: B, broken: Reason) -> Self {
        Self { stream, body, waiting: None, broken, done: false }
    }

    /// Sends as much as the other side takes. Ready when all of it is handed over, or nothing more can be.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Stuck>> {
        let polled = self.poll_rest(context);
        self.done |= polled.is_ready();
        polled
    }

    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Stuck>> {
        loop {
            if self.stream.poll_reset(context).is_ready() {
                return Poll::Ready(Err(Stuck::Connection));
            }
            if let Some((data, last)) = self.waiting.take() {
                if !data.is_empty()
                    && self.stream.capacity() == 0
                    && let Poll::Pending = self.poll_room(context)?
                {
                    self.waiting = Some((data, last));
                    return Poll::Pending;
                }
                self.stream.send_data(data, last)?;
                if last {
                    return Poll::Ready(Ok(()));
                }
            }
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else {
                self.stream.send_data(Bytes::new(), true)?;
                return Poll::Ready(Ok(()));
            };
            let frame = frame.map_err(|_| {
                self.stream.send_reset(self.broken);
                Stuck::Body
            })?;
            match frame.into_data() {
                Ok(data) => {
                    // What a stream asks for before it has anything to send, others of its connection cannot have.
                    self.stream.reserve_capacity(data.len().min(1));
                    self.waiting = Some((data, self.body.is_end_stream()));
                }
                Err(frame) => {
                    let Ok(mut trailers) = frame.into_trailers() else { continue };
                    remove_no_trailers(&mut trailers);
                    self.stream.reserve_capacity(0);
                    self.stream.send_trailers(trailers)?;
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    /// Waits until the other side takes more.
    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Stuck>> {
        loop {
            match ready!(self.stream.poll_capacity(context)) {
                Some(Ok(0)) => {}
                Some(Ok(_)) => return Poll::Ready(Ok(())),
                _ => return Poll::Ready(Err(Stuck::Connection)),
            }
        }
    }
}

impl<B> Drop for Sending<B> {
    fn drop(&mut self) {
        // What was handed over and cannot go would keep the stream among those that the other side allows.
        if !self.done {
            self.stream.send_reset(Reason::CANCEL);
        }
    }
}

impl From<h2::Error> for Stuck {
    fn from(_: h2::Error) -> Self {
        Self::Connection
    }
}
