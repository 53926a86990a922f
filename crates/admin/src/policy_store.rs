use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use spigot_decision::Millis;
use spigot_decision::policy::Operator;
use spigot_state::{HourCount, Restricted};

use crate::setting::{Setting, operator};

/// Settings in force at most; beyond it nothing is added. Each costs some hundred bytes and nothing per request.
const SETTINGS_MAX: i64 = 100_000;
const SCHEMA: i64 = 1;

/// The operator's settings and what has to survive a restart, in `settings.sqlite` of the data folder. Any process may
/// open it: a running server notices changes of others by [`PolicyStore::version`].
pub struct PolicyStore {
    connection: Connection,
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

/// Why the store cannot do something, and what to do.
#[derive(Debug)]
pub struct StoreError(String);

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
        std::fs::create_dir_all(folder).map_err(|error| {
            StoreError(format!("the data folder {} cannot be made: {error}", folder.display()))
        })?;
        let file = folder.join("settings.sqlite");
        let connection = Connection::open(&file)?;
        // Who may change it may change what is decided.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))
            .map_err(|error| StoreError(format!("{} cannot be made private: {error}", file.display())))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version > SCHEMA {
            return Err(StoreError(format!(
                "the settings are of a newer Spigot (version {version}); use that one, or another data folder"
            )));
        }
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, body TEXT NOT NULL, author TEXT NOT NULL, end INTEGER) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS change (number INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, author TEXT NOT NULL, key TEXT NOT NULL, body TEXT);
             CREATE TABLE IF NOT EXISTS hour (route TEXT NOT NULL, hour INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (route, hour)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS restriction (key INTEGER PRIMARY KEY, subject TEXT NOT NULL, step INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL);
             PRAGMA user_version = 1;",
        )?;
        Ok(Self { connection })
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
        let setting = setting.checked().map_err(StoreError)?;
        let body = serde_json::to_string(&setting).map_err(|error| StoreError(error.to_string()))?;
        let key = setting.key();
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM setting WHERE end <= ?1", [now.0])?;
        let count: i64 = transaction.query_row("SELECT count(*) FROM setting", [], |row| row.get(0))?;
        if count >= SETTINGS_MAX {
            return Err(StoreError(format!("there are {count} settings already; remove some first")));
        }
        transaction.execute(
            "INSERT OR REPLACE INTO setting (key, body, author, end) VALUES (?1, ?2, ?3, ?4)",
            params![key, body, author, setting.end()],
        )?;
        transaction.execute(
            "INSERT INTO change (time, author, key, body) VALUES (?1, ?2, ?3, ?4)",
            params![now.0, author, key, body],
        )?;
        let number = transaction.last_insert_rowid().cast_unsigned();
        transaction.commit()?;
        Ok(Change { number, time: now, author: author.to_owned(), setting: Some(setting), key })
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
        let number: Option<i64> = self
            .connection
            .query_row("SELECT max(number) FROM change", [], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(operator(&self.in_force(now)?, number.unwrap_or(0).cast_unsigned()))
    }

    /// The last changes, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changes(&self, most: u32) -> Result<Vec<Change>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, time, author, key, body FROM change ORDER BY number DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([most], |row| {
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

    /// Keeps what has to survive a restart: hours that changed, and the restrictions as they stand.
    ///
    /// # Errors
    /// When the store cannot be written; the next call writes what is then current.
    pub fn keep(
        &mut self,
        hours: &[HourCount],
        restrictions: Option<&[(u64, Restricted)]>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO hour (route, hour, count) VALUES (?1, ?2, ?3)")?;
            for record in hours {
                insert.execute(params![record.route, record.hour, record.count])?;
            }
            transaction.execute("DELETE FROM hour WHERE hour < ?1", [now.hour() - 16 * 24])?;
            if let Some(restrictions) = restrictions {
                transaction.execute("DELETE FROM restriction", [])?;
                let mut insert = transaction.prepare_cached(
                    "INSERT INTO restriction (key, subject, step, start, end) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?;
                for (key, entry) in restrictions {
                    let strike = entry.strike;
                    insert.execute(params![
                        key.cast_signed(),
                        entry.subject,
                        strike.step,
                        strike.start.0,
                        strike.end.0
                    ])?;
                }
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
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), Restricted { subject: row.get(1)?, strike }))
        })?;
        Ok((hours, rows.collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EntrySetting, ForcedSetting, ListName};

    fn deny(prefix: &str, until: Option<i64>) -> Setting {
        Setting::List(EntrySetting {
            list: ListName::Deny,
            prefix: prefix.into(),
            until,
            note: "scraper".into(),
        })
    }

    #[test]
    fn changes_are_attributed_numbered_and_seen_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, two) =
            (PolicyStore::open(folder.path()).unwrap(), PolicyStore::open(folder.path()).unwrap());
        let before = two.version().unwrap();
        one.commit(deny("192.0.2.7/24", Some(1000)), "ada", Millis(0)).unwrap();
        assert_ne!(two.version().unwrap(), before, "another process sees that something changed");
        let operator = two.operator(Millis(999)).unwrap();
        assert!(operator.deny.find("192.0.2.200".parse().unwrap()).is_some());
        assert_eq!(operator.change, 1);
        assert!(two.in_force(Millis(1000)).unwrap().is_empty(), "it ends by itself");
        one.commit(deny("192.0.2.0/24", None), "bob", Millis(1)).unwrap();
        assert_eq!(two.in_force(Millis(2)).unwrap().len(), 1, "the same thing is replaced");
        assert!(one.remove("list deny 192.0.2.0/24", "ada", Millis(3)).unwrap().is_some());
        assert!(one.remove("list deny 192.0.2.0/24", "ada", Millis(4)).unwrap().is_none());
        let log: Vec<_> = two.changes(10).unwrap().into_iter().map(|c| (c.number, c.author)).collect();
        assert_eq!(log, [(3, "ada".into()), (2, "bob".into()), (1, "ada".into())]);
    }

    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let mut check = |setting: Setting, expected: &str| {
            let error = store.commit(setting, "ada", Millis(0)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(deny("192.0.2", None), "no address or prefix");
        check(
            Setting::Force(ForcedSetting {
                endpoint: "login".into(),
                host: None,
                until: None,
                reason: String::new(),
            }),
            "first slash",
        );
        assert!(store.changes(10).unwrap().is_empty());
    }

    #[test]
    fn what_has_to_survive_survives() {
        let folder = tempfile::tempdir().unwrap();
        let strike = spigot_decision::policy::Strike { step: 2, start: Millis(5), end: Millis(9) };
        let hours = [HourCount { route: "login".into(), hour: 400_000, count: 7 }];
        let restrictions = [(u64::MAX - 3, Restricted { subject: "192.0.2.1".into(), strike })];
        PolicyStore::open(folder.path())
            .unwrap()
            .keep(&hours, Some(&restrictions), Millis(400_000 * 3_600_000))
            .unwrap();
        assert_eq!(
            PolicyStore::open(folder.path()).unwrap().kept().unwrap(),
            (hours.to_vec(), restrictions.to_vec())
        );
    }
}
