//! The audit log, to be read and checked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Call, take_in_changes};
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use crate::staff::Need;

/// Entries of one page.
const PAGE: u32 = 100;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("audit.list", "/api/audit", Need::Read, "Who did what, newest first.", list),
        Operation::get(
            "audit.check",
            "/api/audit/check",
            Need::Read,
            "Whether the log is as it was written, entry by entry.",
            check,
        ),
    ]
}

/// Where to go on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// Entries before this number.
    before: Option<u64>,
}

/// A page of the log.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditPage {
    entries: Vec<AuditShown>,
    /// The number to go on with; absent at the end.
    next: Option<u64>,
}

/// An entry of the log.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditShown {
    number: u64,
    time: String,
    who: String,
    what: String,
    about: String,
    detail: Value,
    digest: String,
}

/// Whether the chain fits.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuditCheck {
    /// Entries, when it does.
    entries: Option<u64>,
    /// The first that does not fit the one before it.
    wrong: Option<u64>,
}

fn list(call: &Call<'_>, query: &AuditQuery) -> Result<AuditPage, Problem> {
    let mut staff = call.staff()?;
    take_in_changes(&call.settings()?, &mut staff).map_err(Problem::ours)?;
    let entries: Vec<_> = staff
        .audit_entries(query.before, PAGE)?
        .into_iter()
        .map(|entry| AuditShown {
            number: entry.number,
            time: entry.time.to_string(),
            who: entry.who,
            what: entry.what,
            about: entry.about,
            detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
            digest: entry.digest,
        })
        .collect();
    let next = entries.last().map(|entry| entry.number).filter(|number| *number > 1);
    Ok(AuditPage { entries, next })
}

fn check(call: &Call<'_>, _: &Nothing) -> Result<AuditCheck, Problem> {
    Ok(match call.staff()?.check_audit()? {
        Ok(entries) => AuditCheck { entries: Some(entries), wrong: None },
        Err(wrong) => AuditCheck { entries: None, wrong: Some(wrong.number) },
    })
}
