//! What stands on the time line beside the figures: changes of the policy and of settings, and hours of unusual abuse.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;
use spigot_decision::{Action, Millis};
use spigot_event::{Dimension, Reader, Slice, Span, Sums};

use super::call::Call;
use super::overview::{DAY, hours};
use super::problem::Problem;
use super::shorten;
use crate::Setting;

const HOUR: i64 = 3_600_000;

/// Days before that an hour is held against.
const DAYS: i64 = 14;

/// So many of them have to be known: of fewer, the mean is chance.
const DAYS_NEEDED: u64 = 3;

/// Fewer unwanted requests in an hour than this are no spike, however quiet the days before were.
const UNWANTED_MIN: u64 = 50;

/// Marks that are told at most, the newest; more would cover a chart.
const MARKS_MAX: usize = 200;

/// Changes that are looked through, the newest first.
const CHANGES_MAX: u32 = 2_000;

/// One mark.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Mark {
    time_millis: i64,
    kind: MarkKind,
    /// What it is about: a revision, an endpoint, an exception's name, an entry.
    about: String,
    /// Who did it; nobody does a spike.
    author: Option<String>,
    /// It was taken back, not set.
    is_end: bool,
    /// Of a spike: how many requests were unwanted, and the mean of that hour on the days before.
    unwanted: Option<u64>,
    mean: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MarkKind {
    Revision,
    Forced,
    Exception,
    List,
    Restriction,
    Spike,
}

/// All within a time, oldest first.
pub(crate) fn all(
    call: &Call<'_>,
    reader: &Reader,
    since: Millis,
    until: Millis,
) -> Result<Vec<Mark>, Problem> {
    let mut marks = changes(call, since, until)?;
    marks.extend(revisions(reader, since, until)?);
    marks.extend(spikes(&hours(reader, since.plus(-DAYS * DAY), until)?, since));
    marks.sort_by_key(|mark| mark.time_millis);
    let beyond = marks.len().saturating_sub(MARKS_MAX);
    Ok(marks.split_off(beyond))
}

fn bare(time: Millis, kind: MarkKind, about: String) -> Mark {
    Mark { time_millis: time.0, kind, about, author: None, is_end: false, unwanted: None, mean: None }
}

/// What operators changed.
fn changes(call: &Call<'_>, since: Millis, until: Millis) -> Result<Vec<Mark>, Problem> {
    let changes = call.settings()?.changes(CHANGES_MAX).map_err(Problem::ours)?;
    let within = changes.into_iter().filter(|change| change.time >= since && change.time < until);
    let mark = |change: crate::Change| {
        let (kind, about) = match &change.setting {
            Some(Setting::Force(forced)) => (MarkKind::Forced, forced.endpoint.clone()),
            Some(Setting::Exception(exception)) => (MarkKind::Exception, exception.name.clone()),
            Some(Setting::List(entry)) => (MarkKind::List, entry.prefix.clone()),
            Some(Setting::Restrict(hold)) => (MarkKind::Restriction, hold.prefix.clone()),
            Some(_) => return None,
            None => {
                let (kind, about) = removed(&change.key)?;
                (kind, about.to_owned())
            }
        };
        let about = if call.sees_shortened() { shorten::text(&about) } else { about };
        let is_end = change.setting.is_none();
        Some(Mark { author: Some(change.author), is_end, ..bare(change.time, kind, about) })
    };
    Ok(within.filter_map(mark).collect())
}

/// What a setting's key says of it: a host stands before an endpoint, and a list's name before its entry. Names of
/// exceptions may have spaces.
fn removed(key: &str) -> Option<(MarkKind, &str)> {
    let (kind, about) = key.split_once(' ')?;
    match kind {
        "force" => Some((MarkKind::Forced, about.split_once(' ')?.1)),
        "exception" => Some((MarkKind::Exception, about)),
        "list" => Some((MarkKind::List, about.split_once(' ')?.1)),
        "restrict" => Some((MarkKind::Restriction, about)),
        _ => None,
    }
}

/// The first hour of each policy, where another decided before.
fn revisions(reader: &Reader, since: Millis, until: Millis) -> Result<Vec<Mark>, Problem> {
    let slices = reader
        .slices(Dimension::Revision, Span::Hour, 1, (since.plus(-DAY), until))
        .map_err(Problem::ours)?;
    let mut marks = Vec::new();
    let mut last: Option<String> = None;
    for slice in slices {
        let is_new = last.as_ref().is_some_and(|last| *last != slice.key);
        if is_new && slice.start >= since {
            marks.push(bare(slice.start, MarkKind::Revision, slice.key.clone()));
        }
        last = Some(slice.key);
    }
    Ok(marks)
}

