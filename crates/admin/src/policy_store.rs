use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use spigot_decision::policy::{Offender, Offenders, Operator};
use spigot_decision::{Millis, Prefix};
use spigot_state::{Changes, HourChanges, HourCount, Restricted};

use crate::database;
use crate::setting::{LiftSetting, Setting, operator};
use crate::versions::room_for;

/// Settings in force at most; beyond it nothing is added. Each costs some hundred bytes. Entries about addresses are looked
/// up in a tree and cost a request nothing; what is gone through by every request has bounds of its own ([`room_for`]).
const SETTINGS_MAX: i64 = 100_000;
const SCHEMA: i64 = 2;
const FILE: &str = "settings.sqlite";

/// The operator's settings and what has to survive a restart, in `settings.sqlite` of the data folder. Any process may
/// open it: a running server notices changes of others by [`PolicyStore::version`].
pub struct PolicyStore {
    pub(crate) connection: Connection,
    file: PathBuf,
    /// The file's device and inode when it was opened.
    identity: Option<(u64, u64)>,
}

/// What was kept over a restart: hours, and restrictions with their keys.
pub type Kept = (Vec<HourCount>, Vec<(u64, Restricted)>);

/// A change as the log holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its number, ascending.
    pub number: u64,
    /// When it was made.
    pub time: Millis,
    /// Who made it.
    pub author: String,
    /// What was set; `None` when something was removed.
    pub setting: Option<Setting>,
    /// What it is about.
    pub key: String,
}

/// What an order to lift found and ended.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// The order, as the log holds it; a running server follows it by [`PolicyStore::lifts_since`].
    pub change: Change,
    /// A restriction that was set by hand.
    pub by_hand: bool,
    /// Automatic restrictions in force, as they were kept last.
    pub automatic: Vec<Restricted>,
}

/// An order to lift automatic restrictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lift {
    /// Its number among the changes.
    pub number: u64,
    /// When it was given: what began later stays.
    pub ordered: Millis,
    /// Whose restrictions.
    pub whom: Offenders,
}

/// Why the store cannot do something, and what to do.
#[derive(Debug)]
pub struct StoreError(pub(crate) String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self(format!(
            "the settings in the data folder cannot be used: {error}. Check the folder's owner and free space"
        ))
    }
}

