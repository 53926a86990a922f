//! What operators know of single decisions: that one was about a person, or about a bot. It decides nothing by itself;
//! `spigot tune` learns from it.

use rusqlite::params;
use serde::{Deserialize, Serialize};
use spigot_decision::Millis;

use crate::policy_store::{PolicyStore, StoreError};
use crate::setting::Setting;

/// How exceptions for one decision are called, with its id behind.
pub(crate) const FOR_A_DECISION: &str = "support-";

/// A mark on one decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkSetting {
    /// The decision's id.
    pub decision: String,
    /// What it was about.
    pub about: MarkedAs,
    /// When the mark is forgotten: its event is not kept for ever either.
    pub end: i64,
    /// Why.
    pub note: String,
}

/// What a decision was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkedAs {
    /// A person.
    Person,
    /// A program that nobody asked for.
    Bot,
}

impl MarkedAs {
    /// Reads a name.
    ///
    /// # Errors
    /// What may be written.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "person" => Ok(Self::Person),
            "bot" => Ok(Self::Bot),
            other => Err(format!("\"{other}\" is no kind of client; write person or bot")),
        }
    }
}

impl PolicyStore {
    /// The marks in force at `now`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn marks(&self, now: Millis) -> Result<Vec<MarkSetting>, StoreError> {
        let settings = self.in_force(now)?.into_iter();
        Ok(settings
            .filter_map(|(setting, _)| if let Setting::Mark(mark) = setting { Some(mark) } else { None })
            .collect())
    }

    /// The decisions that somebody was let through for since then, whether or not that still holds: they had complained.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn complained(&self, since: Millis) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT key FROM change WHERE key GLOB ?1 || '*' AND body IS NOT NULL AND time >= ?2",
        )?;
        let before = format!("exception {FOR_A_DECISION}");
        let rows = statement.query_map(params![before, since.0], |row| row.get::<_, String>(0))?;
        let keys = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(keys.iter().filter_map(|key| key.strip_prefix(&before).map(str::to_owned)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExceptionSetting;

    #[test]
    fn who_was_helped_had_complained() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = PolicyStore::open(folder.path()).unwrap();
        let mut except = |name: &str, time: i64| {
            let exception = ExceptionSetting {
                name: name.to_owned(),
                prefix: Some("192.0.2.7/32".to_owned()),
                routes: Vec::new(),
                start: time,
                end: time + 1000,
                times_milli: None,
                reason: "on the phone".to_owned(),
                by_support: true,
            };
            store.commit(Setting::Exception(exception), "sue", Millis(time)).unwrap();
        };
        except("support-0a1b", 5_000);
        except("support-0a1b", 6_000);
        except("support-early", 1_000);
        except("friday", 7_000);
        store.remove("exception support-0a1b", "ada", Millis(8_000)).unwrap();
        assert_eq!(store.complained(Millis(2_000)).unwrap(), ["0a1b"]);
    }
}
