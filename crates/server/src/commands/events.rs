use std::io::IsTerminal;

use spigot_event::{DecisionId, Query, Record, open_readonly};

use super::moment;
use crate::cli::{EventsArgs, ExplainArgs, Format, Place};

/// The decision with an id.
pub(super) fn find(place: &Place, id: &str) -> Result<Record, String> {
    let id = DecisionId::parse(id)
        .ok_or_else(|| format!("\"{id}\" is no decision's id; it has 16 letters and digits"))?;
    let reader = open_readonly(&place.data).map_err(|error| error.to_string())?;
    let record = reader.find(id).map_err(|error| error.to_string())?;
    record.ok_or_else(|| {
        format!(
            "there is no decision {id} in {}: it may be older than what is kept, or of another Spigot",
            place.data.display()
        )
    })
}

pub(crate) fn explain(args: &ExplainArgs) -> Result<(), String> {
    let record = find(&args.place, &args.id)?;
    if args.place.format == Format::Json {
        say!("{}", serde_json::to_string_pretty(&record).map_err(|error| error.to_string())?);
    } else {
        tell!("{}", record.story());
    }
    Ok(())
}

pub(crate) fn list(args: &EventsArgs) -> Result<(), String> {
    let mut query = Query {
        since: args.since.as_deref().map(moment).transpose()?,
        until: args.until.as_deref().map(moment).transpose()?,
        limit: Some(args.limit),
        ..Query::default()
    };
    let narrowed = [
        ("route", &args.route),
        ("reason", &args.reason),
        ("ip", &args.ip),
        ("fingerprint", &args.fingerprint),
        ("action", &args.action),
        ("network", &args.network),
        ("country", &args.country),
        ("device", &args.device),
        ("path", &args.path),
        ("account", &args.account),
    ];
    for (by, value) in narrowed {
        query.narrow(by, value.as_deref().unwrap_or_default())?;
    }
    let reader = open_readonly(&args.place.data).map_err(|error| error.to_string())?;
    let mut found = 0;
    let mut search = reader.search(&query).map_err(|error| error.to_string())?;
    let (is_shown, mut looked_at) = (std::io::stderr().is_terminal(), 0);
    loop {
        let step = search.step().map_err(|error| error.to_string())?;
        looked_at += step.read + step.passed;
        if is_shown && !step.done {
            eprint!("\r{looked_at} events looked at\r");
        }
        found += step.found.len();
        for (_, record) in &step.found {
            if args.place.format == Format::Json {
                say!("{}", serde_json::to_string(record).map_err(|error| error.to_string())?);
            } else {
                say!("{}", line(record));
            }
        }
        if step.done {
            break;
        }
    }
    if found == 0 && args.place.format == Format::Text {
        say!("Nothing happened that fits.");
    }
    Ok(())
}

fn line(record: &Record) -> String {
    let reasons: Vec<&str> = record.reasons.iter().map(|reason| reason.name.as_str()).collect();
    let status = record.upstream_status.map_or("-".to_owned(), |status| status.to_string());
    let path = printable(&record.path);
    let challenge = record.challenge.as_ref().map(|step| format!("{} {}", step.kind, step.result));
    let more: Vec<String> = challenge.into_iter().chain(record.site.as_deref().map(printable)).collect();
    let more = if more.is_empty() { String::new() } else { format!(" [{}]", more.join(", ")) };
    format!(
        "{} {} {:<9} {:>3} {:<15} {} {path} {status} {} {}{more}",
        record.time,
        record.id,
        record.action,
        record.risk,
        record.client,
        record.method,
        record.route,
        reasons.join(",")
    )
}

/// A path can hold anything that is no control character in ASCII; a terminal gets only what it shows.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
