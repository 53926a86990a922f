//! Bodies that pass through: a piece at a time, so that memory stays flat whatever their length.

mod begun;
mod broken;
mod incoming;
mod inspect;
mod patience;
mod request;

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

pub(crate) use begun::{Begun, begin};
pub(crate) use broken::BodyBroken;
pub(crate) use incoming::{BodySource, Incoming};
pub(crate) use inspect::{Inspected, inspect};
pub(crate) use patience::{Patience, Pauses};
pub(crate) use request::{Fault, RequestBody, Upload};

use crate::honeypot::Injected;
use crate::http1::Tunnel;
use crate::upstream::{Line, Socket};

/// Every body that passes through: ours, a client's, or an upstream's.
pub(crate) enum Through {
    /// Nothing more.
    Empty,
    /// Bytes of our own, or kept.
    Bytes(Bytes),
    /// A client's, as it comes.
    Incoming(RequestBody),
    /// A client's: what was looked at, then the rest.
    Inspected(Box<Inspected>),
    /// An answer, whose connection is free at its end.
    Answer(Line),
    /// An answer whose beginning was looked at, then the rest.
    Begun(Box<Begun>),
    /// One with a field put into its forms.
    Injected(Box<Injected>),
    /// No answer but the application's half of a connection that has switched protocols.
    Tunnel(Box<Tunnel<Socket>>),
}

impl Through {
    pub(crate) fn answer(mut line: Line) -> Self {
        if line.is_end_stream() {
            line.answer_ended();
        }
        Self::Answer(line)
    }

    /// The bytes of an answer of our own; nothing of any other.
    pub(crate) fn of_ours(self) -> Bytes {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => Bytes::new(),
        }
    }

    /// The application's half of a connection that has switched protocols.
    pub(crate) fn into_tunnel(self) -> Option<Box<Tunnel<Socket>>> {
        match self {
            Self::Answer(line) => line.into_tunnel().map(Box::new),
            Self::Tunnel(tunnel) => Some(tunnel),
            _ => None,
        }
    }

    /// The same body once more, when all of it is at hand.
    pub(crate) fn again(&self) -> Option<Self> {
        match self {
            Self::Empty => Some(Self::Empty),
            Self::Bytes(bytes) => Some(Self::Bytes(bytes.clone())),
            Self::Inspected(held) if held.rest.is_none() => Some(Self::Inspected(Box::new(Inspected {
                bytes: held.bytes.clone(),
                rest: None,
                trailers: held.trailers.clone(),
                ..**held
            }))),
            _ => None,
        }
    }

    /// What shows how far it is, when it streams.
    pub(crate) fn watched(&mut self) -> Option<Rc<Upload>> {
        match self {
            Self::Incoming(body) => Some(body.watched()),
            Self::Inspected(held) => held.rest.as_mut().map(RequestBody::watched),
            _ => None,
        }
    }

    /// Trailers that came with a body that was read whole.
    pub(crate) fn trailers(&self) -> Option<&HeaderMap> {
        match self {
            Self::Inspected(held) => held.trailers.as_ref(),
            _ => None,
        }
    }
}

impl Body for Through {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        match &mut *self {
            Self::Empty | Self::Tunnel(_) => Poll::Ready(None),
            Self::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Incoming(body) => Pin::new(body).poll_frame(context),
            Self::Inspected(held) => {
                let bytes = std::mem::take(&mut held.bytes);
                if !bytes.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                if let Some(trailers) = held.trailers.take() {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                match &mut held.rest {
                    Some(rest) => Pin::new(rest).poll_frame(context),
                    None => Poll::Ready(None),
                }
            }
            Self::Begun(begun) => Pin::new(&mut **begun).poll_frame(context),
            Self::Injected(page) => page.poll_frame(context),
            Self::Answer(line) => {
                let polled = line.poll_answer(context);
                match &polled {
                    Poll::Ready(None) => line.answer_ended(),
                    Poll::Ready(Some(Ok(_))) if line.is_end_stream() => line.answer_ended(),
                    Poll::Ready(Some(Ok(_))) => line.answer_moved(),
                    Poll::Ready(Some(Err(_))) => line.answer_broke(),
                    Poll::Pending if line.poll_stalled(context).is_ready() => {
                        line.answer_broke();
                        return Poll::Ready(Some(Err(BodyBroken::Stalled)));
                    }
                    Poll::Pending => {}
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty | Self::Tunnel(_) => true,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Incoming(body) => body.is_end_stream(),
            Self::Answer(line) => line.is_end_stream(),
            Self::Begun(begun) => begun.is_end_stream(),
            Self::Injected(page) => page.is_end_stream(),
            Self::Inspected(held) => {
                held.bytes.is_empty()
                    && held.trailers.is_none()
                    && held.rest.as_ref().is_none_or(Body::is_end_stream)
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty | Self::Tunnel(_) => SizeHint::with_exact(0),
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Incoming(body) => body.size_hint(),
            Self::Answer(line) => line.size_hint(),
            Self::Begun(begun) => begun.size_hint(),
            // How long the page becomes shows at its end.
            Self::Injected(_) => SizeHint::default(),
            Self::Inspected(held) => held.size_hint(),
        }
    }
}
