//! HTTP/1.1 to an application (RFC 9112): one request at a time over a connection, by whoever wants its answer.
//!
//! hyper's client runs each connection in a task of its own and speaks to it through channels; with both sides of a
//! request on one thread that costs more than the whole exchange does here. See `docs/decisions/0010`.

mod answer;
mod lines;
mod socket;
mod usual;

use std::cell::RefCell;
use std::io::{self, Write};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http::{Method, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::time::Instant;

pub(crate) use self::socket::Socket;
use super::Head;
use super::line::Unanswered;
use crate::body::{BodyBroken, Through};
use crate::http1::{Decoded, Decoder, Framing, Malformed, Sending, Stuck, Tunnel, spare};
use crate::wire::{Deadline, Interims};

/// Room for a read: most answers fit, and long ones double it up to what is read ahead of a slow reader.
const ROOM: usize = 4 << 10;
const ROOM_MAX: usize = 64 << 10;

/// A connection that carries one request at a time.
pub(super) struct Http1 {
    socket: Socket,
    /// Came and was not taken; without memory while it waits.
    input: BytesMut,
    room: usize,
    sending: Sending,
    /// Nothing more is sent, although the request has not ended.
    stuck: bool,
    /// The client broke its body off.
    broken: bool,
    /// Somebody else sends the rest of the request.
    pumped: bool,
    /// The request is for the head alone.
    to_head: bool,
    body: Decoder,
    /// What it carries leaves it fit for another request.
    keeps: bool,
    /// Since when nothing goes over it.
    pub(super) idle_since: Instant,
    /// For an answer that does not begin.
    pub(super) late: Deadline,
}

impl Http1 {
    pub(super) fn new(socket: Socket) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            socket,
            input: BytesMut::new(),
            room: ROOM,
            sending: Sending::new(),
            stuck: false,
            broken: false,
            pumped: false,
            to_head: false,
            body: Decoder::Ended,
            keeps: true,
            idle_since: Instant::now(),
            late: Deadline::default(),
        }))
    }

    /// Whether the other side has neither closed it nor said anything unasked. The socket is asked only when something
    /// has happened to it.
    pub(super) fn is_alive(&mut self) -> bool {
        let mut byte = [0; 1];
        let mut byte = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.socket).poll_read(&mut context, &mut byte).is_pending()
    }

    /// Takes a request, which [`Self::poll_answer`] sends.
    pub(super) fn begin(&mut self, head: &dyn Head, body: Through) {
        self.to_head = *head.method() == Method::HEAD;
        self.sending.begin(body, |body, into| {
            let told = head.http1(body, into);
            if body.is_end_stream() {
                Framing::Done
            } else if let Some(length) = told {
                Framing::Length(length)
            } else if let Some(length) = body.size_hint().exact() {
                // Writing into memory does not fail.
                let _ = write!(into, "content-length: {length}\r\n");
                Framing::Length(length)
            } else {
                into.extend_from_slice(b"transfer-encoding: chunked\r\n");
                Framing::Chunked
            }
        });
    }

    /// Sends the request and waits for the head of its answer; `interims` hears of what comes before it.
    pub(super) fn poll_answer(
        &mut self,
        interims: Option<&dyn Interims>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response<()>, Unanswered>> {
        let _ = self.poll_sending(context);
        if self.broken {
            return Poll::Ready(Err(Unanswered::Broken));
        }
        loop {
            while !self.input.is_empty() {
                let Ok(found) = answer::take(&mut self.input, self.to_head) else {
                    return Poll::Ready(Err(Unanswered::Broken));
                };
                let Some(head) = found else { break };
                let status = head.response.status();
                if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
                    if let Some(interims) = interims {
                        interims.hear(status, head.response.headers());
                    }
                    continue;
                }
                (self.body, self.keeps) = (head.body, head.keeps);
                return Poll::Ready(Ok(head.response));
            }
            if !matches!(ready!(self.poll_fill(context)), Ok(1..)) {
                let unsent = self.input.is_empty().then(|| self.sending.take_unsent()).flatten();
                return Poll::Ready(Err(unsent.map_or(Unanswered::Broken, Unanswered::Unsent)));
            }
        }
    }

    /// Sends on; ready when there is nothing more to send. An application that takes no more may still have answered; a
    /// client that broke off gets no answer.
    fn poll_sending(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.stuck || self.broken || self.sending.is_done() {
            return Poll::Ready(());
        }
        match ready!(self.sending.poll(&mut self.socket, context)) {
            Err(Stuck::Body) => self.broken = true,
            Err(Stuck::Connection) => self.stuck = true,
            Ok(()) => {}
        }
        Poll::Ready(())
    }

    /// The rest of a request whose answer has begun, for a task of its own: a client that sends all before it reads
    /// anything would wait for us, and we for it, if the rest went only as fast as the answer. `None` when there is
    /// none, nearly always.
    pub(super) fn pump(connection: &Rc<RefCell<Self>>) -> Option<impl Future<Output = ()> + use<>> {
        let mut this = connection.borrow_mut();
        if this.stuck || this.sending.is_done() {
            return None;
        }
        this.pumped = true;
        let connection = Rc::downgrade(connection);
        Some(std::future::poll_fn(move |context| match connection.upgrade() {
            Some(connection) => connection.borrow_mut().poll_sending(context),
            None => Poll::Ready(()),
        }))
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.input.capacity() == 0 {
            self.input = spare::input();
        }
        self.input.reserve(self.room);
        let polled = pin!(self.socket.read_buf(&mut self.input)).poll(context);
        if polled.is_pending() {
            self.lend();
        }
        let count = ready!(polled)?;
        if count >= self.room {
            self.room = (self.room * 2).min(ROOM_MAX);
        }
        Poll::Ready(Ok(count))
    }

    /// The next piece of the answer's body.
    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        if self.broken {
            return Poll::Ready(Some(Err(BodyBroken::Unsent)));
        }
        loop {
            match self.body.decode(&mut self.input) {
                Ok(Decoded::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Ok(Decoded::Trailers(trailers)) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Ok(Decoded::End) => return Poll::Ready(None),
                Ok(Decoded::More) => {}
                Err(Malformed(why)) => return Poll::Ready(Some(Err(BodyBroken::Malformed(why)))),
            }
            match ready!(self.poll_fill(context)) {
                Ok(1..) => {}
                Ok(_) if self.body == Decoder::Close => self.body = Decoder::Ended,
                Ok(_) => return Poll::Ready(Some(Err(BodyBroken::Closed))),
                Err(_) => return Poll::Ready(Some(Err(BodyBroken::Closed))),
            }
        }
    }

    /// Whether nothing of the answer is left.
    pub(super) fn has_ended(&self) -> bool {
        self.body == Decoder::Ended
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.body.left().map_or_else(SizeHint::new, SizeHint::with_exact)
    }

    /// Whether it may carry another request.
    pub(super) fn is_free(&self) -> bool {
        self.keeps
            && self.has_ended()
            && !(self.stuck || self.broken || self.pumped)
            && self.sending.is_done()
            && self.input.is_empty()
    }

    /// Nothing goes over it for a while.
    pub(super) fn rest(&mut self, now: Instant) {
        self.idle_since = now;
        self.lend();
    }

    /// While nothing is there others may have the memory for it.
    fn lend(&mut self) {
        if self.input.is_empty() {
            spare::give_back_input(std::mem::take(&mut self.input));
        }
    }

    /// What is left of it after a switch of protocols.
    pub(super) fn into_tunnel(self) -> Tunnel<Socket> {
        Tunnel { socket: self.socket, input: self.input }
    }
}
