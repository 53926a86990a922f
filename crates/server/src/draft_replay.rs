//! What a draft of the policy would have done to the recorded requests, for the panel.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use spigot_admin::api::{ReplayExample, ReplayProgress, ReplayResult, ReplayRoute};
use spigot_decision::Millis;
use spigot_decision::policy::Policy;
use spigot_replay::{Comparison, Log, Options, Report, compare};

use crate::commands::replay::events_since;

/// Changes that are listed.
const EXAMPLES: usize = 200;

pub(crate) fn replay(
    folder: &Path,
    current: Arc<Policy>,
    draft: Policy,
    since: Millis,
    progress: &ReplayProgress,
) -> Result<ReplayResult, String> {
    let events = events_since(folder, Some(since))?;
    // Stopped, it tells of what it has seen: a part is of use, too. The iterator cannot borrow what the log outlives.
    let (stop, seen) = (progress.stop.clone(), progress.events.clone());
    let events = events.take_while(move |_| !stop.load(Ordering::Relaxed)).inspect(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
    });
    // Operators' settings count in both; the exceptions of its text each has by itself.
    let mut operator = current.operator.as_ref().clone();
    operator.exceptions.retain(|exception| !exception.from_policy);
    let draft = draft.with_operator(operator);
    let options = Options { listed_max: EXAMPLES, ..Options::default() };
    let logs = vec![Log::Recorded(Box::new(events))];
    let comparison =
        compare(current, Arc::new(draft), logs, &options, &mut |_| {}).map_err(|error| error.to_string())?;
    Ok(told(comparison))
}

fn told(comparison: Comparison) -> ReplayResult {
    let mut routes = BTreeMap::new();
    of_side(&comparison.before, 0, &mut routes);
    of_side(&comparison.after, 1, &mut routes);
    let examples = comparison.differences.into_iter().map(|difference| ReplayExample {
        address: difference.address,
        route: difference.route_after,
        before: difference.before.name().to_owned(),
        after: difference.after.name().to_owned(),
        requests: difference.requests,
        by_before: difference.by_before,
        by_after: difference.by_after,
    });
    ReplayResult {
        requests: comparison.requests,
        different: comparison.different,
        newly_stopped: comparison.newly_stopped,
        no_longer_stopped: comparison.no_longer_stopped,
        clients_different: comparison.clients_different,
        routes: routes.into_values().collect(),
        examples: examples.collect(),
    }
}

fn of_side(report: &Report, side: usize, routes: &mut BTreeMap<String, ReplayRoute>) {
    for route in &report.routes {
        let entry = routes.entry(route.name.clone()).or_default();
        entry.route.clone_from(&route.name);
        entry.requests[side] = route.requests;
        entry.challenged[side] = route.treatments.challenge + route.treatments.standing;
        entry.refused[side] = route.treatments.block + route.treatments.shadow + route.treatments.throttle;
    }
}
