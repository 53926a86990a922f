use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use spigot_accesslog::Format as LogFormat;
use spigot_decision::policy::{DEFAULT, Policy};
use spigot_replay::{Log, Options, Progress, compare, render_comparison, render_text, replay};

use crate::cli::{Format, ReplayArgs};
use crate::config::Config;

pub(crate) fn run(args: ReplayArgs) -> Result<(), String> {
    let policy = policy(args.config.as_deref())?;
    let options = Options {
        format: args.log_format.as_deref().map(log_format).transpose()?,
        listed_max: args.top,
        ..Options::default()
    };
    let logs = match &args.events {
        Some(folder) => vec![crate::commands::replay::events(folder)?],
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
        let before = self::policy(Some(against))?;
        let comparison =
            compare(before, policy, logs, &options, &mut progress).map_err(|error| error.to_string())?;
        if args.format == Format::Json { json(&comparison)? } else { render_comparison(&comparison) }
    } else {
        let report = replay(policy, logs, &options, &mut progress).map_err(|error| error.to_string())?;
        if args.format == Format::Json { json(&report)? } else { render_text(&report) }
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string())
}

fn json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| error.to_string())
}

fn policy(file: Option<&Path>) -> Result<Arc<Policy>, String> {
    let config = match file {
        Some(file) => Config::read(file)?,
        None => Config::parse("policies/default.toml", DEFAULT).map_err(|problems| problems.to_string())?,
    };
    Ok(Arc::new(config.policy))
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    if text.contains('$') {
        LogFormat::nginx(text).map_err(|error| error.to_string())
    } else {
        LogFormat::from_name(text).map_err(|error| error.to_string())
    }
}

/// Spigot's own events as a log of lines that replay reads: combined format, oldest first.
fn events(folder: &Path) -> Result<Log, String> {
    let reader = spigot_event::open_readonly(folder).map_err(|error| error.to_string())?;
    let query =
        spigot_event::Query { order: spigot_event::Order::OldestFirst, ..spigot_event::Query::default() };
    let mut lines = String::new();
    for record in reader.events(&query) {
        let record = record.map_err(|error| error.to_string())?;
        let agent = record.user_agent.replace('\\', "\\\\").replace('"', "\\\"");
        let object = serde_json::json!({
            "remote_addr": record.client, "time_iso8601": record.time, "request_method": record.method, "uri": record.path,
            "status": record.upstream_status.unwrap_or(403).to_string(), "body_bytes_sent": "0", "http_user_agent": agent, "host": record.host,
        });
        lines.push_str(&object.to_string());
        lines.push('\n');
    }
    Ok(Log::Reader(Box::new(std::io::Cursor::new(lines.into_bytes()))))
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
