//! When a review is due on one of its ways, and when it is tried again.

use spigot_decision::Millis;

pub(super) const WEEK_MILLIS: i64 = 7 * 86_400_000;
/// After a first failure; doubled with each.
const AGAIN_MILLIS: i64 = 60_000;
const AGAIN_MILLIS_MAX: i64 = 6 * 3_600_000;

/// When to send.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Within a week.
    offset_millis: i64,
    /// The time that the last one was due at which needs no more sending.
    pub(super) done: i64,
    pub(super) failures: u32,
    pub(super) not_before: i64,
}

impl Schedule {
    /// Who starts for the first time waits for the next one.
    pub(super) fn new(offset_millis: i64, sent: Option<i64>, now: Millis) -> Self {
        let done = sent.unwrap_or_else(|| last_due(offset_millis, now));
        Self { offset_millis, done, failures: 0, not_before: i64::MIN }
    }

    /// The time for which one has to be sent now.
    pub(super) fn due(&self, now: Millis) -> Option<i64> {
        let due = last_due(self.offset_millis, now);
        (due > self.done && now.0 >= self.not_before).then_some(due)
    }

    /// The next time that something is sent: the next week's, or another attempt.
    pub(super) fn next(&self, now: Millis) -> i64 {
        let due = last_due(self.offset_millis, now);
        if due > self.done { self.not_before.max(due) } else { due + WEEK_MILLIS }
    }

    pub(super) fn sent(&mut self, due: i64) {
        (self.done, self.failures, self.not_before) = (due, 0, i64::MIN);
    }

    pub(super) fn failed(&mut self, now: Millis) {
        let pause = AGAIN_MILLIS.saturating_mul(1 << self.failures.min(20)).min(AGAIN_MILLIS_MAX);
        self.failures += 1;
        self.not_before = now.0 + pause;
    }
}

/// The last time that one was due at.
fn last_due(offset_millis: i64, now: Millis) -> i64 {
    now.0 - (now.0 - offset_millis).rem_euclid(WEEK_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// Monday at six.
    const OFFSET: i64 = (4 * 24 + 6) * HOUR;
    /// Monday, 2 November 2026, 06:00 UTC.
    const DUE: Millis = Millis(1_793_599_200_000);

    #[test]
    fn once_a_week() {
        assert_eq!(last_due(OFFSET, DUE), DUE.0);
        assert_eq!(last_due(OFFSET, DUE.plus(-1)), DUE.0 - WEEK_MILLIS);
        let mut schedule = Schedule::new(OFFSET, None, DUE.plus(-HOUR));
        assert_eq!(schedule.due(DUE.plus(-1)), None, "the first start waits");
        assert_eq!(schedule.next(DUE.plus(-1)), DUE.0);
        assert_eq!(schedule.due(DUE), Some(DUE.0));
        schedule.sent(DUE.0);
        assert_eq!(schedule.due(DUE.plus(WEEK_MILLIS - 1)), None);
        assert_eq!(schedule.next(DUE.plus(WEEK_MILLIS - 1)), DUE.0 + WEEK_MILLIS);
        assert_eq!(schedule.due(DUE.plus(WEEK_MILLIS)), Some(DUE.0 + WEEK_MILLIS));
        // What was due while nothing ran is sent once, and for the last week alone.
        let schedule = Schedule::new(OFFSET, Some(DUE.0), DUE.plus(3 * WEEK_MILLIS + HOUR));
        assert_eq!(schedule.due(DUE.plus(3 * WEEK_MILLIS + HOUR)), Some(DUE.0 + 3 * WEEK_MILLIS));
    }

    #[test]
    fn what_fails_is_sent_later_and_later() {
        let mut schedule = Schedule::new(OFFSET, Some(0), DUE);
        let mut now = DUE;
        let mut pauses = Vec::new();
        for _ in 0..12 {
            schedule.failed(now);
            let pause = schedule.not_before - now.0;
            pauses.push(pause / 60_000);
            assert_eq!(schedule.next(now), now.0 + pause);
            assert_eq!(schedule.due(now.plus(pause - 1)), None);
            assert!(schedule.due(now.plus(pause)).is_some());
            now = now.plus(pause);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
        schedule.sent(schedule.due(now).unwrap());
        assert_eq!((schedule.due(now), schedule.failures), (None, 0));
    }
}
