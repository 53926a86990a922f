//! What the breaker demoted, and what operators keep it from demoting.

use serde::{Deserialize, Serialize};

/// About one reason for challenges; a later one takes the place of an earlier one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakerSetting {
    /// Kind and name, `limit login-burst`; `everything` for all, where it is kept.
    pub name: String,
    /// It stays in force whatever the breaker finds; otherwise it is demoted.
    pub kept: bool,
    /// Until when; without end when absent, which only what is kept may be.
    pub end: Option<i64>,
    /// Why.
    pub reason: String,
}

/// The kinds of reasons that can be demoted.
const KINDS: [&str; 5] = ["trigger", "signal", "limit", "rule", "budget"];

impl BreakerSetting {
    pub(crate) fn checked(self) -> Result<Self, String> {
        let known =
            self.name.split_once(' ').is_some_and(|(kind, name)| KINDS.contains(&kind) && !name.is_empty());
        let everything = self.kept && self.name == spigot_decision::policy::EVERYTHING;
        if !known && !everything {
            return Err(format!(
                "\"{}\" is no reason that can be demoted; write its kind and name, for example 'limit login-burst' (kinds: {}), or everything",
                self.name,
                KINDS.join(", ")
            ));
        }
        if !self.kept && self.end.is_none() {
            return Err("what is demoted comes back by itself; say when".to_owned());
        }
        Ok(self)
    }
}
