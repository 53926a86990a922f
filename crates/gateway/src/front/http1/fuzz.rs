//! A connection's reader as fuzzing and tests drive it: what a client's bytes mean, in pieces of any size.

use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BytesMut;
use http_body_util::BodyExt;
use spigot_decision::Keys;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::link::Link;
use super::request::{Asked, parts};
use super::state::Next;
use crate::body::Incoming;
use crate::wire::{Abort, Framing, Limits, Refusal, Times};

pub(super) const LIMITS: Limits = Limits { head_bytes: 4096, fields: 100, target_bytes: 1024 };
pub(super) const TIMES: Times = Times {
    head: Duration::from_secs(1),
    idle: Duration::from_secs(5),
    body: Duration::from_secs(2),
    body_bytes_per_second: 100,
    write: Duration::from_secs(1),
};

/// What was made of a connection's bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Followed {
    /// Method, target, fields and body of each request that came whole.
    pub requests: Vec<(String, Vec<u8>)>,
    /// And then.
    pub ended: Ended,
}

/// How a connection's bytes end.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// Between requests, or within one.
    Open,
    /// With a head that is refused, for this reason.
    Refused(&'static str),
    /// With a body that is broken.
    Broken,
}

/// Reads a connection's requests, which come in pieces of `size`.
#[must_use]
pub fn http1(bytes: &[u8], size: usize) -> Followed {
    let pieces = Pieces { left: bytes.to_vec(), size };
    let mut following = pin!(follow(pieces));
    match following.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(followed) => followed,
        // Memory is always ready.
        Poll::Pending => Followed { requests: Vec::new(), ended: Ended::Open },
    }
}

/// Reads requests until there are no more.
async fn follow(socket: Pieces) -> Followed {
    let link = Rc::new(Link::new(socket, BytesMut::new(), (LIMITS, TIMES), Keys(1, 2), ()));
    let mut requests = Vec::new();
    let ended = loop {
        let (bytes, head) = match std::future::poll_fn(|context| link.poll_head(context)).await {
            Next::Request(bytes, head) => (bytes, head),
            Next::Refused(why) => break Ended::Refused(why.why()),
            Next::End => break Ended::Open,
        };
        let Ok(parts) = parts(&bytes, &head) else { break Ended::Refused(Refusal::Target.why()) };
        let mut body = Vec::new();
        if head.framing != Framing::None {
            let request = link.expect_body(&Asked::from(&*parts));
            let mut incoming = Incoming::http1(link.clone(), request);
            let mut whole = true;
            while let Some(frame) = incoming.frame().await {
                match frame.map(http_body::Frame::into_data) {
                    Ok(Ok(data)) => body.extend_from_slice(&data),
                    Ok(Err(trailers)) => {
                        body.extend_from_slice(format!("{:?}", trailers.trailers_ref()).as_bytes());
                    }
                    Err(_) => {
                        whole = false;
                        break;
                    }
                }
            }
            if !whole {
                break Ended::Broken;
            }
        }
        requests.push((format!("{} {} {:?}", parts.method, parts.uri, parts.headers), body));
    };
    Followed { requests, ended }
}

struct Pieces {
    left: Vec<u8>,
    size: usize,
}

impl Abort for Pieces {
    fn abort(&self) {}
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.size.min(self.left.len()).min(buffer.remaining());
        buffer.put_slice(&self.left[..count]);
        self.left.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
