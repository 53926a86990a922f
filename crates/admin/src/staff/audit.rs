//! The audit log: who did what and when, each entry with a digest over itself and the one before. Rows are only added;
//! what is changed in another way than through Spigot shows, because the chain no longer fits.
//!
//! Changes of settings are made by many: the panel, the command line, the breaker. They are copied from the log of changes
//! by their numbers ([`StaffStore::take_in`]), so that one log has all. Everything else is done first and written down
//! after it, in the same call: a crash between the two loses the entry, and a log that cannot be written fails the call.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};
use spigot_decision::Millis;

use super::secret::hex;
use super::store::StaffStore;
use crate::{Change, StoreError};

/// Something to be written down.
#[derive(Clone, Copy, Debug)]
pub struct Happening<'a> {
    /// Who did it.
    pub who: &'a str,
    /// What, `user.add` for example.
    pub what: &'a str,
    /// What it is about.
    pub about: &'a str,
    /// More about it, as JSON.
    pub detail: &'a str,
    /// Its number among the changes of settings.
    pub change: Option<u64>,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Ascending without a gap.
    pub number: u64,
    /// When.
    pub time: Millis,
    /// Who did it.
    pub who: String,
    /// What, `user.add` for example.
    pub what: String,
    /// What it is about.
    pub about: String,
    /// More about it, as JSON.
    pub detail: String,
    /// Its number among the changes of settings.
    pub change: Option<u64>,
    /// SHA-256 over the entry and the digest before, as hexadecimal digits.
    pub digest: String,
}

/// What is wrong with the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditError {
    /// The first entry that does not fit.
    pub number: u64,
}

impl StaffStore {
    /// Writes something down.
    ///
    /// # Errors
    /// When the store cannot be written; the caller fails then, and says so.
    pub fn audit(&mut self, happening: &Happening<'_>, now: Millis) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        append(&transaction, happening, now)?;
        Ok(transaction.commit()?)
    }

    /// The number of the last change of settings that the log has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn taken_in(&self) -> Result<u64, StoreError> {
        last_change(&self.connection)
    }

    /// Copies changes of settings, oldest first, that the log does not have yet.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn take_in(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let last = last_change(&transaction)?;
        for change in changes.iter().filter(|change| change.number > last) {
            let detail =
                serde_json::to_string(&change.setting).map_err(|error| StoreError(error.to_string()))?;
            let what = if change.setting.is_some() { "setting.set" } else { "setting.remove" };
            let happening = Happening {
                who: &change.author,
                what,
                about: &change.key,
                detail: &detail,
                change: Some(change.number),
            };
            append(&transaction, &happening, change.time)?;
        }
        Ok(transaction.commit()?)
    }

    /// Entries before a number (the newest without one), newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn audit_entries(&self, before: Option<u64>, most: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let before = before.map_or(i64::MAX, u64::cast_signed);
        let mut statement = self.connection.prepare_cached(
            "SELECT number, time, who, what, about, detail, change, digest FROM audit WHERE number < ?1
             ORDER BY number DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(params![before, most], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Goes through the whole chain; how many entries there are when it fits.
    ///
    /// # Errors
    /// In the inner result the first entry that does not fit.
    pub fn check_audit(&self) -> Result<Result<u64, AuditError>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT number, time, who, what, about, detail, change, digest FROM audit ORDER BY number",
        )?;
        let (mut digest, mut number) = (String::new(), 0);
        for entry in statement.query_map([], read)? {
            let entry = entry?;
            number += 1;
            if entry.number != number || entry.digest != chained(&digest, &entry) {
                return Ok(Err(AuditError { number }));
            }
            digest = entry.digest;
        }
        let end = self
            .connection
            .query_row("SELECT number, digest FROM audit_end", [], |row| {
                Ok((row.get::<_, i64>(0)?.cast_unsigned(), hex(&row.get::<_, Vec<u8>>(1)?)))
            })
            .optional()?;
        // Whoever cuts entries off leaves a chain that fits, which ends too early.
        if end.unwrap_or_default() == (number, digest) {
            Ok(Ok(number))
        } else {
            Ok(Err(AuditError { number: number + 1 }))
        }
    }
}

