//! Sums over events: what a minute, an hour or a day had in it, as a whole and by one property. They name nobody, and
//! so outlive the events.

use spigot_decision::{Action, Millis};

use crate::{CountedAs, Event};

/// The lengths of time that sums are kept for. Each event is in one of each, so that no job has to add them up later
/// and a late event is in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// For the last days.
    Minute,
    /// For the last weeks.
    Hour,
    /// For the last year.
    Day,
}

impl Span {
    /// The shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its length.
    #[must_use]
    pub fn minutes(self) -> u32 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
            Self::Day => 1_440,
        }
    }

    /// Days that sums of this length are kept, of the most that any are kept: minutes as long as one looks at single
    /// ones (4,320 rows a key), hours long enough for the same hour of earlier weeks (1,488 rows a key).
    #[must_use]
    pub fn keep_days(self, most: u32) -> u32 {
        match self {
            Self::Minute => most.min(3),
            Self::Hour => most.min(62),
            Self::Day => most,
        }
    }
}

/// What sums are divided by. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Nothing: all events.
    Total = 0,
    /// The route's name.
    Route = 1,
    /// The country's code.
    Country = 2,
    /// The device class.
    Device = 3,
    /// The name of each reason that the decision had; one event can be in several.
    Reason = 4,
    /// The policy's revision.
    Revision = 5,
}

impl Dimension {
    /// In the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Total, Self::Route, Self::Country, Self::Device, Self::Reason, Self::Revision];
}

/// Ends of the steps of added time that are counted, in microseconds; what takes longer is in a last one. What Spigot
/// adds is tens of microseconds, so they are close together there.
pub const LATENCY_STEPS: [u32; 15] =
    [10, 20, 30, 40, 60, 80, 100, 150, 200, 400, 1_000, 3_000, 10_000, 50_000, 250_000];

/// Columns of sums, in the order in which they are stored.
pub(crate) const CELLS: usize = 12 + LATENCY_STEPS.len() + 1;

/// Sums over some events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Events.
    pub events: u64,
    /// By what was done, weakest action first as in [`Action::ALL`].
    pub done: [u64; 6],
    /// The policy asked for more than was done: the route is in monitor mode.
    pub monitored: u64,
    /// Challenges that went out.
    pub issued: u64,
    /// Challenges that were solved.
    pub solved: u64,
    /// Submissions that were refused.
    pub failed: u64,
    /// The time that Spigot added to all of them together, in microseconds.
    pub added_micros: u64,
    /// How many events had how much of it: up to each of [`LATENCY_STEPS`], and more.
    pub latency: [u64; LATENCY_STEPS.len() + 1],
}

impl Default for Sums {
    fn default() -> Self {
        Self::of_cells([0; CELLS])
    }
}

