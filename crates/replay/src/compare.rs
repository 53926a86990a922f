//! Two policies over one log: who would be treated differently.

use serde::{Deserialize, Serialize};

use crate::difference::Differences;
use crate::error::ReplayError;
use crate::judge::Judge;
use crate::log::{self, Log, Options, Progress};
use crate::report::Report;
use crate::ruled::Ruled;
use crate::tally::Tally;
use crate::treatment::Treatment;

/// What a change of policy would have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// What the first policy does.
    pub before: Report,
    /// What the second one does.
    pub after: Report,
    /// Requests that both decided.
    pub requests: u64,
    /// Requests that are treated differently.
    pub different: u64,
    /// Requests that only the second policy stops.
    pub newly_stopped: u64,
    /// Requests that only the first policy stops.
    pub no_longer_stopped: u64,
    /// Clients with a request that is treated differently; at least so many when `uncounted` is not 0.
    pub clients_different: u64,
    /// The changes, most requests first.
    pub differences: Vec<Difference>,
    /// Changes that the list leaves out.
    pub differences_left_out: u64,
    /// Different requests beyond the bound on what is told apart: in the totals, in no line of the list.
    pub uncounted: u64,
}

/// Requests of one client on one route that are treated differently in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The client's address, for IPv6 its /64.
    pub address: String,
    /// The route under the first policy.
    pub route_before: String,
    /// The route under the second policy.
    pub route_after: String,
    /// The treatment under the first policy.
    pub before: Treatment,
    /// The treatment under the second policy.
    pub after: Treatment,
    /// How many requests.
    pub requests: u64,
    /// What stopped them under the first policy.
    pub by_before: Vec<String>,
    /// What stops them under the second.
    pub by_after: Vec<String>,
}

/// Replays logs under two policies at once. The logs are read once.
///
/// # Errors
/// As [`crate::replay`].
pub fn compare(
    before: impl Into<Ruled>,
    after: impl Into<Ruled>,
    logs: Vec<Log>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Comparison, ReplayError> {
    let ruled: [Ruled; 2] = [before.into(), after.into()];
    let mut tallies = ruled.each_ref().map(|ruled| Tally::new(&ruled.policy, options.clients_max));
    let mut judges = ruled.map(|ruled| Judge::new(ruled, options.counter_bytes));
    let mut differences = Differences::new(options.clients_max);
    let input = log::read(logs, options, progress, &mut |now, held| {
        let [judge_before, judge_after] = &mut judges;
        let [tally_before, tally_after] = &mut tallies;
        judge_before.judge(now, held, &mut |first| {
            tally_before.take(first);
            judge_after.judge(now, held, &mut |second| {
                tally_after.take(second);
                differences.take(first, second);
            });
        });
    })?;
    let [tally_before, tally_after] = tallies;
    let [judge_before, judge_after] = judges;
    let report = |tally: Tally, judge: &Judge| {
        tally.into_report(&judge.ruled.policy, input.clone(), judge.restrictions_begun, options.listed_max)
    };
    let (before, after) = (report(tally_before, &judge_before), report(tally_after, &judge_after));
    Ok(differences.into_comparison(
        [&judge_before.ruled.policy, &judge_after.ruled.policy],
        before,
        after,
        options.listed_max,
    ))
}
