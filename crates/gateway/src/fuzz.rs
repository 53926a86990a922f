//! What fuzzing reaches of this crate's inside; see `fuzz/` at the root. Not there in ordinary builds.

use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

pub use crate::door::beside::fuzz::{question, rewritten};
pub use crate::front::fuzz::{Ended, Followed, http1};
pub use crate::wire::fuzz::{chunks, frames, head, ja4};

/// A PROXY header at the beginning of `bytes`: how many of them it has, and whom it names.
#[must_use]
pub fn proxy_protocol(mut bytes: &[u8]) -> Option<(usize, Option<SocketAddr>)> {
    let length = bytes.len();
    let read = {
        let mut reading = pin!(crate::proxy_protocol::read(&mut bytes));
        // Memory is always ready.
        match reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(read) => read.ok()?,
            Poll::Pending => return None,
        }
    };
    Some((length - bytes.len(), read))
}
