//! A stream between the socket and hyper. Over HTTP/1.1 it follows every request and hands on a head only when it is
//! whole and can be read in one way; in the place of any other it hands on [`REFUSED`] and leaves a note, so that the
//! answer is written where all answers are. Over HTTP/2 it follows the frames. In the usual case it looks at the bytes
//! where hyper wants them, and copies nothing.

mod writing;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use spigot_decision::Keys;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::abort::Abort;
use super::frames::{Frames, PREFACE};
use super::head::Limits;
use super::http1::{Found, Http1, Part, Wait};
use super::notes::{Notes, Upgrade};
use super::patience::{Deadline, Pace};
use super::refusal::Refusal;

/// What hyper gets in the place of a head that is refused.
const REFUSED: &[u8] = b"GET / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";
/// Read at once when a head did not come whole, or nobody knows the protocol yet. As large as most heads.
const PIECE_BYTES: usize = 2048;

/// How long a client may keep us waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// For a whole head, once it has begun, and for the first byte.
    pub(crate) head: Duration,
    /// For the next request.
    pub(crate) idle: Duration,
    /// For the next bytes of a body, see [`Pace`].
    pub(crate) body: Duration,
    pub(crate) body_bytes_per_second: u32,
    /// For the client to take anything that we write.
    pub(crate) write: Duration,
}

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// The stream. `P` is what it keeps until it is dropped, also after a switch of protocols: the connection's place.
pub(crate) struct Gate<S: Abort, P> {
    inner: S,
    mode: Mode,
    /// Bytes that came before hyper may have them; empty and without memory most of the time.
    held: Vec<u8>,
    /// How many of them it may have.
    cleared: usize,
    notes: Arc<Notes>,
    times: Times,
    reading: Deadline,
    writing: Deadline,
    /// What of an interim answer is not written yet.
    interim: Bytes,
    linger: Option<usize>,
    _place: P,
}

enum Mode {
    Http1(Http1),
    Http2(Box<Frames>),
    /// Other protocols, after a switch.
    Open,
}

impl<S: AsyncRead + AsyncWrite + Abort + Unpin, P: Unpin> Gate<S, P> {
    /// Over HTTP/1.1 until told otherwise.
    pub(crate) fn new(
        inner: S,
        notes: Arc<Notes>,
        limits: Limits,
        keys: Keys,
        times: Times,
        place: P,
    ) -> Self {
        let pace = Pace::new(times.body, times.body_bytes_per_second);
        Self {
            inner,
            mode: Mode::Http1(Http1::new(limits, keys, pace)),
            held: Vec::new(),
            cleared: 0,
            notes,
            times,
            reading: Deadline::default(),
            writing: Deadline::default(),
            interim: Bytes::new(),
            linger: None,
            _place: place,
        }
    }

    pub(crate) fn speak_http2(&mut self) {
        self.mode = Mode::Http2(Box::new(Frames::new()));
    }

    /// Reads until the first bytes tell the protocol: HTTP/2 begins with its preface (RFC 9113, section 3.4). `None`
    /// when the client is gone or says nothing in time.
    pub(crate) async fn protocol(&mut self) -> Option<Protocol> {
        let deadline = tokio::time::sleep(self.times.head);
        let found = std::future::poll_fn(|context| self.poll_protocol(context));
        let protocol = tokio::select! {
            found = found => found?,
            () = deadline => return None,
        };
        if protocol == Protocol::Http2 {
            self.speak_http2();
        }
        Some(protocol)
    }

    fn poll_protocol(&mut self, context: &mut Context<'_>) -> Poll<Option<Protocol>> {
        loop {
            if ready!(self.poll_hold(context)).unwrap_or(0) == 0 {
                return Poll::Ready(None);
            }
            let seen = self.held.len().min(PREFACE.len());
            if self.held[..seen] != PREFACE[..seen] {
                return Poll::Ready(Some(Protocol::Http1));
            }
            if seen == PREFACE.len() {
                return Poll::Ready(Some(Protocol::Http2));
            }
        }
    }

