use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use spigot_decision::{Action, Millis, Prefix};

use crate::store::{self, RANDOM_IDS_BEFORE, SEQUENCE_BITS, StoreError};
use crate::{DecisionId, Record, packed, row};

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
pub struct Cursor(i64);

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

/// What the roll-ups say of one span of time, route and action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The span's start.
    pub start: Millis,
    /// The route's name.
    pub route: String,
    /// The action that the policy asked for, by name.
    pub action: String,
    /// What was done, by name.
    pub effective: String,
    /// Events.
    pub events: u64,
    /// Challenges issued.
    pub issued: u64,
    /// Challenges solved.
    pub solved: u64,
    /// Submissions refused.
    pub failed: u64,
    /// The time that Spigot added to all of them together, in microseconds.
    pub added_micros: u64,
}

/// Reads stored events while they may be written.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
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

    /// What the roll-ups say from `since` on and before `until`, summed over spans of `step_minutes`, oldest first.
    /// Both ends are rounded down to minutes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn counts(&self, since: Millis, until: Millis, step_minutes: u32) -> Result<Vec<Count>, StoreError> {
        self.count(since, until, step_minutes).map_err(|error| self.failed(error))
    }

    fn count(&self, since: Millis, until: Millis, step_minutes: u32) -> rusqlite::Result<Vec<Count>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT minute / ?3 * ?3 AS start, (SELECT text FROM word WHERE word = route) AS name, action, effective, \
             sum(events), sum(issued), sum(solved), sum(failed), sum(added_micros) FROM minute \
             WHERE minute >= ?1 AND minute < ?2 GROUP BY start, route, action, effective \
             ORDER BY start, name, action, effective",
        )?;
        let minute = |time: Millis| time.0.div_euclid(60_000);
        let number = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let rows =
            statement.query_map(params![minute(since), minute(until), step_minutes.max(1)], |row| {
                Ok(Count {
                    start: Millis(row.get::<_, i64>(0)?.saturating_mul(60_000)),
                    route: row.get::<_, Option<String>>(1)?.unwrap_or_else(|| "unknown".to_owned()),
                    action: row::action_name(row.get(2)?),
                    effective: row::action_name(row.get(3)?),
                    events: number(row, 4)?,
                    issued: number(row, 5)?,
                    solved: number(row, 6)?,
                    failed: number(row, 7)?,
                    added_micros: number(row, 8)?,
                })
            })?;
        rows.collect()
    }

    /// An id begins with its time, and with it the rows that can have it. Rows from before that are looked through.
    fn find_with_place(&self, id: DecisionId) -> rusqlite::Result<Option<(i64, Record)>> {
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

    fn record(&self, found: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Record)> {
        row::read(found, |number| self.word(number))
    }

    fn word(&self, number: i64) -> rusqlite::Result<String> {
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

    fn failed(&self, error: rusqlite::Error) -> StoreError {
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
        let (text, values) = sql(&self.query, self.fetched, only, piece);
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

/// The statement for one piece, and its values.
fn sql(query: &Query, after: Option<Cursor>, only: Option<i64>, piece: usize) -> (String, Vec<Value>) {
    let mut text = format!("SELECT {} FROM event WHERE TRUE", row::COLUMNS);
    let mut values: Vec<Value> = Vec::new();
    let mut condition = |sql: &str, value: Value| {
        text.push_str(" AND ");
        text.push_str(sql);
        values.push(value);
    };
    if let Some(at) = only {
        condition("at = ?", at.into());
    }
    if let Some(since) = query.since {
        condition("at >= ?", row::first_at(since).into());
    }
    if let Some(until) = query.until {
        condition("at < ?", row::first_at(until).into());
    }
    if let Some(Cursor(at)) = after {
        let sql = if query.order == Order::NewestFirst { "at < ?" } else { "at > ?" };
        condition(sql, at.into());
    }
    if let Some(route) = &query.route {
        condition("route = (SELECT word FROM word WHERE text = ?)", route.clone().into());
    }
    if let Some(fingerprint) = &query.fingerprint {
        condition("instr(fingerprints, ?) > 0", format!(" {fingerprint}").into());
    }
    if let Some(action) = query.action {
        condition("action = ?", row::action_number(action).into());
    }
    if let Some(prefix) = query.ip {
        let (mut first, mut last) = ([0; 16], [0; 16]);
        let first = row::address_bytes(prefix.base, &mut first);
        let length = row::address_bytes(prefix.base, &mut last).len();
        let last = &mut last[..length];
        set_host_bits(last, prefix.length);
        condition("length(client) = ?", (length as i64).into());
        condition("client >= ?", first.to_vec().into());
        condition("client <= ?", last.to_vec().into());
    }
    if let Some(reason) = &query.reason {
        let mut part = String::from("[");
        row::quoted(reason, &mut part);
        part.push(',');
        text.push_str(" AND (instr(reasons, ?) > 0");
        text.push_str(" OR json_extract(packed, ?) = (SELECT word FROM word WHERE text = ?))");
        values.extend([part, packed::RESULT.to_owned(), reason.clone()].map(Value::from));
    }
    text.push_str(if query.order == Order::NewestFirst { " ORDER BY at DESC" } else { " ORDER BY at" });
    text.push_str(&format!(" LIMIT {piece}"));
    (text, values)
}

/// Sets every bit behind the first `length`.
fn set_host_bits(bytes: &mut [u8], length: u8) {
    for (index, byte) in bytes.iter_mut().enumerate() {
        let fixed = usize::from(length).saturating_sub(index * 8).min(8);
        *byte |= 0xff_u8.checked_shr(fixed as u32).unwrap_or(0);
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
