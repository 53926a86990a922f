use std::path::Path;

use rusqlite::Connection;

use crate::{StoreError, database};

const SCHEMA: i64 = 1;

/// `audit` takes rows and never gives one up: the triggers hold for every program that opens the file through SQLite, and
/// the chain of digests shows whoever changes it in another way.
const TABLES: &str = "
CREATE TABLE user (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, created INTEGER NOT NULL, password TEXT, totp BLOB, totp_pending BLOB,
  totp_step INTEGER NOT NULL DEFAULT 0, oidc TEXT, handle BLOB NOT NULL UNIQUE, last_seen INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE passkey (
  id BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE, label TEXT NOT NULL,
  algorithm INTEGER NOT NULL, key BLOB NOT NULL, count INTEGER NOT NULL, created INTEGER NOT NULL, used INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE session (
  digest BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE, created INTEGER NOT NULL,
  seen INTEGER NOT NULL, method TEXT NOT NULL, agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE link (
  digest BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE, end INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE token (
  name TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, role TEXT NOT NULL, resources TEXT NOT NULL, creator TEXT NOT NULL,
  created INTEGER NOT NULL, end INTEGER, used INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  number INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL,
  detail TEXT NOT NULL, change INTEGER, digest BLOB NOT NULL
) STRICT;
CREATE INDEX audit_change ON audit (change) WHERE change IS NOT NULL;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is never shortened'); END;
CREATE TRIGGER audit_stands BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is never changed'); END;
";

/// The users of the panel, their sessions and tokens, and the audit log.
pub struct StaffStore {
    pub(super) connection: Connection,
}

impl StaffStore {
    /// Opens the store of a data folder, and makes it when there is none.
    ///
    /// # Errors
    /// When the file cannot be used, or comes from a newer Spigot.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let connection = database::private(folder, "staff.sqlite")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let mut store = Self { connection };
        store.bring_up_to_date()?;
        Ok(store)
    }

    fn bring_up_to_date(&mut self) -> Result<(), StoreError> {
        let version = |connection: &Connection| -> Result<i64, StoreError> {
            Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
        };
        if version(&self.connection)? == SCHEMA {
            return Ok(());
        }
        // Two that start at once: the second finds it made.
        let transaction =
            self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let found = version(&transaction)?;
        if found > SCHEMA {
            return Err(StoreError(format!(
                "the users in the data folder are of a newer Spigot (version {found}); use that one, or another data folder"
            )));
        }
        if found < SCHEMA {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", SCHEMA)?;
        }
        Ok(transaction.commit()?)
    }
}
