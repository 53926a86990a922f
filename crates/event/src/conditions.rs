//! A query as SQL, and as the words that filters are asked for.

use rusqlite::types::Value;
use spigot_decision::Prefix;

use crate::filter::{About, Word, kept_beginnings, kept_lengths};
use crate::query::{Cursor, Order, Query};
use crate::{packed, record, row};

/// Which row ids a statement is about, beside the query's own times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Within {
    /// Those beyond a place, in the query's order.
    After(Option<Cursor>),
    /// One.
    Only(i64),
    /// From the first on and before the second.
    Range(i64, i64),
}

/// The statement for one piece, and its values.
pub(crate) fn sql(query: &Query, within: Within, piece: usize) -> (String, Vec<Value>) {
    let mut text = format!("SELECT {} FROM event WHERE TRUE", row::COLUMNS);
    let mut values: Vec<Value> = Vec::new();
    let mut condition = |sql: &str, value: Value| {
        text.push_str(" AND ");
        text.push_str(sql);
        values.push(value);
    };
    match within {
        Within::Only(at) => condition("at = ?", at.into()),
        Within::Range(from, before) => {
            condition("at >= ?", from.into());
            condition("at < ?", before.into());
        }
        Within::After(Some(Cursor(at))) => {
            let sql = if query.order == Order::NewestFirst { "at < ?" } else { "at > ?" };
            condition(sql, at.into());
        }
        Within::After(None) => {}
    }
    if let Some(since) = query.since {
        condition("at >= ?", row::first_at(since).into());
    }
    if let Some(until) = query.until {
        condition("at < ?", row::first_at(until).into());
    }
    if let Some(route) = &query.route {
        condition("route = (SELECT word FROM word WHERE text = ?)", route.clone().into());
    }
    if let Some(fingerprint) = &query.fingerprint {
        condition("instr(fingerprints, ?) > 0", format!(" {fingerprint}").into());
    }
    if let Some(action) = query.action {
        condition("action = ?", row::action_number(action).into());
    }
    if let Some(prefix) = query.ip {
        let (mut first, mut last) = ([0; 16], [0; 16]);
        let first = row::address_bytes(prefix.base, &mut first);
        let length = row::address_bytes(prefix.base, &mut last).len();
        let last = &mut last[..length];
        set_host_bits(last, prefix.length);
        condition("length(client) = ?", (length as i64).into());
        condition("client >= ?", first.to_vec().into());
        condition("client <= ?", last.to_vec().into());
    }
    let placed = [
        (packed::NETWORK, query.network.map(Value::from)),
        (packed::COUNTRY, query.country.map(|code| record::country_text(&code).into_owned().into())),
        (packed::ACCOUNT, query.account.map(|account| account.cast_signed().into())),
    ];
    for (place, value) in placed {
        if let Some(value) = value {
            condition(&format!("json_extract(packed, '{place}') = ?"), value);
        }
    }
    if let Some(device) = &query.device {
        let sql =
            format!("json_extract(packed, '{}') = (SELECT word FROM word WHERE text = ?)", packed::DEVICE);
        condition(&sql, device.clone().into());
    }
    if let Some(path) = &query.path {
        // GLOB would read letters of a path as patterns.
        let sql = format!("instr(json_extract(packed, '{}'), ?) = 1", packed::PATH);
        condition(&sql, path.clone().into());
    }
    if let Some(reason) = &query.reason {
        let mut part = String::from("[");
        row::quoted(reason, &mut part);
        part.push(',');
        text.push_str(" AND (instr(reasons, ?) > 0");
        text.push_str(" OR json_extract(packed, ?) = (SELECT word FROM word WHERE text = ?))");
        values.extend([part, packed::RESULT.to_owned(), reason.clone()].map(Value::from));
    }
    text.push_str(if query.order == Order::NewestFirst { " ORDER BY at DESC" } else { " ORDER BY at" });
    text.push_str(&format!(" LIMIT {piece}"));
    (text, values)
}

/// Sets every bit behind the first `length`.
fn set_host_bits(bytes: &mut [u8], length: u8) {
    for (index, byte) in bytes.iter_mut().enumerate() {
        let fixed = usize::from(length).saturating_sub(index * 8).min(8);
        *byte |= 0xff_u8.checked_shr(fixed as u32).unwrap_or(0);
    }
}

/// What must be in every row that a query finds: whole addresses, beginnings of paths, and everything else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needed {
    pub(crate) address: Option<Word>,
    pub(crate) path: Vec<Word>,
    pub(crate) rest: Vec<Word>,
}

/// What filters can say of a query.
pub(crate) fn needed(query: &Query) -> Needed {
    let mut needed = Needed::default();
    let rest = &mut needed.rest;
    if let Some(prefix) = query.ip {
        let whole = prefix.length == if prefix.base.is_ipv4() { 32 } else { 128 };
        needed.address = whole.then(|| Word::prefix(prefix));
        let lengths = kept_lengths(prefix.base).into_iter();
        rest.extend(
            lengths
                .filter(|length| *length <= prefix.length)
                .map(|length| Word::prefix(Prefix::of(prefix.base, length))),
        );
    }
    rest.extend(query.route.as_ref().map(|route| Word::of(About::Route, route.as_bytes())));
    rest.extend(query.action.map(|action| Word::number(About::Action, action as u64)));
    rest.extend(query.reason.as_ref().map(|reason| Word::of(About::Reason, reason.as_bytes())));
    rest.extend(query.network.map(|number| Word::number(About::Network, number.into())));
    rest.extend(query.country.map(|code| Word::of(About::Country, record::country_text(&code).as_bytes())));
    rest.extend(query.account.map(|account| Word::number(About::Account, account)));
    let fingerprint = query.fingerprint.as_ref().filter(|text| is_whole(text));
    rest.extend(fingerprint.map(|text| Word::of(About::Fingerprint, text.as_bytes())));
    if let Some(path) = &query.path {
        needed.path = kept_beginnings(path).map(|beginning| Word::of(About::Path, beginning)).collect();
    }
    needed
}

/// Whether a text is a fingerprint and not the beginning of one: a JA4, or 16 digits of a header's. Those of HTTP/2 have
/// no length of their own.
fn is_whole(text: &str) -> bool {
    let parts: Vec<usize> = text.split('_').map(str::len).collect();
    parts == [10, 12, 12] || (text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
