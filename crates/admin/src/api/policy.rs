//! The policy: its text, what is wrong with a draft, what it would have done, and publishing it.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spigot_decision::policy::DEFAULT;

use super::call::{Call, conflict};
use super::live::Wrong;
use super::operation::{Nothing, Operation};
use super::policy_forms::{self, PolicyLadder, PolicyLimit};
use super::policy_routes::{PolicyRoute, routes};
use super::problem::Problem;
use super::replays::ReplayState;
use crate::Change;
use crate::beyond_policy::beyond_policy;
use crate::policy_edit::{PolicyEdit, edited};
use crate::policy_text::{policy_in, text_version};
use crate::staff::{Need, Role};
use crate::versions::NotMade;

/// Days that a draft is replayed over at most.
const DAYS_MAX: u32 = 30;

pub(crate) fn operations() -> Vec<Operation> {
    let policy = "/api/policy";
    let (replays, replay) = ("/api/policy/replays", "/api/policy/replays/{replay}");
    vec![
        Operation::get("policy.show", policy, Need::Read, "The policy's text and what it comes to.", show),
        Operation::send(
            "policy.check",
            Method::POST,
            "/api/policy/check",
            Need::Steer,
            "Everything that is wrong with a draft.",
            check,
        ),
        Operation::send(
            "policy.edit",
            Method::POST,
            "/api/policy/edit",
            Need::Steer,
            "A draft with single values changed; comments and order stay.",
            edit,
        ),
        Operation::send(
            "policy.replay",
            Method::POST,
            replays,
            Need::Steer,
            "Starts a replay: what a draft would have done to the requests of the last days.",
            start_replay,
        ),
        Operation::get("policy.replay_state", replay, Need::Read, "How a replay stands.", replay_state),
        Operation::send(
            "policy.stop_replay",
            Method::DELETE,
            replay,
            Need::Steer,
            "Stops a replay.",
            stop_replay,
        ),
        Operation::send("policy.publish", Method::PUT, policy, Need::Steer, "Puts a text in force.", publish)
            .guarded(),
        Operation::get(
            "policy.versions",
            "/api/policy/versions",
            Need::Read,
            "The texts until now.",
            versions,
        ),
        Operation::get(
            "policy.version",
            "/api/policy/versions/{number}",
            Need::Read,
            "One of the texts until now.",
            version,
        ),
    ]
}

/// The policy as it stands.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyShown {
    text: String,
    /// Goes back in `If-Match` with a publication.
    version: String,
    /// The revision that decides: of text and operator's settings together.
    revision: String,
    /// Where it is published to; absent where the program follows no file.
    file: Option<String>,
    /// What is wrong with the text in the file; the one before is in force then.
    problems: Vec<Wrong>,
    routes: Vec<PolicyRoute>,
    limits: Vec<PolicyLimit>,
    ladders: Vec<PolicyLadder>,
    /// The signals with what they weigh by themselves.
    signals: Vec<PolicySignal>,
}

/// A draft, checked.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Draft {
    text: String,
    problems: Vec<Wrong>,
    /// Of a draft without problems: what it comes to.
    routes: Vec<PolicyRoute>,
    limits: Vec<PolicyLimit>,
    ladders: Vec<PolicyLadder>,
}

/// A signal.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicySignal {
    name: &'static str,
    weight: u8,
}

/// A draft.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftText {
    text: String,
}

/// A draft and what to change in it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftEdits {
    text: String,
    edits: Vec<PolicyEdit>,
}

/// A draft to replay.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayWanted {
    text: String,
    /// Over how many of the last days.
    days: u32,
}

/// A text to put in force.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publication {
    text: String,
    /// What it is about.
    note: String,
}

/// The texts until now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Versions {
    versions: Vec<VersionShown>,
}

/// A text until now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct VersionShown {
    number: u64,
    time: String,
    author: String,
    note: String,
    /// It is the one in the file.
    is_current: bool,
}

/// A text.
#[derive(Serialize, JsonSchema)]
pub(crate) struct VersionText {
    number: u64,
    text: String,
}

fn show(call: &Call<'_>, _: &Nothing) -> Result<PolicyShown, Problem> {
    let text = text_now(call)?;
    let live = call.live().policy();
    // A text that was published just now decides within a second; what it comes to is shown at once.
    let compiled = call.live().compiled(&text);
    let policy = compiled.as_ref().unwrap_or(live.as_ref());
    let signals = spigot_decision::signal::SIGNALS.iter();
    Ok(PolicyShown {
        version: text_version(&text),
        revision: live.revision.clone(),
        file: call.live().policy_file().map(|file| file.display().to_string()),
        problems: call.live().check(&text),
        routes: routes(policy, &text),
        limits: policy_forms::limits(policy, &text),
        ladders: policy_forms::ladders(policy),
        signals: signals.map(|signal| PolicySignal { name: signal.name, weight: signal.weight }).collect(),
        text,
    })
}

/// The text in the file that the server follows; the shipped one where there is none yet.
fn text_now(call: &Call<'_>) -> Result<String, Problem> {
    let Some(file) = call.live().policy_file() else { return Ok(DEFAULT.to_owned()) };
    policy_in(&file).map_err(Problem::ours)
}

