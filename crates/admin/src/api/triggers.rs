//! Security → CAPTCHA: the state of each trigger, per route, with its current figure against its threshold.

use schemars::JsonSchema;
use serde::Serialize;
use spigot_decision::policy::{ListKind, Policy, Relief, Route, Trigger};
use spigot_decision::{Millis, Mode};

use super::call::Call;
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::touched::touches;
use crate::staff::Need;

pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation::get(
        "triggers.show",
        "/api/triggers",
        Need::Look,
        "The state of each trigger now, per route.",
        show,
    )]
}

/// Every route's triggers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Triggers {
    routes: Vec<RouteTriggers>,
    /// The policy's revision.
    revision: String,
}

/// The triggers of one route.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RouteTriggers {
    route: String,
    patterns: Vec<String>,
    hosts: Vec<String>,
    /// Decisions are computed and recorded, and nothing is done.
    is_monitored: bool,
    triggers: Vec<TriggerState>,
}

/// One trigger on one route.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TriggerState {
    name: &'static str,
    state: State,
    /// The current figure: requests of the busiest client or body in the window, of this hour, entries of all denylists,
    /// forced endpoints that this route's requests may fall into.
    figure: Option<u64>,
    /// What passes; one more is asked. For the hour: what it may be at most, by its mean.
    threshold: Option<u64>,
    /// The window of the figure.
    window_seconds: Option<u64>,
    /// The mean of this hour on earlier days, and how many those are.
    mean: Option<f64>,
    days: Option<u8>,
    /// How many days have to be known first.
    needs_days: Option<u8>,
    /// When the figure was seen.
    seen: Option<String>,
}

/// How a trigger stands.
#[derive(Clone, Copy, Serialize, JsonSchema, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// The policy has it off here.
    Off,
    /// It has not seen enough days yet.
    Learning,
    /// It stops whoever it knows, and has no figure that grows: a denylist with entries.
    Armed,
    /// Far from its threshold.
    Quiet,
    /// Above three quarters of it.
    Near,
    /// It asks for challenges.
    Asking,
}

fn show(call: &Call<'_>, _: &Nothing) -> Result<Triggers, Problem> {
    let policy = call.live().policy();
    let denied = denied(call, &policy);
    let routes = policy.routes.iter().enumerate().map(|(index, route)| RouteTriggers {
        route: route.name.clone(),
        patterns: route.patterns.iter().map(|pattern| pattern.text().to_owned()).collect(),
        hosts: route.hosts.clone(),
        is_monitored: route.settings.mode == Mode::Monitor,
        triggers: of_route(call, (&policy, denied), index, route),
    });
    Ok(Triggers { routes: routes.collect(), revision: policy.revision.clone() })
}

fn of_route(
    call: &Call<'_>,
    (policy, denied): (&Policy, u64),
    index: usize,
    route: &Route,
) -> Vec<TriggerState> {
    let (now, settings) = (call.now, &route.settings);
    let scale = scale_milli(policy, &route.name, now);
    let peaks = call.live().peaks(index);
    let scaled = |limit: u32| u64::from(limit) * u64::from(scale) / 1000;
    let counted = |trigger: Trigger, peak: Option<(u32, Millis)>, rule: Option<(u32, u64)>| {
        let Some((more_than, window_millis)) = rule else { return off(trigger) };
        let window = i64::try_from(window_millis).unwrap_or(i64::MAX);
        let peak = peak.filter(|(_, seen)| now.0.saturating_sub(seen.0) <= window);
        let figure = peak.map_or(0, |(count, _)| u64::from(count));
        TriggerState {
            state: against(figure, scaled(more_than)),
            figure: Some(figure),
            threshold: Some(scaled(more_than)),
            window_seconds: Some(window_millis / 1000),
            seen: peak.map(|(_, seen)| seen.to_string()),
            ..off(trigger)
        }
    };
    let frequency = settings.high_frequency.map(|rule| (rule.more_than, rule.window_millis));
    let repetition = settings.payload_repetition.map(|rule| (rule.more_than, rule.window_millis));
    vec![
        counted(Trigger::HighFrequency, peaks.client, frequency),
        denylist(route, denied),
        anomaly(call, route, scale),
        counted(Trigger::PayloadRepetition, peaks.body, repetition),
        manual(policy, index, now),
    ]
}

