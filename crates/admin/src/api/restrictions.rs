//! Restrictions: those set by hand, and those that Spigot set by itself.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::Millis;

use super::call::Call;
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::settings::{ahead, put, shown};
use crate::setting::{HoldSetting, Setting};
use crate::staff::Need;

/// Automatic restrictions that are shown at most, those that end last first: a flood makes more of them than anybody
/// reads.
const SHOWN_MAX: usize = 1000;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "restrictions.show",
            "/api/restrictions",
            Need::Look,
            "The restrictions in force.",
            show,
        ),
        Operation::send(
            "restrictions.put",
            Method::PUT,
            "/api/restrictions",
            Need::Steer,
            "Restricts an address or prefix for a time.",
            add,
        ),
        Operation::send(
            "restrictions.lift",
            Method::POST,
            "/api/restrictions/lift",
            Need::Steer,
            "Lifts restrictions, automatic ones too.",
            lift,
        ),
    ]
}

/// Restrictions in force.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Restrictions {
    restrictions: Vec<Restriction>,
    /// How many more are in force than are shown.
    more: usize,
}

/// A restriction.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Restriction {
    /// An address, a prefix, a clearance or an account.
    subject: String,
    /// Set by hand; otherwise Spigot set it by itself.
    by_hand: bool,
    /// Of those by hand: what happens to its requests.
    action: Option<String>,
    /// Of automatic ones: the step of the ladder.
    step: Option<u8>,
    since: String,
    until: String,
    author: Option<String>,
    reason: Option<String>,
    /// Of those by hand: goes back in `version` with a change.
    version: Option<u64>,
}

/// A restriction to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestrictionWanted {
    /// An address or prefix.
    subject: String,
    /// `throttle`, `challenge`, `shadow` or `block`.
    action: String,
    until: String,
    reason: String,
    /// The version that it takes the place of.
    version: Option<u64>,
}

/// Whose restrictions to lift.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lifting {
    /// An address, a prefix (everybody within it), a clearance or an account, as it is shown.
    subject: String,
    reason: String,
}

/// How many were lifted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LiftedCount {
    by_hand: bool,
    automatic: usize,
}

fn show(call: &Call<'_>, _: &Nothing) -> Result<Restrictions, Problem> {
    let known = call.settings()?.versions("restrict ", call.now)?;
    let mut restrictions: Vec<_> = known
        .into_iter()
        .filter_map(|known| {
            let Setting::Restrict(hold) = known.setting else { return None };
            Some(Restriction {
                subject: shown(call, &hold.prefix),
                by_hand: true,
                action: Some(hold.action),
                step: None,
                since: known.since.to_string(),
                until: Millis(hold.end).to_string(),
                author: Some(known.author),
                reason: Some(shown(call, &hold.reason)),
                version: Some(known.version),
            })
        })
        .collect();
    let mut automatic = call.live().restricted(call.now);
    automatic.sort_by_key(|restricted| std::cmp::Reverse(restricted.strike.end));
    let more = automatic.len().saturating_sub(SHOWN_MAX);
    automatic.truncate(SHOWN_MAX);
    restrictions.extend(automatic.into_iter().map(|restricted| Restriction {
        subject: shown(call, &restricted.offender.to_string()),
        by_hand: false,
        action: None,
        step: Some(restricted.strike.step),
        since: restricted.strike.start.to_string(),
        until: restricted.strike.end.to_string(),
        author: None,
        reason: None,
        version: None,
    }));
    Ok(Restrictions { restrictions, more })
}

/// Whoever is called by somebody who was locked out looks here.
fn reasoned(reason: &str) -> Result<&str, Problem> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Problem::refused("Say why: whoever answers a visitor has nothing else to go by"));
    }
    Ok(reason)
}

fn add(call: &Call<'_>, wanted: &RestrictionWanted) -> Result<Nothing, Problem> {
    let setting = Setting::Restrict(HoldSetting {
        prefix: wanted.subject.trim().to_owned(),
        action: wanted.action.clone(),
        end: ahead(&wanted.until, call.now)?,
        reason: reasoned(&wanted.reason)?.to_owned(),
    });
    put(call, setting.checked().map_err(Problem::refused)?, wanted.version)?;
    Ok(Nothing {})
}

fn lift(call: &Call<'_>, wanted: &Lifting) -> Result<LiftedCount, Problem> {
    let mut settings = call.settings()?;
    let reason = reasoned(&wanted.reason)?;
    let lifted = settings.lift(wanted.subject.trim(), reason, &call.caller.name(), call.now)?;
    let lifted = lifted.ok_or_else(|| Problem::absent(format!("Nothing restricts {}", wanted.subject)))?;
    Ok(LiftedCount { by_hand: lifted.by_hand, automatic: lifted.automatic.len() })
}
