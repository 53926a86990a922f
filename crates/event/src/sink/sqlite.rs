use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::Path;

use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params};
use spigot_decision::Millis;

use super::retention::{self, Retention};
use super::{Maintained, Sink, SinkError};
use crate::store::{self, LOCK_FILE, SEQUENCE_BITS, StoreError};
use crate::{Event, record, row};

/// Words that are remembered at most. They come from policies and from code, so a process sees far fewer.
const MAX_WORDS: usize = 4096;

/// Stores events in `events.sqlite` in a data folder, with roll-ups by minute beside them.
#[derive(Debug)]
pub struct SqliteSink {
    pub(super) connection: Connection,
    pub(super) retention: Retention,
    words: Words,
    sequence: i64,
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
        Ok(Self { connection, retention, words: Words::default(), sequence: last, _lock: lock })
    }
}

impl Sink for SqliteSink {
    fn write(&mut self, batch: &[Event]) -> Result<(), SinkError> {
        let Self { connection, words, sequence, .. } = self;
        let result = insert(connection, words, sequence, batch);
        if result.is_err() {
            // Words of a transaction that was rolled back have no number any more.
            words.0.clear();
        }
        Ok(result?)
    }

    fn maintain(&mut self, now: Millis) -> Result<Maintained, SinkError> {
        Ok(retention::piece(&mut self.connection, &self.retention, now)?)
    }
}

/// The numbers of words.
#[derive(Debug, Default)]
struct Words(HashMap<Box<str>, i64>);

impl Words {
    fn number(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(number) = self.0.get(text) {
            return Ok(*number);
        }
        connection.prepare_cached("INSERT OR IGNORE INTO word (text) VALUES (?)")?.execute([text])?;
        let number = connection
            .prepare_cached("SELECT word FROM word WHERE text = ?")?
            .query_row([text], |row| row.get(0))?;
        if self.0.len() >= MAX_WORDS {
            self.0.clear();
        }
        self.0.insert(text.into(), number);
        Ok(number)
    }
}

/// Written anew for each row, in the same memory.
#[derive(Default)]
struct Texts {
    reasons: String,
    fingerprints: String,
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

const INSERT: &str = "INSERT OR IGNORE INTO event VALUES \
    (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const ADD_UP: &str = "INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET \
    events = events + excluded.events, issued = issued + excluded.issued, solved = solved + excluded.solved, \
    failed = failed + excluded.failed, added_micros = added_micros + excluded.added_micros";

fn insert(
    connection: &mut Connection,
    words: &mut Words,
    sequence: &mut i64,
    batch: &[Event],
) -> rusqlite::Result<()> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let mut tallies: HashMap<TallyKey, Tally> = HashMap::new();
    {
        let mut statement = transaction.prepare_cached(INSERT)?;
        let mut texts = Texts::default();
        for event in batch {
            let route = words.number(&transaction, &event.policy.route(event.decision.route).name)?;
            insert_one(&transaction, &mut statement, words, sequence, event, route, &mut texts)?;
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
    match event.challenge.map(|step| step.result) {
        Some("issued") => tally.issued += 1,
        Some("solved") => tally.solved += 1,
        Some(_) => tally.failed += 1,
        None => {}
    }
}

fn insert_one(
    connection: &Connection,
    statement: &mut CachedStatement<'_>,
    words: &mut Words,
    sequence: &mut i64,
    event: &Event,
    route: i64,
    texts: &mut Texts,
) -> rusqlite::Result<()> {
    let mut word = |text| words.number(connection, text);
    let revision = word(&event.policy.revision)?;
    let device = event.device.map(&mut word).transpose()?;
    let sender = word(event.sender)?;
    let challenge_kind = event.challenge.map(|step| word(step.kind)).transpose()?;
    let challenge_result = event.challenge.map(|step| word(step.result)).transpose()?;
    row::reasons_json(event, &mut texts.reasons);
    event.fingerprints.pack(&mut texts.fingerprints);
    let mut bytes = [0; 16];
    let client = row::address_bytes(event.client, &mut bytes);
    loop {
        *sequence = (*sequence + 1) & ((1 << SEQUENCE_BITS) - 1);
        let inserted = statement.execute(params![
            row::first_at(event.time) | *sequence,
            event.id.0,
            revision,
            route,
            &*event.host,
            &*event.method,
            &*event.path,
            client,
            event.network,
            event.country.map(record::country_text),
            device,
            &*event.user_agent,
            sender,
            row::action_number(event.decision.action),
            row::action_number(event.decision.effective),
            event.decision.risk,
            texts.reasons,
            row::thresholds_number(record::thresholds(event)),
            event.policy.route(event.decision.route).settings.level as u8,
            event.clearance.map(|level| level as u8),
            challenge_kind,
            challenge_result,
            event.challenge.map(|step| step.log2_work),
            event.challenge.and_then(|step| step.solve_millis),
            event.trickled,
            event.upstream_status,
            event.added_micros,
            event.challenge.and_then(|step| step.claimed_millis),
            texts.fingerprints,
        ])?;
        // Taken only when the clock was set back to where another event has this very millisecond and number.
        if inserted == 1 {
            return Ok(());
        }
    }
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
