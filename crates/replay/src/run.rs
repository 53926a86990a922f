use crate::error::ReplayError;
use crate::judge::{Judge, Judged};
use crate::log::{self, Log, Options, Progress};
use crate::report::Report;
use crate::ruled::Ruled;
use crate::tally::Tally;

/// Replays logs under a policy. `progress` is called every 65,536 lines and at the end of each log.
///
/// # Errors
/// [`ReplayError`]: there is no log, or one cannot be read. Lines that are no records are counted, never an error.
pub fn replay(
    ruled: impl Into<Ruled>,
    logs: Vec<Log>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ReplayError> {
    replay_each(ruled, logs, options, progress, &mut |_| ())
}

/// As [`replay`], and shows each request with its decision, in order of time.
///
/// # Errors
/// As [`replay`].
pub fn replay_each(
    ruled: impl Into<Ruled>,
    logs: Vec<Log>,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    each: &mut dyn FnMut(&Judged<'_>),
) -> Result<Report, ReplayError> {
    let ruled = ruled.into();
    let mut tally = Tally::new(&ruled.policy, options.clients_max);
    let mut judge = Judge::new(ruled, options.counter_bytes);
    let input = log::read(logs, options, progress, &mut |now, held| {
        judge.judge(now, held, &mut |judged| {
            tally.take(judged);
            each(judged);
        });
    })?;
    Ok(tally.into_report(&judge.ruled.policy, input, judge.restrictions_begun, options.listed_max))
}
