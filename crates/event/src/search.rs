//! A search that tells how far it is and can be left at any moment: long questions over many events.

use std::borrow::Borrow;

use rusqlite::{OptionalExtension, params, params_from_iter};

use crate::conditions::{self, Needed, Within};
use crate::filter::can_hold;
use crate::query::{Cursor, Query, Reader};
use crate::store::StoreError;
use crate::{Record, row};

/// Rows that one step looks at: under a millisecond, and some tens of pages from a disk that is asleep. Whoever asks is
/// answered between two steps only.
const ROWS_PER_STEP: i64 = 512;

/// Blocks that one step passes over: far under a millisecond, and a page or two of each from a disk that is asleep.
const BLOCKS_PER_STEP: usize = 16;

/// The events of a query, newest first, found in steps of some milliseconds each. Between two steps nothing is held: no
/// transaction, and no more rows than were found.
#[derive(Debug)]
pub struct Search<R> {
    reader: R,
    query: Query,
    needed: Needed,
    /// Row ids, from here on and before the next.
    low: i64,
    high: i64,
    /// Everything from here on has been looked at.
    place: i64,
    left: usize,
}

/// What one step of a search brought.
#[derive(Debug, Default)]
pub struct Step {
    /// What was found, newest first.
    pub found: Vec<(Cursor, Record)>,
    /// Rows that were read.
    pub read: u64,
    /// Rows that were passed over, because their block has nothing of the kind.
    pub passed: u64,
    /// There is nothing more to look at, or as much was found as was asked for.
    pub done: bool,
}

/// One row of `block`, as far as a search wants it.
struct Block {
    first: i64,
    last: i64,
    rows: i64,
    possible: bool,
}

impl Reader {
    /// Begins a search; [`Query::order`] is not looked at.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn search(&self, query: &Query) -> Result<Search<&Self>, StoreError> {
        Search::new(self, query)
    }
}

