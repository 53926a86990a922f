//! The followers of bytes as fuzzing drives them: in pieces of any size, without a socket.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use spigot_decision::Keys;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use super::Overheard;
use super::chunks::Chunks;
use super::frames::Frames;
use super::head::{self, Limits};

const LIMITS: Limits = Limits { head_bytes: 4096, fields: 100, target_bytes: 1024 };
const KEYS: Keys = Keys(1, 2);

/// How long the head is that `bytes` begin with, when it is whole and can be read in one way.
#[must_use]
pub fn head(bytes: &[u8]) -> Option<usize> {
    head::read(bytes, &mut 0, &LIMITS, &KEYS).ok().flatten().map(|head| head.length)
}

/// Where a chunked body ends, and whether it does; `None` when it is none.
#[must_use]
pub fn chunks(bytes: &[u8], size: usize) -> Option<(usize, bool)> {
    let (mut chunks, mut at) = (Chunks::START, 0);
    for piece in bytes.chunks(size) {
        let (count, ended) = chunks.follow(piece).ok()?;
        at += count;
        if ended {
            return Some((at, true));
        }
    }
    Some((at, false))
}

/// The fingerprint of an HTTP/2 client, and whether it floods.
#[must_use]
pub fn frames(bytes: &[u8], size: usize) -> (Option<String>, bool) {
    let (mut frames, now) = (Frames::new(), Instant::now());
    let mut fingerprint = None;
    for piece in bytes.chunks(size) {
        let flood = frames.follow(piece, now).is_err();
        fingerprint = fingerprint.or(frames.fingerprint());
        if flood {
            return (fingerprint, true);
        }
    }
    (fingerprint, false)
}

/// The fingerprint of a TLS client.
#[must_use]
pub fn ja4(bytes: &[u8], size: usize) -> Option<String> {
    let mut stream = Overheard::new(Pieces { left: bytes, size });
    let mut room = vec![0; bytes.len() + 1];
    loop {
        let mut room = ReadBuf::new(&mut room);
        let read = Pin::new(&mut stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut room);
        if !matches!(read, Poll::Ready(Ok(()))) || room.filled().is_empty() {
            return stream.hello().map(|hello| hello.ja4.as_str().to_owned());
        }
    }
}

struct Pieces<'a> {
    left: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (piece, left) = self.left.split_at(self.size.min(self.left.len()).min(buffer.remaining()));
        buffer.put_slice(piece);
        self.left = left;
        Poll::Ready(Ok(()))
    }
}