/// What was not let through as it came.
fn unwanted(sums: &Sums) -> u64 {
    [Action::Throttle, Action::Challenge, Action::Shadow, Action::Block]
        .map(|action| sums.done(action))
        .iter()
        .sum()
}

/// Hours from `since` on with more than twice the unwanted requests that the same hour of the up to fourteen days before
/// had in the mean. A day counts when anything was recorded on it. Neighbouring hours are one spike, marked where it began.
fn spikes(hours: &[Slice], since: Millis) -> Vec<Mark> {
    let by_hour: HashMap<i64, u64> =
        hours.iter().map(|slice| (slice.start.0, unwanted(&slice.sums))).collect();
    let days: std::collections::HashSet<i64> =
        hours.iter().map(|slice| slice.start.0.div_euclid(DAY)).collect();
    let mut marks: Vec<Mark> = Vec::new();
    let mut last = None;
    for slice in hours.iter().filter(|slice| slice.start >= since) {
        let start = slice.start.0;
        let before =
            (1..=DAYS).map(|day| start - day * DAY).filter(|hour| days.contains(&hour.div_euclid(DAY)));
        let (known, sum) = before.fold((0_u64, 0_u64), |(known, sum), hour| {
            (known + 1, sum + by_hour.get(&hour).copied().unwrap_or(0))
        });
        let here = unwanted(&slice.sums);
        if known < DAYS_NEEDED || here < UNWANTED_MIN || here * known <= 2 * sum {
            continue;
        }
        if last.is_none_or(|last| start - last > HOUR) {
            let mean = Some(sum / known);
            marks.push(Mark {
                unwanted: Some(here),
                mean,
                ..bare(slice.start, MarkKind::Spike, String::new())
            });
        }
        last = Some(start);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_is_called_as_it_was_set() {
        let check = |key: &str, about: Option<(MarkKind, &str)>| assert_eq!(removed(key), about, "{key}");
        check("force * POST /signup", Some((MarkKind::Forced, "POST /signup")));
        check("exception the school's exam", Some((MarkKind::Exception, "the school's exam")));
        check("list deny as64500", Some((MarkKind::List, "as64500")));
        check("restrict 192.0.2.7/32", Some((MarkKind::Restriction, "192.0.2.7/32")));
        check("mark 0123456789abcdef", None);
    }

    /// `unwanted` of each hour of one day after the other, all blocked.
    fn days(days: &[&[u64]]) -> Vec<Slice> {
        let slice = |day: usize, hour: usize, unwanted: u64| {
            let mut sums = Sums { events: unwanted + 100, ..Sums::default() };
            sums.done[5] = unwanted;
            Slice { start: Millis(day as i64 * DAY + hour as i64 * HOUR), key: "all".to_owned(), sums }
        };
        let hours = |(day, hours): (usize, &&[u64])| {
            hours.iter().enumerate().map(|(hour, unwanted)| slice(day, hour, *unwanted)).collect::<Vec<_>>()
        };
        days.iter().enumerate().flat_map(hours).collect()
    }

    #[test]
    fn an_hour_is_held_against_the_same_hour_of_the_days_before() {
        let check = |all: &[&[u64]], expected: &[(i64, u64, u64)]| {
            let since = Millis((all.len() as i64 - 1) * DAY);
            let found: Vec<_> = spikes(&days(all), since)
                .iter()
                .map(|mark| ((mark.time_millis - since.0) / HOUR, mark.unwanted.unwrap(), mark.mean.unwrap()))
                .collect();
            assert_eq!(found, expected, "{all:?}");
        };
        check(&[&[100], &[100], &[201]], &[]);
        check(&[&[100], &[100], &[100], &[200]], &[]);
        check(&[&[100], &[100], &[100], &[201]], &[(0, 201, 100)]);
        check(&[&[0], &[0], &[0], &[49]], &[]);
        check(&[&[0], &[0], &[0], &[50]], &[(0, 50, 0)]);
        // A busy hour of the day is busy every day; neighbouring hours are one spike.
        check(&[&[0, 900, 0], &[0, 900, 0], &[0, 900, 0], &[0, 1_000, 0]], &[]);
        check(&[&[9, 9, 9], &[9, 9, 9], &[9, 9, 9], &[70, 80, 0, 90]], &[(0, 70, 9), (3, 90, 0)]);
    }
}
