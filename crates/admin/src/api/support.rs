//! Help for one visitor who has a decision's id: a mark, and an exception that ends.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::Prefix;

use super::call::Call;
use super::operation::Operation;
use super::problem::Problem;
use super::{events, shorten};
use crate::mark::FOR_A_DECISION;
use crate::staff::{Need, Role};
use crate::{ExceptionSetting, MarkSetting, MarkedAs, Setting};

const HOUR: i64 = 3_600_000;

/// How long a mark is kept; as long as the command line's.
const MARK_DAYS: i64 = 90;

/// A week: whoever needs longer is an operator's business.
pub(crate) const HOURS_MAX: u32 = 7 * 24;

/// Longer ones are no reasons.
const NOTE_MAX: usize = 500;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::send(
            "support.mark",
            Method::POST,
            "/api/support/mark",
            Need::Help,
            "Says that a decision was about a person or a bot.",
            mark,
        ),
        Operation::send(
            "support.except",
            Method::POST,
            "/api/support/exception",
            Need::Help,
            "Lets the client of a decision through, on that decision's route, for some hours.",
            except,
        ),
    ]
}

/// What a decision was about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkInput {
    decision: String,
    /// `person` or `bot`.
    about: String,
    note: String,
}

/// For how long, and why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExceptInput {
    decision: String,
    /// 1 to 168.
    hours: u32,
    reason: String,
}

/// What was done.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Excepted {
    name: String,
    /// For whom; shortened for those who see addresses so.
    client: String,
    route: String,
    until_millis: i64,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct MarkedDecision {
    decision: String,
    about: String,
}

/// Tells support at once what would come to nothing: their exceptions yield to denylists.
pub(crate) fn not_denied(call: &Call<'_>, client: Prefix) -> Result<(), Problem> {
    let policy = call.live().policy();
    let denied = policy.operator.deny.find_where(client.base, |entry| entry.holds(call.now)).is_some();
    if call.caller.role() == Some(Role::Support) && denied {
        return Err(Problem::forbidden(
            "An operator has put this address on the denylist; an exception of support does not undo that. Ask an operator",
        ));
    }
    Ok(())
}

fn noted(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.len() > NOTE_MAX {
        return Err(Problem::refused(format!("A note has at most {NOTE_MAX} bytes")));
    }
    Ok(text.to_owned())
}

fn mark(call: &Call<'_>, input: &MarkInput) -> Result<MarkedDecision, Problem> {
    let about = MarkedAs::parse(&input.about).map_err(Problem::refused)?;
    let event = events::find(call, &input.decision)?;
    let setting = Setting::Mark(MarkSetting {
        decision: event.id.clone(),
        about,
        end: call.now.plus(MARK_DAYS * 24 * HOUR).0,
        note: noted(&input.note)?,
    });
    call.settings()?.commit(setting, &call.caller.name(), call.now).map_err(Problem::ours)?;
    Ok(MarkedDecision { decision: event.id, about: input.about.clone() })
}

fn except(call: &Call<'_>, input: &ExceptInput) -> Result<Excepted, Problem> {
    if !(1..=HOURS_MAX).contains(&input.hours) {
        return Err(Problem::refused(format!("\"hours\" is {}; write 1 to {HOURS_MAX}", input.hours)));
    }
    let reason = noted(&input.reason)?;
    if reason.is_empty() {
        return Err(Problem::refused("Say why: whoever reviews the exceptions has nothing else to judge by"));
    }
    let event = events::find(call, &input.decision)?;
    let client = Prefix::parse(&event.client).map(|prefix| Prefix::client(prefix.base));
    let client = client.ok_or_else(|| Problem::refused("This event has no address any more"))?;
    if shorten::prefix(client).base == client.base {
        return Err(Problem::refused(
            "Of this event only the network is kept by now, and an exception is for one client. Ask the visitor for a fresh id, or an operator for an exception",
        ));
    }
    not_denied(call, client)?;
    let known = call.live().policy().routes.iter().any(|route| route.name == event.route);
    if !known {
        return Err(Problem::refused(format!(
            "The route \"{}\" is no longer in the policy; ask an operator for an exception",
            event.route
        )));
    }
    let until = call.now.plus(i64::from(input.hours) * HOUR);
    let exception = ExceptionSetting {
        name: format!("{FOR_A_DECISION}{}", event.id),
        prefix: Some(client.to_string()),
        routes: vec![event.route.clone()],
        start: call.now.0,
        end: until.0,
        times_milli: None,
        reason,
        by_support: call.caller.role() == Some(Role::Support),
    };
    let name = exception.name.clone();
    call.settings()?
        .commit(Setting::Exception(exception), &call.caller.name(), call.now)
        .map_err(Problem::ours)?;
    let client = client.to_string();
    Ok(Excepted {
        name,
        client: if call.sees_shortened() { shorten::text(&client) } else { client },
        route: event.route,
        until_millis: until.0,
    })
}
