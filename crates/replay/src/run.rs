use std::sync::Arc;

use spigot_decision::policy::Policy;

use crate::error::ReplayError;
use crate::judge::{Judge, Judged};
use crate::log::{self, Log, Options, Progress};
use crate::report::Report;
use crate::tally::Tally;

/// Replays logs under a policy. `progress` is called every 65,536 lines and at the end of each log.
///
/// # Errors
/// [`ReplayError`]: there is no log, or one cannot be read. Lines that are no records are counted, never an error.
pub fn replay(
    policy: Arc<Policy>,
    logs: Vec<Log>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ReplayError> {
    replay_each(policy, logs, options, progress, &mut |_| ())
}

/// As [`replay`], and shows each request with its decision, in order of time.
///
/// # Errors
/// As [`replay`].
pub fn replay_each(
    policy: Arc<Policy>,
    logs: Vec<Log>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    each: &mut dyn FnMut(&Judged<'_>),
) -> Result<Report, ReplayError> {
    let mut tally = Tally::new(&policy, options.clients_max);
    let mut judge = Judge::new(policy, options.counter_bytes);
    let input = log::read(logs, options, progress, &mut |now, held| {
        judge.judge(now, held, &mut |judged| {
            tally.take(judged);
            each(judged);
        });
    })?;
    Ok(tally.into_report(&judge.policy, input, judge.restrictions_begun, options.listed_max))
}
