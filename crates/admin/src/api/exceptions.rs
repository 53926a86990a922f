//! Exceptions and events: softenings that end by themselves.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::Millis;
use spigot_decision::policy::Relief;

use super::call::Call;
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::settings::{ahead, put, remove, shown, time};
use super::support::{HOURS_MAX, not_denied};
use crate::setting::{ExceptionSetting, Setting};
use crate::staff::{Need, Role};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "exceptions.list",
            "/api/exceptions",
            Need::Look,
            "The exceptions in force or to come.",
            list,
        ),
        Operation::send(
            "exceptions.put",
            Method::PUT,
            "/api/exceptions",
            Need::Help,
            "Makes an exception; support for one client and a week at most.",
            make,
        ),
        Operation::send(
            "exceptions.remove",
            Method::DELETE,
            "/api/exceptions/{key}",
            Need::Steer,
            "Ends an exception.",
            |call, _: &Nothing| remove(call, "exception ").map(|()| Nothing {}),
        )
        .guarded(),
    ]
}

/// Exceptions.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Exceptions {
    exceptions: Vec<ExceptionShown>,
    /// The names of the routes that there are.
    routes: Vec<String>,
}

/// An exception.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ExceptionShown {
    /// Absent for those that stand in the policy's text: they are changed there.
    key: Option<String>,
    /// Goes back in `If-Match` or `version` with a change.
    version: u64,
    name: String,
    /// For which address or prefix; everybody when absent.
    subject: Option<String>,
    /// For which routes; all when empty.
    routes: Vec<String>,
    start: String,
    end: String,
    /// How many times what is usual; requests pass altogether when absent.
    times: Option<f64>,
    reason: String,
    author: String,
    /// It is in force now.
    is_on: bool,
}

/// An exception to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExceptionWanted {
    name: String,
    /// For which address or prefix; everybody when absent.
    subject: Option<String>,
    /// For which routes; all when empty.
    #[serde(default)]
    routes: Vec<String>,
    /// Now when absent.
    start: Option<String>,
    end: String,
    /// How many times what is usual, 1 to 1000; requests pass altogether when absent.
    times: Option<f64>,
    reason: String,
    /// The version that it takes the place of.
    version: Option<u64>,
}

fn list(call: &Call<'_>, _: &Nothing) -> Result<Exceptions, Problem> {
    let policy = call.live().policy();
    let now = call.now;
    let known = call.settings()?.versions("exception ", now)?;
    let mut exceptions: Vec<_> = known
        .into_iter()
        .filter_map(|known| {
            let Setting::Exception(exception) = known.setting else { return None };
            Some(ExceptionShown {
                key: Some(shown(call, &known.key)),
                version: known.version,
                name: shown(call, &exception.name),
                subject: exception.prefix.map(|prefix| shown(call, &prefix)),
                routes: exception.routes,
                start: Millis(exception.start).to_string(),
                end: Millis(exception.end).to_string(),
                times: exception.times_milli.map(|milli| f64::from(milli) / 1000.0),
                reason: shown(call, &exception.reason),
                author: known.author,
                is_on: exception.start <= now.0,
            })
        })
        .collect();
    let written = policy.operator.exceptions.iter().filter(|one| one.from_policy && now < one.end);
    exceptions.extend(written.map(|exception| ExceptionShown {
        key: None,
        version: 0,
        name: shown(call, &exception.name),
        subject: exception.prefix.map(|prefix| shown(call, &prefix.to_string())),
        routes: exception.routes.clone(),
        start: exception.start.to_string(),
        end: exception.end.to_string(),
        times: match exception.relief {
            Relief::Scale(milli) => Some(f64::from(milli) / 1000.0),
            Relief::Pass => None,
        },
        reason: shown(call, &exception.reason),
        author: exception.author.clone(),
        is_on: exception.start <= now,
    }));
    let routes = policy.routes.iter().map(|route| route.name.clone()).collect();
    Ok(Exceptions { exceptions, routes })
}

fn make(call: &Call<'_>, wanted: &ExceptionWanted) -> Result<Nothing, Problem> {
    let start = wanted.start.as_deref().map(time).transpose()?.unwrap_or(call.now);
    let end = ahead(&wanted.end, call.now)?;
    if wanted.reason.trim().is_empty() || wanted.name.trim().is_empty() {
        return Err(Problem::refused("An exception has a name and a reason"));
    }
    let policy = call.live().policy();
    if let Some(unknown) =
        wanted.routes.iter().find(|name| !policy.routes.iter().any(|route| route.name == **name))
    {
        return Err(Problem::refused(format!("There is no route \"{unknown}\"")));
    }
    if let Some(times) = wanted.times
        && !(1.0..=1000.0).contains(&times)
    {
        return Err(Problem::refused("An exception allows 1 to 1000 times what is usual"));
    }
    let by_support = call.caller.role() == Some(Role::Support);
    if by_support {
        for_one_visitor(call, wanted, start, end)?;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 1 to 1000, as was just looked at
    let times_milli = wanted.times.map(|times| (times * 1000.0).round() as u32);
    let setting = Setting::Exception(ExceptionSetting {
        name: wanted.name.trim().to_owned(),
        prefix: wanted.subject.clone().filter(|subject| !subject.trim().is_empty()),
        routes: wanted.routes.clone(),
        start: start.0,
        end,
        times_milli,
        reason: wanted.reason.trim().to_owned(),
        by_support,
    });
    put(call, setting, wanted.version)?;
    Ok(Nothing {})
}

/// What support may make: for one line, and a week at most; what is no more than a visitor's trouble.
fn for_one_visitor(
    call: &Call<'_>,
    wanted: &ExceptionWanted,
    start: Millis,
    end: i64,
) -> Result<(), Problem> {
    let prefix = wanted.subject.as_deref().and_then(|subject| spigot_decision::Prefix::parse(subject.trim()));
    let is_one = prefix.is_some_and(|prefix| prefix.length >= if prefix.base.is_ipv4() { 32 } else { 64 });
    if !is_one || wanted.version.is_some() {
        return Err(Problem::forbidden("Support makes exceptions for one address; ask an operator for more"));
    }
    if end - start.0 > i64::from(HOURS_MAX) * 3_600_000 {
        return Err(Problem::forbidden(
            "Support makes exceptions for a week at most; ask an operator for more",
        ));
    }
    prefix.map_or(Ok(()), |prefix| not_denied(call, prefix))
}
