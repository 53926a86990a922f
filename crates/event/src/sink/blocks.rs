//! Rows into blocks: what a run of rows can hold, so that a search passes over it (see `filter`).

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

/// The block that is being filled. Its rows' ids each followed all before: in its range there are no other rows but
/// those that it was told of.
#[derive(Debug)]
pub(super) struct Blocks {
    range: Option<(i64, i64)>,
    rows: u32,
    addresses: Filter,
    rest: Filter,
}

impl Default for Blocks {
    fn default() -> Self {
        let (addresses, rest) = (Filter::new(ADDRESS_BYTES), Filter::new(REST_BYTES));
        Self { range: None, rows: 0, addresses, rest }
    }
}

impl Blocks {
    /// Begins anew. Rows that were in the open block are in none then, and are looked at by every search.
    pub(super) fn forget(&mut self) {
        self.range = None;
        self.rows = 0;
        self.addresses.clear();
        self.rest.clear();
    }

    /// Tells of a row; `follows` when its id is larger than all before. Full blocks are written.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        at: i64,
        follows: bool,
        event: &Event,
    ) -> rusqlite::Result<()> {
        let range = match self.range {
            Some((first, last)) if follows => (first, last.max(at)),
            None if follows => (at, at),
            _ => {
                // The clock was set back: what was said of the rows around it does not hold for this one.
                connection
                    .prepare_cached("DELETE FROM block WHERE first <= ?1 AND last >= ?1")?
                    .execute([at])?;
                if self.range.is_some_and(|(first, _)| first <= at) {
                    self.put(event);
                }
                return Ok(());
            }
        };
        self.range = Some(range);
        self.rows += 1;
        self.put(event);
        if self.rows >= ROWS {
            connection.prepare_cached("INSERT OR REPLACE INTO block VALUES (?, ?, ?, ?, ?, ?)")?.execute(
                params![range.0, range.1, self.rows, self.addresses.folded(), self.rest.folded(), KNOWS],
            )?;
            self.forget();
        }
        Ok(())
    }

    fn put(&mut self, event: &Event) {
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
