//! Events into rows, as cheaply as SQLite takes them: this is most of what an event costs.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, Statement};
use spigot_decision::Policy;

use super::blocks::Blocks;
use crate::event::SERVICE_ROUTE;
use crate::store::{MAX_WORDS, SEQUENCE_BITS};
use crate::{Event, packed, record, row};

/// Rows of one statement. Beginning and ending one costs as much as several rows do; more than these gain nothing.
pub(super) const AT_ONCE: usize = 32;

pub(super) const SEQUENCE_MASK: i64 = (1 << SEQUENCE_BITS) - 1;

const COLUMNS: usize = 8;

/// Where the next row goes.
#[derive(Debug)]
pub(super) struct Place {
    /// The number of the last one within its millisecond.
    pub(super) sequence: i64,
    /// No row has a larger id.
    pub(super) newest: i64,
}

/// The numbers of words.
#[derive(Debug, Default)]
pub(super) struct Words(HashMap<Box<str>, i64, foldhash::fast::RandomState>);

impl Words {
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    pub(super) fn number(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(number) = self.0.get(text) {
            return Ok(*number);
        }
        connection.prepare_cached("INSERT OR IGNORE INTO word (text) VALUES (?)")?.execute([text])?;
        let number = connection
            .prepare_cached("SELECT word FROM word WHERE text = ?")?
            .query_row([text], |row| row.get(0))?;
        if self.0.len() >= MAX_WORDS {
            self.0.clear();
        }
        self.0.insert(text.into(), number);
        Ok(number)
    }
}

/// Writes rows within a transaction.
pub(super) struct Rows<'a> {
    connection: &'a Connection,
    words: &'a mut Words,
    place: &'a mut Place,
    blocks: &'a mut Blocks,
    one: CachedStatement<'a>,
    many: CachedStatement<'a>,
    named: Option<Named>,
    /// Written anew for each row, in the same memory.
    reasons: String,
    fingerprints: String,
    packed: String,
}

/// The words of a policy: an event's is nearly always that of the event before.
struct Named {
    policy: Arc<Policy>,
    revision: i64,
    /// By the route's index.
    routes: Vec<Option<i64>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        words: &'a mut Words,
        place: &'a mut Place,
        blocks: &'a mut Blocks,
    ) -> rusqlite::Result<Self> {
        let row = "(?, ?, ?, ?, ?, ?, ?, ?)";
        // What fails ends the whole transaction anyhow, so SQLite need not copy pages to take back one statement alone.
        let many = format!("INSERT OR FAIL INTO event VALUES {}", [row; AT_ONCE].join(", "));
        Ok(Self {
            connection,
            words,
            place,
            blocks,
            one: connection.prepare_cached(&format!("INSERT OR IGNORE INTO event VALUES {row}"))?,
            many: connection.prepare_cached(&many)?,
            named: None,
            reasons: String::new(),
            fingerprints: String::new(),
            packed: String::new(),
        })
    }

    /// Inserts at most [`AT_ONCE`] events.
    pub(super) fn insert(&mut self, events: &[Event]) -> rusqlite::Result<()> {
        if events.len() == AT_ONCE && self.follow(events) {
            for (index, event) in events.iter().enumerate() {
                let at = self.next(event);
                // A row without an id gets the largest one and 1, for which SQLite goes to the table's end and need not search
                // it. Only behind a row of this very statement: others may have been removed.
                let named = index == 0 || at != self.place.newest + 1;
                self.place.newest = at;
                self.bind(true, index * COLUMNS, named.then_some(at), event)?;
                self.blocks.add(self.connection, at, true, event)?;
            }
            return self.many.raw_execute().map(drop);
        }
        for event in events {
            loop {
                let at = self.next(event);
                self.bind(false, 0, Some(at), event)?;
                // Taken only when the clock was set back to where another event has this very millisecond and number.
                if self.one.raw_execute()? == 1 {
                    self.blocks.add(self.connection, at, at > self.place.newest, event)?;
                    self.place.newest = self.place.newest.max(at);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether the ids of these events will each be larger than all before, so that none can be taken.
    fn follow(&self, events: &[Event]) -> bool {
        let sequence = self.place.sequence + 1;
        sequence + AT_ONCE as i64 <= SEQUENCE_MASK
            && row::first_at(events[0].time) | sequence > self.place.newest
            && events.is_sorted_by_key(|event| event.time)
    }

    fn next(&mut self, event: &Event) -> i64 {
        self.place.sequence = (self.place.sequence + 1) & SEQUENCE_MASK;
        row::first_at(event.time) | self.place.sequence
    }

    fn bind(&mut self, many: bool, before: usize, at: Option<i64>, event: &Event) -> rusqlite::Result<()> {
        let (revision, route) = self.named(event)?;
        let mut word = |text| self.words.number(self.connection, text);
        let words = packed::Words {
            revision,
            sender: word(event.sender)?,
            device: event.device.map(&mut word).transpose()?,
            challenge: match &event.challenge {
                Some(step) => Some((word(step.kind)?, word(step.result)?)),
                None => None,
            },
            provider: match event.challenge.as_deref().and_then(|step| step.provider) {
                Some(told) => {
                    let name = record::provider_name(&event.policy, told);
                    Some((word(name)?, told.answer.map(&mut word).transpose()?))
                }
                None => None,
            },
        };
        packed::write(event, &words, &mut self.packed);
        row::reasons_json(event, &mut self.reasons);
        event.fingerprints.pack(&mut self.fingerprints);
        let reasons = (!event.decision.reasons.is_empty()).then_some(&self.reasons);
        let mut bytes = [0; 16];
        let client = row::address_bytes(event.client, &mut bytes);
        let statement: &mut Statement<'_> = if many { &mut self.many } else { &mut self.one };
        statement.raw_bind_parameter(before + 1, at)?;
        statement.raw_bind_parameter(before + 2, route)?;
        statement.raw_bind_parameter(before + 3, row::action_number(event.decision.action))?;
        statement.raw_bind_parameter(before + 4, client)?;
        statement.raw_bind_parameter(before + 5, event.id.0)?;
        statement.raw_bind_parameter(before + 6, reasons)?;
        statement.raw_bind_parameter(before + 7, &self.fingerprints)?;
        statement.raw_bind_parameter(before + 8, &self.packed)
    }

    /// The numbers of an event's revision and route.
    fn named(&mut self, event: &Event) -> rusqlite::Result<(i64, i64)> {
        let (revision, route) = self.of_policy(event)?;
        if !event.is_service() {
            return Ok((revision, route));
        }
        Ok((revision, self.words.number(self.connection, SERVICE_ROUTE)?))
    }

    fn of_policy(&mut self, event: &Event) -> rusqlite::Result<(i64, i64)> {
        let named = match &mut self.named {
            Some(named) if Arc::ptr_eq(&named.policy, &event.policy) => named,
            slot => {
                let revision = self.words.number(self.connection, &event.policy.revision)?;
                slot.insert(Named { policy: event.policy.clone(), revision, routes: Vec::new() })
            }
        };
        let index = usize::from(event.decision.route);
        if let Some(Some(route)) = named.routes.get(index) {
            return Ok((named.revision, *route));
        }
        let route = self.words.number(self.connection, &event.policy.route(event.decision.route).name)?;
        if named.routes.len() <= index {
            named.routes.resize(index + 1, None);
        }
        named.routes[index] = Some(route);
        Ok((named.revision, route))
    }
}
