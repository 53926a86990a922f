//! What is read from a client's socket and written to it: heads, bodies, interim answers and answers, each in its time.

use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use spigot_decision::Keys;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::coming::Coming;
use crate::body::BodyBroken;
use crate::http1::{Sending, Stuck};
use crate::wire::{self, Abort, Deadline, Framing, Head, Interim, Limits, Pace, Refusal, Times};

/// Room for a head: nearly every one fits, and it is copied from there into just the memory that it needs.
const HEAD_ROOM: usize = 4 << 10;
/// Room for a body, doubled while it comes faster.
const BODY_ROOM: usize = 8 << 10;
const BODY_ROOM_MAX: usize = 64 << 10;
/// Bytes read of a body that nobody wants, and for how long: a client that has seen the answer stops by then. After
/// that the connection closes.
const UNWANTED_BYTES_MAX: usize = 4 << 20;
pub(super) const UNWANTED_TIME_MAX: Duration = Duration::from_secs(5);
/// `P` is what a connection keeps as long as its socket lives, also after a switch of protocols: its place.
pub(super) struct State<I, P> {
    pub(super) socket: I,
    /// Came and was not taken; without memory most of the time.
    pub(super) input: BytesMut,
    /// Bytes of an incomplete head that were looked through.
    pub(super) searched: usize,
    pub(super) body: Coming,
    pub(super) room: usize,
    /// The client waits until it is told to send the body.
    pub(super) expects: bool,
    /// The body came too slowly.
    pub(super) late: bool,
    /// Bytes of it that nobody wanted.
    pub(super) unwanted: usize,
    /// Pieces of it that were taken.
    pub(super) pieces: u64,
    pub(super) draining: Deadline,
    pub(super) sending: Sending,
    /// An answer has begun: nothing may precede it any more.
    pub(super) answering: bool,
    /// Its body was not looked at yet.
    pub(super) fresh: bool,
    /// An interim answer is being written.
    pub(super) interim: bool,
    /// What had left when it was looked at last.
    pub(super) moved: u64,
    pub(super) interims: Rc<Interim>,
    pub(super) limits: Limits,
    pub(super) keys: Keys,
    pub(super) times: Times,
    pub(super) reading: Deadline,
    pub(super) writing: Deadline,
    pub(super) first: bool,
    pub(super) place: P,
}

/// What came over the connection.
#[derive(Debug)]
pub(super) enum Next {
    /// A whole head, and its bytes.
    Request(Bytes, Head),
    /// One that is none.
    Refused(Refusal),
    /// Nothing more.
    End,
}

impl<I: AsyncRead + AsyncWrite + Abort + Unpin, P> State<I, P> {
    /// `began` came already.
    pub(super) fn new(
        socket: I,
        began: BytesMut,
        (limits, times): (Limits, Times),
        keys: Keys,
        place: P,
    ) -> Self {
        Self {
            socket,
            input: began,
            searched: 0,
            body: Coming::Ended,
            room: BODY_ROOM,
            expects: false,
            late: false,
            unwanted: 0,
            pieces: 0,
            draining: Deadline::default(),
            sending: Sending::new(),
            answering: false,
            fresh: false,
            interim: false,
            moved: 0,
            interims: Rc::default(),
            limits,
            keys,
            times,
            reading: Deadline::default(),
            writing: Deadline::default(),
            first: true,
            place,
        }
    }

