//! The beginning of a body, for the service to look into; the application reads all of it afterwards.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};

/// The most that is shown of a body: as much as Envoy's configuration has.
const SHOWN_BYTES_MAX: usize = 64 << 10;

/// What a layer shows of bodies.
pub trait Bodies<B>: Clone + Send + Sync + 'static {
    /// The beginning, whether that is all of it, and the body as the application reads it.
    fn begun(&self, parts: &Parts, body: B) -> impl Future<Output = (Bytes, bool, B)> + Send;
}

/// Nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unshown;

impl<B: Send> Bodies<B> for Unshown {
    async fn begun(&self, _: &Parts, body: B) -> (Bytes, bool, B) {
        (Bytes::new(), true, body)
    }
}

/// Those of some requests.
#[derive(Clone)]
pub struct Showing<F, W> {
    pub(crate) of: F,
    pub(crate) wrap: W,
}

impl<F, W> fmt::Debug for Showing<F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Showing").finish_non_exhaustive()
    }
}

impl<B, F, W> Bodies<B> for Showing<F, W>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
    F: Fn(&Parts) -> bool + Clone + Send + Sync + 'static,
    W: Fn(Again<B>) -> B + Clone + Send + Sync + 'static,
{
    async fn begun(&self, parts: &Parts, body: B) -> (Bytes, bool, B) {
        if !(self.of)(parts) {
            return (Bytes::new(), true, body);
        }
        let mut again = Again { begun: VecDeque::new(), rest: Some(Box::pin(body)) };
        let (mut shown, mut whole) = (Vec::new(), false);
        while shown.len() <= SHOWN_BYTES_MAX && !whole {
            let Some(rest) = &mut again.rest else { break };
            let Some(frame) = rest.frame().await else {
                again.rest = None;
                whole = true;
                break;
            };
            // What breaks off is not whole, and the application meets the error where it was.
            let broken = frame.is_err();
            let frame = frame.map(in_bytes);
            if let Ok(data) = frame.as_ref().map(Frame::data_ref) {
                shown.extend_from_slice(data.map_or(&[][..], |data| data));
            }
            whole = !broken && rest.is_end_stream();
            again.begun.push_back(frame);
            if broken {
                break;
            }
        }
        whole &= shown.len() <= SHOWN_BYTES_MAX;
        shown.truncate(SHOWN_BYTES_MAX);
        (shown.into(), whole, (self.wrap)(again))
    }
}

fn in_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}

/// A body of which a part was read, from its beginning.
pub struct Again<B: Body> {
    /// A little more than is shown: one frame of it may be larger.
    begun: VecDeque<Result<Frame<Bytes>, B::Error>>,
    rest: Option<Pin<Box<B>>>,
}

impl<B: Body> fmt::Debug for Again<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Again").field("frames", &self.begun.len()).finish_non_exhaustive()
    }
}

impl<B: Body> Body for Again<B>
where
    B::Error: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(frame) = self.begun.pop_front() {
            return Poll::Ready(Some(frame));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        rest.as_mut().poll_frame(context).map(|frame| frame.map(|frame| frame.map(in_bytes)))
    }

    fn is_end_stream(&self) -> bool {
        self.begun.is_empty() && self.rest.as_ref().is_none_or(|rest| rest.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let begun: u64 =
            self.begun.iter().flatten().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum();
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), |rest| rest.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(begun.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper() {
            hint.set_upper(begun.saturating_add(upper));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Collected;

    use super::*;

    /// A body of chunks, of which the last may be an error; and what a layer makes of it.
    enum Chunks {
        Came(VecDeque<Result<Bytes, &'static str>>),
        Again(Box<Again<Self>>),
    }

    impl Body for Chunks {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            match &mut *self {
                Self::Came(chunks) => Poll::Ready(chunks.pop_front().map(|chunk| chunk.map(Frame::data))),
                Self::Again(again) => Pin::new(again).poll_frame(context),
            }
        }
    }

    async fn shown(
        of: bool,
        chunks: &[Result<Bytes, &'static str>],
    ) -> (usize, bool, Result<Bytes, &'static str>) {
        let showing = Showing { of: move |_: &Parts| of, wrap: |again| Chunks::Again(Box::new(again)) };
        let (parts, ()) = http::Request::new(()).into_parts();
        let (shown, whole, body) =
            showing.begun(&parts, Chunks::Came(chunks.iter().cloned().collect())).await;
        (shown.len(), whole, body.collect().await.map(Collected::to_bytes))
    }

    #[tokio::test]
    async fn as_much_as_is_shown_and_the_whole_afterwards() {
        let (a, b) = (Bytes::from_static(b"a="), Bytes::from_static(b"b"));
        let edge = Bytes::from(vec![b'x'; SHOWN_BYTES_MAX]);
        let large = Bytes::from(vec![b'x'; 5 * SHOWN_BYTES_MAX]);
        let check = async |chunks: &[Result<Bytes, &'static str>], shows: usize, whole: bool| {
            let (bytes, all, arrived) = shown(true, chunks).await;
            assert_eq!((bytes, all), (shows, whole), "{} chunks", chunks.len());
            let came: Result<Vec<Bytes>, &'static str> = chunks.iter().cloned().collect();
            assert_eq!(arrived, came.map(|came| Bytes::from(came.concat())), "{} chunks", chunks.len());
        };
        check(&[], 0, true).await;
        check(&[Ok(a.clone()), Ok(b.clone()), Ok(Bytes::new())], 3, true).await;
        check(&[Ok(edge.clone())], SHOWN_BYTES_MAX, true).await;
        check(&[Ok(edge.clone()), Ok(b.clone())], SHOWN_BYTES_MAX, false).await;
        check(&[Ok(a.clone()), Ok(large.clone()), Ok(edge.clone())], SHOWN_BYTES_MAX, false).await;
        check(&[Ok(a.clone()), Err("it broke")], 2, false).await;
        assert_eq!(shown(false, &[Ok(edge.clone())]).await, (0, true, Ok(edge.clone())));
    }
}
