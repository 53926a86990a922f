//! Events into sums: added up in memory over a batch, and written as one upsert for each sum that changed.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params_from_iter};

use super::rows::Words;
use crate::slice::{CELLS, Dimension, Span, Sums};
use crate::{Event, record, row};

/// Keys of one dimension in one day: more than there are countries, and than policies have routes or reasons. What
/// comes beyond is counted under [`OTHERS`], so that no data file and no policy makes the sums grow without bound.
pub(super) const KEYS_MAX: usize = 300;

/// Of events that have none, and of the total.
pub(crate) const NONE: i64 = 0;

/// Of keys for which there was no room.
pub(crate) const OTHERS: i64 = -1;

const DAY_MINUTES: i64 = 1_440;

/// The keys that have room.
#[derive(Debug, Default)]
pub(super) struct Slices {
    /// The day that they are of, in minutes.
    day: Option<i64>,
    known: [HashSet<i64>; Dimension::ALL.len()],
}

type Fast<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// What most events of a batch share: adding these up first leaves few sums to divide.
#[derive(PartialEq, Eq, Hash)]
struct Together<'a> {
    minute: i64,
    revision: &'a str,
    route: &'a str,
    country: Option<[u8; 2]>,
    device: Option<&'static str>,
}

/// Span and start in minutes, dimension, key: as they are stored.
type Place = (i64, i64, i64, i64);

impl Slices {
    /// Adds a batch, within its transaction.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        words: &mut Words,
        batch: &[Event],
    ) -> rusqlite::Result<()> {
        let (together, reasons) = added_up(batch);
        let mut sums: Fast<Place, Sums> = Fast::default();
        let mut put = |minute: i64, dimension: Dimension, key: i64, one: &Sums| {
            for span in Span::ALL {
                let minutes = i64::from(span.minutes());
                let place = (minutes, minute / minutes * minutes, dimension as i64, key);
                sums.entry(place).or_default().add(one);
            }
        };
        if let Some(newest) = batch.last() {
            self.begin(connection, minute(newest) / DAY_MINUTES * DAY_MINUTES)?;
        }
        for (shared, one) in &together {
            put(shared.minute, Dimension::Total, NONE, one);
            let revision = words.number(connection, shared.revision)?;
            put(shared.minute, Dimension::Revision, self.room(Dimension::Revision, revision), one);
            let route = words.number(connection, shared.route)?;
            put(shared.minute, Dimension::Route, self.room(Dimension::Route, route), one);
            let country = shared.country.as_ref().map(record::country_text);
            let country = country.map_or(Ok(NONE), |code| words.number(connection, &code))?;
            put(shared.minute, Dimension::Country, self.room(Dimension::Country, country), one);
            let device = shared.device.map_or(Ok(NONE), |device| words.number(connection, device))?;
            put(shared.minute, Dimension::Device, self.room(Dimension::Device, device), one);
        }
        for ((minute, name), one) in &reasons {
            let name = words.number(connection, name)?;
            put(*minute, Dimension::Reason, self.room(Dimension::Reason, name), one);
        }
        write(connection, &sums)
    }

    /// Knows the keys of a day, also of what was written before this process.
    fn begin(&mut self, connection: &Connection, day: i64) -> rusqlite::Result<()> {
        if self.day == Some(day) {
            return Ok(());
        }
        self.known.iter_mut().for_each(HashSet::clear);
        let mut select = connection.prepare_cached(
            "SELECT dimension, key FROM slice WHERE span = ? AND dimension IN (0, 1, 2, 3, 4, 5) AND start = ?",
        )?;
        let mut rows = select.query([DAY_MINUTES, day])?;
        while let Some(row) = rows.next()? {
            if let Some(known) = self.known.get_mut(row.get::<_, i64>(0)?.unsigned_abs() as usize) {
                known.insert(row.get(1)?);
            }
        }
        self.day = Some(day);
        Ok(())
    }

    fn room(&mut self, dimension: Dimension, key: i64) -> i64 {
        let known = &mut self.known[dimension as usize];
        if known.contains(&key) || known.len() < KEYS_MAX {
            known.insert(key);
            return key;
        }
        OTHERS
    }
}

fn minute(event: &Event) -> i64 {
    row::time_of(row::first_at(event.time)).0 / 60_000
}

type Reasons<'a> = Fast<(i64, &'a str), Sums>;

fn added_up(batch: &[Event]) -> (Fast<Together<'_>, Sums>, Reasons<'_>) {
    let (mut together, mut reasons) = (Fast::default(), Reasons::default());
    for event in batch {
        let minute = minute(event);
        let (country, device) = (event.country, event.device);
        let revision = event.policy.revision.as_str();
        let shared = Together { minute, revision, route: event.route(), country, device };
        let asked = event.asked.as_deref();
        let sums = together.entry(shared).or_default();
        count(sums, event, asked.is_none());
        for (index, reason) in event.decision.reasons.iter().enumerate() {
            // One that is given twice is one event's all the same.
            if event.decision.reasons[..index].iter().all(|before| before.source != reason.source) {
                let name = record::name(&event.policy, reason.source);
                count(reasons.entry((minute, name)).or_default(), event, asked.is_none());
            }
        }
        if let Some(asked) = asked {
            let route = asked.policy.route(asked.route).name.as_str();
            let shared = Together { minute, revision, route, country, device };
            together.entry(shared).or_default().count_step(event);
            for (index, source) in asked.reasons.iter().enumerate() {
                if !asked.reasons[..index].contains(source) {
                    let name = record::name(&asked.policy, *source);
                    reasons.entry((minute, name)).or_default().count_step(event);
                }
            }
        }
    }
    (together, reasons)
}

/// A step of a challenge that another request was asked for is counted where that was.
fn count(sums: &mut Sums, event: &Event, with_step: bool) {
    sums.count_request(event);
    if with_step {
        sums.count_step(event);
    }
}

fn write(connection: &Connection, sums: &Fast<Place, Sums>) -> rusqlite::Result<()> {
    let columns = column_names();
    let added = columns.map(|name| format!("{name} = {name} + excluded.{name}"));
    let places = vec!["?"; 4 + CELLS].join(", ");
    let mut statement = connection.prepare_cached(&format!(
        "INSERT INTO slice (span, start, dimension, key, {}) VALUES ({places}) ON CONFLICT DO UPDATE SET {}",
        columns.join(", "),
        added.join(", ")
    ))?;
    for ((span, start, dimension, key), one) in sums {
        let cells = one.cells().map(u64::cast_signed);
        statement.execute(params_from_iter([*span, *start, *dimension, *key].into_iter().chain(cells)))?;
    }
    Ok(())
}

/// The columns of [`Sums::cells`], in their order.
pub(crate) fn column_names() -> [&'static str; CELLS] {
    [
        "events",
        "monitored",
        "issued",
        "solved",
        "failed",
        "added_micros",
        "done_0",
        "done_1",
        "done_2",
        "done_3",
        "done_4",
        "done_5",
        "latency_0",
        "latency_1",
        "latency_2",
        "latency_3",
        "latency_4",
        "latency_5",
        "latency_6",
        "latency_7",
        "latency_8",
        "latency_9",
        "latency_10",
        "latency_11",
        "latency_12",
        "latency_13",
        "latency_14",
        "latency_15",
    ]
}

#[cfg(test)]
#[path = "slices_tests.rs"]
mod tests;
