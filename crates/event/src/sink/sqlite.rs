use std::fs::{File, TryLockError};
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use spigot_decision::Millis;

use super::blocks::Blocks;
use super::retention::{self, Retention};
use super::rows::{self, Place, Rows, Words};
use super::slices::Slices;
use super::{Maintained, Sink, SinkError};
use crate::Event;
use crate::store::{self, LOCK_FILE, StoreError};

/// Stores events in `events.sqlite` in a data folder, with sums and what blocks of rows can hold beside them.
#[derive(Debug)]
pub struct SqliteSink {
    pub(super) connection: Connection,
    pub(super) retention: Retention,
    words: Words,
    place: Place,
    slices: Slices,
    blocks: Blocks,
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
        let (words, slices, blocks) = Default::default();
        Ok(Self { connection, retention, words, place, slices, blocks, _lock: lock })
    }
}

impl SqliteSink {
    fn insert(&mut self, batch: &[Event]) -> rusqlite::Result<()> {
        let Self { connection, words, place, slices, blocks, .. } = self;
        let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
        let mut rows = Rows::new(&transaction, words, place, blocks)?;
        for piece in batch.chunks(rows::AT_ONCE) {
            rows.insert(piece)?;
        }
        drop(rows);
        slices.add(&transaction, words, batch)?;
        transaction.commit()
    }
}

#[cfg(test)]
impl SqliteSink {
    /// Writes what waits for late rows.
    pub(crate) fn settle(&mut self) {
        self.blocks.write(&self.connection).unwrap();
    }
}

/// What waits for late rows is written: nobody will be told of them any more.
impl Drop for SqliteSink {
    fn drop(&mut self) {
        // Searches do without what cannot be written.
        let _ = self.blocks.write(&self.connection);
    }
}

impl Sink for SqliteSink {
    fn write(&mut self, batch: &[Event]) -> Result<(), SinkError> {
        let result = self.insert(batch);
        if result.is_err() {
            // Words of a transaction that was rolled back have no number any more, and its rows are in no block.
            self.words.forget();
            self.blocks.forget();
        }
        Ok(result?)
    }

    fn maintain(&mut self, now: Millis) -> Result<Maintained, SinkError> {
        Ok(retention::piece(&mut self.connection, &self.retention, now)?)
    }
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
