//! Sliding-window counts in fixed memory.
//!
//! **Exact below the bound.** Each key keeps the times of its events as runs (a time and how many events fell on it),
//! so that a count is the number of events in `(now - window, now]` to the millisecond. For limits above
//! [`EXACT_LIMIT`] events closer than a thousandth of the window share a run, and each is forgotten at most that much
//! early. A key keeps at most twice its limit and a little more; a count stops growing there.
//!
//! **Under a flood of keys.** The table is made of sets of eight ways. A new key in a full set takes the way of a key
//! whose window has passed, else of the key with the fewest events, the one silent for longest among equals. A key
//! that was seen twice therefore outlives every key that was seen once, and a heavy key is lost only to eight heavier
//! ones in one set. Tags are the whole 64-bit keyed hash: two keys share a count only if their hashes are equal
//! (for 10 million keys, 1 chance in 370,000 that any two are).
//!
//! **When runs run out.** Runs beyond a key's newest live in chunks from a fixed pool. With the pool empty, further
//! events join the key's newest run: nothing is lost from the count, but these events are forgotten together with the
//! run that they joined, that is too early. Chunks of keys whose window has passed are reclaimed by a sweep.

use bytemuck::{Pod, Zeroable};
use parking_lot::Mutex;
use spigot_decision::{Count, Millis};

use crate::zeroed::Zeroed;

/// Up to this limit every event's time is kept to the millisecond.
pub const EXACT_LIMIT: u32 = 1024;

const WAYS: usize = 8;
const RUNS: usize = 9;
/// Stripes of the table, each with its own lock: with two to sixteen cores collisions are rare, and a lock held for
/// the length of one count is shorter than the memory access it guards.
const SHARDS: usize = 64;
/// Every so many updates of a shard sweep one of its sets.
const SWEEP_EVERY: u32 = 8;

/// A fixed table of counts, shared by all threads.
pub struct Table {
    shards: Box<[Mutex<Shard>]>,
    start: Millis,
}

/// How full a table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableStats {
    /// Memory that it may use, in bytes.
    pub bytes: usize,
    /// Keys that gave way to others while their window still ran.
    pub evicted: u64,
    /// Events that joined an earlier run because no chunk was free.
    pub merged: u64,
    /// Chunks in use.
    pub chunks_used: usize,
    /// Chunks in all.
    pub chunks: usize,
}

impl Table {
    /// A table of at most `bytes` (at least 64 KiB are taken). Memory is only touched as it is used. `start` is the
    /// earliest time that it will be told.
    #[must_use]
    pub fn new(bytes: usize, start: Millis) -> Self {
        let per_shard = bytes.max(64 << 10) / SHARDS;
        let sets = (per_shard / 2 / size_of::<Set>()).max(1);
        let chunks = (per_shard / 2 / size_of::<Chunk>()).max(2);
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::new(sets, chunks))).collect();
        Self { shards, start }
    }

    /// Counts an event, or only reads, as the count says; returns the events in its window.
    pub fn count(&self, count: &Count, now: Millis) -> u32 {
        let window = u32::try_from(count.window_millis).unwrap_or(u32::MAX / 2).min(u32::MAX / 2);
        // The low bits choose the shard, the others the set, the whole is the tag.
        let shard = &self.shards[count.key as usize % SHARDS];
        shard.lock().count(count.key, window, count.limit, count.add, self.tick(now))
    }

    /// Forgets a key.
    pub fn clear(&self, key: u64) {
        self.shards[key as usize % SHARDS].lock().clear(key);
    }

    /// Sweeps `1 / parts` of the table, so that idle keys give their memory back and no time grows ambiguous (ticks
    /// wrap after 49 days; call it so that all of it is swept within a day).
    pub fn maintain(&self, parts: usize, now: Millis) {
        let tick = self.tick(now);
        for shard in &self.shards {
            let mut shard = shard.lock();
            for _ in 0..shard.sets.len().div_ceil(parts.max(1)) {
                shard.sweep(tick);
            }
        }
    }

    /// How full it is.
    #[must_use]
    pub fn stats(&self) -> TableStats {
        self.shards.iter().fold(TableStats::default(), |sum, shard| {
            let shard = shard.lock();
            TableStats {
                bytes: sum.bytes
                    + shard.sets.len() * size_of::<Set>()
                    + shard.chunks.len() * size_of::<Chunk>(),
                evicted: sum.evicted + shard.evicted,
                merged: sum.merged + shard.merged,
                chunks_used: sum.chunks_used + shard.chunks_used,
                chunks: sum.chunks + shard.chunks.len() - 1,
            }
        })
    }

    fn tick(&self, now: Millis) -> u32 {
        // Wraps on purpose; ages are compared modulo 2^32.
        now.since(self.start) as u32
    }
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Set {
    tags: [u64; WAYS],
    ways: [Way; WAYS],
}

