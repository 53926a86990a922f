use std::time::Duration;

use tokio::time::Instant;

/// Answers that may fail one after another before a server is passed over. One that takes no connection is passed over
/// at once: trying costs little and says much.
const BROKEN_MAX: u32 = 3;

/// What one thread has seen of a server lately.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Failures since the last answer.
    broken: u32,
    /// How often it was passed over since the last answer.
    times: u32,
    /// Until when it is passed over.
    until: Option<Instant>,
}

/// How long a server that fails is passed over: at first, and at most; each time doubles it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassOver {
    pub(crate) first: Duration,
    pub(crate) most: Duration,
}

impl Health {
    /// Whether a request may be sent to it now. When its time is over, the first that asks is its trial; the others
    /// wait for how that ends.
    pub(super) fn admits(&mut self, pass_over: PassOver, now: Instant) -> bool {
        match self.until {
            Some(until) if now < until => false,
            Some(_) => {
                self.until = now.checked_add(self.span(pass_over));
                true
            }
            None => true,
        }
    }

    /// When its time is over; nothing when it is not passed over.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// It answered.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// It took no connection.
    pub(super) fn refused(&mut self, pass_over: PassOver, now: Instant) {
        self.times = self.times.saturating_add(1);
        self.until = now.checked_add(self.span(pass_over));
    }

    /// It took a request and gave no answer.
    pub(super) fn broke(&mut self, pass_over: PassOver, now: Instant) {
        self.broken = self.broken.saturating_add(1);
        if self.broken >= BROKEN_MAX || self.times > 0 {
            self.refused(pass_over, now);
        }
    }

    fn span(&self, pass_over: PassOver) -> Duration {
        let doubled = 1u32.checked_shl(self.times.saturating_sub(1)).unwrap_or(u32::MAX);
        pass_over.first.saturating_mul(doubled).min(pass_over.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS_OVER: PassOver =
        PassOver { first: Duration::from_millis(100), most: Duration::from_millis(500) };

    #[test]
    fn passed_over_for_a_time_that_grows_and_tried_by_one() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut health = Health::default();
        let mut now = 0;
        for span in [100, 200, 400, 500, 500] {
            assert!(health.admits(PASS_OVER, at(now)));
            health.refused(PASS_OVER, at(now));
            assert!(!health.admits(PASS_OVER, at(now + span - 1)), "{span}");
            now += span;
        }
        assert!(health.admits(PASS_OVER, at(now)), "the trial");
        assert!(!health.admits(PASS_OVER, at(now)), "one at a time");
        health.answered();
        assert!(health.admits(PASS_OVER, at(now)) && health.admits(PASS_OVER, at(now)));
        health.refused(PASS_OVER, at(now));
        assert!(health.admits(PASS_OVER, at(now + 100)), "it begins anew");
    }

    #[test]
    fn answers_may_fail_three_times_in_a_row() {
        let now = Instant::now();
        let mut health = Health::default();
        for failures in [2, 2, 3] {
            for _ in 0..failures {
                assert!(health.admits(PASS_OVER, now));
                health.broke(PASS_OVER, now);
            }
            if failures == 2 {
                health.answered();
            }
        }
        assert!(!health.admits(PASS_OVER, now));
    }
}
