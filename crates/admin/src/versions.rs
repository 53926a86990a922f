//! Settings with the change that last touched them: who changes one says which version they saw, so that two operators do
//! not overwrite each other.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use spigot_decision::{Millis, Prefix};

use crate::policy_store::{Change, PolicyStore, StoreError, insert, make_room, put};
use crate::setting::{Setting, WIDE_MAX};

/// Exceptions in force at most, and endpoints with a forced challenge: each request goes through all of them.
const EACH_REQUEST_MAX: usize = 500;

/// A setting in force.
#[derive(Clone, Debug, PartialEq)]
pub struct InForce {
    /// What it is about.
    pub key: String,
    /// The setting.
    pub setting: Setting,
    /// Who set it.
    pub author: String,
    /// The number of the change that did.
    pub version: u64,
    /// When that was.
    pub since: Millis,
}

/// Why a change was not made.
#[derive(Debug)]
pub enum NotMade {
    /// What was to be changed is no longer as it was seen: the change that came before, if it is known.
    Conflict(Option<Box<Change>>),
    /// The setting or the store is at fault.
    Store(StoreError),
}

impl From<StoreError> for NotMade {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for NotMade {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl PolicyStore {
    /// The settings in force whose keys begin so, with their versions.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn versions(&self, prefix: &str, now: Millis) -> Result<Vec<InForce>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT setting.key, setting.body, setting.author, change.number, change.time FROM setting
             LEFT JOIN change ON change.number = (SELECT max(number) FROM change WHERE change.key = setting.key)
             WHERE setting.key GLOB ?1 || '*' AND (setting.end IS NULL OR setting.end > ?2) ORDER BY setting.key",
        )?;
        let rows = statement.query_map(params![prefix, now.0], in_force)?;
        rows.map(|row| row?.read()).collect()
    }

    /// One page of the settings in force whose keys begin so, after a key, and how many there are in all. `find` stands in
    /// what they are about, in their note or in their author's name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn page(
        &self,
        (prefix, find): (&str, &str),
        after: &str,
        most: u32,
        now: Millis,
    ) -> Result<(Vec<InForce>, u64), StoreError> {
        let fits = "key GLOB ?1 || '*' AND (end IS NULL OR end > ?2) AND
             (?3 = '' OR instr(lower(key || ' ' || author || ' ' || coalesce(json_extract(body, '$.note'), '')), lower(?3)) > 0)";
        let count: i64 = self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM setting WHERE {fits}"))?
            .query_row(params![prefix, now.0, find], |row| row.get(0))?;
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT one.key, one.body, one.author, change.number, change.time FROM
               (SELECT key, body, author FROM setting WHERE {fits} AND key > ?4 ORDER BY key LIMIT ?5) AS one
             LEFT JOIN change ON change.number = (SELECT max(number) FROM change WHERE change.key = one.key)
             ORDER BY one.key"
        ))?;
        let rows = statement.query_map(params![prefix, now.0, find, after, most], in_force)?;
        let found = rows.map(|row| row?.read()).collect::<Result<_, _>>()?;
        Ok((found, count.cast_unsigned()))
    }

    /// Puts a setting in force in place of the version that was seen; a new one with `None`.
    ///
    /// # Errors
    /// When there is another version, or something is wrong with the setting or the store.
    pub fn commit_seen(
        &mut self,
        setting: Setting,
        seen: Option<u64>,
        author: &str,
        now: Millis,
    ) -> Result<Change, NotMade> {
        let setting = setting.checked().map_err(StoreError)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        expect(&transaction, &setting.key(), seen, now)?;
        let change = put(&transaction, setting, author, now)?;
        transaction.commit()?;
        Ok(change)
    }

    /// Takes a setting out of force, of which this version was seen.
    ///
    /// # Errors
    /// When there is another version, or none.
    pub fn remove_seen(
        &mut self,
        key: &str,
        seen: u64,
        author: &str,
        now: Millis,
    ) -> Result<Change, NotMade> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        expect(&transaction, key, Some(seen), now)?;
        transaction.execute("DELETE FROM setting WHERE key = ?1", [key])?;
        transaction.execute(
            "INSERT INTO change (time, author, key, body) VALUES (?1, ?2, ?3, NULL)",
            params![now.0, author, key],
        )?;
        let number = transaction.last_insert_rowid().cast_unsigned();
        transaction.commit()?;
        Ok(Change { number, time: now, author: author.to_owned(), setting: None, key: key.to_owned() })
    }

    /// Puts all of them in force, or none; what is in force already in the same way is left alone. How many were.
    ///
    /// # Errors
    /// What is wrong with one of them, or with the store.
    pub fn commit_all(
        &mut self,
        settings: Vec<Setting>,
        author: &str,
        now: Millis,
    ) -> Result<usize, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Once for all of them: it goes through the whole table. Those that stand already need no room.
        let mut more = 0;
        for setting in &settings {
            let mut known = transaction.prepare_cached("SELECT 1 FROM setting WHERE key = ?1")?;
            more += usize::from(!known.exists([setting.key()])?);
        }
        make_room(&transaction, more, now)?;
        let mut made = 0;
        for setting in settings {
            let body: Option<String> = transaction
                .prepare_cached("SELECT body FROM setting WHERE key = ?1")?
                .query_row([setting.key()], |row| row.get(0))
                .optional()?;
            let same = body.and_then(|body| serde_json::from_str::<Setting>(&body).ok());
            if same.as_ref() != Some(&setting) {
                insert(&transaction, setting, author, now)?;
                made += 1;
            }
        }
        transaction.commit()?;
        Ok(made)
    }
}

