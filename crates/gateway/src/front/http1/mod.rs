//! HTTP/1.1 with a client (RFC 9112): one request after the other, read once and strictly.
//!
//! A library behind a strict reader would read every head a second time, and what two readers make of one head is where
//! requests are smuggled. It also takes a tenth more time for each request; see `docs/decisions/0022`.

mod coming;
#[cfg(any(test, fuzzing))]
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "fuzzing reaches it from outside"))]
pub(crate) mod fuzz;
mod head;
mod link;
mod request;
mod state;

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use spigot_state::State;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use self::link::Link;
use self::request::Asked;
use self::state::Next;
use super::refusal;
use crate::body::{Incoming, Through};
use crate::door::connection::Connection;
use crate::http1::Stuck;
use crate::in_box::in_box;
use crate::settings::Bounds;
use crate::wire::{Abort, Framing, Head, Refusal};

/// What comes after a request.
enum After {
    /// Perhaps another one.
    More,
    /// The end; what the client still sends is not read, when it was refused.
    End { refused: bool },
    /// Nothing: the client is gone, or must not take what it has for the whole.
    Gone,
    /// Another protocol, which the application speaks.
    Switched(Through),
}

/// A connection that closes with its task, whoever still has a part in it.
struct Open<'a, I, P>(&'a Link<I, P>);

impl<I, P> Drop for Open<'_, I, P> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Serves a connection's requests. `began` came over it already; `place` is kept as long as the socket lives.
pub(super) async fn serve<S, I, P>(
    connection: Rc<Connection<S>>,
    socket: I,
    began: BytesMut,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
    place: P,
) where
    S: State,
    I: AsyncRead + AsyncWrite + Abort + Unpin + 'static,
    P: 'static,
{
    let keys = connection.gateway.keys;
    let bounds = (super::limits(&bounds), super::times(&bounds));
    let link = Rc::new(Link::new(socket, began, bounds, keys, place));
    let _open = Open(&link);
    let told = stop.clone();
    let mut stopped = pin!(async move {
        let _ = stop.wait_for(|stop| *stop).await;
    });
    let mut stopping = false;
    loop {
        let next = poll_fn(|context| {
            let next = link.poll_head(context);
            if next.is_pending() {
                stopping = stopping || stopped.as_mut().poll(context).is_ready();
                if stopping && link.is_idle() {
                    return Poll::Ready(Next::End);
                }
            }
            next
        });
        let after = match next.await {
            Next::Request(bytes, head) => answer(&connection, &link, bytes, head, &told).await,
            Next::Refused(why) => refuse(&connection, &link, why).await,
            Next::End => After::End { refused: false },
        };
        match after {
            After::More => {}
            After::End { refused } => return link.end(refused).await,
            After::Gone => return,
            After::Switched(body) => {
                let (Some((mut client, _place)), Some(mut application)) =
                    (link.take_tunnel(), body.into_tunnel())
                else {
                    return;
                };
                let _ = tokio::io::copy_bidirectional(&mut client, &mut *application).await;
                return;
            }
        }
    }
}

async fn answer<S, I, P>(
    connection: &Rc<Connection<S>>,
    link: &Rc<Link<I, P>>,
    bytes: Bytes,
    head: Head,
    stop: &watch::Receiver<bool>,
) -> After
where
    S: State,
    I: AsyncRead + AsyncWrite + Abort + Unpin + 'static,
    P: 'static,
{
    let parts = match request::parts(&bytes, &head) {
        Ok(parts) => parts,
        Err(why) => return refuse(connection, link, why).await,
    };
    drop(bytes);
    let asked = Asked::from(&*parts);
    let body = if head.framing == Framing::None {
        Incoming::Nothing
    } else {
        let request = link.expect_body(&asked);
        Incoming::http1(link.clone(), request)
    };
    // HTTP/1.0 has no interim answers (RFC 9110, section 15.2).
    let interims = if asked.old { None } else { link.interims() };
    let mut answering = in_box(|| connection.clone().handle(parts, body, head.order, interims));
    let answered = poll_fn(|context| match answering.as_mut().poll(context) {
        Poll::Ready(response) => Poll::Ready(Some(response)),
        Poll::Pending => link.poll_beside(context).map(|()| None),
    });
    let Some(mut response) = answered.await else { return After::Gone };
    drop(answering);
    let late = link.is_late();
    if late {
        response = Box::new(refusal(connection, Refusal::BodyLate));
    }
    let mut switched = None;
    if let Through::Tunnel(_) = response.body() {
        // What is left of the body would be taken for the other protocol.
        if !poll_fn(|context| link.poll_settled(context)).await {
            return After::Gone;
        }
        switched = Some(std::mem::replace(response.body_mut(), Through::Empty));
    }
    let keeps = link.begin(&mut response, &asked, !late && !*stop.borrow());
    drop(response);
    match poll_fn(|context| link.poll_send(context)).await {
        Ok(()) => {}
        Err(Stuck::Body) => {
            // Where its end is the connection's, nothing else would show that it is not whole.
            if asked.old {
                link.abort();
            }
            return After::Gone;
        }
        Err(Stuck::Connection) => return After::Gone,
    }
    if let Some(body) = switched {
        return After::Switched(body);
    }
    if keeps && poll_fn(|context| link.poll_settled(context)).await {
        After::More
    } else {
        After::End { refused: false }
    }
}

/// Refuses a head, and everything behind it.
async fn refuse<S, I, P>(connection: &Rc<Connection<S>>, link: &Link<I, P>, why: Refusal) -> After
where
    S: State,
    I: AsyncRead + AsyncWrite + Abort + Unpin,
{
    link.begin(&mut refusal(connection, why), &Asked::UNREADABLE, false);
    match poll_fn(|context| link.poll_send(context)).await {
        Ok(()) => After::End { refused: true },
        Err(_) => After::Gone,
    }
}

#[cfg(test)]
mod tests;
