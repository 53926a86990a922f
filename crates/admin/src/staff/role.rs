//! What each role may do. One table, which every operation of the API names its line of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody is in the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, users and tokens included.
    Admin,
    /// Sees everything and changes how Spigot decides.
    Operator,
    /// Sees everything and changes nothing.
    Analyst,
    /// Helps one visitor at a time; sees addresses shortened.
    Support,
}

/// What an operation asks of whoever calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: signing in.
    Nobody,
    /// To be signed in as a person: one's own account.
    Own,
    /// To look at what every role sees; support gets it with shortened addresses.
    Look,
    /// To look at what support does not see.
    Read,
    /// To help one visitor: a mark, an exception that ends.
    Help,
    /// To change how Spigot decides.
    Steer,
    /// To change who may.
    Administer,
}

impl Role {
    /// All, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Operator, Self::Analyst, Self::Support];

    /// Its name in the API, the command line and the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Analyst => "analyst",
            Self::Support => "support",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    /// What may be written.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| format!("\"{text}\" is no role; write admin, operator, analyst or support"))
    }

    /// Whether it is enough for an operation.
    #[must_use]
    pub fn may(self, need: Need) -> bool {
        match need {
            Need::Nobody | Need::Own | Need::Look => true,
            Need::Read => self != Self::Support,
            Need::Help => self != Self::Analyst,
            Need::Steer => matches!(self, Self::Admin | Self::Operator),
            Need::Administer => self == Self::Admin,
        }
    }

    /// Whether addresses are shortened for it.
    #[must_use]
    pub fn sees_shortened(self) -> bool {
        self == Self::Support
    }
}

impl Need {
    /// Its name in the API's document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Own => "own",
            Self::Look => "look",
            Self::Read => "read",
            Self::Help => "help",
            Self::Steer => "steer",
            Self::Administer => "administer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_may_what_the_table_says() {
        let check = |role: Role, may: &str| {
            let all =
                [Need::Nobody, Need::Own, Need::Look, Need::Read, Need::Help, Need::Steer, Need::Administer];
            let found: Vec<_> = all.into_iter().filter(|need| role.may(*need)).map(Need::name).collect();
            assert_eq!(found.join(" "), may, "{role:?}");
        };
        check(Role::Admin, "nobody own look read help steer administer");
        check(Role::Operator, "nobody own look read help steer");
        check(Role::Analyst, "nobody own look read");
        check(Role::Support, "nobody own look help");
    }
}
