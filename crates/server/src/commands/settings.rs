//! What operators change while Spigot runs: every change goes through the policy store, and a running server sees it
//! within a quarter of a second.

use spigot_admin::{
    Change, EntrySetting, ExceptionSetting, ForcedSetting, HoldSetting, ListName, PolicyStore, Setting,
};
use spigot_decision::{Millis, Prefix};
use spigot_state::Restricted;

use super::{end, list_files, moment};
use crate::cli::{
    Author, ExceptionArgs, ExceptionCommand, ForceArgs, Format, ListArgs, ListCommand, Place, RestrictArgs,
    RestrictCommand,
};
use crate::clock::now;

pub(crate) fn force(args: &ForceArgs) -> Result<(), String> {
    let Some(endpoint) = args.endpoint.as_ref().filter(|_| !args.list) else {
        return show(&args.place, |setting| matches!(setting, Setting::Force(_)));
    };
    let until = match (&args.duration, &args.until) {
        (Some(duration), _) => Some(end(now(), duration)?),
        (None, Some(time)) => Some(ahead(time)?),
        (None, None) => None,
    };
    let setting = Setting::Force(ForcedSetting {
        endpoint: endpoint.clone(),
        host: args.host.clone(),
        until,
        reason: args.reason.clone(),
    });
    if args.stop {
        remove(&args.place, &args.author, &[setting])
    } else {
        commit(&args.place, &args.author, setting)?;
        if until.is_none() && args.place.format == Format::Text {
            say!(
                "It has no end: `spigot force '{endpoint}' --stop` ends it, and --for or --until would have."
            );
        }
        Ok(())
    }
}

/// A time that is still to come.
fn ahead(text: &str) -> Result<i64, String> {
    let time = Millis::parse(text)
        .ok_or_else(|| format!("\"{text}\" is no time; write for example 2026-12-04T22:00:00Z"))?;
    if time <= now() {
        return Err(format!("{time} is over already"));
    }
    Ok(time.0)
}

pub(crate) fn list(args: &ListArgs) -> Result<(), String> {
    let entry = |list, prefix: &str, until, note: &str| {
        Setting::List(EntrySetting { list, prefix: prefix.to_owned(), until, note: note.to_owned() })
    };
    match &args.what {
        ListCommand::Allow(new) | ListCommand::Deny(new) => {
            let list =
                if matches!(args.what, ListCommand::Allow(_)) { ListName::Allow } else { ListName::Deny };
            let until = new.duration.as_deref().map(|duration| end(now(), duration)).transpose()?;
            commit(&args.place, &new.author, entry(list, &new.prefix, until, &new.note))
        }
        ListCommand::Import { list, file, duration, note, author } => {
            let until = duration.as_deref().map(|duration| end(now(), duration)).transpose()?;
            list_files::import(&args.place, author, (list, file), until, note)
        }
        ListCommand::Export { list, file_format } => list_files::export(&args.place, list, file_format),
        ListCommand::Show => show(&args.place, |setting| matches!(setting, Setting::List(_))),
        ListCommand::Remove { prefix, author } => remove(
            &args.place,
            author,
            &[entry(ListName::Allow, prefix, None, ""), entry(ListName::Deny, prefix, None, "")],
        ),
    }
}

pub(crate) fn exception(args: &ExceptionArgs) -> Result<(), String> {
    match &args.what {
        ExceptionCommand::Add {
            name,
            address,
            decision,
            route,
            everything,
            start,
            duration,
            times,
            reason,
            author,
        } => {
            let (address, route) = match decision {
                Some(decision) => of_decision(&args.place, decision)?,
                None => (address.clone(), route.clone()),
            };
            if address.is_none() && route.is_empty() && !everything {
                return Err("an exception for every client on every route opens the site: say --everything, or narrow it with --address and --route".to_owned());
            }
            crate::route_names::check(&args.place.data, &route)?;
            let start = start.as_deref().map(moment).transpose()?.unwrap_or_else(now);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            // checked by the store: 1 to 1000 times
            let times_milli = times.map(|times| (times * 1000.0).clamp(0.0, 1e9) as u32);
            let setting = ExceptionSetting {
                name: name.clone(),
                prefix: address,
                routes: route,
                start: start.0,
                end: end(start, duration)?,
                times_milli,
                reason: reason.clone(),
                by_support: false,
            };
            commit(&args.place, author, Setting::Exception(setting))
        }
        ExceptionCommand::Show => show(&args.place, |setting| matches!(setting, Setting::Exception(_))),
        ExceptionCommand::Remove { name, author } => {
            let named = ExceptionSetting {
                name: name.clone(),
                prefix: None,
                routes: Vec::new(),
                start: 0,
                end: 1,
                times_milli: None,
                reason: String::new(),
                by_support: false,
            };
            remove(&args.place, author, &[Setting::Exception(named)])
        }
    }
}

/// The client of a decision and its route, as support helps one visitor.
fn of_decision(place: &Place, id: &str) -> Result<(Option<String>, Vec<String>), String> {
    let record = super::events::find(place, id)?;
    let client = Prefix::parse(&record.client).map(|prefix| Prefix::client(prefix.base));
    let client = client.ok_or_else(|| "this event has no address any more".to_owned())?;
    Ok((Some(client.to_string()), vec![record.route]))
}