    /// Reads a piece to be held.
    fn poll_hold(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [0; PIECE_BYTES];
        let mut piece = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.inner).poll_read(context, &mut piece))?;
        self.held.extend_from_slice(piece.filled());
        Poll::Ready(Ok(piece.filled().len()))
    }

    /// Hands on what is cleared of the held bytes.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = self.cleared.min(buffer.remaining());
        buffer.put_slice(&self.held[..count]);
        self.cleared -= count;
        if count == self.held.len() {
            self.held = Vec::new();
        } else {
            self.held.drain(..count);
        }
    }

    fn poll_http1(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.cleared > 0 {
                self.give(buffer);
                return Poll::Ready(Ok(()));
            }
            let Mode::Http1(http1) = &mut self.mode else { return Poll::Pending };
            if http1.refused {
                return Poll::Pending;
            }
            if http1.broken {
                return Poll::Ready(Err(broken()));
            }
            if matches!(http1.part, Part::Head) {
                match self.notes.upgrade() {
                    Upgrade::No => {}
                    // Whether HTTP follows, the answer will tell.
                    Upgrade::Asked => {
                        self.notes.wake_when_answered(context.waker());
                        return Poll::Pending;
                    }
                    Upgrade::Done => {
                        self.cleared = self.held.len();
                        self.mode = Mode::Open;
                        return self.poll_open(context, buffer);
                    }
                }
            }
            if self.held.len() > http1.searched {
                let found = http1.look(&self.held, &self.notes);
                match found {
                    Found::Pass(0) => {}
                    Found::Pass(count) => self.cleared = count,
                    Found::Refuse(count, refusal) => self.refuse(count, refusal),
                }
                if self.cleared > 0 || http1_broken(&self.mode) {
                    self.reading.clear();
                    continue;
                }
            }
            if self.held.is_empty() {
                let before = buffer.filled().len();
                let Poll::Ready(read) = Pin::new(&mut self.inner).poll_read(context, buffer) else {
                    ready!(self.poll_wait(context))?;
                    continue;
                };
                read?;
                if buffer.filled().len() == before {
                    return Poll::Ready(Ok(()));
                }
                if self.look_in_place(buffer, before) {
                    return Poll::Ready(Ok(()));
                }
            } else {
                let Poll::Ready(read) = self.poll_hold(context) else {
                    ready!(self.poll_wait(context))?;
                    continue;
                };
                if read? == 0 {
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    /// Looks at what was just read into hyper's buffer. Whether any of it stays there.
    fn look_in_place(&mut self, buffer: &mut ReadBuf<'_>, before: usize) -> bool {
        let Mode::Http1(http1) = &mut self.mode else { return true };
        let bytes = &buffer.filled()[before..];
        let (count, refusal) = match http1.look(bytes, &self.notes) {
            Found::Pass(count) => (count, None),
            Found::Refuse(count, refusal) => (count, Some(refusal)),
        };
        self.reading.clear();
        match refusal {
            None => self.held.extend_from_slice(&bytes[count..]),
            Some(refusal) => self.refuse(0, refusal),
        }
        buffer.set_filled(before + count);
        count > 0
    }

    /// Puts [`REFUSED`] behind the first `count` held bytes, in the place of all others.
    fn refuse(&mut self, count: usize, refusal: Refusal) {
        if let Mode::Http1(http1) = &mut self.mode {
            http1.refused = true;
        }
        self.notes.refuse(refusal);
        self.held.truncate(count);
        self.held.extend_from_slice(REFUSED);
        self.cleared = self.held.len();
    }

    /// Nothing came. Ready when something follows from having waited too long.
    fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Mode::Http1(http1) = &mut self.mode else { return Poll::Pending };
        let wait = match http1.part {
            Part::Length(..) | Part::Chunked(..) => Wait::Body,
            Part::Head if self.notes.in_flight() > 0 => Wait::Nothing,
            Part::Head if self.held.is_empty() && !http1.first => Wait::Request,
            Part::Head => Wait::Head,
        };
        if wait != http1.waits_for {
            http1.waits_for = wait;
            self.reading.clear();
        }
        let times = self.times;
        let time = || match (wait, &mut http1.part) {
            (_, Part::Length(_, pace) | Part::Chunked(_, pace)) => pace.wait(Instant::now()),
            // hyper may not have asked since the last answer ended.
            (Wait::Request, _) => times.idle.saturating_sub(self.notes.resting()),
            (Wait::Nothing, _) => times.idle,
            _ => times.head,
        };
        ready!(self.reading.poll(time, context));
        match wait {
            // An answer may take as long as it takes; this only looks whether it still does.
            Wait::Nothing => Poll::Ready(Ok(())),
            Wait::Body => {
                self.notes.body_is_late();
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly")))
            }
            // Nobody asked for anything: there is nothing to answer.
            _ if self.held.is_empty() => {
                http1.refused = true;
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no request came in time")))
            }
            _ => {
                self.refuse(0, Refusal::HeadLate);
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_http2(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.held.is_empty() {
            ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        } else {
            self.cleared = self.held.len();
            self.give(buffer);
        }
        let Mode::Http2(frames) = &mut self.mode else { return Poll::Ready(Ok(())) };
        if let Err(flood) = frames.follow(&buffer.filled()[before..], Instant::now()) {
            return Poll::Ready(Err(io::Error::other(flood)));
        }
        if let Some(text) = frames.fingerprint() {
            self.notes.fingerprinted(&text);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_open(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.cleared > 0 {
            self.give(buffer);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: Abort, P> Drop for Gate<S, P> {
    fn drop(&mut self) {
        if self.notes.is_cut() {
            self.inner.abort();
        }
    }
}

fn http1_broken(mode: &Mode) -> bool {
    matches!(mode, Mode::Http1(http1) if http1.broken)
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the chunked body is broken")
}

impl<S: AsyncRead + AsyncWrite + Abort + Unpin, P: Unpin> AsyncRead for Gate<S, P> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        match gate.mode {
            Mode::Http1(_) => gate.poll_http1(context, buffer),
            Mode::Http2(_) => gate.poll_http2(context, buffer),
            Mode::Open => gate.poll_open(context, buffer),
        }
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
