//! The policy's text: published into the file that the server follows, with every version kept.

use std::io::Write;
use std::path::Path;

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use spigot_decision::Millis;

use crate::policy_store::{Change, PolicyStore, StoreError};
use crate::staff::digest;
use crate::versions::NotMade;

/// Versions that are kept; the oldest go. Each is some kilobytes.
const VERSIONS_MAX: i64 = 500;

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

/// What tells one text from another.
#[must_use]
pub fn text_version(text: &str) -> String {
    digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl PolicyStore {
    /// Writes a text into the file that the server follows, in place of the version that was seen, and keeps both.
    ///
    /// # Errors
    /// When the file holds another version by now, or cannot be written.
    pub fn publish_policy(
        &mut self,
        file: &Path,
        current: &str,
        text: &str,
        seen: &str,
        (author, note): (&str, &str),
        now: Millis,
    ) -> Result<Change, NotMade> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
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
        if text_version(current) != seen {
            // Whoever wrote it into the file by hand has not said who they are.
            let theirs = last.filter(|(_, kept)| kept == current).map(|(change, _)| change);
            return Err(NotMade::Conflict(theirs.map(Box::new)));
        }
        let insert = "INSERT INTO policy (time, author, note, text) VALUES (?1, ?2, ?3, ?4)";
        if last.is_none_or(|(_, kept)| kept != current) {
            transaction.execute(insert, params![now.0, "the file", "", current])?;
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
        let mut publish = |current: &str, text: &str, seen: &str, author: &str| {
            store.publish_policy(&file, current, text, &text_version(seen), (author, "why"), now)
        };
        std::fs::write(&file, "one").unwrap();
        publish("one", "two", "one", "ada").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
        match publish("two", "three", "one", "bob") {
            Err(NotMade::Conflict(Some(theirs))) => assert_eq!(theirs.author, "ada"),
            other => panic!("{other:?}"),
        }
        std::fs::write(&file, "by hand").unwrap();
        assert!(matches!(publish("by hand", "three", "two", "bob"), Err(NotMade::Conflict(None))));
        publish("by hand", "three", "by hand", "bob").unwrap();
        let versions = store.policy_versions().unwrap();
        let authors: Vec<_> = versions.iter().map(|version| version.author.as_str()).collect();
        assert_eq!(authors, ["bob", "the file", "ada", "the file"]);
        assert_eq!(store.policy_text(versions[3].number).unwrap().as_deref(), Some("one"));
    }
}