fn anomaly(call: &Call<'_>, route: &Route, scale: u32) -> TriggerState {
    let Some(rule) = route.settings.traffic_anomaly else { return off(Trigger::TrafficAnomaly) };
    let hour = call.live().hour(&route.name, call.now);
    let times = u64::from(rule.times_milli) * u64::from(scale) / 1000;
    let by_mean = times * hour.past_sum / (1000 * u64::from(hour.days.max(1)));
    // It never speaks below a floor, so that is what counts where the mean is small.
    let threshold = by_mean.max(u64::from(rule.at_least.saturating_sub(1)));
    let state =
        if hour.days < rule.needs_days { State::Learning } else { against(u64::from(hour.count), threshold) };
    #[allow(clippy::cast_precision_loss)] // a figure to look at
    let mean = hour.mean_milli() as f64 / 1000.0;
    TriggerState {
        state,
        figure: Some(hour.count.into()),
        threshold: Some(threshold),
        window_seconds: Some(3600),
        mean: (hour.days > 0).then_some(mean),
        days: Some(hour.days),
        needs_days: Some(rule.needs_days),
        ..off(Trigger::TrafficAnomaly)
    }
}

fn denylist(route: &Route, entries: u64) -> TriggerState {
    if !route.settings.denylisted_origin {
        return off(Trigger::DenylistedOrigin);
    }
    TriggerState {
        state: if entries > 0 { State::Armed } else { State::Quiet },
        figure: Some(entries),
        ..off(Trigger::DenylistedOrigin)
    }
}

/// Entries of the operator's denylist and of those in the policy, fetched ones included.
fn denied(call: &Call<'_>, policy: &Policy) -> u64 {
    let wide = policy.operator.wide.iter().filter(|wide| !wide.allows && wide.entry.holds(call.now)).count();
    let lists = || policy.lists.iter().filter(|list| matches!(list.kind, ListKind::Deny(_)));
    let written: usize = lists().map(|list| list.prefixes.len() + list.wide.len()).sum();
    let written = (policy.operator.deny.len() + wide + written) as u64;
    if !lists().any(|list| list.fed) {
        return written;
    }
    let fetched = call.live().node().lists.into_iter();
    let fetched = fetched.filter(|fetched| lists().any(|list| list.fed && list.name == fetched.name));
    written + fetched.map(|fetched| fetched.entries).sum::<u64>()
}

fn manual(policy: &Policy, index: usize, now: Millis) -> TriggerState {
    let in_force =
        policy.operator.forced.iter().filter(|forced| forced.until.is_none_or(|until| now < until));
    let here = in_force.filter(|forced| touches(policy, index, forced));
    let count = here.count();
    TriggerState {
        state: if count > 0 { State::Asking } else { State::Quiet },
        figure: Some(count as u64),
        ..off(Trigger::Manual)
    }
}

/// What exceptions for everybody allow on a route now, in thousandths.
fn scale_milli(policy: &Policy, route: &str, now: Millis) -> u32 {
    let scales = policy.operator.exceptions.iter().filter_map(|exception| {
        let holds = exception.prefix.is_none()
            && exception.start <= now
            && now < exception.end
            && (exception.routes.is_empty() || exception.routes.iter().any(|name| name == route));
        match exception.relief {
            Relief::Scale(milli) if holds => Some(milli),
            _ => None,
        }
    });
    scales.max().unwrap_or(1000).max(1000)
}

fn against(figure: u64, threshold: u64) -> State {
    if figure > threshold {
        State::Asking
    } else if figure * 4 > threshold * 3 {
        State::Near
    } else {
        State::Quiet
    }
}

fn off(trigger: Trigger) -> TriggerState {
    TriggerState {
        name: trigger.name(),
        state: State::Off,
        figure: None,
        threshold: None,
        window_seconds: None,
        mean: None,
        days: None,
        needs_days: None,
        seen: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_is_the_triggers_own() {
        for (figure, state) in [
            (0, State::Quiet),
            (375, State::Quiet),
            (376, State::Near),
            (500, State::Near),
            (501, State::Asking),
        ] {
            assert_eq!(against(figure, 500), state, "{figure}");
        }
    }
}