impl Sums {
    /// The sums over one event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let mut sums = Self::default();
        sums.count(event);
        sums
    }

    /// Counts one more event, with what became of a challenge.
    pub fn count(&mut self, event: &Event) {
        self.count_request(event);
        self.count_step(event);
    }

    /// Counts a request alone.
    pub(crate) fn count_request(&mut self, event: &Event) {
        let done = event.decision.effective;
        self.events += 1;
        self.added_micros += u64::from(event.added_micros);
        self.done[Action::ALL.iter().position(|action| *action == done).unwrap_or(0)] += 1;
        self.monitored += u64::from(event.decision.action != done);
        self.latency[LATENCY_STEPS.partition_point(|end| *end < event.added_micros)] += 1;
    }

    /// Counts what became of a challenge alone.
    pub(crate) fn count_step(&mut self, event: &Event) {
        match event.challenge.as_deref().map(|step| step.counted_as()) {
            Some(CountedAs::Issued) => self.issued += 1,
            Some(CountedAs::Solved) => self.solved += 1,
            Some(CountedAs::Refused) => self.failed += 1,
            Some(CountedAs::Neither) | None => {}
        }
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        let (mut cells, others) = (self.cells(), other.cells());
        for (cell, other) in cells.iter_mut().zip(others) {
            *cell = cell.saturating_add(other);
        }
        *self = Self::of_cells(cells);
    }

    /// How many events had this done to them.
    #[must_use]
    pub fn done(&self, action: Action) -> u64 {
        Action::ALL.iter().position(|other| *other == action).map_or(0, |index| self.done[index])
    }

    /// Challenges that went out and were never answered, as far as whole spans can tell: what went out, less what was
    /// solved. A wrong answer is given another try, so it is no end.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.issued.saturating_sub(self.solved)
    }

    /// The added time that `percent` of 100 events had at most, in microseconds: within its step, as if they were
    /// spread over it evenly. `None` when there is no event.
    #[must_use]
    pub fn latency_micros(&self, percent: u8) -> Option<u32> {
        let all: u64 = self.latency.iter().sum();
        let rank = (all * u64::from(percent.min(100))).div_ceil(100).max(1);
        let mut before = 0;
        for (index, count) in self.latency.iter().enumerate() {
            if before + count < rank {
                before += count;
                continue;
            }
            let low = index.checked_sub(1).map_or(0, |last| u64::from(LATENCY_STEPS[last]));
            // What is beyond the last step is said to be there, not how far.
            let high = LATENCY_STEPS.get(index).map_or(low, |end| u64::from(*end));
            let micros = low + (high - low) * (rank - before) / count.max(&1);
            return (all > 0).then(|| u32::try_from(micros).unwrap_or(u32::MAX));
        }
        None
    }

    pub(crate) fn cells(&self) -> [u64; CELLS] {
        let mut cells = [0; CELLS];
        let head = [self.events, self.monitored, self.issued, self.solved, self.failed, self.added_micros];
        cells[..6].copy_from_slice(&head);
        cells[6..12].copy_from_slice(&self.done);
        cells[12..].copy_from_slice(&self.latency);
        cells
    }

    pub(crate) fn of_cells(cells: [u64; CELLS]) -> Self {
        let [events, monitored, issued, solved, failed, added_micros, ..] = cells;
        Self {
            events,
            monitored,
            issued,
            solved,
            failed,
            added_micros,
            done: std::array::from_fn(|index| cells[6 + index]),
            latency: std::array::from_fn(|index| cells[12 + index]),
        }
    }
}

/// The sums of one span of time and one key of a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The span's start.
    pub start: Millis,
    /// The key; `all` of [`Dimension::Total`], `unknown` where an event has none, `others` of those for which there was
    /// no room.
    pub key: String,
    /// The sums.
    pub sums: Sums,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::{decided, event, policy};

    #[test]
    fn an_event_is_counted_by_what_was_done() {
        let policy = policy();
        let mut sums = Sums::of(&event(&policy, 1));
        let mut blocked = decided(&policy, 2, Action::Block, 90, &[]);
        blocked.added_micros = 300_000;
        sums.add(&Sums::of(&blocked));
        blocked.decision.effective = Action::Allow;
        sums.add(&Sums::of(&blocked));
        assert_eq!((sums.events, sums.monitored), (3, 1));
        assert_eq!((sums.done(Action::Allow), sums.done(Action::Block)), (2, 1));
        assert_eq!(sums.added_micros, 600_040);
        assert_eq!(Sums::of_cells(sums.cells()), sums);
    }

    #[test]
    fn quantiles_lie_within_their_step() {
        let policy = policy();
        let mut sums = Sums::default();
        assert_eq!(sums.latency_micros(50), None);
        for number in 0..100 {
            let mut one = event(&policy, number);
            one.added_micros = if number < 90 { 35 } else { 2_000 };
            sums.add(&Sums::of(&one));
        }
        let check = |percent, from: u32, to: u32| {
            let found = sums.latency_micros(percent).unwrap();
            assert!((from..=to).contains(&found), "p{percent} is {found}");
        };
        check(0, 30, 40);
        check(50, 30, 40);
        check(90, 30, 40);
        check(91, 1_000, 3_000);
        check(100, 1_000, 3_000);
        sums.latency = [0; LATENCY_STEPS.len() + 1];
        sums.latency[LATENCY_STEPS.len()] = 1;
        assert_eq!(sums.latency_micros(99), Some(250_000));
    }
}
