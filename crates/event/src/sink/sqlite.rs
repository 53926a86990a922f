use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use spigot_decision::Millis;

use super::retention::{self, Retention};
use super::rows::{self, Place, Rows, Words};
use super::{Maintained, Sink, SinkError};
use crate::store::{self, LOCK_FILE, StoreError};
use crate::{CountedAs, Event, row};

/// Stores events in `events.sqlite` in a data folder, with roll-ups by minute beside them.
#[derive(Debug)]
pub struct SqliteSink {
    pub(super) connection: Connection,
    pub(super) retention: Retention,
    words: Words,
    place: Place,
    /// Held as long as this writes.
    _lock: File,
}

impl SqliteSink {
    /// Opens the folder's events to write, and makes the file when it is absent, readable by its owner only.
    ///
    /// # Errors
    /// The folder is absent or not ours to write, another process writes there, or the file is of a newer version.
    pub fn open(folder: &Path, retention: Retention) -> Result<Self, StoreError> {
        let lock = store::private(&folder.join(LOCK_FILE))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Taken(folder.to_owned())),
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::Folder { path: folder.join(LOCK_FILE), error });
            }
        }
        let connection = store::open_writer(folder)?;
        let last = connection
            .query_row("SELECT coalesce(max(at), 0) FROM event", [], |row| row.get::<_, i64>(0))
            .map_err(|error| StoreError::Database { file: folder.join(store::FILE), error })?;
        let place = Place { sequence: last & rows::SEQUENCE_MASK, newest: last };
        Ok(Self { connection, retention, words: Words::default(), place, _lock: lock })
    }
}

impl Sink for SqliteSink {
    fn write(&mut self, batch: &[Event]) -> Result<(), SinkError> {
        let Self { connection, words, place, .. } = self;
        let result = insert(connection, words, place, batch);
        if result.is_err() {
            // Words of a transaction that was rolled back have no number any more.
            words.forget();
        }
        Ok(result?)
    }

    fn maintain(&mut self, now: Millis) -> Result<Maintained, SinkError> {
        Ok(retention::piece(&mut self.connection, &self.retention, now)?)
    }
}

/// What a batch adds to one row of the roll-ups.
#[derive(Clone, Copy, Default)]
struct Tally {
    events: i64,
    issued: i64,
    solved: i64,
    failed: i64,
    added_micros: i64,
}

/// Minute, route's number, action, effective action.
type TallyKey = (i64, i64, i64, i64);

const ADD_UP: &str = "INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET \
    events = events + excluded.events, issued = issued + excluded.issued, solved = solved + excluded.solved, \
    failed = failed + excluded.failed, added_micros = added_micros + excluded.added_micros";

fn insert(
    connection: &mut Connection,
    words: &mut Words,
    place: &mut Place,
    batch: &[Event],
) -> rusqlite::Result<()> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let mut tallies: HashMap<TallyKey, Tally> = HashMap::new();
    {
        let mut rows = Rows::new(&transaction, words, place)?;
        for piece in batch.chunks(rows::AT_ONCE) {
            rows.insert(piece)?;
        }
        for event in batch {
            let route = rows.route(event)?;
            add(&mut tallies, event, route);
        }
        let mut statement = transaction.prepare_cached(ADD_UP)?;
        for ((minute, route, action, effective), sum) in &tallies {
            statement.execute(params![
                minute,
                route,
                action,
                effective,
                sum.events,
                sum.issued,
                sum.solved,
                sum.failed,
                sum.added_micros
            ])?;
        }
    }
    transaction.commit()
}

fn add(tallies: &mut HashMap<TallyKey, Tally>, event: &Event, route: i64) {
    let minute = row::time_of(row::first_at(event.time)).0 / 60_000;
    let actions = (row::action_number(event.decision.action), row::action_number(event.decision.effective));
    let tally = tallies.entry((minute, route, actions.0, actions.1)).or_default();
    tally.events += 1;
    tally.added_micros += i64::from(event.added_micros);
    match event.challenge.map(|step| step.counted_as()) {
        Some(CountedAs::Issued) => tally.issued += 1,
        Some(CountedAs::Solved) => tally.solved += 1,
        Some(CountedAs::Refused) => tally.failed += 1,
        Some(CountedAs::Neither) | None => {}
    }
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
