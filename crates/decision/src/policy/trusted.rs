use crate::{Level, Millis};

/// A client that is trusted for what it proves. How it proves it stands in the server's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedClient {
    /// Its name.
    pub name: String,
    /// For which routes, by name; every route when empty.
    pub routes: Vec<String>,
    /// What the proof is worth.
    pub gives: Worth,
    /// How many requests it may make, and in how many milliseconds; as many as it likes when absent.
    pub rate: Option<(u32, u64)>,
}

/// What a proof is worth. Denylists, restrictions, and limits that refuse or slow hold whatever was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Its holder is not asked for challenges, and its risk asks for nothing.
    Pass,
    /// The same as a clearance of this level.
    Level(Level),
    /// The risk is less by so much.
    LessRisk(u8),
}

/// An API key that an operator made, as decisions see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// Its name.
    pub name: String,
    /// The trusted client that it makes of its holder, by name.
    pub entry: String,
    /// The SHA-256 of the key, and of keys before it, each with the time from which it does not count any more.
    pub digests: Vec<([u8; 32], Option<Millis>)>,
    /// For which routes, by name; all of the entry's when empty.
    pub routes: Vec<String>,
    /// How many requests it may make, and in how many milliseconds; its entry's rate when absent.
    pub rate: Option<(u32, u64)>,
    /// When it ends.
    pub until: Option<Millis>,
}
