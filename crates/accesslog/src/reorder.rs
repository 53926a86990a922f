//! Putting records back into order, in bounded memory.
//!
//! Logs are slightly out of order: several workers write one file, and Apache logs the time at which a request began
//! when it ends. [`Reorder::within`] holds every item until the newest time seen is a window ahead of it. Some logs
//! are wholly out of order (merged from several servers by appending); [`Reorder::whole`] holds everything, up to a
//! bound, and so sorts the file exactly if it is no longer than the bound.
//!
//! # Beyond the bound
//!
//! Memory matters more than order: when more than the bound is held, the earliest second's items are given at once.
//! An item that then comes too late, earlier than one already given, is given with the time of that one (times never
//! run backwards for the caller) and counted in [`ReorderStats::clamped`]. Nothing is lost or refused. A caller that
//! sees more than a per cent or so of clamped items says so, and how to help: sort the file by time first, or raise
//! the bound.
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
    /// What is held, by second, in order of arrival within it. A released second's vector goes to `spare`.
    held: BTreeMap<i64, Vec<(i64, T)>>,
    held_count: usize,
    ready: VecDeque<(i64, T)>,
    spare: Vec<Vec<(i64, T)>>,
    newest_millis: i64,
    /// The latest time that is ready or given.
    floor_millis: i64,
    stats: ReorderStats,
}

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
    /// Orders items that are at most `window_millis` late; holds at most `held_max` items. Whole seconds are
    /// released together, so items can be held up to a second longer than the window.
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
            held: BTreeMap::new(),
            held_count: 0,
            ready: VecDeque::new(),
            spare: Vec::new(),
            newest_millis: i64::MIN,
            floor_millis: i64::MIN,
            stats: ReorderStats::default(),
        }
    }

    /// Takes an item with its time in Unix milliseconds. Call [`Reorder::pop`] until `None` after each.
    pub fn push(&mut self, time_millis: i64, item: T) {
        self.stats.pushed += 1;
        self.stats.out_of_order += u64::from(time_millis < self.newest_millis);
        self.stats.clamped += u64::from(time_millis < self.floor_millis);
        let time_millis = time_millis.max(self.floor_millis);

        let spare = &mut self.spare;
        let second =
            self.held.entry(time_millis.div_euclid(1000)).or_insert_with(|| spare.pop().unwrap_or_default());
        second.push((time_millis, item));
        self.held_count += 1;
        let advanced = time_millis > self.newest_millis || self.held_count > self.held_max;
        self.newest_millis = self.newest_millis.max(time_millis);
        if advanced {
            self.release();
        }
    }

    /// The next item that no in-window item can precede any more, with its time (its own, or clamped).
    #[inline]
    pub fn pop(&mut self) -> Option<(i64, T)> {
        self.ready.pop_front()
    }

    /// Says that nothing more comes: everything held becomes ready.
    pub fn finish(&mut self) {
        while self.release_first() {}
    }

    /// What the ordering came to so far.
    pub fn stats(&self) -> ReorderStats {
        self.stats
    }

    /// How many items are held or ready.
    pub fn len(&self) -> usize {
        self.held_count + self.ready.len()
    }

    /// Whether nothing is held or ready.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn release(&mut self) {
        let due_second = self.newest_millis.saturating_sub(self.window_millis).div_euclid(1000);
        while let Some((&second, _)) = self.held.first_key_value()
            && (second < due_second || self.held_count > self.held_max)
        {
            self.release_first();
        }
    }

    fn release_first(&mut self) -> bool {
        let Some((_, mut second)) = self.held.pop_first() else { return false };
        self.held_count -= second.len();
        if !second.is_sorted_by_key(|(time_millis, _)| *time_millis) {
            second.sort_by_key(|(time_millis, _)| *time_millis);
        }
        if let Some((last, _)) = second.last() {
            self.floor_millis = self.floor_millis.max(*last);
        }
        self.ready.extend(second.drain(..));
        self.spare.push(second);
        true
    }
}
