//! Rows into blocks: what a run of rows can hold, so that a search passes over it (see `filter`).

use std::collections::VecDeque;

use rusqlite::{Connection, params};

use crate::filter::{About, Filter, Word, kept_beginnings, kept_lengths};
use crate::store::KNOWS;
use crate::{Event, Fingerprints, record};
use spigot_decision::Prefix;

/// Rows of one block: about a megabyte of them, read in some milliseconds. Twice as many gain little in filters, and
/// make each false "perhaps" twice as dear.
pub(super) const ROWS: u32 = 4_096;

/// So many bytes that a block of nothing but different clients fills about a sixth of the bits.
const ADDRESS_BYTES: usize = 1 << 13;

/// Prefixes, networks, fingerprints, accounts and paths differ less than addresses, but there are more of them.
const REST_BYTES: usize = 1 << 14;

/// Full blocks that wait for rows that come late: a request that took long is written behind others that began after it.
const WAITING_MAX: usize = 16;

/// The block that is being filled, and the last ones that were. In the range of each there are no other rows but those that
/// it was told of.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// Its rows' ids each followed all before.
    open: Option<Block>,
    /// The oldest first.
    waiting: VecDeque<Block>,
}

#[derive(Debug)]
struct Block {
    first: i64,
    last: i64,
    rows: u32,
    addresses: Filter,
    rest: Filter,
}

impl Blocks {
    /// Begins anew. Rows that were in a block that is not written are in none then, and are looked at by every search.
    pub(super) fn forget(&mut self) {
        self.open = None;
        self.waiting.clear();
    }

    /// Tells of a row; `follows` when its id is larger than all before. Full blocks are written.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        at: i64,
        follows: bool,
        event: &Event,
    ) -> rusqlite::Result<()> {
        if !follows {
            return self.add_late(connection, at, event);
        }
        let block = self.open.get_or_insert_with(|| Block::new(at));
        block.last = block.last.max(at);
        block.put(event);
        if block.rows >= ROWS {
            self.waiting.extend(self.open.take());
            while self.waiting.len() > WAITING_MAX {
                let Some(oldest) = self.waiting.pop_front() else { break };
                oldest.write(connection)?;
            }
        }
        Ok(())
    }

    /// The row lies in a block that has not been written, in one that has, or between them.
    fn add_late(&mut self, connection: &Connection, at: i64, event: &Event) -> rusqlite::Result<()> {
        let mut unwritten = self.waiting.iter_mut().chain(&mut self.open);
        if let Some(block) = unwritten.find(|block| block.first <= at && at <= block.last) {
            block.put(event);
            return Ok(());
        }
        // Later than those that wait, or the clock was set back: what was said of the rows around it does not hold for this
        // one.
        connection.prepare_cached("DELETE FROM block WHERE first <= ?1 AND last >= ?1")?.execute([at])?;
        Ok(())
    }

    /// Writes all that are full, before nothing more is told.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.waiting.drain(..).try_for_each(|block| block.write(connection))
    }
}

impl Block {
    fn new(first: i64) -> Self {
        let (addresses, rest) = (Filter::new(ADDRESS_BYTES), Filter::new(REST_BYTES));
        Self { first, last: first, rows: 0, addresses, rest }
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let row =
            params![self.first, self.last, self.rows, self.addresses.folded(), self.rest.folded(), KNOWS];
        connection.prepare_cached("INSERT OR REPLACE INTO block VALUES (?, ?, ?, ?, ?, ?)")?.execute(row)?;
        Ok(())
    }

    /// One more row.
    fn put(&mut self, event: &Event) {
        self.rows += 1;
        let client = event.client.to_canonical();
        self.addresses.add(Word::prefix(Prefix::of(client, 128)));
        let rest = &mut self.rest;
        for length in kept_lengths(client) {
            rest.add(Word::prefix(Prefix::of(client, length)));
        }
        if let Some(number) = event.network {
            rest.add(Word::number(About::Network, number.into()));
        }
        if let Some(code) = event.country {
            rest.add(Word::of(About::Country, record::country_text(&code).as_bytes()));
        }
        for beginning in kept_beginnings(&event.path) {
            rest.add(Word::of(About::Path, beginning));
        }
        rest.add(Word::of(About::Route, event.route().as_bytes()));
        rest.add(Word::number(About::Action, event.decision.action as u64));
        for reason in &event.decision.reasons {
            rest.add(Word::of(About::Reason, record::name(&event.policy, reason.source).as_bytes()));
        }
        if let Some(step) = &event.challenge {
            rest.add(Word::of(About::Reason, step.result.as_bytes()));
        }
        if let Some(account) = event.account {
            rest.add(Word::number(About::Account, account));
        }
        let Fingerprints { tls, http2, header } = &event.fingerprints;
        for layer in [tls, http2].into_iter().flatten() {
            rest.add(Word::of(About::Fingerprint, layer.as_bytes()));
        }
        if let Some(header) = header {
            rest.add(Word::of(About::Fingerprint, &Fingerprints::of_header(*header)));
        }
    }
}
