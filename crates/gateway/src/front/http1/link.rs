//! What a connection's task and the holder of a request's body share: the socket, and what came over it.

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body::{Frame, SizeHint};
use spigot_decision::Keys;
use tokio::io::{AsyncRead, AsyncWrite};

use super::coming::Coming;
use super::head;
use super::request::Asked;
use super::state::{Next, State, UNWANTED_TIME_MAX};
use crate::body::{BodyBroken, BodySource, Through};
use crate::http1::{Stuck, Tunnel};
use crate::wire::{Abort, Interims, Limits, Times};

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
}

impl<I: AsyncRead + AsyncWrite + Abort + Unpin, P> Link<I, P> {
    /// `began` came already.
    pub(super) fn new(socket: I, began: BytesMut, bounds: (Limits, Times), keys: Keys, place: P) -> Self {
        let state = State::new(socket, began, bounds, keys, place);
        Self {
            state: RefCell::new(Some(state)),
            request: Cell::new(0),
            wanted: Cell::new(false),
            task: Cell::new(None),
            holder: Cell::new(None),
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

    /// Who passes on what precedes the answer to the request that has come.
    pub(super) fn interims(&self) -> Option<Rc<dyn Interims>> {
        self.state().map(|state| state.interims.begin())
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
