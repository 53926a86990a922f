//! How long a connection may keep us waiting. One timer, set again only when it fires: a busy connection does not touch
//! it for each request.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A deadline that is usually met, and moves often.
#[derive(Default)]
pub(crate) struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(crate) fn clear(&mut self) {
        self.at = None;
    }

    /// Starts it unless it runs, then polls it. Ready when it has passed.
    pub(crate) fn poll(&mut self, time: impl FnOnce() -> Duration, context: &mut Context<'_>) -> Poll<()> {
        let at = *self.at.get_or_insert_with(|| Instant::now() + time());
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() > at {
            timer.as_mut().reset(at);
        }
        loop {
            match timer.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if Instant::now() >= at => {
                    self.at = None;
                    return Poll::Ready(());
                }
                // It was set for an earlier deadline, which was met.
                Poll::Ready(()) => timer.as_mut().reset(at),
            }
        }
    }
}

/// How long a sender may still pause: pauses use it up, bytes earn it back at the least pace, up to the longest pause.
/// So one bound covers both who stops and who dribbles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    longest: Duration,
    bytes_per_second: u32,
    left: Duration,
    since: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(longest: Duration, bytes_per_second: u32) -> Self {
        Self { longest, bytes_per_second: bytes_per_second.max(1), left: longest, since: None }
    }

    /// We wait from now on, unless we did already; what is left then.
    pub(crate) fn wait(&mut self, now: Instant) -> Duration {
        let since = *self.since.get_or_insert(now);
        self.left.saturating_sub(now.saturating_duration_since(since))
    }

    /// Bytes came.
    pub(crate) fn came(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(now.saturating_duration_since(since));
        }
        let earned = Duration::from_secs_f64(bytes as f64 / f64::from(self.bytes_per_second));
        self.left = (self.left + earned).min(self.longest);
    }

    /// Whether a wait is being timed, so that the time of its end matters.
    pub(crate) fn waits(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_use_up_what_bytes_earn() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::new(Duration::from_secs(10), 100);
        assert_eq!(pace.wait(at(0)), Duration::from_secs(10));
        assert_eq!(pace.wait(at(4)), Duration::from_secs(6), "asking again does not start anew");
        pace.came(100, at(4));
        assert_eq!(pace.wait(at(4)), Duration::from_secs(7));
        pace.came(1_000_000, at(5));
        assert_eq!(pace.wait(at(5)), Duration::from_secs(10), "never more than the longest pause");
        let mut dribble = Pace::new(Duration::from_secs(10), 100);
        let mut seconds = 0;
        dribble.wait(at(0));
        while !dribble.wait(at(seconds + 1)).is_zero() && seconds < 100 {
            seconds += 1;
            dribble.came(1, at(seconds));
            dribble.wait(at(seconds));
        }
        assert!((9..=12).contains(&seconds), "a byte a second lasts {seconds} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_is_met_moves_its_timer_only_when_it_fires() {
        let mut deadline = Deadline::default();
        let second = Duration::from_secs(1);
        for _ in 0..10 {
            let waited = tokio::time::timeout(
                second,
                std::future::poll_fn(|context| deadline.poll(|| 3 * second, context)),
            );
            assert!(waited.await.is_err(), "three seconds have not passed");
            deadline.clear();
        }
        let start = Instant::now();
        std::future::poll_fn(|context| deadline.poll(|| 3 * second, context)).await;
        assert_eq!(start.elapsed().as_secs(), 3);
    }
}