pub(crate) fn restrict(args: &RestrictArgs) -> Result<(), String> {
    let hold = |prefix: &str, action: &str, end, reason: &str| {
        Setting::Restrict(HoldSetting {
            prefix: prefix.to_owned(),
            action: action.to_owned(),
            end,
            reason: reason.to_owned(),
        })
    };
    match &args.what {
        RestrictCommand::Add { prefix, duration, action, reason, author } => {
            commit(&args.place, author, hold(prefix, action, end(now(), duration)?, reason))
        }
        RestrictCommand::Show => {
            show(&args.place, |setting| matches!(setting, Setting::Restrict(_)))?;
            automatic(&args.place)
        }
        RestrictCommand::Lift { subject, reason, author } => lift(&args.place, subject, reason, author),
    }
}

fn lift(place: &Place, subject: &str, reason: &str, author: &Author) -> Result<(), String> {
    let lifted = open(place)?
        .lift(subject, reason, &author.author, now())
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("no restriction of {subject} is known; `spigot restrict show` lists those in force, a second after they began"))?;
    say(place, &[lifted.change], "Lifted");
    if place.format == Format::Text {
        for entry in lifted.automatic {
            say!("  automatic: {}, it would have ended {}", entry.offender, entry.strike.end);
        }
    }
    Ok(())
}

pub(super) fn open(place: &Place) -> Result<PolicyStore, String> {
    PolicyStore::open(&place.data).map_err(|error| error.to_string())
}

pub(super) fn commit(place: &Place, author: &Author, setting: Setting) -> Result<(), String> {
    let change = open(place)?.commit(setting, &author.author, now()).map_err(|error| error.to_string())?;
    say(place, &[change], "In force");
    Ok(())
}

pub(super) fn remove(place: &Place, author: &Author, candidates: &[Setting]) -> Result<(), String> {
    let mut store = open(place)?;
    let mut removed = Vec::new();
    for candidate in candidates {
        // What stands may be older than what would be taken today.
        let key = candidate.clone().checked().or_else(|error| {
            if matches!(candidate, Setting::Force(_)) { Ok(candidate.clone()) } else { Err(error) }
        })?;
        let key = key.key();
        removed.extend(store.remove(&key, &author.author, now()).map_err(|error| error.to_string())?);
    }
    if removed.is_empty() {
        return Err("there is no such setting in force; `show` lists those that are".to_owned());
    }
    say(place, &removed, "Removed");
    Ok(())
}

fn say(place: &Place, changes: &[Change], what: &str) {
    for change in changes {
        if place.format == Format::Json {
            say!(
                "{}",
                serde_json::json!({ "change": change.number, "time": change.time.to_string(), "author": change.author, "key": change.key, "setting": change.setting })
            );
        } else {
            say!("{what}: {} (change {} by {})", change.key, change.number, change.author);
        }
    }
}

pub(super) fn show(place: &Place, wanted: impl Fn(&Setting) -> bool) -> Result<(), String> {
    let mut none = true;
    for (setting, author) in open(place)?.in_force(now()).map_err(|error| error.to_string())? {
        if !wanted(&setting) {
            continue;
        }
        none = false;
        if place.format == Format::Json {
            say!("{}", serde_json::json!({ "author": author, "setting": setting }));
        } else {
            let until =
                setting.end().map_or("without end".to_owned(), |end| format!("until {}", Millis(end)));
            say!("{}{}, {until}, by {author}{}", setting.key(), what(&setting), why(&setting));
        }
    }
    if none && place.format == Format::Text {
        say!("None is in force.");
    }
    Ok(())
}

/// What an exception is for: who reads the list wants to know what it opens.
fn what(setting: &Setting) -> String {
    let Setting::Exception(exception) = setting else { return String::new() };
    let whom = exception.prefix.as_deref().unwrap_or("everybody");
    let routes = match exception.routes.as_slice() {
        [] => "every route".to_owned(),
        routes => routes.join(", "),
    };
    let relief = match exception.times_milli {
        Some(milli) => format!("{} times what is usual", f64::from(milli) / 1000.0),
        None => "passes altogether".to_owned(),
    };
    format!(": {whom} on {routes}, {relief}, from {}", Millis(exception.start))
}

fn why(setting: &Setting) -> String {
    let why = match setting {
        Setting::Force(forced) => &forced.reason,
        Setting::List(entry) => &entry.note,
        Setting::Exception(exception) => &exception.reason,
        Setting::Restrict(hold) => &hold.reason,
        Setting::Lift(lift) => &lift.reason,
        Setting::Mark(mark) => &mark.note,
        Setting::Breaker(breaker) if breaker.kept && breaker.reason.is_empty() => "kept in force",
        Setting::Breaker(breaker) => &breaker.reason,
        Setting::Site(_) | Setting::ApiKey(_) | Setting::Key(_) => "",
    };
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

/// Restrictions that Spigot set by itself, as they were kept last (every second).
fn automatic(place: &Place) -> Result<(), String> {
    let (_, restrictions) = open(place)?.kept().map_err(|error| error.to_string())?;
    for (_, entry) in restrictions.into_iter().filter(|(_, entry)| now() < entry.strike.end) {
        let Restricted { offender, strike } = entry;
        if place.format == Format::Json {
            say!(
                "{}",
                serde_json::json!({ "subject": offender.to_string(), "step": strike.step, "start": strike.start.to_string(), "end": strike.end.to_string() })
            );
        } else {
            say!("automatic: {offender}, step {}, until {}", strike.step, strike.end);
        }
    }
    Ok(())
}
