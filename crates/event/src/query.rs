use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use spigot_decision::{Action, Millis, Prefix};

use crate::conditions::{self, Within};
use crate::store::{self, RANDOM_IDS_BEFORE, SEQUENCE_BITS, StoreError};
use crate::{DecisionId, Record, row};

/// Events that are read in one go. Each piece is a read transaction of its own: one that stays open for long keeps the
/// writer from reusing its log.
const PIECE: usize = 1_000;

/// Which events; what is absent does not restrict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Of this route, by name.
    pub route: Option<String>,
    /// From this moment on.
    pub since: Option<Millis>,
    /// Before this moment.
    pub until: Option<Millis>,
    /// With a reason of this name, or a challenge or token with a result of this name.
    pub reason: Option<String>,
    /// From addresses in this prefix.
    pub ip: Option<Prefix>,
    /// From clients of which a fingerprint, of whatever layer, begins with this.
    pub fingerprint: Option<String>,
    /// For which the policy asked for this action.
    pub action: Option<Action>,
    /// From this network (ASN).
    pub network: Option<u32>,
    /// From this country, by its code.
    pub country: Option<[u8; 2]>,
    /// With this device class, by name.
    pub device: Option<String>,
    /// About the account with this keyed hash.
    pub account: Option<u64>,
    /// For a path that begins with this.
    pub path: Option<String>,
    /// With this decision id.
    pub id: Option<DecisionId>,
    /// At most so many; all when absent.
    pub limit: Option<usize>,
    /// Beyond this place, in the query's order.
    pub after: Option<Cursor>,
    /// In which order.
    pub order: Order,
}

/// The order of what a query finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first, for replay and for following what arrives.
    OldestFirst,
}

/// A place in the stored events, for paging. It stays valid while events come and go. Its text is 16 hexadecimal
/// digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub(crate) i64);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        i64::from_str_radix(text, 16).map(Self)
    }
}

/// Reads stored events while they may be written.
#[derive(Debug)]
pub struct Reader {
    pub(crate) connection: Connection,
    file: PathBuf,
    /// Words that were asked for, at most [`store::MAX_WORDS`].
    words: RefCell<HashMap<i64, String>>,
}

/// Opens a data folder's events to read.
///
/// # Errors
/// There is no file, it is not ours, or it is of a newer version.
pub fn open_readonly(folder: &Path) -> Result<Reader, StoreError> {
    let connection = store::open_reader(folder)?;
    Ok(Reader { connection, file: folder.join(store::FILE), words: RefCell::default() })
}

impl Reader {
    /// The events of a query, read piece by piece while the iterator is asked.
    #[must_use]
    pub fn events(&self, query: &Query) -> Events<&Self> {
        Events::new(self, query)
    }

    /// The same for whoever keeps the iterator and nothing else.
    #[must_use]
    pub fn into_events(self, query: &Query) -> Events<Self> {
        Events::new(self, query)
    }

    /// The event with a decision's id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find(&self, id: DecisionId) -> Result<Option<Record>, StoreError> {
        self.find_with_place(id).map(|found| found.map(|(_, record)| record)).map_err(|e| self.failed(e))
    }

    /// The place of the newest event, to follow what comes after it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn newest(&self) -> Result<Cursor, StoreError> {
        let at = self
            .connection
            .query_row("SELECT coalesce(max(at), 0) FROM event", [], |row| row.get(0))
            .map_err(|error| self.failed(error))?;
        Ok(Cursor(at))
    }

    /// An id begins with its time, and with it the rows that can have it. Rows from before that are looked through.
    pub(crate) fn find_with_place(&self, id: DecisionId) -> rusqlite::Result<Option<(i64, Record)>> {
        let mut within = self.connection.prepare_cached(&format!(
            "SELECT {} FROM event WHERE at >= ? AND at < ? AND id = ? LIMIT 1",
            row::COLUMNS
        ))?;
        let mut find = |from: i64, end: i64| {
            within.query_row(params![from, end, id.0], |found| self.record(found)).optional()
        };
        let first = row::first_at(id.time());
        let found = find(first, first.saturating_add(1 << SEQUENCE_BITS))?;
        let random_before: Option<i64> = self
            .connection
            .prepare_cached("SELECT value FROM meta WHERE name = ?")?
            .query_row([RANDOM_IDS_BEFORE], |row| row.get(0))
            .optional()?;
        match (found, random_before) {
            (None, Some(end)) => find(0, end),
            (found, _) => Ok(found),
        }
    }

    pub(crate) fn record(&self, found: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Record)> {
        row::read(found, |number| self.word(number))
    }

    pub(crate) fn word(&self, number: i64) -> rusqlite::Result<String> {
        if let Some(text) = self.words.borrow().get(&number) {
            return Ok(text.clone());
        }
        let text: Option<String> = self
            .connection
            .prepare_cached("SELECT text FROM word WHERE word = ?")?
            .query_row([number], |row| row.get(0))
            .optional()?;
        // What is not there may still come, when a later row brings it.
        let Some(text) = text else { return Ok("unknown".to_owned()) };
        let mut words = self.words.borrow_mut();
        if words.len() >= store::MAX_WORDS {
            words.clear();
        }
        words.insert(number, text.clone());
        Ok(text)
    }

    pub(crate) fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::Database { file: self.file.clone(), error }
    }
}

/// The events of a query, in its order. After an error it ends.
#[derive(Debug)]
pub struct Events<R> {
    reader: R,
    query: Query,
    ready: VecDeque<(i64, Record)>,
    cursor: Option<Cursor>,
    fetched: Option<Cursor>,
    left: usize,
    ended: bool,
}

impl<R: Borrow<Reader>> Events<R> {
    fn new(reader: R, query: &Query) -> Self {
        Self {
            reader,
            query: query.clone(),
            ready: VecDeque::new(),
            cursor: query.after,
            fetched: query.after,
            left: query.limit.unwrap_or(usize::MAX),
            ended: false,
        }
    }

    /// The place of the event that was returned last, for [`Query::after`].
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    fn fetch(&mut self) -> rusqlite::Result<()> {
        let piece = PIECE.min(self.left);
        // An id is found through its index and then held against the rest of the query.
        let only = match self.query.id {
            Some(id) => match self.reader.borrow().find_with_place(id)? {
                Some((at, _)) => Some(at),
                None => {
                    self.ended = true;
                    return Ok(());
                }
            },
            None => None,
        };
        let within = only.map_or(Within::After(self.fetched), Within::Only);
        let (text, values) = conditions::sql(&self.query, within, piece);
        let mut statement = self.reader.borrow().connection.prepare_cached(&text)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(found) = rows.next()? {
            self.ready.push_back(self.reader.borrow().record(found)?);
        }
        self.ended = self.ready.len() < piece;
        self.fetched = self.ready.back().map(|(at, _)| Cursor(*at)).or(self.fetched);
        Ok(())
    }
}

impl<R: Borrow<Reader>> Iterator for Events<R> {
    type Item = Result<Record, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        if self.ready.is_empty()
            && !self.ended
            && let Err(error) = self.fetch()
        {
            self.ended = true;
            self.ready.clear();
            return Some(Err(self.reader.borrow().failed(error)));
        }
        let (at, record) = self.ready.pop_front()?;
        self.cursor = Some(Cursor(at));
        self.left -= 1;
        Some(Ok(record))
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