/// A row whose setting was not read yet.
struct Stored {
    body: String,
    key: String,
    author: String,
    version: u64,
    since: Millis,
}

fn in_force(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        key: row.get(0)?,
        body: row.get(1)?,
        author: row.get(2)?,
        version: row.get::<_, Option<i64>>(3)?.unwrap_or(0).cast_unsigned(),
        since: Millis(row.get::<_, Option<i64>>(4)?.unwrap_or(0)),
    })
}

impl Stored {
    fn read(self) -> Result<InForce, StoreError> {
        let Self { body, key, author, version, since } = self;
        let setting = serde_json::from_str(&body)
            .map_err(|error| StoreError(format!("a setting cannot be read: {error}")))?;
        Ok(InForce { key, setting, author, version, since })
    }
}

fn expect(connection: &Connection, key: &str, seen: Option<u64>, now: Millis) -> Result<(), NotMade> {
    let there: Option<i64> = connection
        .query_row(
            "SELECT 1 FROM setting WHERE key = ?1 AND (end IS NULL OR end > ?2)",
            params![key, now.0],
            |row| row.get(0),
        )
        .optional()?;
    let last = connection
        .query_row(
            "SELECT number, time, author FROM change WHERE key = ?1 ORDER BY number DESC LIMIT 1",
            [key],
            |row| {
                Ok(Change {
                    number: row.get::<_, i64>(0)?.cast_unsigned(),
                    time: Millis(row.get(1)?),
                    author: row.get(2)?,
                    setting: None,
                    key: key.to_owned(),
                })
            },
        )
        .optional()?;
    let is = there.and(last.as_ref().map(|last| last.number));
    if is == seen { Ok(()) } else { Err(NotMade::Conflict(last.map(Box::new))) }
}

