use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::{BodyBroken, Through};

/// An answer whose beginning was looked at. Nothing of it is lost: what was taken comes first, as it came.
pub(crate) struct Begun {
    taken: VecDeque<Result<Frame<Bytes>, BodyBroken>>,
    rest: Through,
    /// What is told of the length: known from the head, whatever was taken since.
    hint: SizeHint,
}

/// Reads an answer until it ends, until `most` bytes have come, or until nothing came for `pause`. The beginning,
/// whether that is all, and the whole.
pub(crate) async fn begin(mut answer: Through, most: usize, pause: Duration) -> (Vec<u8>, bool, Through) {
    let hint = answer.size_hint();
    let (mut taken, mut beginning) = (VecDeque::new(), Vec::new());
    let (mut ended, mut cut) = (answer.is_end_stream(), false);
    while beginning.len() < most && !ended {
        let Ok(frame) = timeout(pause, answer.frame()).await else { break };
        let Some(frame) = frame else {
            ended = true;
            break;
        };
        if let Some(data) = frame.as_ref().ok().and_then(Frame::data_ref) {
            let fits = data.len().min(most - beginning.len());
            beginning.extend_from_slice(&data[..fits]);
            cut = fits < data.len();
        }
        let broken = frame.is_err();
        taken.push_back(frame);
        if broken {
            break;
        }
        ended = answer.is_end_stream();
    }
    let whole = ended && !cut;
    if taken.is_empty() {
        return (beginning, whole, answer);
    }
    (beginning, whole, Through::Begun(Box::new(Begun { taken, rest: answer, hint })))
}

impl Body for Begun {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        if let Some(frame) = self.taken.pop_front() {
            return Poll::Ready(Some(frame));
        }
        Pin::new(&mut self.rest).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.taken.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // Asked before anything is sent; from then on the frames count down what is left.
        self.hint
    }
}