fn append(connection: &Connection, happening: &Happening<'_>, now: Millis) -> Result<(), StoreError> {
    let last = connection
        .query_row("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, Vec<u8>>(1)?))
        })
        .optional()?;
    let (number, before) = last.map_or((0, String::new()), |(number, digest)| (number, hex(&digest)));
    let mut entry = AuditEntry {
        number: number + 1,
        time: now,
        who: happening.who.to_owned(),
        what: happening.what.to_owned(),
        about: happening.about.to_owned(),
        detail: happening.detail.to_owned(),
        change: happening.change,
        digest: String::new(),
    };
    entry.digest = chained(&before, &entry);
    let change = entry.change.map(u64::cast_signed);
    connection.execute(
        "INSERT INTO audit (number, time, who, what, about, detail, change, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, unhex(?8))",
        params![
            entry.number.cast_signed(),
            now.0,
            entry.who,
            entry.what,
            entry.about,
            entry.detail,
            change,
            entry.digest
        ],
    )?;
    connection.execute(
        "INSERT OR REPLACE INTO audit_end (one, number, digest) VALUES (1, ?1, unhex(?2))",
        params![entry.number.cast_signed(), entry.digest],
    )?;
    Ok(())
}

fn last_change(connection: &Connection) -> Result<u64, StoreError> {
    let last: Option<i64> =
        connection
            .query_row("SELECT max(change) FROM audit WHERE change IS NOT NULL", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0).cast_unsigned())
}

/// Every part with its length before it, so that no two entries are written alike.
fn chained(before: &str, entry: &AuditEntry) -> String {
    let mut hash = Sha256::new();
    let (number, time) = (entry.number.to_string(), entry.time.0.to_string());
    let change = entry.change.map_or(String::new(), |change| change.to_string());
    for part in [before, &number, &time, &entry.who, &entry.what, &entry.about, &entry.detail, &change] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        time: Millis(row.get(1)?),
        who: row.get(2)?,
        what: row.get(3)?,
        about: row.get(4)?,
        detail: row.get(5)?,
        change: row.get::<_, Option<i64>>(6)?.map(i64::cast_unsigned),
        digest: hex(&row.get::<_, Vec<u8>>(7)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_changed_or_missing_is_found() {
        let check = |change: &str, wrong: Option<u64>| {
            let folder = tempfile::tempdir().unwrap();
            let mut staff = StaffStore::open(folder.path()).unwrap();
            assert_eq!(staff.check_audit().unwrap(), Ok(0), "before anything");
            for number in 1..=5 {
                let detail = format!("{{\"n\":{number}}}");
                let happening =
                    Happening { who: "ada", what: "user.add", about: "bob", detail: &detail, change: None };
                staff.audit(&happening, Millis(number)).unwrap();
            }
            // What SQLite refuses is not how somebody would do it who has the file.
            if !change.is_empty() {
                assert!(staff.connection.execute_batch(change).is_err(), "{change}");
            }
            staff.connection.execute_batch("DROP TRIGGER audit_keeps; DROP TRIGGER audit_stands;").unwrap();
            staff.connection.execute_batch(change).unwrap();
            let found = staff.check_audit().unwrap().err().map(|error| error.number);
            assert_eq!(found, wrong, "{change}");
        };
        check("", None);
        check("UPDATE audit SET who = 'eve' WHERE number = 1", Some(1));
        check("UPDATE audit SET detail = '{}' WHERE number = 3", Some(3));
        check("UPDATE audit SET time = 0 WHERE number = 5", Some(5));
        check("UPDATE audit SET change = 7 WHERE number = 2", Some(2));
        check("DELETE FROM audit WHERE number = 1", Some(1));
        check("DELETE FROM audit WHERE number = 3", Some(3));
        check("DELETE FROM audit WHERE number = 5", Some(5));
        check("DELETE FROM audit WHERE number > 2", Some(3));
        check("DELETE FROM audit", Some(1));
    }

    #[test]
    fn parts_do_not_flow_into_each_other() {
        let entry = |who: &str, what: &str| AuditEntry {
            number: 1,
            time: Millis(1),
            who: who.to_owned(),
            what: what.to_owned(),
            about: String::new(),
            detail: String::new(),
            change: None,
            digest: String::new(),
        };
        assert_ne!(chained("", &entry("ab", "c")), chained("", &entry("a", "bc")));
    }
}
