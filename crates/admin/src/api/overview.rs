//! What happened over a length of time: sums, by what, and what changed meanwhile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::{Action, Millis};
use spigot_event::{Dimension, Reader, Slice, Span, Sums};

use super::call::Call;
use super::operation::Operation;
use super::problem::Problem;
use super::{events, marks};
use crate::staff::Need;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Keys of one kind that are told at most, the busiest first; a page shows fewer.
const KEYS_MAX: usize = 60;

/// More spans than any range has: sums by key without steps.
const ALL_TOGETHER: u32 = 1_000_000;

pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation::get("overview.show", "/api/overview", Need::Look, "What happened, in sums.", show)]
}

/// Over which time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverviewQuery {
    /// How long back; a day when absent.
    range: Option<Range>,
    /// Until when, in milliseconds since 1970; now when absent.
    until_millis: Option<i64>,
    /// Only of this route; countries, devices and reasons are told of all routes together.
    route: Option<String>,
}

/// A length of time, with the steps that a chart of it has.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Range {
    Hour,
    #[default]
    Day,
    Week,
    Month,
    Year,
}

impl Range {
    /// Its length, and which sums a chart of it is made of: about a hundred points, which a narrow screen still shows.
    fn steps(self) -> (i64, Span, u32) {
        match self {
            Self::Hour => (HOUR, Span::Minute, 1),
            Self::Day => (DAY, Span::Minute, 15),
            Self::Week => (7 * DAY, Span::Hour, 1),
            Self::Month => (30 * DAY, Span::Hour, 6),
            Self::Year => (365 * DAY, Span::Day, 7),
        }
    }
}

impl Range {
    /// Which sums its countries and the like are made of: there are hundreds of keys, so of as few spans as do.
    fn grouped(self) -> Span {
        match self {
            Self::Hour => Span::Minute,
            Self::Day | Self::Week => Span::Hour,
            Self::Month | Self::Year => Span::Day,
        }
    }
}

/// What happened.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Overview {
    since_millis: i64,
    until_millis: i64,
    step_minutes: u32,
    total: Figures,
    /// The same length of time before.
    before: Figures,
    steps: Vec<Step>,
    routes: Vec<Group>,
    countries: Vec<Group>,
    devices: Vec<Group>,
    reasons: Vec<Group>,
    marks: Vec<marks::Mark>,
}

/// One step of a chart.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Step {
    start_millis: i64,
    figures: Figures,
}

/// What belongs to one key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Group {
    /// A route, a country's code, a device class or a reason; `unknown` and `others`.
    key: String,
    figures: Figures,
}

/// Sums over events.
#[derive(Default, Serialize, JsonSchema)]
pub(crate) struct Figures {
    requests: u64,
    /// By what was done.
    allowed: u64,
    logged: u64,
    throttled: u64,
    challenged: u64,
    shadowed: u64,
    blocked: u64,
    /// The policy asked for more than was done: the route is in monitor mode.
    monitored: u64,
    /// Challenges that went out.
    issued: u64,
    solved: u64,
    /// Submissions that were refused; one visitor may need more than one.
    failed: u64,
    /// Challenges that went out and were not solved.
    abandoned: u64,
    /// The time that Spigot added, as most (median), as nearly all had it, and the mean. Absent without requests.
    added_p50_micros: Option<u32>,
    added_p95_micros: Option<u32>,
    added_p99_micros: Option<u32>,
    added_mean_micros: Option<u64>,
}

impl From<&Sums> for Figures {
    fn from(sums: &Sums) -> Self {
        Self {
            requests: sums.events,
            allowed: sums.done(Action::Allow),
            logged: sums.done(Action::Log),
            throttled: sums.done(Action::Throttle),
            challenged: sums.done(Action::Challenge),
            shadowed: sums.done(Action::Shadow),
            blocked: sums.done(Action::Block),
            monitored: sums.monitored,
            issued: sums.issued,
            solved: sums.solved,
            failed: sums.failed,
            abandoned: sums.abandoned(),
            added_p50_micros: sums.latency_micros(50),
            added_p95_micros: sums.latency_micros(95),
            added_p99_micros: sums.latency_micros(99),
            added_mean_micros: sums.added_micros.checked_div(sums.events),
        }
    }
}

