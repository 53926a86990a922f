//! One list brought up to date: fetched or read, understood, weighed against what it was, kept.

use std::time::Duration;

use spigot_decision::Millis;
use spigot_gateway::{Fetched, Mark, Wanted, fetch};
use spigot_intel::lists::{Decisions, Ends, Entries, Format, dated, implausible, read, unpacked};

use super::kept::{About, Kept, entries_of};
use crate::config::{Changes, Feed, From};

/// What became of it.
#[derive(Debug, PartialEq)]
pub(crate) enum Refreshed {
    /// There is nothing new.
    Same(About),
    /// It has changed, and is kept.
    New(About),
    /// What stood stays, and why.
    Refused(About, String),
}

/// How a changed list is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// One that is implausible beside what it was is refused.
    Carefully,
    /// An operator has looked at it.
    Accepted,
}

/// The decisions of a CrowdSec that were in force when it was asked last, so that it needs to tell only what has changed.
pub(crate) struct Followed {
    decisions: Decisions,
    /// When all of them were told.
    whole: Millis,
}

/// For how long changes are believed before all of it is asked for again. Whoever else asks with the same key takes changes
/// away, and nobody tells.
const WHOLE_AGAIN_MILLIS: i64 = 3_600_000;

/// Brings one list up to date. Inside a `LocalSet`. `followed` is what an earlier call left.
pub(crate) async fn refresh(
    feed: &Feed,
    kept: &Kept,
    judged: Judged,
    now: Millis,
    followed: &mut Option<Followed>,
) -> Refreshed {
    let from = feed.from.shown();
    let mut about = kept.about(&feed.name, &from);
    // Without entries at hand, "nothing has changed" is no answer.
    let stood = about.changed.and_then(|_| kept.text(&feed.name));
    let before = stood.as_deref().and_then(|text| entries_of(text, now));
    let mark = if before.is_some() { about.mark() } else { Mark::default() };
    // What is not taken over to its end is not followed further: all of it is asked for next.
    let followed_before = followed.take().filter(|before| now.0 - before.whole.0 < WHOLE_AGAIN_MILLIS);
    let changes = feed.changes.as_ref().filter(|_| followed_before.is_some());
    let mut following = None;
    let found = obtained(feed, changes, &mark).await.and_then(|found| match found {
        None => Ok(None),
        Some((bytes, mark)) => {
            let (entries, ends) = understood(feed, bytes, followed_before, &mut following, now)?;
            // CrowdSec without any decision in force is a quiet day and no broken list.
            let quiet = matches!(feed.format, Format::CrowdSec(_)) && entries.is_empty();
            let why = implausible(&entries, before.as_ref().map(Entries::len)).filter(|_| !quiet);
            match why.filter(|_| judged == Judged::Carefully) {
                Some(why) => Err(format!(
                    "{why}; what stood stays. If that is right: spigot lists update {} --accept",
                    feed.name
                )),
                None => Ok(Some((entries, ends, mark))),
            }
        }
    });
    match found {
        Ok(found) => {
            (about.asked, about.failed, about.failed_at) = (Some(now.0), None, None);
            let (mut new, mut text) = (false, None);
            if let Some((entries, ends, mark)) = found {
                (about.tag, about.modified) = (mark.tag, mark.modified);
                new = before.as_ref() != Some(&entries);
                if new {
                    (about.entries, about.changed) = (entries.len(), Some(now.0));
                }
                // The same entries may end at other times.
                text = Some(dated(&entries, &ends)).filter(|text| new || stood.as_ref() != Some(text));
            }
            match kept.put(&feed.name, &about, text.as_deref()) {
                Ok(()) => {
                    *followed = following;
                    if new { Refreshed::New(about) } else { Refreshed::Same(about) }
                }
                Err(error) => Refreshed::Refused(about, format!("it cannot be kept: {error}")),
            }
        }
        Err(why) => {
            (about.failed, about.failed_at) = (Some(why.clone()), Some(now.0));
            // Should the folder take nothing, what is said is this all the same.
            let _ = kept.put(&feed.name, &about, None);
            Refreshed::Refused(about, why)
        }
    }
}

async fn obtained(
    feed: &Feed,
    changes: Option<&Changes>,
    mark: &Mark,
) -> Result<Option<(Vec<u8>, Mark)>, String> {
    match &feed.from {
        From::File(path) => {
            let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
            let length = std::fs::metadata(path).map_err(unreadable)?.len();
            if length > feed.size_max {
                return Err(format!("it has {length} bytes; raise `size_max` if it may"));
            }
            Ok(Some((std::fs::read(path).map_err(unreadable)?, Mark::default())))
        }
        From::Url(_, remote) => {
            let key = feed.key.as_ref().map(|key| ("x-api-key", key));
            let from = changes.map_or(remote, |changes| &changes.0);
            let wanted = Wanted { from, mark, key, bytes_max: feed.size_max, time: feed.time };
            match fetch(&wanted).await? {
                Fetched::Unchanged => Ok(None),
                Fetched::New(bytes, mark) => Ok(Some((bytes.into(), mark))),
            }
        }
    }
}

fn understood(
    feed: &Feed,
    bytes: Vec<u8>,
    before: Option<Followed>,
    following: &mut Option<Followed>,
    now: Millis,
) -> Result<(Entries, Ends), String> {
    let bytes = unpacked(bytes, feed.size_max)?;
    if let Format::CrowdSec(types) = &feed.format {
        let mut stream = before.unwrap_or(Followed { decisions: Decisions::default(), whole: now });
        stream.decisions.follow(&bytes, types, feed.entries_max, now)?;
        let told = (stream.decisions.entries(), stream.decisions.ends());
        *following = Some(stream);
        return Ok(told);
    }
    let mut entries = read(&bytes, &feed.format, feed.entries_max)?;
    entries.settle();
    Ok((entries, Ends::new()))
}

/// How long until the next attempt, after so many that were in vain one after the other: twice as long each time, and
/// never quite at the same time as everybody else. `random` is any number.
pub(crate) fn pause(every: Duration, failures: u32, random: u32) -> Duration {
    const FIRST: Duration = Duration::from_secs(60);
    const MOST: Duration = Duration::from_secs(3600);
    let whole = match failures.checked_sub(1) {
        None => every,
        Some(doublings) => (every.min(FIRST) * 2u32.pow(doublings.min(10))).min(every.max(MOST)),
    };
    // Between nine and eleven tenths.
    whole.mul_f64(0.9 + 0.2 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod followed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let check = |every: u64, failures: u32, seconds: u64| {
            let every = Duration::from_secs(every);
            let (least, most) = (pause(every, failures, 0), pause(every, failures, u32::MAX));
            let whole = Duration::from_secs(seconds);
            assert!(least <= whole && whole <= most, "{failures} failures: {least:?} to {most:?}");
            assert!(most <= whole.mul_f64(1.11) && least >= whole.mul_f64(0.89), "{least:?} to {most:?}");
        };
        check(21_600, 0, 21_600);
        check(21_600, 1, 60);
        check(21_600, 2, 120);
        check(21_600, 9, 15_360);
        check(21_600, 10, 21_600);
        check(21_600, u32::MAX, 21_600);
        check(10, 1, 10);
        check(10, 9, 2560);
        check(10, 10, 3600);
    }
}
