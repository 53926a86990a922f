use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use spigot_accesslog::Format as LogFormat;
use spigot_decision::policy::{DEFAULT, Policy};
use spigot_decision::{Level, Millis, Sender};
use spigot_event::{Order, Query, Record};
use spigot_intel::Networks;
use spigot_replay::{
    Given, Log, Options, Progress, Recorded, Ruled, compare, render_comparison, render_text, replay,
};

use crate::cli::{Format, ReplayArgs};
use crate::config::Config;
use crate::lists::{Kept, kept_reputations};

pub(crate) fn run(args: ReplayArgs) -> Result<(), String> {
    let ruled = ruled(args.config.as_deref(), args.data.as_deref())?;
    let options = Options {
        format: args.log_format.as_deref().map(log_format).transpose()?,
        listed_max: args.top,
        ..Options::default()
    };
    let logs = match &args.events {
        Some(folder) => vec![events(folder)?],
        None => args
            .logs
            .into_iter()
            .map(|path| {
                if path.as_os_str() == "-" {
                    Log::Reader(Box::new(std::io::stdin()))
                } else {
                    Log::Path(path)
                }
            })
            .collect(),
    };
    let mut progress = progress();
    let text = if let Some(against) = &args.against {
        let before = self::ruled(Some(against), args.data.as_deref())?;
        let comparison =
            compare(before, ruled, logs, &options, &mut progress).map_err(|error| error.to_string())?;
        if args.format == Format::Json { json(&comparison)? } else { render_comparison(&comparison) }
    } else {
        let report = replay(ruled, logs, &options, &mut progress).map_err(|error| error.to_string())?;
        if args.format == Format::Json { json(&report)? } else { render_text(&report) }
    };
    tell!("{text}");
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| error.to_string())
}

pub(super) fn policy(file: Option<&Path>) -> Result<Arc<Policy>, String> {
    Ok(Arc::new(config(file)?.policy))
}

fn config(file: Option<&Path>) -> Result<Config, String> {
    match file {
        Some(file) => Config::read(file),
        None => Config::parse("policies/default.toml", DEFAULT).map_err(|problems| problems.to_string()),
    }
}

/// A configuration's policy, with the lists that a running Spigot has fetched and the networks that it names.
fn ruled(file: Option<&Path>, data: Option<&Path>) -> Result<Ruled, String> {
    let Config { policy, server } = config(file)?;
    let kept = Kept::new(data.unwrap_or(&server.data));
    let reputations = Arc::new(kept_reputations(&server.feeds, &kept, &policy));
    let networks = Arc::new(Networks::read(&server.networks)?);
    let asks_dns = server.gateway_settings().crawlers.is_some();
    Ok(Ruled { policy: Arc::new(policy), reputations, networks, asks_dns })
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    if text.contains('$') {
        LogFormat::nginx(text).map_err(|error| error.to_string())
    } else {
        LogFormat::from_name(text).map_err(|error| error.to_string())
    }
}

/// Spigot's own events, read as the replay asks for them, up to what was the newest when it began: a running Spigot
/// goes on writing.
fn events(folder: &Path) -> Result<Log, String> {
    Ok(Log::Recorded(Box::new(events_since(folder, None)?)))
}

/// The same from a moment on.
pub(crate) fn events_since(
    folder: &Path,
    since: Option<Millis>,
) -> Result<impl Iterator<Item = std::io::Result<Recorded>> + use<>, String> {
    let reader = spigot_event::open_readonly(folder).map_err(|error| error.to_string())?;
    let newest = reader.events(&Query { limit: Some(1), ..Query::default() }).next();
    let until = newest.transpose().map_err(|error| error.to_string())?.map(|newest| newest.time_millis);
    let query = Query {
        order: Order::OldestFirst,
        since,
        until: until.map(|millis| Millis(millis + 1)),
        ..Query::default()
    };
    let events = reader.into_events(&query);
    // What sites' servers ask was not decided about.
    let decided = |event: &Result<Record, _>| {
        !event.as_ref().is_ok_and(|event| {
            let is_token = event.challenge.as_ref().is_some_and(|step| step.kind == "token");
            is_token && event.sender == Sender::Api.name()
        })
    };
    let events = events.filter(decided);
    Ok(events.map(|event| event.map(recorded).map_err(std::io::Error::other)))
}

fn recorded(record: Record) -> Recorded {
    let given =
        record.challenge.filter(|step| step.result == "solved").map(|step| match step.kind.as_str() {
            "pbkdf2" | "wait" => Given::Fallback,
            _ => Given::Puzzle,
        });
    Recorded {
        time: Millis(record.time_millis),
        client: record.client.parse().ok(),
        host: record.host,
        method: record.method,
        path: record.path,
        user_agent: record.user_agent,
        sender: Sender::from_name(&record.sender),
        device: record.device.as_deref().and_then(spigot_intel::device_named),
        network: record.network,
        country: record.country.and_then(|code| code.into_bytes().try_into().ok()),
        fingerprint: record.fingerprints.number(),
        clearance: record.clearance.as_deref().and_then(Level::from_name),
        given,
        status: record.upstream_status,
    }
}

/// Shows on a terminal how far it is.
fn progress() -> impl FnMut(Progress) {
    let shown = std::io::stderr().is_terminal();
    move |progress| {
        if shown {
            let end = if progress.logs_done == progress.logs { "\n" } else { "" };
            eprint!("\r{} lines, {} of {} logs{end}", progress.lines, progress.logs_done, progress.logs);
        }
    }
}
