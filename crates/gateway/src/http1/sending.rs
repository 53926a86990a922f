//! A message on its way out: its head and, where they are at hand, the beginnings of its body in one write.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame};
use tokio::io::AsyncWrite;

use super::spare;
use crate::body::{BodyBroken, Through};
use crate::respond::may_be_trailer;

/// Pieces of a body up to this are copied behind what is to be written before them: a copy costs less than a write.
const COPIED_MAX: usize = 8 << 10;

/// A message on its way out.
pub(crate) struct Sending {
    /// To be written, from `written` on; no memory when there is nothing.
    output: Vec<u8>,
    written: usize,
    /// To be written behind it.
    held: Bytes,
    /// And behind that.
    behind: &'static [u8],
    body: Through,
    framing: Framing,
    /// How much has left, in all messages.
    moved: u64,
    trailers: bool,
    /// Something of this message has left.
    begun: bool,
    /// All of it has left. What was written may still wait in the connection (TLS), until a flush says otherwise.
    flushed: bool,
    /// It waits for the other side to take it, not for more of the body.
    stalled: bool,
    /// The body, when it was copied whole and nothing has left.
    copied: Option<Bytes>,
}

/// How the other side will know where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes have to follow.
    Length(u64),
    Chunked,
    /// Where the connection does.
    Close,
    /// Nothing follows what is to be written.
    Done,
}

/// Why nothing more can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// The body broke off, or does not keep to the length that was told.
    Body,
    /// The connection takes nothing any more.
    Connection,
}

impl From<io::Error> for Stuck {
    fn from(_: io::Error) -> Self {
        Self::Connection
    }
}

impl Sending {
    pub(crate) fn new() -> Self {
        Self {
            output: Vec::new(),
            written: 0,
            held: Bytes::new(),
            behind: b"",
            body: Through::Empty,
            framing: Framing::Done,
            moved: 0,
            trailers: true,
            begun: false,
            flushed: true,
            stalled: false,
            copied: None,
        }
    }

    /// Puts a message behind the one before, of which nothing but interjected bytes may be left. `head` writes its head but for the empty line,
    /// and says how the body is framed.
    pub(crate) fn begin(&mut self, body: Through, head: impl FnOnce(&Through, &mut Vec<u8>) -> Framing) {
        self.room();
        (self.begun, self.flushed, self.copied) = (false, false, None);
        self.framing = head(&body, &mut self.output);
        self.output.extend_from_slice(b"\r\n");
        self.body = if self.framing == Framing::Done { Through::Empty } else { body };
        if let (Through::Bytes(bytes), Framing::Length(length)) = (&self.body, self.framing)
            && bytes.len() as u64 == length
            && bytes.len() <= COPIED_MAX
        {
            self.output.extend_from_slice(bytes);
            self.copied = Some(bytes.clone());
            (self.body, self.framing) = (Through::Empty, Framing::Done);
        }
    }

    /// Puts bytes that are no message before the next one, or behind what is still to be written.
    pub(crate) fn interject(&mut self, bytes: &[u8]) {
        self.room();
        self.output.extend_from_slice(bytes);
        self.flushed = false;
    }

    /// What is to be written needs memory.
    fn room(&mut self) {
        if self.output.is_empty() {
            self.output = spare::output();
        }
    }

    /// Whether the other side takes trailers. They are left out otherwise.
    pub(crate) fn takes_trailers(&mut self, takes: bool) {
        self.trailers = takes;
    }

    /// Whether all of it has left.
    pub(crate) fn is_done(&self) -> bool {
        self.flushed
    }

    /// Whether it waits for the other side to take what is there.
    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// A number that changes whenever something leaves.
    pub(crate) fn moved(&self) -> u64 {
        self.moved
    }

    /// The body, when nothing of the message has left.
    pub(crate) fn take_unsent(&mut self) -> Option<Through> {
        if self.begun {
            return None;
        }
        let body = std::mem::replace(&mut self.body, Through::Empty);
        Some(self.copied.take().map_or(body, Through::Bytes))
    }

