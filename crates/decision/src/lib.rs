//! What Spigot does with a request, as two pure functions with the look-ups between them:
//!
//! ```text
//! plan(policy, observation, keys, now)          -> Plan      what to count and look up
//!    … state and intel fetch the facts …
//! decide(policy, observation, plan, facts, now) -> Decision
//! ```
//!
//! Nothing in this crate does I/O, reads a clock or draws randomness: time and hash keys are arguments, so a
//! decision can be replayed, explained and tested byte for byte.

mod account;
mod agent;
pub mod behaviour;
mod cohort;
mod decide;
mod decision;
mod explain;
mod facts;
mod history;
mod observation;
mod outcome;
pub mod path;
mod plan;
pub mod policy;
mod reputation;
mod secret;
pub mod signal;
pub mod story;
mod subject;
mod time;
mod trusted;

pub use account::{
    AccountFacts, AccountOutcome, AccountPlan, Acquaintance, Attempt, Crowd, Crowds, mail_domain,
};
pub use agent::{Agent, Bot, BotKind, BotName, Browser, Device, Engine, Family, Platform};
pub use behaviour::Behaviour;
pub use cohort::{Budget, Cohort, CohortLevel, OverBudget, PlannedBudget, layer_number};
pub use decide::decide;
pub use decision::{
    Action, Decision, Demand, Evidence, Level, MAX_REASONS, Mode, Reason, ReasonKind, Source,
};
pub use explain::{evidence_text, explain};
pub use facts::{Facts, HourFact, RestrictionFact};
pub use history::History;
pub use observation::{Body, Headers, NoHeaders, Observation, Pairs, Presented, Sender, Told};
pub use outcome::{Ending, Outcome, outcome};
pub use plan::{Count, CountKind, MAX_COUNTS, MAX_SUBJECTS, Plan, Who, plan};
pub use policy::Policy;
pub use reputation::{Class, Crawler, Listed, Reputation};
pub use secret::{LEFT_OUT, without_secrets};
pub use story::Story;
pub use subject::{Hashed, Keys, Prefix, Subject};
pub use time::Millis;
pub use trusted::{Proven, Trusted};
