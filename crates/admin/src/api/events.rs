//! The activity log: searched, followed, exported, and one decision as a whole.

use std::io::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::Millis;
use spigot_event::{Cursor, DecisionId, Query, Reader, Record, StoreError, open_readonly};

use super::call::Call;
use super::operation::{Download, Operation};
use super::problem::Problem;
use super::settings::shown;
use super::{csv, shorten};
use crate::MarkedAs;
use crate::staff::Need;

/// Milliseconds after which a search answers with what it has; the caller asks on. A page waits at most half a second.
const ANSWER_AFTER_MILLIS: i64 = 200;

/// Events of one answer at most.
const LIMIT_MAX: u32 = 500;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "events.search",
            "/api/events",
            Need::Look,
            "Events, newest first, as far as was looked in a moment; go on at `next` until `done`.",
            search,
        ),
        Operation::get(
            "events.newer",
            "/api/events/newer",
            Need::Look,
            "Events that came after a place, oldest first: to follow what happens. Without a place none, and where to begin.",
            newer,
        ),
        Operation::download(
            "events.export",
            "/api/events/export",
            Need::Look,
            "All events that a search finds, as a file.",
            &["text/csv", "application/x-ndjson"],
            export,
        ),
        Operation::get("events.show", "/api/events/{id}", Need::Look, "One decision as a whole.", show),
    ]
}

/// Which events; what is absent does not restrict.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    /// From this moment on, in milliseconds since 1970.
    since_millis: Option<i64>,
    /// Before this moment.
    until_millis: Option<i64>,
    /// Where to go on: what an answer called `next`, or `place`.
    after: Option<String>,
    /// At most so many, up to 500; 50 when absent.
    limit: Option<u32>,
    id: Option<String>,
    route: Option<String>,
    /// A reason, or a result of a challenge or token.
    reason: Option<String>,
    /// An address or prefix.
    ip: Option<String>,
    fingerprint: Option<String>,
    action: Option<String>,
    network: Option<String>,
    country: Option<String>,
    device: Option<String>,
    /// The path's beginning.
    path: Option<String>,
    /// The keyed hash that an event shows.
    account: Option<String>,
    /// Of a file: `csv`, or else `jsonl`.
    format: Option<String>,
}

/// What a search found so far.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    events: Vec<Record>,
    /// Where to go on.
    next: String,
    /// There is nothing more.
    done: bool,
    /// How much of the time has been looked at, 0 to 1.
    fraction: f64,
    /// Events that were read, and that were passed over because their block has nothing of the kind.
    read: u64,
    passed: u64,
    /// What was asked for, so that going on asks for the same.
    until_millis: i64,
}

/// What came.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Newer {
    events: Vec<Record>,
    /// Where to go on.
    place: String,
    /// More came than fits, or than can be looked through in a moment: these are the newest of them.
    is_cut: bool,
}

/// One decision.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Shown {
    event: Record,
    /// In words, some lines.
    story: String,
    /// `X-Captcha-Reason` as the visitor's client got it.
    captcha_reason: Option<String>,
    /// What an operator or support said that it was about.
    marked: Option<Marked>,
    /// The policy that decided is not the one that decides now.
    is_of_older_policy: bool,
}

/// A mark.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Marked {
    /// `person` or `bot`.
    about: String,
    note: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

/// The stored events; nothing before the first.
pub(crate) fn reader(call: &Call<'_>) -> Result<Option<Reader>, Problem> {
    match open_readonly(call.folder()) {
        Ok(reader) => Ok(Some(reader)),
        Err(StoreError::Absent(_)) => Ok(None),
        Err(error) => Err(Problem::ours(error)),
    }
}

fn query(call: &Call<'_>, asked: &EventsQuery) -> Result<Query, Problem> {
    let mut query = Query {
        since: asked.since_millis.map(Millis),
        until: asked.until_millis.map(Millis),
        limit: Some(asked.limit.unwrap_or(50).min(LIMIT_MAX) as usize),
        ..Query::default()
    };
    if let Some(place) = &asked.after {
        let place = place.parse::<Cursor>();
        query.after =
            Some(place.map_err(|_| Problem::refused("\"after\" is no place; take it from an answer"))?);
    }
    let narrowed = [
        ("id", &asked.id),
        ("route", &asked.route),
        ("reason", &asked.reason),
        ("ip", &asked.ip),
        ("fingerprint", &asked.fingerprint),
        ("action", &asked.action),
        ("network", &asked.network),
        ("country", &asked.country),
        ("device", &asked.device),
        ("path", &asked.path),
        ("account", &asked.account),
    ];
    for (by, value) in narrowed {
        query.narrow(by, value.as_deref().unwrap_or_default()).map_err(Problem::refused)?;
    }
    if call.sees_shortened() {
        query.ip = query.ip.map(shorten::prefix);
    }
    Ok(query)
}

fn for_caller(call: &Call<'_>, record: Record) -> Record {
    if call.sees_shortened() { shorten::record(record) } else { record }
}