    /// Sends as much as there is and as the connection takes. Ready when all of it has left.
    pub(crate) fn poll(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Stuck>> {
        loop {
            ready!(self.poll_write(socket, context))?;
            if self.framing == Framing::Done {
                self.body = Through::Empty;
                ready!(self.poll_flush(socket, context))?;
                self.flushed = true;
                return Poll::Ready(Ok(()));
            }
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
                // What was written must not wait for what is not there yet.
                ready!(self.poll_flush(socket, context))?;
                return Poll::Pending;
            };
            self.take(frame)?;
        }
    }

    /// Puts what is there of the body behind the head already, so that both leave together. Not for a message that may
    /// have to be sent again: what was taken of a body is not to be had a second time.
    ///
    /// # Errors
    /// The body is broken from the start.
    pub(crate) fn take_first(&mut self, context: &mut Context<'_>) -> Result<(), Stuck> {
        if self.framing != Framing::Done
            && let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context)
        {
            self.take(frame)?;
        }
        Ok(())
    }

    fn take(&mut self, frame: Option<Result<Frame<Bytes>, BodyBroken>>) -> Result<(), Stuck> {
        match frame {
            None => self.end(None),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => self.push(data),
                Err(frame) => self.end(frame.trailers_ref()),
            },
            Some(Err(_)) => Err(Stuck::Body),
        }
    }

    fn poll_write(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.stalled = true;
        while self.written < self.output.len() || !self.held.is_empty() {
            let output = &self.output[self.written..];
            let socket = Pin::new(&mut *socket);
            let count = if self.held.is_empty() {
                ready!(socket.poll_write(context, output))?
            } else {
                ready!(
                    socket.poll_write_vectored(context, &[IoSlice::new(output), IoSlice::new(&self.held)])
                )?
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_output = count.min(output.len());
            self.begun = true;
            self.moved += count as u64;
            self.written += of_output;
            self.held.advance(count - of_output);
            if self.held.is_empty() && !self.behind.is_empty() {
                self.output.extend_from_slice(std::mem::take(&mut self.behind));
            }
        }
        if !self.output.is_empty() {
            self.written = 0;
            spare::give_back_output(std::mem::take(&mut self.output));
        }
        self.stalled = false;
        Poll::Ready(Ok(()))
    }

    fn poll_flush(
        &mut self,
        socket: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let flushed = Pin::new(socket).poll_flush(context);
        self.stalled = flushed.is_pending();
        flushed
    }

    fn push(&mut self, data: Bytes) -> Result<(), Stuck> {
        // A chunk of no length would be the last.
        if data.is_empty() {
            return Ok(());
        }
        self.room();
        match &mut self.framing {
            Framing::Length(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or(Stuck::Body)?;
                if *left == 0 && self.body.is_end_stream() {
                    self.framing = Framing::Done;
                }
            }
            // Writing into memory does not fail.
            Framing::Chunked => {
                let _ = write!(self.output, "{:x}\r\n", data.len());
                self.behind = b"\r\n";
            }
            Framing::Close => {}
            Framing::Done => return Ok(()),
        }
        if data.len() <= COPIED_MAX {
            self.output.extend_from_slice(&data);
            self.output.extend_from_slice(std::mem::take(&mut self.behind));
        } else {
            self.held = data;
        }
        Ok(())
    }

    fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), Stuck> {
        match self.framing {
            Framing::Length(0) | Framing::Close | Framing::Done => {}
            Framing::Length(_) => return Err(Stuck::Body),
            Framing::Chunked => {
                self.room();
                self.output.extend_from_slice(b"0\r\n");
                for (name, value) in trailers.filter(|_| self.trailers).into_iter().flatten() {
                    if may_be_trailer(name) {
                        field(&mut self.output, name.as_str(), value.as_bytes());
                    }
                }
                self.output.extend_from_slice(b"\r\n");
            }
        }
        self.framing = Framing::Done;
        Ok(())
    }
}