impl PolicyStore {
    /// Opens the store of a data folder, and makes it when there is none.
    ///
    /// # Errors
    /// When the file cannot be used, or comes from a newer Spigot.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let connection = database::private(folder, FILE)?;
        let file = folder.join(FILE);
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version > SCHEMA {
            return Err(StoreError(format!(
                "the settings are of a newer Spigot (version {version}); use that one, or another data folder"
            )));
        }
        // Whoever only looks writes nothing, or a running server would take it for a change.
        if version < SCHEMA {
            connection.execute_batch(
                "CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, body TEXT NOT NULL, author TEXT NOT NULL, end INTEGER) WITHOUT ROWID;
                 CREATE TABLE IF NOT EXISTS change (number INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, author TEXT NOT NULL, key TEXT NOT NULL, body TEXT);
                 CREATE TABLE IF NOT EXISTS hour (route TEXT NOT NULL, hour INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (route, hour)) WITHOUT ROWID;
                 CREATE TABLE IF NOT EXISTS restriction (key INTEGER PRIMARY KEY, subject TEXT NOT NULL, step INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL);
                 CREATE INDEX IF NOT EXISTS change_key ON change (key, number);
                 CREATE TABLE IF NOT EXISTS policy (number INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, author TEXT NOT NULL, note TEXT NOT NULL, text TEXT NOT NULL);
                 PRAGMA user_version = 2;",
            )?;
        }
        let identity = identity(&file);
        Ok(Self { connection, file, identity })
    }

    /// Changes whenever another process has written.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn version(&self) -> Result<i64, StoreError> {
        Ok(self.connection.query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }

    /// Puts a setting in force and writes the change into the log, both or neither.
    ///
    /// # Errors
    /// A sentence about what is wrong with the setting, or with the store.
    pub fn commit(&mut self, setting: Setting, author: &str, now: Millis) -> Result<Change, StoreError> {
        let transaction = self.connection.transaction()?;
        let change = put(&transaction, setting, author, now)?;
        transaction.commit()?;
        Ok(change)
    }

    /// Takes a setting out of force; `None` when there was none under this key.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove(&mut self, key: &str, author: &str, now: Millis) -> Result<Option<Change>, StoreError> {
        let transaction = self.connection.transaction()?;
        if transaction.execute("DELETE FROM setting WHERE key = ?1", [key])? == 0 {
            return Ok(None);
        }
        transaction.execute(
            "INSERT INTO change (time, author, key, body) VALUES (?1, ?2, ?3, NULL)",
            params![now.0, author, key],
        )?;
        let number = transaction.last_insert_rowid().cast_unsigned();
        transaction.commit()?;
        Ok(Some(Change { number, time: now, author: author.to_owned(), setting: None, key: key.to_owned() }))
    }

    /// Lifts restrictions: the one that was set by hand on exactly this prefix, and automatic ones of everybody within
    /// it, or of one clearance. `None` when none is known.
    ///
    /// # Errors
    /// A sentence about what is wrong with `subject`, or with the store.
    pub fn lift(
        &mut self,
        subject: &str,
        reason: &str,
        author: &str,
        now: Millis,
    ) -> Result<Option<Lifted>, StoreError> {
        let whom = Offenders::parse(subject).ok_or_else(|| {
            StoreError(format!(
                "\"{subject}\" is no address, prefix, clearance or account; write for example 192.0.2.7, 2001:db8::/48, clearance-0123456789abcdef or account-0123456789abcdef"
            ))
        })?;
        let (_, kept) = self.kept()?;
        let mut automatic = kept;
        automatic.retain(|(_, entry)| whom.include(&entry.offender));
        let transaction = self.connection.transaction()?;
        let by_hand = match Prefix::parse(subject) {
            Some(prefix) => {
                transaction.execute("DELETE FROM setting WHERE key = ?1", [format!("restrict {prefix}")])? > 0
            }
            None => false,
        };
        for (key, _) in &automatic {
            transaction.execute("DELETE FROM restriction WHERE key = ?1", [key.cast_signed()])?;
        }
        automatic.retain(|(_, entry)| now < entry.strike.end);
        if !by_hand && automatic.is_empty() {
            return Ok(None);
        }
        let setting = Setting::Lift(LiftSetting { subject: whom.to_string(), reason: reason.to_owned() });
        let (key, body) = (setting.key(), body_of(&setting)?);
        transaction.execute(
            "INSERT INTO change (time, author, key, body) VALUES (?1, ?2, ?3, ?4)",
            params![now.0, author, key, body],
        )?;
        let number = transaction.last_insert_rowid().cast_unsigned();
        transaction.commit()?;
        let change = Change { number, time: now, author: author.to_owned(), setting: Some(setting), key };
        Ok(Some(Lifted {
            change,
            by_hand,
            automatic: automatic.into_iter().map(|(_, entry)| entry).collect(),
        }))
    }

    /// The orders to lift after the change `number`, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lifts_since(&self, number: u64) -> Result<Vec<Lift>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, time, key FROM change WHERE number > ?1 AND key LIKE 'lift %' ORDER BY number",
        )?;
        let rows = statement.query_map([number.cast_signed()], |row| {
            let key: String = row.get(2)?;
            let whom = key.strip_prefix("lift ").and_then(Offenders::parse);
            let (number, ordered) = (row.get::<_, i64>(0)?.cast_unsigned(), Millis(row.get(1)?));
            Ok(whom.map(|whom| Lift { number, ordered, whom }))
        })?;
        Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
    }

    /// The settings in force at `now` with their authors, by key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn in_force(&self, now: Millis) -> Result<Vec<(Setting, String)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT body, author FROM setting WHERE end IS NULL OR end > ?1 ORDER BY key")?;
        let rows =
            statement.query_map([now.0], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let mut found = Vec::new();
        for row in rows {
            let (body, author) = row?;
            let setting = serde_json::from_str(&body)
                .map_err(|error| StoreError(format!("a setting cannot be read: {error}")))?;
            found.push((setting, author));
        }
        Ok(found)
    }

    /// What they mean for decisions.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn operator(&self, now: Millis) -> Result<Operator, StoreError> {
        Ok(operator(&self.in_force(now)?, self.last_change()?))
    }

    /// The number of the last change that can decide anything, 0 when there was none. Marks decide nothing, and would make
    /// a revision of the policy each.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_change(&self) -> Result<u64, StoreError> {
        let number: Option<i64> = self
            .connection
            .query_row("SELECT max(number) FROM change WHERE key NOT LIKE 'mark %'", [], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(number.unwrap_or(0).cast_unsigned())
    }

    /// The last changes, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changes(&self, most: u32) -> Result<Vec<Change>, StoreError> {
        self.changes_where("1 ORDER BY number DESC LIMIT ?1", [most])
    }

    /// The changes after a number, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changes_since(&self, number: u64, most: u32) -> Result<Vec<Change>, StoreError> {
        self.changes_where("number > ?1 ORDER BY number LIMIT ?2", params![number.cast_signed(), most])
    }

    fn changes_where(&self, which: &str, values: impl rusqlite::Params) -> Result<Vec<Change>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT number, time, author, key, body FROM change WHERE {which}"))?;
        let rows = statement.query_map(values, |row| {
            let body: Option<String> = row.get(4)?;
            Ok(Change {
                number: row.get::<_, i64>(0)?.cast_unsigned(),
                time: Millis(row.get(1)?),
                author: row.get(2)?,
                key: row.get(3)?,
                setting: body.and_then(|body| serde_json::from_str(&body).ok()),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps what has to survive a restart: the hours and the restrictions that have changed, all or nothing.
    ///
    /// # Errors
    /// When the store cannot be written, or is no longer where it was: a file that was removed or replaced still takes
    /// writes, which nobody will ever read. Give the changes back to where they came from, so that they come again.
    pub fn keep(&mut self, hours: &HourChanges, restrictions: &Changes) -> Result<(), StoreError> {
        if identity(&self.file) != self.identity {
            return Err(StoreError(format!(
                "{} was removed or replaced while it was in use. Put it back, or restart Spigot",
                self.file.display()
            )));
        }
        if hours.is_empty() && restrictions.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO hour (route, hour, count) VALUES (?1, ?2, ?3)")?;
            for record in &hours.set {
                insert.execute(params![record.route, record.hour, record.count])?;
            }
            let mut delete = transaction.prepare_cached("DELETE FROM hour WHERE route = ?1 AND hour = ?2")?;
            for (route, hour) in &hours.removed {
                delete.execute(params![route, hour])?;
            }
            if restrictions.everything {
                transaction.execute("DELETE FROM restriction", [])?;
            }
            let mut insert = transaction.prepare_cached(
                "INSERT OR REPLACE INTO restriction (key, subject, step, start, end) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (key, Restricted { offender, strike }) in &restrictions.set {
                insert.execute(params![
                    key.cast_signed(),
                    offender.to_string(),
                    strike.step,
                    strike.start.0,
                    strike.end.0
                ])?;
            }
            let mut delete = transaction.prepare_cached("DELETE FROM restriction WHERE key = ?1")?;
            for key in &restrictions.removed {
                delete.execute([key.cast_signed()])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// What was kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn kept(&self) -> Result<Kept, StoreError> {
        let mut statement = self.connection.prepare("SELECT route, hour, count FROM hour")?;
        let hours = statement
            .query_map([], |row| Ok(HourCount { route: row.get(0)?, hour: row.get(1)?, count: row.get(2)? }))?
            .collect::<Result<_, _>>()?;
        let mut statement =
            self.connection.prepare("SELECT key, subject, step, start, end FROM restriction")?;
        let rows = statement.query_map([], |row| {
            let strike = spigot_decision::policy::Strike {
                step: row.get(2)?,
                start: Millis(row.get(3)?),
                end: Millis(row.get(4)?),
            };
            let offender = Offender::parse(&row.get::<_, String>(1)?);
            let key = row.get::<_, i64>(0)?.cast_unsigned();
            Ok(offender.map(|offender| (key, Restricted { offender, strike })))
        })?;
        Ok((hours, rows.filter_map(Result::transpose).collect::<Result<_, _>>()?))
    }
}

/// Puts a setting in force within a transaction.
pub(crate) fn put(
    transaction: &rusqlite::Transaction<'_>,
    setting: Setting,
    author: &str,
    now: Millis,
) -> Result<Change, StoreError> {
    make_room(transaction, 1, now)?;
    insert(transaction, setting, author, now)
}

/// Takes out what has ended, and looks whether there is room for so many more.
pub(crate) fn make_room(
    transaction: &rusqlite::Transaction<'_>,
    more: usize,
    now: Millis,
) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM setting WHERE end <= ?1", [now.0])?;
    let count: i64 = transaction.query_row("SELECT count(*) FROM setting", [], |row| row.get(0))?;
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    if count.saturating_add(more) > SETTINGS_MAX {
        return Err(StoreError(format!(
            "there are {count} settings already, and at most {SETTINGS_MAX}; remove some first"
        )));
    }
    Ok(())
}

/// Writes a setting and its change, for which [`make_room`] has found room.
pub(crate) fn insert(
    transaction: &rusqlite::Transaction<'_>,
    setting: Setting,
    author: &str,
    now: Millis,
) -> Result<Change, StoreError> {
    let setting = setting.checked().map_err(StoreError)?;
    let body = body_of(&setting)?;
    let key = setting.key();
    room_for(transaction, &setting)?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO setting (key, body, author, end) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![key, body, author, setting.end()])?;
    transaction
        .prepare_cached("INSERT INTO change (time, author, key, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![now.0, author, key, body])?;
    let number = transaction.last_insert_rowid().cast_unsigned();
    Ok(Change { number, time: now, author: author.to_owned(), setting: Some(setting), key })
}

/// What tells a file from another one under the same name.
fn identity(file: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn body_of(setting: &Setting) -> Result<String, StoreError> {
    serde_json::to_string(setting).map_err(|error| StoreError(error.to_string()))
}

#[cfg(test)]
#[path = "policy_store_tests.rs"]
mod tests;
