//! Lists from files and addresses on the command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use spigot_decision::policy::source::{listing, nearest};
use spigot_decision::policy::{List, ListKind};
use spigot_decision::{Millis, Policy};
use spigot_intel::Networks;

use crate::cli::{Format, ListsArgs, ListsCommand};
use crate::clock::now;
use crate::config::{Config, Feed};
use crate::lists::{About, Judged, Kept, Refreshed, refresh};

/// What the commands look at.
struct Here {
    policy: Policy,
    feeds: Vec<Arc<Feed>>,
    networks: Vec<PathBuf>,
    kept: Kept,
    format: Format,
}

pub(crate) fn run(args: &ListsArgs) -> Result<(), String> {
    let config = Config::read(&args.config)?;
    let here = Here {
        kept: Kept::new(args.data.as_ref().unwrap_or(&config.server.data)),
        policy: config.policy,
        feeds: config.server.feeds,
        networks: config.server.networks,
        format: args.format,
    };
    match &args.what {
        ListsCommand::Update { name, accept } => here.update(name.as_deref(), *accept),
        ListsCommand::Show => {
            here.show();
            Ok(())
        }
        ListsCommand::Why { address } => here.why(*address),
    }
}

impl Here {
    fn update(&self, name: Option<&str>, accept: bool) -> Result<(), String> {
        let names: Vec<&str> = self.feeds.iter().map(|feed| feed.name.as_str()).collect();
        if let Some(name) = name.filter(|name| !names.contains(name)) {
            let hint = format!("lists that do: {}{}", listing(&names), nearest(name, &names));
            return Err(format!("no list \"{name}\" has a `file` or a `url`; {hint}"));
        }
        let judged = if accept { Judged::Accepted } else { Judged::Carefully };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("a runtime cannot be started: {error}"))?;
        let mut refused = Vec::new();
        for feed in self.feeds.iter().filter(|feed| name.is_none_or(|name| name == feed.name)) {
            let local = tokio::task::LocalSet::new();
            let refreshed = local.block_on(&runtime, refresh(feed, &self.kept, judged, now(), &mut None));
            self.tell(feed, &refreshed);
            if matches!(refreshed, Refreshed::Refused(..)) {
                refused.push(feed.name.as_str());
            }
        }
        if self.feeds.is_empty() && self.format == Format::Text {
            say!("No list of the configuration has a `file` or a `url`.");
        }
        if refused.is_empty() { Ok(()) } else { Err(format!("not updated: {}", refused.join(", "))) }
    }

    fn tell(&self, feed: &Feed, refreshed: &Refreshed) {
        let (result, about, error) = match refreshed {
            Refreshed::New(about) => ("updated", about, None),
            Refreshed::Same(about) => ("unchanged", about, None),
            Refreshed::Refused(about, why) => ("refused", about, Some(why)),
        };
        if self.format == Format::Json {
            say!(
                "{}",
                json!({ "list": feed.name, "result": result, "entries": about.entries, "error": error })
            );
        } else {
            let error = error.map_or(String::new(), |why| format!(": {why}"));
            say!("{}: {result}, {} entries from {}{error}", feed.name, about.entries, feed.from.shown());
        }
    }

    fn about(&self, list: &List) -> Option<(&Feed, About)> {
        let feed = self.feeds.iter().find(|feed| feed.name == list.name)?;
        Some((feed, self.kept.about(&feed.name, &feed.from.shown())))
    }

    fn show(&self) {
        if self.policy.lists.is_empty() && self.format == Format::Text {
            say!("The configuration has no [[list]].");
        }
        for list in &self.policy.lists {
            let about = self.about(list);
            if self.format == Format::Json {
                say!("{}", self.shown(list, about.as_ref()));
                continue;
            }
            let own = if list.prefixes.is_empty() {
                String::new()
            } else {
                format!(", {} entries of its own", list.prefixes.len())
            };
            say!("{}: {}{own}", list.name, meaning(list));
            let Some((feed, about)) = about else { continue };
            let from = feed.from.shown();
            match about.changed {
                Some(changed) => {
                    say!("  {} entries from {from}, as of {}", about.entries, Millis(changed));
                }
                None => say!("  nothing yet from {from}"),
            }
            if let (Some(why), Some(at)) = (&about.failed, about.failed_at) {
                say!("  last attempt, {}: {why}", Millis(at));
            }
        }
    }

    fn shown(&self, list: &List, about: Option<&(&Feed, About)>) -> Value {
        let time = |at: Option<i64>| at.map(|at| Millis(at).to_string());
        json!({
            "list": list.name,
            "meaning": meaning(list),
            "own_entries": list.prefixes.len(),
            "from": about.map(|(feed, _)| feed.from.shown()),
            "entries": about.map(|(_, about)| about.entries),
            "changed": about.and_then(|(_, about)| time(about.changed)),
            "asked": about.and_then(|(_, about)| time(about.asked)),
            "failed": about.and_then(|(_, about)| about.failed.clone()),
            "failed_at": about.and_then(|(_, about)| time(about.failed_at)),
        })
    }

    fn why(&self, address: IpAddr) -> Result<(), String> {
        let place = Networks::read(&self.networks)?.place(address);
        let mut on = Vec::new();
        for list in &self.policy.lists {
            let own = list.prefixes.find(address).map(|(prefix, ())| prefix.to_string());
            let about = self.about(list).filter(|(_, about)| about.changed.is_some());
            let kept = about.as_ref().and_then(|_| self.kept.entries(&list.name, now())?.find(address));
            if let Some(entry) = own.or(kept.map(|span| span.to_string())) {
                on.push((list, entry, about));
            }
        }
        let country = place.country.map(|code| String::from_utf8_lossy(&code).into_owned());
        if self.format == Format::Json {
            let lists: Vec<_> = on
                .iter()
                .map(|(list, entry, about)| {
                    let mut shown = self.shown(list, about.as_ref());
                    shown["entry"] = entry.as_str().into();
                    shown
                })
                .collect();
            say!(
                "{}",
                json!({ "address": address.to_string(), "network": place.network, "country": country, "lists": lists })
            );
            return Ok(());
        }
        let network = place.network.map_or(String::new(), |number| format!(", network {number}"));
        let country = country.map_or(String::new(), |code| format!(", country {code}"));
        let count = if on.is_empty() {
            "no list".to_owned()
        } else {
            format!("{} of {} lists", on.len(), self.policy.lists.len())
        };
        say!("{address} is on {count}{network}{country}");
        for (list, entry, about) in on {
            let from = about.map_or("the configuration".to_owned(), |(feed, _)| feed.from.shown());
            say!("  {}: {}; by {entry} from {from}", list.name, meaning(list));
        }
        Ok(())
    }
}

/// What being on a list means, in the words of the configuration.
fn meaning(list: &List) -> String {
    match list.kind {
        ListKind::Allow => "allow".to_owned(),
        ListKind::Deny(action) => format!("deny, {}", action.name()),
        ListKind::Mark => "mark".to_owned(),
        ListKind::Crawler => format!("crawler {}", list.crawlers.join(", ")),
        ListKind::Class(class) => match list.weight {
            Some(weight) => format!("{}, weight {weight}", class.name()),
            None => class.name().to_owned(),
        },
    }
}
