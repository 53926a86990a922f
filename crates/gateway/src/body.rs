use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::upstream::Returning;

/// Every body that passes through: ours, a client's, or an upstream's.
pub(crate) enum Through {
    /// Nothing more.
    Empty,
    /// Bytes of our own, or kept.
    Bytes(Bytes),
    /// As it comes from the other side.
    Incoming(Incoming),
    /// What was inspected first, then the rest.
    Inspected(Bytes, Incoming),
    /// An answer, whose connection goes back to the pool at its end.
    Answer(Incoming, Returning),
}

impl Body for Through {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Incoming(incoming) => Pin::new(incoming).poll_frame(context),
            Self::Inspected(prefix, _) => {
                let prefix = std::mem::take(prefix);
                let Self::Inspected(_, rest) = std::mem::replace(&mut *self, Self::Empty) else {
                    return Poll::Ready(None);
                };
                *self = Self::Incoming(rest);
                if prefix.is_empty() {
                    self.poll_frame(context)
                } else {
                    Poll::Ready(Some(Ok(Frame::data(prefix))))
                }
            }
            Self::Answer(incoming, returning) => {
                let polled = Pin::new(&mut *incoming).poll_frame(context);
                match &polled {
                    Poll::Ready(None) => returning.give_back(),
                    Poll::Ready(Some(Ok(_))) if incoming.is_end_stream() => returning.give_back(),
                    _ => {}
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Incoming(incoming) | Self::Answer(incoming, _) => incoming.is_end_stream(),
            Self::Inspected(..) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Incoming(incoming) | Self::Answer(incoming, _) => incoming.size_hint(),
            Self::Inspected(prefix, rest) => {
                let inner = rest.size_hint();
                let prefix = prefix.len() as u64;
                let mut hint = SizeHint::new();
                if let Some(upper) = inner.upper().and_then(|upper| upper.checked_add(prefix)) {
                    hint.set_upper(upper);
                }
                hint.set_lower(inner.lower().saturating_add(prefix).min(hint.upper().unwrap_or(u64::MAX)));
                hint
            }
        }
    }
}

/// The beginning of a body, and what is left of it.
pub(crate) struct Inspected {
    pub(crate) bytes: Bytes,
    /// The rest, `None` when that was all.
    pub(crate) rest: Option<Incoming>,
    /// The client broke off.
    pub(crate) broken: bool,
    /// That was the whole body.
    pub(crate) complete: bool,
}

/// Reads a body until it ends, until `most` bytes have come, or until `time` is over. Nothing is lost: the caller
/// forwards the bytes and then the rest. At most one frame beyond `most` is held.
pub(crate) async fn inspect(mut body: Incoming, already: Bytes, most: u64, time: Duration) -> Inspected {
    let mut collected = BytesMut::new();
    let mut single = already;
    let mut broken = false;
    let mut ended = body.is_end_stream();
    let reading = async {
        while !ended && (single.len() + collected.len()) as u64 <= most {
            match body.frame().await {
                None => ended = true,
                Some(Err(_)) => {
                    broken = true;
                    ended = true;
                }
                Some(Ok(frame)) => match frame.into_data() {
                    // One frame is the usual case and is not copied.
                    Ok(data) if single.is_empty() && collected.is_empty() => single = data,
                    Ok(data) => {
                        if collected.is_empty() {
                            collected.extend_from_slice(&std::mem::take(&mut single));
                        }
                        collected.extend_from_slice(&data);
                    }
                    Err(_trailers) => ended = true,
                },
            }
            ended = ended || body.is_end_stream();
        }
    };
    // When the time is over the body goes on streaming; what has come is decided upon.
    let _ = tokio::time::timeout(time, reading).await;
    let bytes = if collected.is_empty() { single } else { collected.freeze() };
    Inspected { bytes, rest: (!ended).then_some(body), broken, complete: ended && !broken }
}