/// Writes a field's line.
pub(crate) fn field(into: &mut Vec<u8>, name: &str, value: &[u8]) {
    into.extend_from_slice(name.as_bytes());
    into.extend_from_slice(b": ");
    into.extend_from_slice(value);
    into.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::body::Inspected;

    /// Takes everything at once, and passes it on when it is flushed: at the second attempt, as TLS does over a socket
    /// that is full.
    #[derive(Default)]
    struct Reluctant {
        writes: Vec<Vec<u8>>,
        passed_on: usize,
        asked: bool,
    }

    impl Reluctant {
        fn taken(&self) -> usize {
            self.writes.iter().map(Vec::len).sum()
        }
    }

    impl AsyncWrite for Reluctant {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.writes.push(bytes.to_vec());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.asked = !self.asked;
            if self.asked {
                return Poll::Pending;
            }
            self.passed_on = self.taken();
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn streaming(length: usize) -> Through {
        Through::Inspected(Box::new(Inspected {
            bytes: vec![b'x'; length].into(),
            rest: None,
            trailers: None,
            fault: None,
            complete: true,
        }))
    }

    #[test]
    fn a_message_is_sent_when_it_is_flushed() {
        let mut context = Context::from_waker(Waker::noop());
        let mut sending = Sending::new();
        assert!(sending.is_done(), "nothing to send");
        // Without a body, with one that is copied, and with one that is written by itself; over the same connection.
        for length in [0, 10, COPIED_MAX + 1] {
            let mut socket = Reluctant::default();
            sending.begin(Through::Bytes(vec![b'x'; length].into()), |body, into| {
                into.extend_from_slice(b"POST / HTTP/1.1\r\n");
                body.size_hint().exact().filter(|length| *length > 0).map_or(Framing::Done, Framing::Length)
            });
            assert!(!sending.is_done(), "{length}");
            assert!(sending.poll(&mut socket, &mut context).is_pending(), "{length}");
            assert!(sending.is_stalled() && !sending.is_done(), "{length}: {} have left", socket.passed_on);
            assert!(matches!(sending.poll(&mut socket, &mut context), Poll::Ready(Ok(()))), "{length}");
            assert!(sending.is_done() && !sending.is_stalled(), "{length}");
            assert!(socket.passed_on > length && socket.passed_on == socket.taken(), "{length}");
        }
    }

    #[test]
    fn what_is_there_leaves_together_and_in_order() {
        let mut context = Context::from_waker(Waker::noop());
        let large = COPIED_MAX + 1;
        for (length, framing, writes, body) in [
            (10, Framing::Length(10), 1, "x".repeat(10)),
            (10, Framing::Chunked, 2, format!("a\r\n{}\r\n0\r\n\r\n", "x".repeat(10))),
            (10, Framing::Close, 2, "x".repeat(10)),
            (large, Framing::Length(large as u64), 2, "x".repeat(large)),
            (large, Framing::Chunked, 4, format!("{large:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(large))),
        ] {
            let (mut sending, mut socket) = (Sending::new(), Reluctant::default());
            sending.interject(b"before ");
            sending.begin(streaming(length), |_, into| {
                into.extend_from_slice(b"head\r\n");
                framing
            });
            sending.take_first(&mut context).unwrap();
            while sending.poll(&mut socket, &mut context).is_pending() {}
            assert_eq!(
                socket.writes.concat(),
                format!("before head\r\n\r\n{body}").into_bytes(),
                "{framing:?}"
            );
            assert!(socket.writes.len() <= writes, "{framing:?}: {} writes", socket.writes.len());
            assert_eq!(sending.moved(), socket.taken() as u64);
        }
    }

    #[test]
    fn a_body_that_does_not_keep_to_its_length() {
        let mut context = Context::from_waker(Waker::noop());
        for told in [9, 11] {
            let mut sending = Sending::new();
            sending.begin(streaming(10), |_, _| Framing::Length(told));
            let first = sending.take_first(&mut context);
            let then = sending.poll(&mut Reluctant::default(), &mut context);
            let stuck = first == Err(Stuck::Body) || then == Poll::Ready(Err(Stuck::Body));
            assert!(stuck, "{told} were told: {first:?}, {then:?}");
        }
    }
}
