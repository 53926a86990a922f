//! What stands on the time line beside the figures: changes of the policy and of settings, and hours of unusual abuse.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;
use spigot_decision::{Action, Millis};
use spigot_event::{Dimension, Reader, Slice, Span, Sums};

use super::call::Call;
use super::overview::{DAY, hours};
use super::problem::Problem;
use super::shorten;
use crate::{Change, Setting};

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
    /// What it is about: the number of a publication, a revision, an endpoint, an exception's name, an entry.
    about: String,
    /// What its author wrote beside it, of a publication.
    note: Option<String>,
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
    /// A policy was published.
    Revision,
    /// Another policy decided from then on, and nobody published it: its file was changed by hand.
    File,
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
    let settings = call.settings()?;
    let made = settings.changes(CHANGES_MAX).map_err(Problem::ours)?;
    let known_since = since.plus(-DAY);
    let published = settings.publications(known_since, until)?;
    let explained: Vec<Millis> =
        made.iter().map(|change| change.time).chain(published.iter().map(|one| one.time)).collect();
    let mut marks = changes(made, (since, until), call.sees_shortened());
    marks.extend(published.into_iter().filter(|one| one.time >= since).map(|one| Mark {
        author: Some(one.author),
        note: Some(one.note),
        ..bare(one.time, MarkKind::Revision, one.number.to_string())
    }));
    // Minutes tell better when it was, and are not kept for as long.
    let span = if since >= call.now.plus(-DAY) { Span::Minute } else { Span::Hour };
    let slices = reader.slices(Dimension::Revision, span, 1, (known_since, until)).map_err(Problem::ours)?;
    marks.extend(by_hand(&slices, i64::from(span.minutes()) * 60_000, since, &explained));
    marks.extend(spikes(&hours(reader, since.plus(-DAYS * DAY), until)?, since));
    marks.sort_by_key(|mark| mark.time_millis);
    let beyond = marks.len().saturating_sub(MARKS_MAX);
    Ok(marks.split_off(beyond))
}

fn bare(time: Millis, kind: MarkKind, about: String) -> Mark {
    Mark {
        time_millis: time.0,
        kind,
        about,
        note: None,
        author: None,
        is_end: false,
        unwanted: None,
        mean: None,
    }
}

/// What operators changed.
fn changes(made: Vec<Change>, (since, until): (Millis, Millis), is_shortened: bool) -> Vec<Mark> {
    let within = made.into_iter().filter(|change| change.time >= since && change.time < until);
    let mark = |change: Change| {
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
        let about = if is_shortened { shorten::text(&about) } else { about };
        let is_end = change.setting.is_none();
        Some(Mark { author: Some(change.author), is_end, ..bare(change.time, kind, about) })
    };
    within.filter_map(mark).collect()
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

/// Where a revision decided for the first time, in the slices of `length`, and no publication and no change of a setting
/// since the slice before tells why: each of those makes another revision, too.
fn by_hand(slices: &[Slice], length: i64, since: Millis, explained: &[Millis]) -> Vec<Mark> {
    let mut known = HashSet::new();
    let mut marks = Vec::new();
    let mut before = None;
    for slice in slices {
        let (start, end) = (slice.start, slice.start.plus(length));
        let from = before.replace(start);
        if !known.insert(&slice.key) {
            continue;
        }
        // What decided first was decided on before.
        let Some(from) = from else { continue };
        let is_explained = explained.iter().any(|time| *time >= from && *time < end);
        if start >= since && !is_explained {
            marks.push(bare(start, MarkKind::File, slice.key.clone()));
        }
    }
    marks
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
    let days: HashSet<i64> = hours.iter().map(|slice| slice.start.0.div_euclid(DAY)).collect();
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

    /// Minutes in which revisions decided, what was changed in milliseconds, and the marks that are left for the file.
    #[test]
    fn only_what_nobody_said_is_the_files() {
        const MINUTE: i64 = 60_000;
        let check = |decided: &[(i64, &str)], explained: &[i64], expected: &[(i64, &str)]| {
            let slice = |(minute, key): &(i64, &str)| Slice {
                start: Millis(minute * MINUTE),
                key: (*key).to_owned(),
                sums: Sums::default(),
            };
            let slices: Vec<_> = decided.iter().map(slice).collect();
            let explained: Vec<_> = explained.iter().map(|time| Millis(*time)).collect();
            let marks = by_hand(&slices, MINUTE, Millis(10 * MINUTE), &explained);
            let marks: Vec<_> =
                marks.iter().map(|mark| (mark.time_millis / MINUTE, mark.about.as_str())).collect();
            assert_eq!(marks, expected, "{decided:?} {explained:?}");
        };
        check(&[(11, "a"), (12, "a")], &[], &[]);
        check(&[(9, "a"), (12, "b"), (13, "b")], &[], &[(12, "b")]);
        // Before the time that is looked at.
        check(&[(3, "a"), (5, "b"), (12, "b")], &[], &[]);
        // Published, or a setting changed: in the same minute, or since anybody was decided on.
        check(&[(9, "a"), (12, "b")], &[12 * MINUTE + 59_999], &[]);
        check(&[(9, "a"), (12, "b")], &[9 * MINUTE + 1], &[]);
        check(&[(9, "a"), (12, "b")], &[9 * MINUTE - 1], &[(12, "b")]);
        check(&[(9, "a"), (12, "b")], &[13 * MINUTE], &[(12, "b")]);
        // Both decide in the minute of the change.
        check(&[(9, "a"), (12, "a"), (12, "b"), (13, "b")], &[12 * MINUTE + 5], &[]);
        // What was changed in a minute may decide from the next one on; a roll-back brings nothing new.
        check(&[(9, "a"), (12, "b"), (13, "c"), (14, "b")], &[12 * MINUTE + 5], &[]);
        check(&[(9, "a"), (12, "b"), (13, "b"), (14, "c"), (15, "b")], &[12 * MINUTE + 5], &[(14, "c")]);
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
