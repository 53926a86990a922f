//! What `spigot tune` proposes from the week, as part of its review.

use std::cell::{Cell, RefCell};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::Millis;
use spigot_event::{Order, Query, open_readonly};
use spigot_tune::{Aim, Kind};

use super::Known;
use super::job::{GoOn, PIECE};
use crate::MarkedAs;

/// What would do better, by the week's events. Nothing is changed by it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Proposals {
    /// Each route that somebody known was seen on.
    pub routes: Vec<RouteProposal>,
    /// The lines that may be added to the configuration; empty when nothing is proposed.
    pub lines: String,
}

/// One route's.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RouteProposal {
    /// Its name.
    pub route: String,
    /// What it changes, in words: `thresholds.challenge from 50 to 60: why`.
    pub changes: Vec<String>,
    /// Why nothing is proposed, or what to know about it.
    pub note: String,
}

/// Reads the events of a time twice; `None` when it was told to end.
pub(super) fn proposals(
    folder: &Path,
    (since, until): (Millis, Millis),
    known: &Known,
    go_on: GoOn<'_>,
) -> Result<Option<Proposals>, String> {
    let kind = |about| if about == MarkedAs::Person { Kind::Person } else { Kind::Bot };
    let marks = known.marks.iter().map(|mark| (mark.decision.clone(), kind(mark.about))).collect();
    let query =
        Query { since: Some(since), until: Some(until), order: Order::OldestFirst, ..Query::default() };
    let (ended, count, pass) = (Cell::new(false), Cell::new(0), Cell::new(0));
    let go_on = RefCell::new(go_on);
    let goes_on = |time: i64| {
        count.set(count.get() + 1);
        if count.get() % PIECE == 0 {
            let of_pass = (time - since.0) as f64 / until.since(since).max(1) as f64;
            let done = (f64::from(pass.get()) - 1.0 + of_pass) / 2.0;
            ended.set(ended.get() || !(go_on.borrow_mut())(count.get(), done));
        }
        !ended.get()
    };
    let read = || {
        pass.set(pass.get() + 1);
        let reader = open_readonly(folder).map_err(|error| error.to_string())?;
        let records = reader.into_events(&query).map(|record| record.map_err(|error| error.to_string()));
        Ok::<_, String>(
            records.take_while(|record| record.as_ref().map_or(true, |one| goes_on(one.time_millis))),
        )
    };
    let report = spigot_tune::tune(&known.policy, &marks, Aim::default(), read, &mut |_| {})?;
    if ended.get() {
        return Ok(None);
    }
    let change = |change: spigot_tune::Change| {
        format!("{} from {} to {}: {}", change.what, change.from, change.to, change.because)
    };
    let routes = report.routes.into_iter().map(|of| RouteProposal {
        route: of.route,
        changes: of.changes.into_iter().map(change).collect(),
        note: of.note,
    });
    Ok(Some(Proposals { routes: routes.collect(), lines: report.proposal }))
}