/// One key's events: the newest run inside, the others in a chain of chunks, oldest first.
#[derive(Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
struct Way {
    newest: u32,
    newest_weight: u32,
    total: u32,
    window: u32,
    head: u32,
    tail: u32,
}

/// A piece of a key's chain. Chunk 0 is never used: 0 means "none".
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Chunk {
    next: u32,
    start: u16,
    end: u16,
    times: [u32; RUNS],
    weights: [u16; RUNS],
    pad: u16,
}

struct Shard {
    sets: Zeroed<Set>,
    chunks: Zeroed<Chunk>,
    free: u32,
    /// Chunks from here on were never used, so that their memory is not touched before.
    untouched: u32,
    chunks_used: usize,
    updates: u32,
    hand: usize,
    evicted: u64,
    merged: u64,
}

impl Shard {
    fn new(sets: usize, chunks: usize) -> Self {
        Self {
            sets: Zeroed::new(sets),
            chunks: Zeroed::new(chunks),
            free: 0,
            untouched: 1,
            chunks_used: 0,
            updates: 0,
            hand: 0,
            evicted: 0,
            merged: 0,
        }
    }

    fn set_of(&self, key: u64) -> usize {
        // Multiplying maps the upper 32 bits evenly to any number of sets.
        (((key >> 32) * self.sets.len() as u64) >> 32) as usize
    }

    fn count(&mut self, key: u64, window: u32, limit: u32, add: bool, tick: u32) -> u32 {
        self.updates = self.updates.wrapping_add(1);
        if self.updates.is_multiple_of(SWEEP_EVERY) {
            self.sweep(tick);
        }
        let set = self.set_of(key);
        let place = match self.sets[set].tags.iter().position(|tag| *tag == key) {
            Some(place) => place,
            None if !add => return 0,
            None => self.admit(set, key, tick),
        };
        let mut way = self.sets[set].ways[place];
        way.window = window;
        self.expire(&mut way, tick);
        if add {
            self.push(&mut way, window, limit, tick);
        }
        self.sets[set].ways[place] = way;
        way.total
    }

    fn clear(&mut self, key: u64) {
        let set = self.set_of(key);
        if let Some(place) = self.sets[set].tags.iter().position(|tag| *tag == key) {
            self.empty(set, place);
        }
    }

    fn empty(&mut self, set: usize, place: usize) {
        let way = self.sets[set].ways[place];
        self.release(way.head, way.tail);
        self.sets[set].tags[place] = 0;
        self.sets[set].ways[place] = Way::default();
    }

    /// Makes room for a new key and returns its way.
    fn admit(&mut self, set: usize, key: u64, tick: u32) -> usize {
        let entries = &self.sets[set];
        let mut victim = 0;
        let mut least = (u32::MAX, 0);
        for place in 0..WAYS {
            let way = &entries.ways[place];
            let age = age(tick, way.newest);
            if entries.tags[place] == 0 || age >= way.window {
                victim = place;
                least = (0, 0);
                break;
            }
            // Fewest events first, then the longest silent.
            let rank = (way.total, u32::MAX - age);
            if rank < least {
                (victim, least) = (place, rank);
            }
        }
        self.evicted += u64::from(least.0 > 0);
        self.empty(set, victim);
        self.sets[set].tags[victim] = key;
        victim
    }

