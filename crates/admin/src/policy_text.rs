//! The policy's text: published into the file that the server follows, with every version kept.

use std::io::Write;
use std::path::Path;

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use spigot_decision::Millis;
use spigot_decision::policy::DEFAULT;

use crate::policy_store::{Change, PolicyStore, StoreError};
use crate::staff::digest;
use crate::versions::NotMade;

/// Versions that are kept; the oldest go. Each is some kilobytes.
const VERSIONS_MAX: i64 = 500;

/// Who wrote a text that was not published, but stood in the file when the next one was: nobody's name has a space.
const BY_HAND: &str = "the file";

/// A version of the policy's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number, ascending.
    pub number: u64,
    /// When it was published, or found.
    pub time: Millis,
    /// By whom.
    pub author: String,
    /// What it is about.
    pub note: String,
    /// What [`text_version`] gives for its text.
    pub version: String,
}

/// A version that somebody put in force, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publication {
    pub(crate) number: u64,
    pub(crate) time: Millis,
    pub(crate) author: String,
    pub(crate) note: String,
}

/// What tells one text from another.
#[must_use]
pub fn text_version(text: &str) -> String {
    digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The text in the file that a server follows; the shipped one where there is none yet.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn policy_in(file: &Path) -> Result<String, StoreError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(DEFAULT.to_owned()),
        Err(error) => Err(StoreError(format!("{} cannot be read: {error}", file.display()))),
    }
}

impl PolicyStore {
    /// Writes a text into the file that the server follows, in place of the version that was seen, and keeps both.
    ///
    /// # Errors
    /// When the file holds another version by now, or cannot be written.
    pub fn publish_policy(
        &mut self,
        file: &Path,
        text: &str,
        seen: &str,
        (author, note): (&str, &str),
        now: Millis,
    ) -> Result<Change, NotMade> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Whoever publishes at the same time waits for the transaction, and reads what is written here.
        let current = policy_in(file)?;
        let last = transaction
            .query_row(
                "SELECT number, time, author, text FROM policy ORDER BY number DESC LIMIT 1",
                [],
                |row| {
                    let change = Change {
                        number: row.get::<_, i64>(0)?.cast_unsigned(),
                        time: Millis(row.get(1)?),
                        author: row.get(2)?,
                        setting: None,
                        key: "policy".to_owned(),
                    };
                    Ok((change, row.get::<_, String>(3)?))
                },
            )
            .optional()?;
        if text_version(&current) != seen {
            // Whoever wrote it into the file by hand has not said who they are.
            let theirs = last.filter(|(_, kept)| *kept == current).map(|(change, _)| change);
            return Err(NotMade::Conflict(theirs.map(Box::new)));
        }
        let insert = "INSERT INTO policy (time, author, note, text) VALUES (?1, ?2, ?3, ?4)";
        if last.is_none_or(|(_, kept)| kept != current) {
            transaction.execute(insert, params![now.0, BY_HAND, "", current])?;
        }
        transaction.execute(insert, params![now.0, author, note, text])?;
        let number = transaction.last_insert_rowid().cast_unsigned();
        transaction.execute(
            "DELETE FROM policy WHERE number <= ?1 - ?2",
            params![number.cast_signed(), VERSIONS_MAX],
        )?;
        replace(file, text).map_err(|error| {
            StoreError(format!(
                "{} cannot be written: {error}. Let the user that Spigot runs as write the file and its folder, or change it by hand",
                file.display()
            ))
        })?;
        transaction.commit()?;
        Ok(Change { number, time: now, author: author.to_owned(), setting: None, key: "policy".to_owned() })
    }

    /// The versions that are kept, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn policy_versions(&self) -> Result<Vec<PolicyVersion>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT number, time, author, note, text FROM policy ORDER BY number DESC")?;
        let rows = statement.query_map([], |row| {
            Ok(PolicyVersion {
                number: row.get::<_, i64>(0)?.cast_unsigned(),
                time: Millis(row.get(1)?),
                author: row.get(2)?,
                note: row.get(3)?,
                version: text_version(&row.get::<_, String>(4)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The publications of a time, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn publications(&self, since: Millis, until: Millis) -> Result<Vec<Publication>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT number, time, author, note FROM policy
             WHERE time >= ?1 AND time < ?2 AND author <> ?3 ORDER BY number DESC",
        )?;
        let rows = statement.query_map(params![since.0, until.0, BY_HAND], |row| {
            Ok(Publication {
                number: row.get::<_, i64>(0)?.cast_unsigned(),
                time: Millis(row.get(1)?),
                author: row.get(2)?,
                note: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The text of one of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn policy_text(&self, number: u64) -> Result<Option<String>, StoreError> {
        let found = self.connection.query_row(
            "SELECT text FROM policy WHERE number = ?1",
            [number.cast_signed()],
            |row| row.get(0),
        );
        Ok(found.optional()?)
    }
}

/// In one step: whoever reads the file meanwhile finds the old text or the new one. It keeps its permissions.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let mut fresh = file.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = Path::new(&fresh);
    let mut written = std::fs::File::create(fresh)?;
    if let Ok(metadata) = std::fs::metadata(file) {
        written.set_permissions(metadata.permissions())?;
    }
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    std::fs::rename(fresh, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_kept_and_never_over_somebody_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.toml");
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let now = Millis(1000);
        let mut publish = |text: &str, seen: &str, author: &str| {
            store.publish_policy(&file, text, &text_version(seen), (author, "why"), now)
        };
        std::fs::write(&file, "one").unwrap();
        publish("two", "one", "ada").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
        match publish("three", "one", "bob") {
            Err(NotMade::Conflict(Some(theirs))) => assert_eq!(theirs.author, "ada"),
            other => panic!("{other:?}"),
        }
        std::fs::write(&file, "by hand").unwrap();
        assert!(matches!(publish("three", "two", "bob"), Err(NotMade::Conflict(None))));
        publish("three", "by hand", "bob").unwrap();
        let versions = store.policy_versions().unwrap();
        let authors: Vec<_> = versions.iter().map(|version| version.author.as_str()).collect();
        assert_eq!(authors, ["bob", "the file", "ada", "the file"]);
        let published = store.publications(now, now.plus(1)).unwrap();
        let published: Vec<_> =
            published.iter().map(|one| (one.author.as_str(), one.note.as_str())).collect();
        assert_eq!(published, [("bob", "why"), ("ada", "why")]);
        assert!(store.publications(Millis(0), now).unwrap().is_empty());
        assert_eq!(store.policy_text(versions[3].number).unwrap().as_deref(), Some("one"));
    }

    /// Each has seen the same text; all but one have to look again.
    #[test]
    fn of_those_who_publish_at_once_one_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.toml");
        PolicyStore::open(folder.path()).unwrap();
        let seen = text_version(DEFAULT);
        let publish = |number: usize| {
            let mut store = PolicyStore::open(folder.path()).unwrap();
            let text = format!("# {number}");
            store.publish_policy(&file, &text, &seen, ("ada", "why"), Millis(1)).is_ok().then_some(text)
        };
        let made: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || publish(number))).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(made, [std::fs::read_to_string(&file).unwrap()]);
    }
}
