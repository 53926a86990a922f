//! Downloads of any length up to 4 GiB, made as they are sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header;
use hyper::body::{Body, Frame, SizeHint};

use crate::answer::{Answer, Fault, set, stream};
use crate::request::Visit;
use crate::route::number;

const BYTES_DEFAULT: u64 = 1024 * 1024;
/// Past 32 bits, so that a gateway that counts in them is found out.
const BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes made at a time.
const CHUNK_BYTES: u64 = 64 * 1024;

/// Writes what a download has from `offset` on: byte `n` is byte `n % 8`, least significant first, of the `n / 8`th
/// number of SplitMix64 (Steele, Lea, Flood: *Fast Splittable Pseudorandom Number Generators*, 2014) from seed 0.
/// No two places look alike, so that a piece lost, repeated or moved shows.
pub fn fill_download(offset: u64, buffer: &mut [u8]) {
    for (byte, position) in buffer.iter_mut().zip(offset..) {
        *byte = word(position / 8).to_le_bytes()[(position % 8) as usize];
    }
}

fn word(index: u64) -> u64 {
    let seed = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

pub(super) fn download(visit: &Visit) -> Result<Answer, Fault> {
    let bytes = if visit.query.contains("bytes") {
        number(visit.query.first("bytes")).filter(|bytes| *bytes <= BYTES_MAX)
    } else {
        Some(BYTES_DEFAULT)
    };
    let bytes =
        bytes.ok_or_else(|| Fault::Malformed("bytes is a whole number from 0 to 4294967296.".into()))?;
    let sized = visit.query.first("chunked") != "1";
    let mut answer = stream("application/octet-stream", Download { offset: 0, bytes, sized });
    set(&mut answer, header::CONTENT_DISPOSITION, "attachment; filename=\"download.bin\"");
    Ok(answer)
}

struct Download {
    offset: u64,
    bytes: u64,
    /// Whether the length is said beforehand.
    sized: bool,
}

impl Body for Download {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = CHUNK_BYTES.min(self.bytes - self.offset);
        if length == 0 {
            return Poll::Ready(None);
        }
        // A chunk starts at a whole word: CHUNK_BYTES is a multiple of eight.
        let words = self.offset / 8..(self.offset + length).div_ceil(8);
        let mut chunk = Vec::with_capacity(CHUNK_BYTES as usize);
        for index in words {
            chunk.extend_from_slice(&word(index).to_le_bytes());
        }
        chunk.truncate(length as usize);
        self.offset += length;
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.sized && self.offset == self.bytes
    }

    fn size_hint(&self) -> SizeHint {
        if self.sized { SizeHint::with_exact(self.bytes - self.offset) } else { SizeHint::default() }
    }
}
