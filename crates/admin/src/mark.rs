//! What operators know of single decisions: that one was about a person, or about a bot. It decides nothing by itself;
//! `spigot tune` learns from it.

use serde::{Deserialize, Serialize};
use spigot_decision::Millis;

use crate::policy_store::{PolicyStore, StoreError};
use crate::setting::Setting;

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
}
