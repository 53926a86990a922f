use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params};
use spigot_decision::Millis;
use spigot_state::{Acquainted, SUCCESSES_MAX};

use crate::StoreError;
use crate::database::made_private;

const SCHEMA: i64 = 1;
/// After so many new rows it is seen to that there are not too many: counting a million takes a while.
const ADDED_MAX: usize = 1 << 16;

/// Who is known for an account, in `accounts.sqlite` of the data folder: keyed hashes, each with the day on which it is
/// forgotten. Beside the settings, because it is thousands of times as much, and worth less.
///
/// Bounded: [`SUCCESSES_MAX`] rows and `ADDED_MAX` more; those that are forgotten first go.
pub struct KnownStore {
    connection: Connection,
    added: usize,
    /// The day on which what is forgotten was removed.
    cleared: Option<u32>,
}

impl KnownStore {
    /// Opens the store of a data folder, and makes it when there is none.
    ///
    /// # Errors
    /// When the file cannot be used, or comes from a newer Spigot.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join("accounts.sqlite");
        let failed = |error: &dyn std::fmt::Display| {
            StoreError(format!(
                "{} cannot be used: {error}. Check its owner and free space, or remove it: everybody is a stranger to each account then, until they have logged in once",
                file.display()
            ))
        };
        made_private(&file).map_err(|error| failed(&error))?;
        let connection = Connection::open(&file).map_err(|error| failed(&error))?;
        let version = prepare(&connection).map_err(|error| failed(&error))?;
        if version > SCHEMA {
            return Err(failed(&format_args!("it is of a newer Spigot (version {version})")));
        }
        Ok(Self { connection, added: 0, cleared: None })
    }

    /// Keeps what was remembered, all or nothing.
    ///
    /// # Errors
    /// When the store cannot be written. Give what was to be kept back to where it came from.
    pub fn keep(&mut self, acquainted: &Acquainted, now: Millis) -> Result<(), StoreError> {
        let today = now.day();
        let full = self.added + acquainted.set.len() > ADDED_MAX;
        if acquainted.is_empty() && self.cleared == Some(today) {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        if acquainted.everything {
            transaction.execute("DELETE FROM known", [])?;
        }
        let mut insert =
            transaction.prepare_cached("INSERT OR REPLACE INTO known (key, forgotten) VALUES (?1, ?2)")?;
        for (key, forgotten) in &acquainted.set {
            insert.execute(params![key.cast_signed(), forgotten])?;
        }
        drop(insert);
        if full || self.cleared != Some(today) {
            transaction.execute("DELETE FROM known WHERE forgotten <= ?1", [today])?;
            transaction.execute(
                "DELETE FROM known WHERE key IN (SELECT key FROM known ORDER BY forgotten, key LIMIT max(0, (SELECT count(*) FROM known) - ?1))",
                [i64::try_from(SUCCESSES_MAX).unwrap_or(i64::MAX)],
            )?;
        }
        transaction.commit()?;
        self.cleared = Some(today);
        self.added = if full { 0 } else { self.added + acquainted.set.len() };
        Ok(())
    }

    /// What was kept and is not forgotten.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn kept(&self, now: Millis) -> Result<Vec<(u64, u32)>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT key, forgotten FROM known WHERE forgotten > ?1 ORDER BY forgotten DESC LIMIT ?2",
        )?;
        let most = i64::try_from(SUCCESSES_MAX).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![now.day(), most], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Makes the table where there is none; the version that is found.
fn prepare(connection: &Connection) -> rusqlite::Result<i64> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version < SCHEMA {
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS known (key INTEGER PRIMARY KEY, forgotten INTEGER NOT NULL);
             PRAGMA user_version = 1;",
        )?;
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Millis {
        Millis(day * 86_400_000)
    }

    fn set(set: &[(u64, u32)]) -> Acquainted {
        Acquainted { everything: false, set: set.to_vec() }
    }

    #[test]
    fn what_is_kept_is_read_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let open = || KnownStore::open(folder.path()).unwrap();
        open().keep(&set(&[(1, 20_010), (u64::MAX, 20_020)]), day(20_000)).unwrap();
        open().keep(&set(&[(1, 20_030)]), day(20_001)).unwrap();
        assert_eq!(open().kept(day(20_019)).unwrap(), [(1, 20_030), (u64::MAX, 20_020)]);
        assert_eq!(open().kept(day(20_020)).unwrap(), [(1, 20_030)]);
        open().keep(&Acquainted { everything: true, set: vec![(5, 20_040)] }, day(20_020)).unwrap();
        assert_eq!(open().kept(day(20_000)).unwrap(), [(5, 20_040)]);
        open().keep(&set(&[]), day(20_040)).unwrap();
        assert_eq!(open().kept(day(20_000)).unwrap(), [], "removed on the day on which it is forgotten");
    }

    #[test]
    fn damaged_and_newer_files_are_said_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("accounts.sqlite");
        std::fs::write(&file, [b'x'; 4096]).unwrap();
        let said = KnownStore::open(folder.path()).err().unwrap().to_string();
        assert!(said.contains("accounts.sqlite") && said.contains("remove it"), "{said}");
        std::fs::remove_file(&file).unwrap();
        KnownStore::open(folder.path()).unwrap();
        Connection::open(&file).unwrap().pragma_update(None, "user_version", 9).unwrap();
        let said = KnownStore::open(folder.path()).err().unwrap().to_string();
        assert!(said.contains("version 9"), "{said}");
    }

    #[test]
    fn rows_are_bounded_and_the_first_to_be_forgotten_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = KnownStore::open(folder.path()).unwrap();
        let many =
            (0..SUCCESSES_MAX as u64 + 1000).map(|key| (key, if key < 1000 { 20_050 } else { 20_060 }));
        store.keep(&set(&many.collect::<Vec<_>>()), day(20_000)).unwrap();
        let kept = store.kept(day(20_000)).unwrap();
        assert_eq!(kept.len(), SUCCESSES_MAX);
        assert!(kept.iter().all(|(key, _)| *key >= 1000));
        let rows: i64 =
            store.connection.query_row("SELECT count(*) FROM known", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, SUCCESSES_MAX as i64);
    }
}
