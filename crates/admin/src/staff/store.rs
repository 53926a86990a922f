use std::path::Path;

use rusqlite::Connection;

use crate::{StoreError, database};

const SCHEMA: i64 = 2;

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

/// What the second version added: users who stay out, identities that are one person's each, the browsers that users have
/// signed in with, and where the audit log ends, so that entries that are cut off there are missed.
const SECOND: &str = "
ALTER TABLE user ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX user_oidc ON user (oidc) WHERE oidc IS NOT NULL;
CREATE TABLE browser (
  digest BLOB NOT NULL, user TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE, seen INTEGER NOT NULL,
  PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_end (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, digest BLOB NOT NULL) STRICT;
INSERT INTO audit_end SELECT 1, number, digest FROM audit ORDER BY number DESC LIMIT 1;
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
        for (version, statements) in (1..).zip([TABLES, SECOND]) {
            if found < version {
                transaction.execute_batch(statements)?;
            }
        }
        transaction.pragma_update(None, "user_version", SCHEMA)?;
        Ok(transaction.commit()?)
    }
}

#[cfg(test)]
mod tests {
    use spigot_decision::Millis;

    use super::*;
    use crate::staff::Role;

    #[test]
    fn a_store_of_the_first_version_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let old = database::private(folder.path(), "staff.sqlite").unwrap();
        old.execute_batch(TABLES).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        let add = "INSERT INTO user (name, role, created, handle) VALUES ('ada', 'admin', 1, x'01')";
        old.execute(add, []).unwrap();
        drop(old);
        for _ in 0..2 {
            let mut staff = StaffStore::open(folder.path()).unwrap();
            let ada = staff.user("ada").unwrap().unwrap();
            assert_eq!((ada.role, ada.is_disabled), (Role::Admin, false));
            staff.start_session("ada", "password", "", Millis(1)).unwrap();
        }
        let newer = database::private(folder.path(), "staff.sqlite").unwrap();
        newer.pragma_update(None, "user_version", SCHEMA + 1).unwrap();
        let error = StaffStore::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains("newer Spigot"), "{error}");
    }
}