fn search(call: &Call<'_>, asked: &EventsQuery) -> Result<Found, Problem> {
    let until = asked.until_millis.unwrap_or(call.now.0 + 1);
    let query = Query { until: Some(Millis(until)), ..query(call, asked)? };
    let mut found = Found {
        events: Vec::new(),
        next: asked.after.clone().unwrap_or_default(),
        done: true,
        fraction: 1.0,
        read: 0,
        passed: 0,
        until_millis: until,
    };
    let Some(reader) = reader(call)? else { return Ok(found) };
    let mut search = reader.search(&query).map_err(Problem::ours)?;
    loop {
        let step = search.step().map_err(Problem::ours)?;
        found.read += step.read;
        found.passed += step.passed;
        found.events.extend(step.found.into_iter().map(|(_, record)| for_caller(call, record)));
        if step.done || is_late(call) {
            found.next = search.place().to_string();
            found.fraction = search.fraction();
            // With as many as were asked for there may be more behind them.
            found.done = search.fraction() >= 1.0;
            return Ok(found);
        }
    }
}

fn newer(call: &Call<'_>, asked: &EventsQuery) -> Result<Newer, Problem> {
    let query = query(call, asked)?;
    let mut newer = Newer { events: Vec::new(), place: String::new(), is_cut: false };
    let Some(reader) = reader(call)? else { return Ok(newer) };
    let Some(place) = query.after else {
        newer.place = reader.newest().map_err(Problem::ours)?.to_string();
        return Ok(newer);
    };
    // From the newest back: whoever comes late sees what happens now, and does not wait for all that came meanwhile.
    let mut search = reader.search(&Query { after: None, ..query }).map_err(Problem::ours)?.beyond(place);
    newer.place = search.newest().max(place).to_string();
    loop {
        let step = search.step().map_err(Problem::ours)?;
        newer.events.extend(step.found.into_iter().map(|(_, record)| for_caller(call, record)));
        if step.done || is_late(call) {
            break;
        }
    }
    newer.is_cut = search.fraction() < 1.0;
    newer.events.reverse();
    Ok(newer)
}

/// The caller has waited long enough for a first answer.
fn is_late(call: &Call<'_>) -> bool {
    call.live().now().since(call.now) >= ANSWER_AFTER_MILLIS
}

fn export(call: &Call<'_>, asked: &EventsQuery) -> Result<Download, Problem> {
    let is_csv = match asked.format.as_deref() {
        Some("csv") => true,
        None | Some("jsonl") => false,
        Some(other) => return Err(Problem::refused(format!("\"{other}\" is no format; write csv or jsonl"))),
    };
    let query = Query {
        limit: asked.limit.map(|limit| limit as usize),
        until: Some(Millis(asked.until_millis.unwrap_or(call.now.0 + 1))),
        ..query(call, asked)?
    };
    let mut filters = serde_json::to_value(asked).map_err(Problem::ours)?;
    if let Some(filters) = filters.as_object_mut() {
        filters.retain(|_, value| !value.is_null());
    }
    call.audit(&mut call.staff()?, "events.export", if is_csv { "csv" } else { "jsonl" }, &filters)?;
    let reader = reader(call)?;
    let is_shortened = call.sees_shortened();
    let write = move |out: &mut dyn Write| -> std::io::Result<()> {
        if is_csv {
            out.write_all(csv::head().as_bytes())?;
        }
        let Some(reader) = reader else { return Ok(()) };
        let mut search = reader.search(&query).map_err(std::io::Error::other)?;
        loop {
            let step = search.step().map_err(std::io::Error::other)?;
            for (_, record) in step.found {
                let record = if is_shortened { shorten::record(record) } else { record };
                if is_csv {
                    out.write_all(csv::line(&record).as_bytes())?;
                } else {
                    serde_json::to_writer(&mut *out, &record)?;
                    out.write_all(b"\n")?;
                }
            }
            if step.done {
                return Ok(());
            }
        }
    };
    let (media_type, ending) =
        if is_csv { ("text/csv; charset=utf-8", "csv") } else { ("application/x-ndjson", "jsonl") };
    Ok(Download { media_type, name: Some(format!("spigot-events.{ending}")), write: Box::new(write) })
}

fn show(call: &Call<'_>, _: &Nothing) -> Result<Shown, Problem> {
    let event = find(call, call.name("id"))?;
    let marks = call.settings()?.marks(call.now).map_err(Problem::ours)?;
    let mark = marks.into_iter().find(|mark| mark.decision == event.id);
    let event = for_caller(call, event);
    Ok(Shown {
        story: event.story(),
        captcha_reason: event.captcha_reason().map(str::to_owned),
        marked: mark.map(|mark| Marked {
            about: if mark.about == MarkedAs::Person { "person" } else { "bot" }.to_owned(),
            note: shown(call, &mark.note),
        }),
        is_of_older_policy: event.revision != call.live().policy().revision,
        event,
    })
}

/// The event with an id, or what to tell who asked for it.
pub(crate) fn find(call: &Call<'_>, id: &str) -> Result<Record, Problem> {
    let id = DecisionId::parse(id).ok_or_else(|| {
        Problem::refused("That is no decision's id; it has 16 letters and digits and stands on the page that the visitor saw")
    })?;
    let found = match reader(call)? {
        Some(reader) => reader.find(id).map_err(Problem::ours)?,
        None => None,
    };
    found.ok_or_else(|| {
        Problem::absent("There is no such decision: it is older than what is kept, or another Spigot made it")
    })
}
