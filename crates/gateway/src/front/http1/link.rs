//! What a connection's task and the holder of a request's body share: the socket, and what came over it.

use std::cell::{Cell, RefCell, RefMut};
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body::{Frame, SizeHint};
use spigot_decision::Keys;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::coming::Coming;
use super::head;
use super::request::Asked;
use crate::body::{BodyBroken, BodySource, Through};
use crate::http1::{Sending, Stuck, Tunnel};
use crate::wire::{self, Abort, Deadline, Framing, Head, Interim, Limits, Pace, Refusal, Times};

/// Room for a head: nearly every one fits, and it is copied from there into just the memory that it needs.
const HEAD_ROOM: usize = 4 << 10;
/// Room for a body, doubled while it comes faster.
const BODY_ROOM: usize = 8 << 10;
const BODY_ROOM_MAX: usize = 64 << 10;
/// Bytes read of a body that nobody wants, and for how long: a client that has seen the answer stops by then. After
/// that the connection closes.
const UNWANTED_BYTES_MAX: usize = 4 << 20;
const UNWANTED_TIME_MAX: Duration = Duration::from_secs(5);
/// After the last answer what the client still sends is read away for this long, because closing a socket with unread
/// bytes makes the other side throw away what it has not read yet: our answer.
const LINGER: Duration = Duration::from_secs(2);
/// And at most so much: an upload that was refused may be on its way.
const LINGER_BYTES: usize = 16 << 20;

/// One connection. What is in its state is gone as soon as the connection's task is done with it, whoever has a body
/// still: an answer in the state may well have the body of its own request.
pub(super) struct Link<I, P> {
    state: RefCell<Option<State<I, P>>>,
    /// The number of the request at hand, of those that have a body.
    request: Cell<u64>,
    /// Whether somebody may still ask for its body.
    wanted: Cell<bool>,
    /// Of the connection's task, while it waits for that to end.
    task: Cell<Option<Waker>>,
    /// Of whoever waits for more of the body.
    holder: Cell<Option<Waker>>,
    /// What precedes the answer to the request at hand.
    pub(super) interims: Rc<Interim>,
}

/// `P` is what a connection keeps as long as its socket lives, also after a switch of protocols: its place.
struct State<I, P> {
    socket: I,
    /// Came and was not taken; without memory most of the time.
    input: BytesMut,
    /// Bytes of an incomplete head that were looked through.
    searched: usize,
    body: Coming,
    room: usize,
    /// The client waits until it is told to send the body.
    expects: bool,
    /// The body came too slowly.
    late: bool,
    /// Bytes of it that nobody wanted.
    unwanted: usize,
    /// Pieces of it that were taken.
    pieces: u64,
    draining: Deadline,
    sending: Sending,
    /// An answer has begun: nothing may precede it any more.
    answering: bool,
    /// Its body was not looked at yet.
    fresh: bool,
    /// An interim answer is being written.
    interim: bool,
    /// What had left when it was looked at last.
    moved: u64,
    interims: Rc<Interim>,
    limits: Limits,
    keys: Keys,
    times: Times,
    reading: Deadline,
    writing: Deadline,
    first: bool,
    place: P,
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

impl<I: AsyncRead + AsyncWrite + Abort + Unpin, P> Link<I, P> {
    /// `began` came already.
    pub(super) fn new(
        socket: I,
        began: BytesMut,
        (limits, times): (Limits, Times),
        keys: Keys,
        place: P,
    ) -> Self {
        let interims = Rc::<Interim>::default();
        let state = State {
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
            interims: interims.clone(),
            limits,
            keys,
            times,
            reading: Deadline::default(),
            writing: Deadline::default(),
            first: true,
            place,
        };
        Self {
            state: RefCell::new(Some(state)),
            request: Cell::new(0),
            wanted: Cell::new(false),
            task: Cell::new(None),
            holder: Cell::new(None),
            interims,
        }
    }

