//! One file per command, or per family of commands.

pub(crate) mod admin;
pub(crate) mod ask;
pub(crate) mod breach;
pub(crate) mod breaker;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod events;
pub(crate) mod key;
pub(crate) mod list_files;
pub(crate) mod lists;
pub(crate) mod policy;
pub(crate) mod puzzle;
pub(crate) mod replay;
pub(crate) mod review;
pub(crate) mod run;
pub(crate) mod settings;
pub(crate) mod site;
pub(crate) mod tune;

use spigot_decision::Millis;
use spigot_decision::policy::units::duration_millis;

use crate::clock::now;

/// A moment as people write it: a duration ago, or an RFC 3339 time.
fn moment(text: &str) -> Result<Millis, String> {
    if let Some(time) = Millis::parse(text) {
        return Ok(time);
    }
    let ago = duration_millis(text)
        .map_err(|_| format!("\"{text}\" is no time; write for example 1h, 7d or 2026-12-01T18:00:00Z"))?;
    Ok(now().plus(-i64::try_from(ago).unwrap_or(i64::MAX)))
}

/// How long a duration is, in milliseconds.
fn millis(duration: &str) -> Result<i64, String> {
    let millis =
        duration_millis(duration).map_err(|help| format!("\"{duration}\" is no duration; {help}"))?;
    Ok(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// The end of something that starts at `start` and lasts for so long.
fn end(start: Millis, duration: &str) -> Result<i64, String> {
    Ok(start.plus(millis(duration)?).0)
}
