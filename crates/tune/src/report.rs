//! What was found, in a form that other programs read.

use serde::{Deserialize, Serialize};

use crate::interval::wilson;

/// What events suggest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The policy that is in force, by its revision.
    pub policy_revision: String,
    /// Events read.
    pub events: u64,
    /// Clients that are taken for people.
    pub people: u64,
    /// Clients that are taken for bots.
    pub bots: u64,
    /// Clients of whom one thing and its contrary is known.
    pub unclear: u64,
    /// Operators' marks whose events were found.
    pub marks_found: u64,
    /// Each route that somebody known was seen on.
    pub routes: Vec<RouteReport>,
    /// What may be added at the end of the configuration; empty when nothing is proposed.
    pub proposal: String,
}

/// One route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouteReport {
    /// Its name.
    pub route: String,
    /// People seen on it.
    pub people: u64,
    /// Bots seen on it.
    pub bots: u64,
    /// What the policy does now. Of people and bots: of those that nothing was fitted to, half of all.
    pub now: Outcome,
    /// What the proposal would do, where there is one.
    pub proposed: Option<Outcome>,
    /// What it changes.
    pub changes: Vec<Change>,
    /// Why nothing is proposed, or what to know about the proposal.
    pub note: String,
}

/// What weights and thresholds do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// People who are asked or refused because of what was found of them.
    pub people_bothered: Share,
    /// Bots that are.
    pub bots_stopped: Share,
    /// Challenges shown: requests without a clearance, of everybody.
    pub challenges: u64,
}

/// So many of so many, and between which shares the truth lies with 95 % confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// So many.
    pub of: u64,
    /// Of so many.
    pub all: u64,
    /// At least, in hundredths.
    pub percent_min: f64,
    /// At most, in hundredths.
    pub percent_max: f64,
}

/// One number that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// `thresholds.challenge`, `weights.tool_user_agent`.
    pub what: String,
    /// What it is now.
    pub from: u8,
    /// What is proposed.
    pub to: u8,
    /// Why, in words.
    pub because: String,
}

impl Share {
    pub(crate) fn new(of: u64, all: u64) -> Self {
        let (low, high) = wilson(of, all);
        let percent = |share: f64| (share * 10_000.0).round() / 100.0;
        Self { of, all, percent_min: percent(low), percent_max: percent(high) }
    }
}