    /// Nothing once the connection has ended.
    fn state(&self) -> Option<RefMut<'_, State<I, P>>> {
        RefMut::filter_map(self.state.borrow_mut(), Option::as_mut).ok()
    }

    /// Whether nothing of a next request has come.
    pub(super) fn is_idle(&self) -> bool {
        self.state().is_none_or(|state| state.input.is_empty())
    }

    /// Whether the body of the request at hand came too slowly.
    pub(super) fn is_late(&self) -> bool {
        self.state().is_some_and(|state| state.late)
    }

    /// Waits for the next head.
    pub(super) fn poll_head(&self, context: &mut Context<'_>) -> Poll<Next> {
        self.state().map_or(Poll::Ready(Next::End), |mut state| state.poll_head(context))
    }

    /// What follows the head is a body, for whoever has this number.
    pub(super) fn expect_body(&self, asked: &Asked) -> u64 {
        self.request.update(|last| last + 1);
        self.wanted.set(true);
        if let Some(mut state) = self.state() {
            state.expects = asked.expects;
        }
        self.request.get()
    }

    /// Between a request and the end of its answer: writes interim answers, reads away what nobody wants, and is ready
    /// when the client has gone away.
    pub(super) fn poll_beside(&self, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut state) = self.state() else { return Poll::Ready(()) };
        if state.poll_interim(context).is_ready() {
            return Poll::Ready(());
        }
        if !self.poll_unwanted(&mut state, context) || !state.input.is_empty() {
            return Poll::Pending;
        }
        // Whoever closes, or half closes, does not wait for the answer.
        match state.poll_fill(context) {
            Poll::Ready(Ok(1..)) | Poll::Pending => Poll::Pending,
            Poll::Ready(_) => Poll::Ready(()),
        }
    }

    /// Whether the body has ended well; what nobody wants of it is read away meanwhile.
    fn poll_unwanted(&self, state: &mut State<I, P>, context: &mut Context<'_>) -> bool {
        if !state.body.is_over() && self.wanted.get() {
            self.task.set(Some(context.waker().clone()));
        } else {
            state.poll_drain(context);
        }
        state.body.has_ended()
    }

    /// After an answer: whether another request can follow, once the rest of the body has been taken, or read away.
    pub(super) fn poll_settled(&self, context: &mut Context<'_>) -> Poll<bool> {
        let Some(mut state) = self.state() else { return Poll::Ready(false) };
        state.answering = false;
        loop {
            if self.poll_unwanted(&mut state, context) {
                return Poll::Ready(true);
            }
            if state.body.is_over() {
                return Poll::Ready(false);
            }
            ready!(state.draining.poll(|| UNWANTED_TIME_MAX, context));
            // Somebody may go on to take it, at its pace.
            if std::mem::take(&mut state.pieces) == 0 {
                return Poll::Ready(false);
            }
        }
    }

    /// Begins an answer. Whether the connection may outlive it.
    pub(super) fn begin(&self, answer: &mut Response<Through>, asked: &Asked, keep: bool) -> bool {
        let Some(mut state) = self.state() else { return false };
        // Nobody can know what follows when a body was not asked for: perhaps it comes, perhaps it does not.
        let mut keeps = keep && asked.more && (!state.expects || state.body.has_ended());
        let body = std::mem::replace(answer.body_mut(), Through::Empty);
        (state.answering, state.fresh) = (true, true);
        state.sending.begin(body, |body, into| head::write(answer, asked, body, &mut keeps, into));
        state.sending.takes_trailers(asked.trailers);
        keeps
    }

    /// Sends the answer. Ready when all of it has left, or when it cannot.
    pub(super) fn poll_send(&self, context: &mut Context<'_>) -> Poll<Result<(), Stuck>> {
        let sent = self.state().map(|mut state| state.poll_send(context));
        if let Some(ready @ Poll::Ready(_)) = sent {
            return ready;
        }
        self.poll_beside(context).map(|()| Err(Stuck::Connection))
    }

    /// Makes the connection's end a reset.
    pub(super) fn abort(&self) {
        if let Some(state) = self.state() {
            state.socket.abort();
        }
    }

    /// Ends the connection, so that the client has a chance to read what was written last.
    pub(super) async fn end(&self, refused: bool) {
        let linger = self.state().is_some_and(|mut state| {
            state.writing.clear();
            let linger = refused || !state.body.has_ended() || !state.input.is_empty();
            if !state.body.has_ended() {
                // What is read away from now on must not be missing in the middle of what somebody takes.
                state.body = Coming::Broken;
            }
            linger
        });
        wake(&self.holder);
        let shut = |context: &mut Context<'_>| match self.state() {
            Some(mut state) => state.poll_shutdown(context),
            None => Poll::Ready(()),
        };
        std::future::poll_fn(shut).await;
        if linger {
            let mut left = LINGER_BYTES;
            let away = std::future::poll_fn(|context| match self.state() {
                Some(mut state) => state.poll_away(&mut left, context),
                None => Poll::Ready(()),
            });
            let _ = tokio::time::timeout(LINGER, away).await;
        }
    }

    /// The connection after a switch of protocols, and what it keeps.
    pub(super) fn take_tunnel(&self) -> Option<(Tunnel<I>, P)> {
        let State { socket, input, place, .. } = self.state.take()?;
        Some((Tunnel { socket, input }, place))
    }
}

