//! Marks on decisions, and what recorded events propose.

use std::collections::HashSet;
use std::fs;
use std::io::IsTerminal;

use spigot_admin::{MarkSetting, MarkedAs, Setting};
use spigot_event::{DecisionId, Order, Query, open_readonly};
use spigot_tune::{Aim, Kind, Progress, Report};

use super::{end, moment, replay, settings};
use crate::cli::{Format, MarkArgs, TuneArgs};
use crate::clock::now;

pub(crate) fn mark(args: &MarkArgs) -> Result<(), String> {
    let is_mark = |setting: &Setting| matches!(setting, Setting::Mark(_));
    let Some(id) = args.id.as_deref().filter(|_| !args.list) else {
        return settings::show(&args.place, is_mark);
    };
    let decision = DecisionId::parse(id)
        .ok_or_else(|| format!("\"{id}\" is no decision's id; it has 16 letters and digits"))?;
    let marked = |about, end| {
        let (decision, note) = (decision.to_string(), args.note.clone());
        Setting::Mark(MarkSetting { decision, about, end, note })
    };
    if args.remove {
        return settings::remove(&args.place, &args.author, &[marked(MarkedAs::Bot, 1)]);
    }
    let about = MarkedAs::parse(args.about.as_deref().unwrap_or_default())?;
    let reader = open_readonly(&args.place.data).map_err(|error| error.to_string())?;
    if reader.find(decision).map_err(|error| error.to_string())?.is_none() {
        return Err(format!(
            "there is no decision {decision} in {}: it may be older than what is kept, or of another Spigot",
            args.place.data.display()
        ));
    }
    settings::commit(&args.place, &args.author, marked(about, end(now(), &args.duration)?))
}

pub(crate) fn tune(args: &TuneArgs) -> Result<(), String> {
    if !(0.0..=100.0).contains(&args.people) {
        return Err(format!("--people {}: write how many of a hundred, 0 to 100", args.people));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 1000
    let aim = Aim { people_per_mille: (args.people * 10.0).round() as u32 };
    let policy = replay::policy(args.config.as_deref())?;
    let marks = settings::open(&args.place)?.marks(now()).map_err(|error| error.to_string())?;
    let marks = marks.into_iter().map(|mark| {
        let kind = if mark.about == MarkedAs::Person { Kind::Person } else { Kind::Bot };
        (mark.decision, kind)
    });
    // Both passes read the same events, also while more are written.
    let query = Query {
        since: Some(moment(&args.since)?),
        until: Some(now()),
        order: Order::OldestFirst,
        ..Query::default()
    };
    let read = || open_readonly(&args.place.data).map(|reader| reader.into_events(&query));
    let report = spigot_tune::tune(&policy, &marks.collect(), aim, read, &mut progress())
        .map_err(|error| error.to_string())?;
    write(args, &report)?;
    if args.place.format == Format::Json {
        say!("{}", serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?);
    } else {
        tell!("{}", report.render());
        if !report.proposal.is_empty() {
            say_how_to_try(args);
        }
    }
    Ok(())
}

/// The configuration with the proposal, to a file that is not there yet: nothing is put in force by mistake.
fn write(args: &TuneArgs, report: &Report) -> Result<(), String> {
    let Some(path) = args.write.as_ref().filter(|_| !report.proposal.is_empty()) else { return Ok(()) };
    let shown = path.display();
    let mut text = match &args.config {
        Some(config) => fs::read_to_string(config)
            .map_err(|error| format!("{} cannot be read: {error}", config.display()))?,
        None => String::new(),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&report.proposal);
    let mut file = fs::File::create_new(path).map_err(|error| format!("{shown} cannot be made: {error}"))?;
    std::io::Write::write_all(&mut file, text.as_bytes())
        .map_err(|error| format!("{shown} cannot be written: {error}"))
}

fn say_how_to_try(args: &TuneArgs) {
    let new = args.write.as_ref().map_or("NEW".to_owned(), |path| path.display().to_string());
    let against = args.config.as_ref().map_or(String::new(), |path| format!(" --against {}", path.display()));
    let events = args.place.data.display();
    say!("\nNothing was changed. To see whom it would treat differently:");
    say!("  spigot replay --config {new}{against} --events {events}");
}

/// Shows on a terminal how far it is.
fn progress() -> impl FnMut(Progress) {
    let shown = std::io::stderr().is_terminal();
    let mut begun: HashSet<u8> = HashSet::new();
    move |Progress { pass, events }| {
        if shown {
            let line = if begun.insert(pass) && pass > 1 { "\n" } else { "" };
            eprint!("{line}\r{events} events, pass {pass} of 2");
        }
    }
}
