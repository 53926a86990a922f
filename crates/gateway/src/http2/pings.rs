use std::task::{Context, Poll, ready};
use std::time::Duration;

use h2::{Ping, PingPong};

use crate::wire::Deadline;

/// Asks the other side of a connection from time to time whether it is still there: one that is gone without a word
/// would keep its place, or be sent requests, until the system gives up, which takes a quarter of an hour.
pub(crate) struct Pings {
    asking: PingPong,
    every: Duration,
    within: Duration,
    deadline: Deadline,
    asked: bool,
}

impl Pings {
    pub(crate) fn new(asking: PingPong, every: Duration, within: Duration) -> Self {
        Self { asking, every, within, deadline: Deadline::default(), asked: false }
    }

    /// Ready when the other side does not answer. It is asked only while that is `wanted`.
    pub(crate) fn poll(&mut self, wanted: bool, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if !self.asked {
                let every = self.every;
                ready!(self.deadline.poll(|| every, context));
                self.asked = wanted && self.asking.send_ping(Ping::opaque()).is_ok();
                continue;
            }
            match self.asking.poll_pong(context) {
                Poll::Ready(_) => {
                    self.asked = false;
                    self.deadline.clear();
                }
                Poll::Pending => {
                    let within = self.within;
                    return self.deadline.poll(|| within, context);
                }
            }
        }
    }
}
