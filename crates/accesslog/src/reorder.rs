//! Putting records back into order, in bounded memory.
//!
//! Logs are slightly out of order: several workers write one file, and Apache logs the time at which a request began
//! when it ends. [`Reorder::within`] holds every item until the newest time seen is a window ahead of it. Some logs
//! are wholly out of order (merged from several servers by appending); [`Reorder::whole`] holds everything, up to a
//! bound, and so sorts the file exactly if it is no longer than the bound.
//!
//! # Beyond the bound
//!
//! Memory matters more than order: when more than the bound is held, the earliest item is given at once. An item that
//! then comes too late, earlier than one already given, is given with the time of that one (times never run backwards
//! for the caller) and counted in [`ReorderStats::clamped`]. Nothing is lost or refused. A caller that sees more than a
//! per cent or so of clamped items says so, and how to help: sort the file by time first, or raise the bound.
//!
//! # The sequence depends on the items only
//!
//! Equal times keep the order in which they came. Nothing depends on how the input was cut: one file, or the same
//! lines in rotated files pushed one after another into the same buffer, give the same sequence.

use std::collections::{BTreeMap, VecDeque};

/// A buffer that gives items in order of time; see the module.
///
/// ```
/// let mut reorder = spigot_accesslog::Reorder::within(60_000, 100_000);
/// let mut given = Vec::new();
/// for (time_millis, name) in [(5_000, "b"), (4_000, "a"), (70_000, "c")] {
///     reorder.push(time_millis, name);
///     while let Some((_, name)) = reorder.pop() {
///         given.push(name);
///     }
/// }
/// reorder.finish();
/// given.extend(std::iter::from_fn(|| reorder.pop()).map(|(_, name)| name));
/// assert_eq!(given, ["a", "b", "c"]);
/// ```
#[derive(Debug)]
pub struct Reorder<T> {
    window_millis: i64,
    held_max: usize,
    /// Items that came in order, as nearly all do.
    straight: VecDeque<(Place, T)>,
    /// Items that came after a later one.
    late: BTreeMap<Place, T>,
    finished: bool,
    newest_millis: i64,
    /// The latest time given.
    floor_millis: i64,
    stats: ReorderStats,
}

/// Time and number of arrival: equal times keep the order in which they came.
type Place = (i64, u64);

/// What the ordering came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReorderStats {
    /// Items pushed.
    pub pushed: u64,
    /// Items that were earlier than their predecessor, repaired or not.
    pub out_of_order: u64,
    /// Items that came too late and were given with a later time than their own.
    pub clamped: u64,
}

impl<T> Reorder<T> {
    /// Orders items that are at most `window_millis` late; holds at most `held_max` items.
    pub fn within(window_millis: u32, held_max: usize) -> Self {
        Self::new(i64::from(window_millis), held_max)
    }

    /// Orders everything, if it is at most `held_max` items; see the module for what happens beyond.
    pub fn whole(held_max: usize) -> Self {
        Self::new(i64::MAX, held_max)
    }

    fn new(window_millis: i64, held_max: usize) -> Self {
        Self {
            window_millis,
            held_max: held_max.max(1),
            straight: VecDeque::new(),
            late: BTreeMap::new(),
            finished: false,
            newest_millis: i64::MIN,
            floor_millis: i64::MIN,
            stats: ReorderStats::default(),
        }
    }

    /// Takes an item with its time in Unix milliseconds. Call [`Reorder::pop`] until `None` after each.
    pub fn push(&mut self, time_millis: i64, item: T) {
        let place = (time_millis.max(self.floor_millis), self.stats.pushed);
        self.stats.pushed += 1;
        self.stats.out_of_order += u64::from(time_millis < self.newest_millis);
        self.stats.clamped += u64::from(time_millis < self.floor_millis);
        self.newest_millis = self.newest_millis.max(place.0);
        match self.straight.back() {
            Some((last, _)) if *last > place => {
                self.late.insert(place, item);
            }
            _ => self.straight.push_back((place, item)),
        }
    }

    /// The next item that no in-window item can precede any more, with its time (its own, or clamped).
    #[inline]
    pub fn pop(&mut self) -> Option<(i64, T)> {
        let straight = self.straight.front().map(|(place, _)| *place);
        // Asking the map costs more than all else, and mostly it is empty.
        let late =
            if self.late.is_empty() { None } else { self.late.first_key_value().map(|(place, _)| *place) };
        let (time_millis, _) = straight.into_iter().chain(late).min()?;
        let due = self.finished
            || self.len() > self.held_max
            || time_millis < self.newest_millis.saturating_sub(self.window_millis);
        if !due {
            return None;
        }
        self.floor_millis = time_millis;
        match (straight, late) {
            (Some(straight), Some(late)) if late < straight => self.late.pop_first(),
            (None, _) => self.late.pop_first(),
            _ => self.straight.pop_front(),
        }
        .map(|((time_millis, _), item)| (time_millis, item))
    }

    /// Says that nothing more comes: everything held can be had.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// What the ordering came to so far.
    pub fn stats(&self) -> ReorderStats {
        self.stats
    }

    /// How many items are held.
    pub fn len(&self) -> usize {
        self.straight.len() + self.late.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.straight.is_empty() && self.late.is_empty()
    }
}