    /// Drops runs that have left the window.
    fn expire(&mut self, way: &mut Way, tick: u32) {
        while way.head != 0 {
            let chunk = &self.chunks[way.head as usize];
            let at = usize::from(chunk.start);
            if age(tick, chunk.times[at]) < way.window {
                return;
            }
            self.drop_oldest(way);
        }
        if way.total > 0 && age(tick, way.newest) >= way.window {
            *way = Way { window: way.window, ..Way::default() };
        }
    }

    fn drop_oldest(&mut self, way: &mut Way) {
        let chunk = &mut self.chunks[way.head as usize];
        way.total -= u32::from(chunk.weights[usize::from(chunk.start)]);
        chunk.start += 1;
        if chunk.start == chunk.end {
            let next = chunk.next;
            self.release(way.head, way.head);
            way.head = next;
            if next == 0 {
                way.tail = 0;
            }
        }
    }

    fn push(&mut self, way: &mut Way, window: u32, limit: u32, tick: u32) {
        let most = limit.saturating_mul(2).saturating_add(16);
        if way.total >= most {
            if way.head == 0 {
                // All of it lies in one run: the count stays where it is and the run moves up.
                way.newest = tick;
                return;
            }
            self.drop_oldest(way);
        }
        // A clock that steps back never makes an event older than the one before it.
        let tick = if age(tick, way.newest) == 0 && way.total > 0 { way.newest } else { tick };
        let grain = if limit <= EXACT_LIMIT { 1 } else { window / 1000 };
        let joins =
            way.total > 0 && age(tick, way.newest) < grain.max(1) && way.newest_weight < u32::from(u16::MAX);
        if way.total > 0 && !joins && !self.store(way) {
            self.merged += 1;
            way.newest_weight = (way.newest_weight + 1).min(u32::from(u16::MAX));
            way.total += 1;
            return;
        }
        if joins {
            way.newest_weight += 1;
        } else {
            way.newest = tick;
            way.newest_weight = 1;
        }
        way.total += 1;
    }

    /// Moves the newest run to the end of the chain; false when no chunk is free.
    fn store(&mut self, way: &mut Way) -> bool {
        let full = way.tail == 0 || usize::from(self.chunks[way.tail as usize].end) == RUNS;
        if full {
            let Some(fresh) = self.take() else { return false };
            if way.tail == 0 {
                way.head = fresh;
            } else {
                self.chunks[way.tail as usize].next = fresh;
            }
            way.tail = fresh;
        }
        let chunk = &mut self.chunks[way.tail as usize];
        let at = usize::from(chunk.end);
        chunk.times[at] = way.newest;
        chunk.weights[at] = u16::try_from(way.newest_weight).unwrap_or(u16::MAX);
        chunk.end += 1;
        true
    }

    fn take(&mut self) -> Option<u32> {
        let index = if self.free != 0 {
            let index = self.free;
            self.free = self.chunks[index as usize].next;
            index
        } else if (self.untouched as usize) < self.chunks.len() {
            self.untouched += 1;
            self.untouched - 1
        } else {
            return None;
        };
        let chunk = &mut self.chunks[index as usize];
        (chunk.next, chunk.start, chunk.end) = (0, 0, 0);
        self.chunks_used += 1;
        Some(index)
    }

    /// Gives a chain back.
    fn release(&mut self, head: u32, tail: u32) {
        if head == 0 {
            return;
        }
        let mut at = head;
        self.chunks_used -= 1;
        while at != tail {
            at = self.chunks[at as usize].next;
            self.chunks_used -= 1;
        }
        self.chunks[tail as usize].next = self.free;
        self.free = head;
    }

    /// Frees what has expired in the next set.
    fn sweep(&mut self, tick: u32) {
        self.hand += 1;
        if self.hand >= self.sets.len() {
            self.hand = 0;
        }
        // Most sets of a table that is not under attack are empty.
        if self.sets[self.hand].tags == [0; WAYS] {
            return;
        }
        for place in 0..WAYS {
            let set = &self.sets[self.hand];
            if set.tags[place] != 0 && age(tick, set.ways[place].newest) >= set.ways[place].window {
                self.empty(self.hand, place);
            }
        }
    }
}

/// How long ago `then` was, modulo the wrap; what lies ahead is now.
fn age(tick: u32, then: u32) -> u32 {
    let age = tick.wrapping_sub(then);
    if age > u32::MAX / 2 { 0 } else { age }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