/// Whether there is room for one more of what each request goes through. One that takes the place of another needs none.
pub(crate) fn room_for(connection: &Connection, setting: &Setting) -> Result<(), StoreError> {
    let (keys, most, what, instead) = match setting {
        Setting::List(entry) if Prefix::parse(&entry.prefix).is_none() => (
            "key GLOB 'list * as[0-9]*' OR key GLOB 'list * country:*' OR key GLOB 'list * fingerprint:*'",
            WIDE_MAX,
            "entries about networks, countries and fingerprints",
            "write a condition into the policy",
        ),
        Setting::Exception(_) => {
            ("key GLOB 'exception *'", EACH_REQUEST_MAX, "exceptions", "make one for a whole network")
        }
        Setting::Force(_) => {
            ("key GLOB 'force *'", EACH_REQUEST_MAX, "forced challenges", "write a route into the policy")
        }
        _ => return Ok(()),
    };
    let count: i64 = connection
        .prepare_cached(&format!("SELECT count(*) FROM setting WHERE ({keys}) AND key != ?1"))?
        .query_row([setting.key()], |row| row.get(0))?;
    if usize::try_from(count).is_ok_and(|count| count < most) {
        return Ok(());
    }
    Err(StoreError(format!("there are {count} {what} already; remove some first, or {instead}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EntrySetting, ExceptionSetting, ForcedSetting, ListName};

    fn entry(subject: &str, note: &str) -> Setting {
        let (prefix, note) = (subject.to_owned(), note.to_owned());
        Setting::List(EntrySetting { list: ListName::Deny, prefix, until: None, note })
    }

    #[test]
    fn two_operators_do_not_overwrite_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let now = Millis(1000);
        let first = store.commit_seen(entry("192.0.2.7", "a"), None, "ada", now).unwrap();
        let conflict = |result: Result<Change, NotMade>| match result {
            Err(NotMade::Conflict(Some(theirs))) => theirs.author,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            conflict(store.commit_seen(entry("192.0.2.7/32", "b"), None, "bob", now)),
            "ada",
            "it is there"
        );
        let second = store.commit_seen(entry("192.0.2.7", "b"), Some(first.number), "bob", now).unwrap();
        assert_eq!(
            conflict(store.commit_seen(entry("192.0.2.7", "c"), Some(first.number), "ada", now)),
            "bob"
        );
        assert_eq!(conflict(store.remove_seen(&second.key, first.number, "ada", now)), "bob");
        let known = store.versions("list ", now).unwrap();
        assert_eq!((known.len(), known[0].version, known[0].author.as_str()), (1, second.number, "bob"));
        store.remove_seen(&second.key, second.number, "ada", now).unwrap();
        assert_eq!(conflict(store.remove_seen(&second.key, second.number, "bob", now)), "ada", "it is gone");
        store.commit_seen(entry("192.0.2.7", "again"), None, "bob", now).unwrap();
    }

    #[test]
    fn entries_are_about_more_than_addresses() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let mut check = |text: &str, kept: Result<&str, &str>| match (
            store.commit(entry(text, ""), "ada", Millis(1)),
            kept,
        ) {
            (Ok(change), Ok(key)) => assert_eq!(change.key, format!("list deny {key}")),
            (Err(error), Err(said)) => assert!(error.to_string().contains(said), "{text}: {error}"),
            (other, _) => panic!("{text}: {other:?}"),
        };
        check("as64500", Ok("as64500"));
        check("country:de", Ok("country:de"));
        check(
            "fingerprint:t13d1516h2_8daaf6152771_b186095e22b6",
            Ok("fingerprint:t13d1516h2_8daaf6152771_b186095e22b6"),
        );
        check("AS0", Err("is no address"));
        check("country:DEU", Err("is no address"));
        check("fingerprint:", Err("is no address"));
        check("asterix", Err("is no address"));
    }

    #[test]
    fn what_every_request_looks_at_is_bounded() {
        let (folder, now) = (tempfile::tempdir().unwrap(), Millis(1));
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let exception = |number: usize| {
            Setting::Exception(ExceptionSetting {
                name: format!("exam {number}"),
                prefix: None,
                routes: Vec::new(),
                start: 1,
                end: 1000,
                times_milli: None,
                reason: "an exam".to_owned(),
                by_support: false,
            })
        };
        let forced = |number: usize| {
            let (endpoint, reason) = (format!("POST /signup/{number}"), "a wave".to_owned());
            Setting::Force(ForcedSetting { endpoint, host: None, until: None, reason })
        };
        let wide = |number: usize| entry(&format!("AS{}", number + 1), "");
        let mut check = |of: &dyn Fn(usize) -> Setting, most: usize| {
            assert_eq!(store.commit_all((0..most).map(of).collect(), "ada", now).unwrap(), most);
            let error = store.commit(of(most), "ada", now).unwrap_err().to_string();
            assert!(error.contains("remove some first"), "{error}");
            store.commit(of(0), "ada", now).unwrap();
        };
        check(&wide, WIDE_MAX);
        check(&exception, EACH_REQUEST_MAX);
        check(&forced, EACH_REQUEST_MAX);
        store.commit(entry("192.0.2.7", ""), "ada", now).unwrap();
    }

    #[test]
    fn a_long_list_fits_as_a_whole_or_not_at_all() {
        let (folder, now) = (tempfile::tempdir().unwrap(), Millis(1));
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let address = |number: u32| entry(&std::net::Ipv4Addr::from(number << 8).to_string(), "");
        let many = (1..=5_000).map(address).collect();
        assert_eq!(store.commit_all(many, "ada", now).unwrap(), 5_000);
        let too_many = (0..100_000).map(|number| address(number + 5_001)).collect();
        let error = store.commit_all(too_many, "ada", now).unwrap_err().to_string();
        assert!(error.contains("5000 settings already"), "{error}");
        let as_before = (1..=5_000).map(address).collect();
        assert_eq!(store.commit_all(as_before, "ada", now).unwrap(), 0);
        assert_eq!(store.versions("list ", now).unwrap().len(), 5_000);
        let (mut after, mut seen) = (String::new(), 0);
        loop {
            let (page, all) = store.page(("list deny ", ""), &after, 999, now).unwrap();
            assert_eq!(all, 5_000);
            seen += page.len();
            let Some(last) = page.last() else { break };
            assert!(last.key > after, "{} after {after}", last.key);
            after.clone_from(&last.key);
        }
        assert_eq!(seen, 5_000);
        store.commit(entry("198.51.100.7", "A Scraper"), "bob", now).unwrap();
        let check = |prefix: &str, find: &str, found: u64| {
            let (page, all) = store.page((prefix, find), "", 10, now).unwrap();
            assert_eq!((all, page.len() as u64), (found, found.min(10)), "{prefix} {find}");
        };
        check("list deny ", "scraper", 1);
        check("list deny ", "bob", 1);
        check("list deny ", "198.51.100.", 1);
        check("list deny ", "%", 0);
        check("list deny ", "ada", 5_000);
        check("list allow ", "", 0);
    }
}