impl<R: Borrow<Reader>> Search<R> {
    /// Begins a search.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(reader: R, query: &Query) -> Result<Self, StoreError> {
        let ends = reader.borrow().connection.query_row(
            "SELECT coalesce((SELECT min(at) FROM event), 0), coalesce((SELECT max(at) + 1 FROM event), 0)",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        );
        let (oldest, beyond) = ends.map_err(|error| reader.borrow().failed(error))?;
        let low = query.since.map_or(oldest, row::first_at).max(oldest);
        let high = query.until.map_or(beyond, row::first_at).max(low);
        let place = query.after.map_or(high, |Cursor(at)| at.min(high));
        let needed = conditions::needed(query);
        let left = query.limit.unwrap_or(usize::MAX);
        Ok(Self { reader, query: query.clone(), needed, low, high, place, left })
    }

    /// Looks at nothing but what came after a place.
    #[must_use]
    pub fn beyond(mut self, Cursor(at): Cursor) -> Self {
        self.low = self.low.max(at.saturating_add(1)).min(self.high);
        self
    }

    /// The place of the newest event that it looks at.
    #[must_use]
    pub fn newest(&self) -> Cursor {
        Cursor(self.high - 1)
    }

    /// Where to go on, as [`Query::after`] of the same query.
    #[must_use]
    pub fn place(&self) -> Cursor {
        Cursor(self.place)
    }

    /// How much of the query's time has been looked at, 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        let all = self.high - self.low;
        if all <= 0 || self.place <= self.low {
            return 1.0;
        }
        (self.high - self.place) as f64 / all as f64
    }

    /// Looks a bit further.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn step(&mut self) -> Result<Step, StoreError> {
        let mut step = Step::default();
        let looked = if self.query.id.is_some() { self.by_id(&mut step) } else { self.look(&mut step) };
        looked.map_err(|error| self.reader.borrow().failed(error))?;
        self.left = self.left.saturating_sub(step.found.len());
        step.done = self.left == 0 || self.place <= self.low;
        Ok(step)
    }

    /// An id finds its row, which is then held against the rest of the query.
    fn by_id(&mut self, step: &mut Step) -> rusqlite::Result<()> {
        let place = match self.query.id {
            Some(id) => self.reader.borrow().find_with_place(id)?,
            None => None,
        };
        if let Some((at, _)) = place.filter(|(at, _)| *at < self.place) {
            self.find(Within::Only(at), step)?;
            step.read = 1;
        }
        self.place = self.low;
        Ok(())
    }

    fn look(&mut self, step: &mut Step) -> rusqlite::Result<()> {
        for _ in 0..BLOCKS_PER_STEP {
            if self.left == 0 || self.place <= self.low {
                return Ok(());
            }
            let Some(block) = self.block()? else { return self.part(self.low, step) };
            let first = block.first.max(self.low);
            if block.last < self.place - 1 {
                return self.part((block.last + 1).max(self.low), step);
            }
            if block.possible {
                return self.part(first, step);
            }
            step.passed += block.rows.unsigned_abs();
            self.place = first;
        }
        Ok(())
    }

    /// The next block before the place.
    fn block(&self) -> rusqlite::Result<Option<Block>> {
        let reader: &Reader = self.reader.borrow();
        let mut select = reader.connection.prepare_cached(
            "SELECT first, last, rows, addresses, rest, knows FROM block WHERE first < ?1 AND last >= ?2 \
             ORDER BY first DESC LIMIT 1",
        )?;
        let Needed { address, path, rest } = &self.needed;
        select
            .query_row(params![self.place, self.low], |row| {
                let possible = match address {
                    Some(word) => row.get_ref(3)?.as_blob_or_null()?.is_none_or(|bits| can_hold(bits, *word)),
                    None => true,
                };
                let knows_paths = row.get::<_, i64>(5)? > 0;
                let path = if knows_paths { path.as_slice() } else { &[] };
                // The second filter is read only where it can still say no.
                let possible = possible
                    && ((rest.is_empty() && path.is_empty()) || {
                        let bits = row.get_ref(4)?.as_blob()?;
                        rest.iter().chain(path).all(|word| can_hold(bits, *word))
                    });
                Ok(Block { first: row.get(0)?, last: row.get(1)?, rows: row.get(2)?, possible })
            })
            .optional()
    }

    /// Looks at the next rows, not beyond `from`: those of a block, and those that are in none: the newest, those of a
    /// Spigot that wrote no blocks, those around a clock that was set back.
    fn part(&mut self, from: i64, step: &mut Step) -> rusqlite::Result<()> {
        let (rows, first): (i64, Option<i64>) = self
            .reader
            .borrow()
            .connection
            .prepare_cached(
                "SELECT count(*), min(at) FROM \
                 (SELECT at FROM event WHERE at >= ? AND at < ? ORDER BY at DESC LIMIT ?)",
            )?
            .query_row(params![from, self.place, ROWS_PER_STEP], |row| Ok((row.get(0)?, row.get(1)?)))?;
        step.read += rows.unsigned_abs();
        match first {
            Some(first) if rows == ROWS_PER_STEP => self.scan(first, step),
            Some(_) => self.scan(from, step),
            None => {
                self.place = from;
                Ok(())
            }
        }
    }

    /// Looks at the rows from `from` on.
    fn scan(&mut self, from: i64, step: &mut Step) -> rusqlite::Result<()> {
        self.find(Within::Range(from, self.place), step)?;
        self.place = match step.found.last() {
            Some((Cursor(last), _)) if step.found.len() >= self.left => *last,
            _ => from,
        };
        Ok(())
    }

    fn find(&self, within: Within, step: &mut Step) -> rusqlite::Result<()> {
        let reader: &Reader = self.reader.borrow();
        let query = Query { order: crate::Order::NewestFirst, ..self.query.clone() };
        let piece = self.left.min(ROWS_PER_STEP as usize);
        let (text, values) = conditions::sql(&query, within, piece);
        let mut statement = reader.connection.prepare_cached(&text)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let (at, record) = reader.record(row)?;
            step.found.push((Cursor(at), record));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
