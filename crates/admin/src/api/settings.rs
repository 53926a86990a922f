//! What the resources of settings share: times as texts, versions, and conflicts told apart from mistakes.

use spigot_decision::Millis;

use super::call::{Call, conflict};
use super::problem::Problem;
use crate::list_file;
use crate::setting::Setting;
use crate::versions::NotMade;

/// A time of a body (RFC 3339), which has to lie ahead.
pub(crate) fn ahead(text: &str, now: Millis) -> Result<i64, Problem> {
    list_file::ahead(text, now).map_err(Problem::refused)
}

/// A time of a body (RFC 3339).
pub(crate) fn time(text: &str) -> Result<Millis, Problem> {
    Millis::parse(text).ok_or_else(|| {
        Problem::refused(format!("\"{text}\" is no time; write for example 2026-12-01T18:00:00Z"))
    })
}

/// Puts a setting in force: a new one, or in place of the version that the caller saw.
pub(crate) fn put(call: &Call<'_>, setting: Setting, version: Option<u64>) -> Result<u64, Problem> {
    let key = setting.key();
    let made = call.settings()?.commit_seen(setting, version, &call.caller.name(), call.now);
    made.map(|change| change.number).map_err(|not| told(&key, not))
}

/// Takes the setting of a key out of force, of which the caller saw the version in `If-Match`. Only keys of this kind.
pub(crate) fn remove(call: &Call<'_>, kind: &str) -> Result<(), Problem> {
    let key = call.name("key");
    if !key.starts_with(kind) {
        return Err(Problem::absent(format!("\"{key}\" is not one of these")));
    }
    let version = call.expected().and_then(|version| version.parse().ok());
    let version = version.ok_or_else(|| Problem::refused("If-Match is no version"))?;
    let made = call.settings()?.remove_seen(key, version, &call.caller.name(), call.now);
    made.map(|_| ()).map_err(|not| told(key, not))
}

fn told(key: &str, not: NotMade) -> Problem {
    match not {
        NotMade::Conflict(theirs) => conflict(&format!("\"{key}\""), theirs.as_deref()),
        NotMade::Store(error) => error.into(),
    }
}

/// A text as the caller may see it: a subject, or what somebody wrote by hand and may have put an address into.
pub(crate) fn shown(call: &Call<'_>, text: &str) -> String {
    if call.sees_shortened() { super::shorten::text(text) } else { text.to_owned() }
}