impl<I, P> Link<I, P> {
    /// Nothing is read or written any more.
    pub(super) fn close(&self) {
        // Let go of before it is dropped: what is in it may be about to let go of a body.
        let state = self.state.take();
        wake(&self.holder);
        drop(state);
    }
}

fn wake(waiting: &Cell<Option<Waker>>) {
    if let Some(waker) = waiting.take() {
        waker.wake();
    }
}

impl<I: AsyncRead + AsyncWrite + Abort + Unpin, P> BodySource for Link<I, P> {
    fn poll_frame(
        &self,
        request: u64,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        if request != self.request.get() {
            return Poll::Ready(None);
        }
        let Some(mut state) = self.state() else {
            return Poll::Ready(Some(Err(BodyBroken::Unsent)));
        };
        let was_done = state.sending.is_done();
        let polled = state.poll_body(context);
        if polled.is_pending() {
            self.holder.set(Some(context.waker().clone()));
        }
        // The connection's task may wait for either.
        if state.body.is_over() || (state.sending.is_done() && !was_done) {
            wake(&self.task);
        }
        polled
    }

    /// There is a next request only when all of this one's body was taken.
    fn has_ended(&self, request: u64) -> bool {
        request != self.request.get() || self.state().is_some_and(|state| state.body.has_ended())
    }

    fn size_hint(&self, request: u64) -> SizeHint {
        if request != self.request.get() {
            return SizeHint::with_exact(0);
        }
        self.state().map_or_else(SizeHint::new, |state| state.body.size_hint())
    }

    /// Not through the state: an answer that ends, which is sent from there, may be what lets go of the body.
    fn let_go(&self, request: u64) {
        if request == self.request.get() {
            self.wanted.set(false);
            wake(&self.task);
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Abort + Unpin, P> State<I, P> {
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Next> {
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

    fn take_head(&mut self, head: Head) -> Next {
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
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut room = [MaybeUninit::uninit(); HEAD_ROOM];
        let mut room = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut room))?;
        self.input.extend_from_slice(room.filled());
        Poll::Ready(Ok(room.filled().len()))
    }

    fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
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
    fn poll_drain(&mut self, context: &mut Context<'_>) {
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
    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<()> {
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
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Stuck>> {
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

    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if Pin::new(&mut self.socket).poll_shutdown(context).is_ready() {
            return Poll::Ready(());
        }
        let time = self.times.write;
        self.writing.poll(|| time, context)
    }

    /// Reads away what still comes at the end. Ready when that was enough.
    fn poll_away(&mut self, left: &mut usize, context: &mut Context<'_>) -> Poll<()> {
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
