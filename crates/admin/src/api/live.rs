use std::path::PathBuf;
use std::sync::Arc;

use spigot_decision::policy::Policy;
use spigot_decision::{HourFact, Millis};
use spigot_state::Restricted;

use super::replays::{ReplayProgress, ReplayResult};

/// What only the running server knows. It is implemented where everything is wired, so that this crate and the gateway
/// never see each other.
pub trait Live: Send + Sync {
    /// The policy that decides now.
    fn policy(&self) -> Arc<Policy>;

    /// How it is doing.
    fn node(&self) -> super::Node;

    /// The moment that it is.
    fn now(&self) -> Millis;

    /// The highest counts of a route lately.
    fn peaks(&self, route: usize) -> Peaks;

    /// The route's hour against the same hour of earlier days.
    fn hour(&self, route: &str, now: Millis) -> HourFact;

    /// How often an entry of the operator's lists was met since the start, and when last.
    fn hits(&self, subject: &str) -> (u64, Option<Millis>);

    /// Automatic restrictions in force.
    fn restricted(&self, now: Millis) -> Vec<Restricted>;

    /// The file that holds the policy, where there is one.
    fn policy_file(&self) -> Option<PathBuf>;

    /// Every problem of a configuration, before it is put in force.
    fn check(&self, text: &str) -> Vec<Wrong>;

    /// A configuration's policy, when nothing is wrong with it.
    fn compiled(&self, text: &str) -> Option<Policy>;

    /// What a configuration would have done to the recorded requests since then, beside the one in force.
    ///
    /// # Errors
    /// A sentence for the operator.
    fn replay(&self, text: &str, since: Millis, progress: &ReplayProgress) -> Result<ReplayResult, String>;
}

/// The highest counts of single clients and of single bodies on a route.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peaks {
    /// Of one client, and when.
    pub client: Option<(u32, Millis)>,
    /// Of one body, and when.
    pub body: Option<(u32, Millis)>,
}

/// Something wrong with a configuration's text.
#[derive(Clone, Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Wrong {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// How many characters.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}
