use crate::Millis;

/// How repeated failures of one source are answered: first it is slowed, then restricted for a time that grows with
/// each strike and is forgotten after a quiet while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// The window in which failures are counted, in milliseconds.
    pub window_millis: u64,
    /// Failures from which the source is slowed.
    pub slow_from: u32,
    /// Failures from which it is restricted; the count starts again after each restriction.
    pub restrict_from: u32,
    /// How long each step lasts, in milliseconds; the last one repeats.
    pub steps_millis: Vec<u64>,
    /// Each quiet time of this length takes one step back, in milliseconds.
    pub forget_millis: u64,
}

/// What is remembered of a source's restrictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Which step it is on, from 1.
    pub step: u8,
    /// When the restriction began.
    pub start: Millis,
    /// When it ends.
    pub end: Millis,
}

impl Ladder {
    /// The strike that follows `previous` at `now`. While one is in force it stays as it is: failures that were
    /// already on their way do not lengthen it.
    #[must_use]
    pub fn next(&self, previous: Option<Strike>, now: Millis) -> Strike {
        let step = match previous {
            Some(strike) if now < strike.end => return strike,
            Some(strike) => self.standing(strike, now).saturating_add(1),
            None => 1,
        };
        let index = usize::from(step).min(self.steps_millis.len()) - 1;
        let step = u8::try_from(index + 1).unwrap_or(u8::MAX);
        let length = i64::try_from(self.steps_millis[index]).unwrap_or(i64::MAX);
        Strike { step, start: now, end: now.plus(length) }
    }

    /// Which step still counts against a source at `now`; 0 when all is forgotten.
    #[must_use]
    pub fn standing(&self, strike: Strike, now: Millis) -> u8 {
        let quiet = now.since(strike.end).max(0).unsigned_abs() / self.forget_millis.max(1);
        strike.step.saturating_sub(u8::try_from(quiet).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn grows_and_is_forgotten() {
        let ladder = Ladder {
            window_millis: 600_000,
            slow_from: 3,
            restrict_from: 6,
            steps_millis: vec![60_000, 300_000, 1_800_000],
            forget_millis: 3_600_000,
        };
        let first = ladder.next(None, Millis(0));
        assert_eq!((first.step, first.end), (1, Millis(MINUTE)));
        assert_eq!(ladder.next(Some(first), Millis(MINUTE - 1)), first, "in force: unchanged");
        let second = ladder.next(Some(first), Millis(MINUTE));
        assert_eq!((second.step, second.end), (2, Millis(6 * MINUTE)));
        let third = ladder.next(Some(second), Millis(7 * MINUTE));
        let last = ladder.next(Some(third), Millis(60 * MINUTE));
        assert_eq!((third.step, last.step), (3, 3), "the last step repeats");
        assert_eq!(
            ladder.next(Some(third), third.end.plus(60 * MINUTE)).step,
            3,
            "one quiet hour takes one step back"
        );
        assert_eq!(
            ladder.next(Some(third), third.end.plus(180 * MINUTE)).step,
            1,
            "three quiet hours forget three"
        );
    }
}