/// So long a time until `end`, in whole spans: the one that is not over yet has what happens now.
fn in_whole(span: Span, length: i64, end: Millis) -> (Millis, Millis) {
    let whole = i64::from(span.minutes()) * MINUTE;
    let end = Millis((end.0 + whole - 1).div_euclid(whole) * whole);
    (end.plus(-length), end)
}

fn show(call: &Call<'_>, query: &OverviewQuery) -> Result<Overview, Problem> {
    let (length, span, spans) = query.range.unwrap_or_default().steps();
    let until = Millis(query.until_millis.unwrap_or(call.now.0).clamp(0, call.now.0));
    let step = i64::from(span.minutes()) * i64::from(spans) * MINUTE;
    // Whole steps: the one that is not over yet is told as far as it goes.
    let end = Millis((until.0 / step + 1) * step);
    let since = end.plus(-length);
    let Some(reader) = events::reader(call)? else { return Ok(nothing(since, until, span, spans)) };
    let read = |dimension, between| reader.slices(dimension, span, spans, between).map_err(Problem::ours);
    let of_route = |dimension, between| -> Result<Vec<Slice>, Problem> {
        let Some(route) = &query.route else { return read(dimension, between) };
        let mut slices = read(Dimension::Route, between)?;
        slices.retain(|slice| slice.key == *route);
        Ok(slices)
    };
    let now = of_route(Dimension::Total, (since, end))?;
    let before = of_route(Dimension::Total, (since.plus(-length), since))?;
    let coarse = query.range.unwrap_or_default().grouped();
    let grouped = |dimension| -> Result<Vec<Group>, Problem> {
        let between = in_whole(coarse, length, end);
        let slices = reader.slices(dimension, coarse, ALL_TOGETHER, between).map_err(Problem::ours)?;
        Ok(groups(&slices))
    };
    Ok(Overview {
        since_millis: since.0,
        until_millis: until.0,
        step_minutes: span.minutes() * spans,
        total: sum(&now),
        before: sum(&before),
        steps: now
            .iter()
            .map(|slice| Step { start_millis: slice.start.0, figures: Figures::from(&slice.sums) })
            .collect(),
        routes: grouped(Dimension::Route)?,
        countries: grouped(Dimension::Country)?,
        devices: grouped(Dimension::Device)?,
        reasons: grouped(Dimension::Reason)?,
        marks: marks::all(call, &reader, since, until)?,
    })
}

/// Before the first event.
fn nothing(since: Millis, until: Millis, span: Span, spans: u32) -> Overview {
    Overview {
        since_millis: since.0,
        until_millis: until.0,
        step_minutes: span.minutes() * spans,
        total: Figures::default(),
        before: Figures::default(),
        steps: Vec::new(),
        routes: Vec::new(),
        countries: Vec::new(),
        devices: Vec::new(),
        reasons: Vec::new(),
        marks: Vec::new(),
    }
}

fn sum(slices: &[Slice]) -> Figures {
    let mut all = Sums::default();
    slices.iter().for_each(|slice| all.add(&slice.sums));
    Figures::from(&all)
}

/// By key over the whole time, the busiest first.
fn groups(slices: &[Slice]) -> Vec<Group> {
    let mut keys: std::collections::BTreeMap<&str, Sums> = std::collections::BTreeMap::new();
    for slice in slices {
        keys.entry(&slice.key).or_default().add(&slice.sums);
    }
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_by_key(|(_, sums)| std::cmp::Reverse(sums.events));
    keys.truncate(KEYS_MAX);
    keys.iter().map(|(key, sums)| Group { key: (*key).to_owned(), figures: Figures::from(sums) }).collect()
}

/// The sums of each hour, for what is held against the same hour of other days.
pub(crate) fn hours(reader: &Reader, since: Millis, until: Millis) -> Result<Vec<Slice>, Problem> {
    reader.slices(Dimension::Total, Span::Hour, 1, (since, until)).map_err(Problem::ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_what_happens_now() {
        const HOUR: i64 = 60 * MINUTE;
        let check = |span, end: i64, expected: i64| {
            let day = 24 * HOUR;
            assert_eq!(in_whole(span, day, Millis(end)), (Millis(expected - day), Millis(expected)), "{end}");
        };
        check(Span::Hour, 100 * HOUR + 15 * MINUTE, 101 * HOUR);
        check(Span::Hour, 100 * HOUR + 45 * MINUTE, 101 * HOUR);
        check(Span::Hour, 100 * HOUR, 100 * HOUR);
        check(Span::Day, 100 * HOUR, 120 * HOUR);
    }
}
