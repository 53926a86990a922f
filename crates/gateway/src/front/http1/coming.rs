//! A request's body on its way in: strictly read, at a pace that is kept.

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::body::BodyBroken;
use crate::http1::{Chunk, Decoded, Decoder};
use crate::wire::{Chunks, Pace};

/// Where a body is.
pub(super) enum Coming {
    Ended,
    /// So many bytes are left.
    Length(u64, Pace),
    Chunked(Box<Chunked>),
    /// It has no end that can be known.
    Broken,
    /// It came too slowly.
    Late,
}

pub(super) struct Chunked {
    /// Finds its end; what it has not gone over is not taken.
    follow: Chunks,
    found: bool,
    /// What it has gone over.
    followed: BytesMut,
    decoder: Decoder,
    pace: Pace,
}

impl Coming {
    pub(super) fn chunked(pace: Pace) -> Self {
        Self::Chunked(Box::new(Chunked {
            follow: Chunks::START,
            found: false,
            followed: BytesMut::new(),
            decoder: Decoder::Chunked(Chunk::Line),
            pace,
        }))
    }

    /// Whether it has ended as it should.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self, Self::Ended)
    }

    /// Whether nothing more is read of it.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Ended | Self::Broken | Self::Late)
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ended => SizeHint::with_exact(0),
            Self::Length(left, _) => SizeHint::with_exact(*left),
            Self::Chunked(_) | Self::Broken | Self::Late => SizeHint::new(),
        }
    }

    pub(super) fn pace(&mut self) -> Option<&mut Pace> {
        match self {
            Self::Length(_, pace) => Some(pace),
            Self::Chunked(chunked) => Some(&mut chunked.pace),
            Self::Ended | Self::Broken | Self::Late => None,
        }
    }

    /// Takes the next piece from what came; `None` when more has to come first.
    pub(super) fn take(&mut self, input: &mut BytesMut) -> Option<Option<Result<Frame<Bytes>, BodyBroken>>> {
        if !input.is_empty()
            && let Some(pace) = self.pace()
            && pace.waits()
        {
            // The clock is read only when a wait has to be counted.
            pace.came(input.len(), Instant::now());
        }
        match self {
            Self::Ended => Some(None),
            Self::Broken => Some(Some(Err(BodyBroken::Unsent))),
            Self::Late => Some(Some(Err(BodyBroken::Slow))),
            Self::Length(..) if input.is_empty() => None,
            Self::Length(left, _) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= count as u64;
                if *left == 0 {
                    *self = Self::Ended;
                }
                Some(Some(Ok(Frame::data(input.split_to(count).freeze()))))
            }
            Self::Chunked(chunked) => {
                let taken = chunked.take(input);
                if matches!(taken, Some(Ok(None))) || chunked.decoder == Decoder::Ended {
                    *self = Self::Ended;
                } else if matches!(taken, Some(Err(_))) {
                    *self = Self::Broken;
                }
                taken.map(Result::transpose)
            }
        }
    }
}

impl Chunked {
    fn take(&mut self, input: &mut BytesMut) -> Option<Result<Option<Frame<Bytes>>, BodyBroken>> {
        if !self.found && !input.is_empty() {
            let Ok((count, found)) = self.follow.follow(input) else { return Some(Err(BodyBroken::Unsent)) };
            self.found = found;
            self.followed.unsplit(input.split_to(count));
        }
        match self.decoder.decode(&mut self.followed) {
            Ok(Decoded::Data(data)) => Some(Ok(Some(Frame::data(data)))),
            Ok(Decoded::Trailers(trailers)) => Some(Ok(Some(Frame::trailers(trailers)))),
            Ok(Decoded::End) => Some(Ok(None)),
            Ok(Decoded::More) => None,
            Err(_) => Some(Err(BodyBroken::Unsent)),
        }
    }
}