    pub(super) fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        loop {
            if self.input.len() > self.searched {
                match wire::read_head(&self.input, &mut self.searched, &self.limits, &self.keys) {
                    Ok(Some(head)) => return Poll::Ready(self.take_head(head)),
                    Ok(None) => {}
                    Err(refusal) => return Poll::Ready(Next::Refused(refusal)),
                }
            }
            let begun = !self.input.is_empty();
            if !begun {
                // Whoever waits for the next request keeps no memory for it.
                self.input = BytesMut::new();
            }
            match self.poll_fill(context) {
                Poll::Ready(Ok(1..)) => {
                    if !begun {
                        self.reading.clear();
                    }
                }
                Poll::Ready(_) => return Poll::Ready(Next::End),
                Poll::Pending => {
                    let time = if begun || self.first { self.times.head } else { self.times.idle };
                    ready!(self.reading.poll(|| time, context));
                    // When nothing was asked for, there is nothing to answer.
                    let next = if begun { Next::Refused(Refusal::HeadLate) } else { Next::End };
                    return Poll::Ready(next);
                }
            }
        }
    }

    pub(super) fn take_head(&mut self, head: Head) -> Next {
        self.reading.clear();
        let pace = || Pace::new(self.times.body, self.times.body_bytes_per_second);
        self.body = match head.framing {
            Framing::None => Coming::Ended,
            Framing::Length(length) => Coming::Length(length, pace()),
            Framing::Chunked => Coming::chunked(pace()),
        };
        (self.searched, self.first, self.expects, self.unwanted, self.pieces) = (0, false, false, 0, 0);
        self.draining.clear();
        self.room = BODY_ROOM;
        Next::Request(self.input.split_to(head.length).freeze(), head)
    }

    /// Reads what is there, into just the memory that it needs.
    pub(super) fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut room = [MaybeUninit::uninit(); HEAD_ROOM];
        let mut room = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut room))?;
        self.input.extend_from_slice(room.filled());
        Poll::Ready(Ok(room.filled().len()))
    }

    pub(super) fn poll_body(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        if std::mem::take(&mut self.expects) && !self.answering {
            self.sending.interject(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        loop {
            if let Some(found) = self.body.take(&mut self.input) {
                self.reading.clear();
                self.pieces += 1;
                return Poll::Ready(found);
            }
            if !self.answering && !self.sending.is_done() {
                // What fails here fails when it is read, too.
                let _ = self.sending.poll(&mut self.socket, context);
            }
            self.input.reserve(self.room);
            match pin!(self.socket.read_buf(&mut self.input)).poll(context) {
                Poll::Ready(Ok(count @ 1..)) => {
                    if count >= self.room {
                        self.room = (self.room * 2).min(BODY_ROOM_MAX);
                    }
                }
                Poll::Ready(_) => self.body = Coming::Broken,
                Poll::Pending => {
                    let pace = self.body.pace();
                    let time = || pace.map_or(Duration::ZERO, |pace| pace.wait(Instant::now()));
                    ready!(self.reading.poll(time, context));
                    self.late = true;
                    self.body = Coming::Late;
                }
            }
        }
    }

    /// Reads away what nobody wants of a body.
    pub(super) fn poll_drain(&mut self, context: &mut Context<'_>) {
        while !self.body.is_over() {
            if self.expects || self.unwanted > UNWANTED_BYTES_MAX {
                self.body = Coming::Broken;
                return;
            }
            match self.poll_body(context) {
                Poll::Ready(Some(Ok(frame))) => self.unwanted += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(_) => return,
                Poll::Pending => {
                    if self.draining.poll(|| UNWANTED_TIME_MAX, context).is_ready() {
                        self.body = Coming::Broken;
                    }
                    return;
                }
            }
        }
    }

    /// Writes interim answers. Ready when that fails.
    pub(super) fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while !self.answering {
            if !self.sending.is_done() && ready!(self.poll_send(context)).is_err() {
                return Poll::Ready(());
            }
            if std::mem::take(&mut self.interim) {
                self.interims.written();
            }
            match self.interims.take() {
                Some(head) => self.sending.interject(&head),
                None => break,
            }
            self.interim = true;
        }
        Poll::Pending
    }

    /// Sends what there is, as long as the client takes it.
    pub(super) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Stuck>> {
        if std::mem::take(&mut self.fresh) {
            self.sending.take_first(context)?;
        }
        let sent = self.sending.poll(&mut self.socket, context);
        let moved = self.sending.moved();
        if moved != std::mem::replace(&mut self.moved, moved) || !self.sending.is_stalled() {
            self.writing.clear();
        }
        if sent.is_pending() && self.sending.is_stalled() {
            let time = self.times.write;
            ready!(self.writing.poll(|| time, context));
            return Poll::Ready(Err(Stuck::Connection));
        }
        sent
    }

    pub(super) fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if Pin::new(&mut self.socket).poll_shutdown(context).is_ready() {
            return Poll::Ready(());
        }
        let time = self.times.write;
        self.writing.poll(|| time, context)
    }

    /// Reads away what still comes at the end. Ready when that was enough.
    pub(super) fn poll_away(&mut self, left: &mut usize, context: &mut Context<'_>) -> Poll<()> {
        while *left > 0 {
            self.input.clear();
            match ready!(self.poll_fill(context)) {
                Ok(count @ 1..) => *left = left.saturating_sub(count),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}
