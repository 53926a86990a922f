use std::net::IpAddr;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use spigot_decision::{Millis, Prefix};

use super::Maintained;
use crate::row::{self, StoredReason};
use crate::{Dimension, Span};

const DAY_MILLIS: i64 = 86_400_000;

/// Events that one piece of work removes at most: some tens of milliseconds, which a batch can wait.
const REMOVED_PER_PIECE: i64 = 10_000;

/// Events whose address one piece truncates at most; each is rewritten, which costs more.
const TRUNCATED_PER_PIECE: i64 = 5_000;

/// Pages that one piece gives back to the file system at most, 8 MiB.
const PAGES_PER_PIECE: i64 = 2_000;

/// How long events are kept. Whichever bound is reached first removes the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days that events are kept. Default 30.
    pub days: u32,
    /// Bytes that the file may use; free pages in it do not count, nor does the write-ahead log. Default 2 GiB.
    pub bytes: u64,
    /// Days after which addresses are cut to their network, IPv4 to /24 and IPv6 to /48; never when absent, the
    /// default.
    pub truncate_addresses_after: Option<u32>,
    /// Days that sums are kept at most (see [`Span::keep_days`]); they name nobody. Default 400.
    pub rollup_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 30, bytes: 2 << 30, truncate_addresses_after: None, rollup_days: 400 }
    }
}

/// Does one bounded piece of what is due at `now`.
pub(super) fn piece(
    connection: &mut Connection,
    retention: &Retention,
    now: Millis,
) -> rusqlite::Result<Maintained> {
    let before = |days: u32| row::first_at(now.plus(-i64::from(days) * DAY_MILLIS));
    let over = used_bytes(connection)? > retention.bytes;
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let removed = remove(&transaction, if over { i64::MAX } else { before(retention.days) })?;
    let mut truncated = 0;
    if let Some(days) = retention.truncate_addresses_after {
        truncated = truncate(&transaction, before(days))?;
    }
    forget_sums(&transaction, retention, now)?;
    transaction.commit()?;
    let free: i64 = pragma(connection, "freelist_count")?;
    if free > 0 {
        // It gives back a page with each row that is asked for.
        let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_PER_PIECE})"))?;
        let mut pages = vacuum.query([])?;
        while pages.next()?.is_some() {}
    }
    let more = removed == REMOVED_PER_PIECE
        || truncated == TRUNCATED_PER_PIECE
        || free > PAGES_PER_PIECE
        || (removed > 0 && used_bytes(connection)? > retention.bytes);
    Ok(Maintained { removed: removed.unsigned_abs(), truncated: truncated.unsigned_abs(), more })
}

/// Bytes of the pages that hold something.
pub(super) fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pages = pragma(connection, "page_count")? - pragma(connection, "freelist_count")?;
    Ok((pages * pragma(connection, "page_size")?).unsigned_abs())
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
}

/// Removes the oldest events before `end`.
fn remove(connection: &Connection, end: i64) -> rusqlite::Result<i64> {
    let bound: Option<i64> = connection
        .prepare_cached("SELECT at FROM event WHERE at < ? ORDER BY at LIMIT 1 OFFSET ?")?
        .query_row(params![end, REMOVED_PER_PIECE], |row| row.get(0))
        .optional()?;
    let removed =
        connection.prepare_cached("DELETE FROM event WHERE at < ?")?.execute([bound.unwrap_or(end)])?;
    connection.prepare_cached("DELETE FROM block WHERE last < ?")?.execute([bound.unwrap_or(end)])?;
    Ok(removed as i64)
}

fn forget_sums(connection: &Connection, retention: &Retention, now: Millis) -> rusqlite::Result<()> {
    let mut delete =
        connection.prepare_cached("DELETE FROM slice WHERE span = ? AND dimension = ? AND start <= ?")?;
    for span in Span::ALL {
        let days = span.keep_days(retention.rollup_days);
        let minute = now.plus(-i64::from(days) * DAY_MILLIS).0.max(0) / 60_000;
        for dimension in Dimension::ALL {
            delete.execute(params![span.minutes(), dimension as i64, minute - i64::from(span.minutes())])?;
        }
    }
    Ok(())
}

/// Truncates the addresses of the oldest events before `end` that still have them.
fn truncate(connection: &Connection, end: i64) -> rusqlite::Result<i64> {
    const NAME: &str = "truncated_until";
    let done: i64 = connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?")?
        .query_row([NAME], |row| row.get(0))
        .optional()?
        .unwrap_or(i64::MIN);
    let mut select = connection.prepare_cached(
        "SELECT at, client, reasons FROM event WHERE at >= ? AND at < ? ORDER BY at LIMIT ?",
    )?;
    let mut update = connection.prepare_cached("UPDATE event SET client = ?, reasons = ? WHERE at = ?")?;
    let mut rows = select.query(params![done, end, TRUNCATED_PER_PIECE])?;
    let (mut truncated, mut until) = (0, done);
    while let Some(found) = rows.next()? {
        let at: i64 = found.get(0)?;
        let client = row::address(found.get_ref(1)?.as_blob()?).map(|ip| network(ip).base);
        let reasons: Option<String> = found.get(2)?;
        let mut bytes = [0; 16];
        let client = client.map_or(&[][..], |ip| row::address_bytes(ip, &mut bytes));
        update.execute(params![client, reasons.map(without_addresses), at])?;
        truncated += 1;
        until = at + 1;
    }
    if truncated > 0 {
        // Of whole addresses nothing stays; /24 and /48 are among the rest.
        connection
            .prepare_cached("UPDATE block SET addresses = NULL WHERE first < ? AND addresses IS NOT NULL")?
            .execute([until])?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)")?
            .execute(params![NAME, until])?;
    }
    Ok(truncated)
}

fn network(address: IpAddr) -> Prefix {
    Prefix::of(address, if address.to_canonical().is_ipv4() { 24 } else { 48 })
}

/// A reason's evidence can be the very address, from a list; it is cut as well.
fn without_addresses(json: String) -> String {
    let Ok(mut reasons) = serde_json::from_str::<Vec<StoredReason>>(&json) else { return json };
    let mut changed = false;
    for (_, _, _, evidence) in &mut reasons {
        if let Some(prefix) = evidence.as_deref().and_then(Prefix::parse) {
            let cut = network(prefix.base);
            if prefix.length > cut.length {
                *evidence = Some(cut.to_string());
                changed = true;
            }
        }
    }
    if changed { serde_json::to_string(&reasons).unwrap_or(json) } else { json }
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