fn check(call: &Call<'_>, draft: &DraftText) -> Result<Draft, Problem> {
    Ok(checked(call, draft.text.clone()))
}

fn edit(call: &Call<'_>, draft: &DraftEdits) -> Result<Draft, Problem> {
    let text = edited(&draft.text, &draft.edits).map_err(Problem::refused)?;
    Ok(checked(call, text))
}

fn checked(call: &Call<'_>, text: String) -> Draft {
    let (problems, policy) = (call.live().check(&text), call.live().compiled(&text));
    let Some(policy) = policy else {
        return Draft { problems, routes: Vec::new(), limits: Vec::new(), ladders: Vec::new(), text };
    };
    let (routes, limits) = (routes(&policy, &text), policy_forms::limits(&policy, &text));
    Draft { problems, routes, limits, ladders: policy_forms::ladders(&policy), text }
}

fn start_replay(call: &Call<'_>, wanted: &ReplayWanted) -> Result<ReplayState, Problem> {
    if !(1..=DAYS_MAX).contains(&wanted.days) {
        return Err(Problem::refused(format!("A replay is over 1 to {DAYS_MAX} days")));
    }
    if let Some(wrong) = call.live().check(&wanted.text).first() {
        return Err(Problem::refused(format!(
            "The draft is wrong in line {}: {}",
            wrong.line, wrong.message
        )));
    }
    let since = call.now.plus(-i64::from(wanted.days) * 86_400_000);
    call.api.replays.start(call.api.live.clone(), wanted.text.clone(), since)
}

fn replay_state(call: &Call<'_>, _: &Nothing) -> Result<ReplayState, Problem> {
    call.api.replays.state(number(call, "replay")?)
}

fn stop_replay(call: &Call<'_>, _: &Nothing) -> Result<Nothing, Problem> {
    call.api.replays.stop(number(call, "replay")?);
    Ok(Nothing {})
}

fn publish(call: &Call<'_>, wanted: &Publication) -> Result<Nothing, Problem> {
    let file = call.live().policy_file();
    let file = file.ok_or_else(|| Problem::refused("This Spigot follows no file that could be written"))?;
    let problems = call.live().check(&wanted.text);
    if !problems.is_empty() {
        let mut problem = Problem::refused("The text is wrong; what stands stays");
        problem.more = json!({ "problems": problems });
        return Err(problem);
    }
    if wanted.note.trim().is_empty() {
        return Err(Problem::refused("Say what it changes: it stands in the history"));
    }
    let author = call.caller.name();
    let seen = call.expected().unwrap_or_default();
    only_policy(call, &wanted.text, seen)?;
    let made =
        call.settings()?.publish_policy(&file, &wanted.text, seen, (&author, wanted.note.trim()), call.now);
    let change = made.map_err(|not| match not {
        NotMade::Conflict(theirs) => conflict("the policy", theirs.as_deref()),
        NotMade::Store(error) => error.into(),
    })?;
    let mut staff = call.staff()?;
    let detail = json!({ "note": wanted.note, "number": change.number });
    call.audit(&mut staff, "policy.publish", &text_version(&wanted.text), &detail)?;
    Ok(Nothing {})
}

/// The file holds more than the policy. What else stands there is an admin's to change: who may publish where the proxy
/// leads, or who is let into the panel, may everything.
fn only_policy(call: &Call<'_>, text: &str, seen: &str) -> Result<(), Problem> {
    if call.caller.role() == Some(Role::Admin) {
        return Ok(());
    }
    let before = text_now(call)?;
    let version = text_version(&before);
    if version != seen {
        let known = call.settings()?.policy_versions()?;
        let theirs = known.into_iter().find(|known| known.version == version).map(|known| Change {
            number: known.number,
            time: known.time,
            author: known.author,
            setting: None,
            key: "policy".to_owned(),
        });
        return Err(conflict("the policy", theirs.as_ref()));
    }
    let beyond = beyond_policy(&before, text).map_err(Problem::refused)?;
    if beyond.is_empty() {
        return Ok(());
    }
    let mut problem = Problem::forbidden(format!(
        "This changes {}, which is no policy but how Spigot runs. An admin publishes that; take it out of the draft, or ask one",
        beyond.join(", ")
    ));
    problem.more = json!({ "sections": beyond });
    Err(problem)
}

fn versions(call: &Call<'_>, _: &Nothing) -> Result<Versions, Problem> {
    let current = text_version(&text_now(call)?);
    let mut newest = true;
    let versions = call.settings()?.policy_versions()?.into_iter().map(|version| VersionShown {
        number: version.number,
        time: version.time.to_string(),
        author: version.author,
        note: version.note,
        is_current: version.version == current && std::mem::take(&mut newest),
    });
    Ok(Versions { versions: versions.collect() })
}

fn version(call: &Call<'_>, _: &Nothing) -> Result<VersionText, Problem> {
    let number = number(call, "number")?;
    let text = call.settings()?.policy_text(number)?;
    let text = text.ok_or_else(|| Problem::absent("This version is not kept any more"))?;
    Ok(VersionText { number, text })
}

fn number(call: &Call<'_>, name: &str) -> Result<u64, Problem> {
    call.name(name).parse().map_err(|_| Problem::absent(format!("\"{}\" is no number", call.name(name))))
}
