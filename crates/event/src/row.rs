//! Columns of the event table: what an event becomes, and what a record is made from.

use std::fmt::Write;
use std::net::IpAddr;

use rusqlite::Row;
use spigot_decision::{Action, Level, Millis};

use crate::record::{self, RecordChallenge, RecordReason, RecordThresholds};
use crate::store::SEQUENCE_BITS;
use crate::{DecisionId, Event, Record, RecordFingerprints};

/// The columns that [`read`] reads, with words resolved, of `event AS e`.
pub(crate) const COLUMNS: &str = "e.at, e.id, (SELECT text FROM word WHERE word = e.revision), \
    (SELECT text FROM word WHERE word = e.route), e.host, e.method, e.path, e.client, e.network, e.country, \
    (SELECT text FROM word WHERE word = e.device), e.user_agent, (SELECT text FROM word WHERE word = e.sender), \
    e.action, e.effective, e.risk, e.reasons, e.thresholds, e.level, e.clearance, \
    (SELECT text FROM word WHERE word = e.challenge_kind), (SELECT text FROM word WHERE word = e.challenge_result), \
    e.log2_work, e.solve_millis, e.trickled, e.upstream_status, e.added_micros, \
    e.claimed_millis, e.fingerprints";

/// One reason in the `reasons` column: name, kind, what it gave, evidence.
pub(crate) type StoredReason = (String, String, String, Option<String>);

/// The first row id that an event at `time` can have. Times before 1970 and after 2248 are moved into that range.
pub(crate) fn first_at(time: Millis) -> i64 {
    time.0.clamp(0, (1 << (63 - SEQUENCE_BITS)) - 1) << SEQUENCE_BITS
}

/// The time of a row id.
pub(crate) fn time_of(at: i64) -> Millis {
    Millis(at >> SEQUENCE_BITS)
}

/// Actions are stored by their strength, from 0.
pub(crate) fn action_number(action: Action) -> i64 {
    Action::ALL.iter().position(|other| *other == action).unwrap_or(0) as i64
}

pub(crate) fn action_name(number: i64) -> String {
    let action = usize::try_from(number).ok().and_then(|index| Action::ALL.get(index));
    action.map_or_else(|| "unknown".to_owned(), |action| action.name().to_owned())
}

pub(crate) fn address_bytes(address: IpAddr, into: &mut [u8; 16]) -> &[u8] {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            into[..4].copy_from_slice(&v4.octets());
            &into[..4]
        }
        IpAddr::V6(v6) => {
            *into = v6.octets();
            &into[..]
        }
    }
}

/// `None` for bytes that are no address.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

pub(crate) fn thresholds_number(thresholds: RecordThresholds) -> i64 {
    i64::from(thresholds.log) << 16 | i64::from(thresholds.challenge) << 8 | i64::from(thresholds.block)
}

/// Compact JSON, `[["name","kind","gave","evidence"],…]`: an array that starts with its name, so that a search for
/// `["name",` finds reasons of that name and nothing else.
pub(crate) fn reasons_json(event: &Event, json: &mut String) {
    json.clear();
    json.push('[');
    for (index, reason) in event.decision.reasons.iter().enumerate() {
        let text = record::rendered(&event.policy, reason);
        json.push_str(if index == 0 { "[" } else { ",[" });
        for part in [&text.name, &text.kind, &text.gave] {
            quoted(part, json);
            json.push(',');
        }
        match &text.evidence {
            Some(evidence) => quoted(evidence, json),
            None => json.push_str("null"),
        }
        json.push(']');
    }
    json.push(']');
}

/// A JSON string, RFC 8259 section 7.
pub(crate) fn quoted(text: &str, json: &mut String) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                json.push('\\');
                json.push(letter);
            }
            control if control < ' ' => {
                let _ = write!(json, "\\u{:04x}", control as u32);
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

/// Makes a record of a row of [`COLUMNS`]. Values that this version does not know become `unknown`.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Record)> {
    let at: i64 = row.get(0)?;
    let time = time_of(at);
    let word = |column| row.get::<_, Option<String>>(column);
    let known = |column| word(column).map(|text| text.unwrap_or_else(|| "unknown".to_owned()));
    let level = |number: u8| Level::from_number(number).map_or("unknown", Level::name).to_owned();
    let thresholds: i64 = row.get(17)?;
    let challenge = match word(20)? {
        Some(kind) => Some(RecordChallenge {
            kind,
            result: known(21)?,
            log2_work: row.get::<_, Option<u8>>(22)?.unwrap_or(0),
            solve_millis: row.get(23)?,
            claimed_millis: row.get(27)?,
        }),
        None => None,
    };
    let record = Record {
        time: time.to_string(),
        time_millis: time.0,
        id: <[u8; 10]>::try_from(row.get_ref(1)?.as_blob()?)
            .map(|id| DecisionId(id).to_string())
            .unwrap_or_default(),
        revision: known(2)?,
        route: known(3)?,
        host: row.get(4)?,
        method: row.get(5)?,
        path: row.get(6)?,
        client: address(row.get_ref(7)?.as_blob()?).map(|ip| ip.to_string()).unwrap_or_default(),
        network: row.get(8)?,
        country: row.get(9)?,
        device: word(10)?,
        user_agent: row.get(11)?,
        sender: known(12)?,
        fingerprints: RecordFingerprints::unpack(row.get_ref(28)?.as_str_or_null()?.unwrap_or_default()),
        action: action_name(row.get(13)?),
        effective: action_name(row.get(14)?),
        risk: row.get(15)?,
        reasons: reasons(row.get_ref(16)?.as_str()?),
        thresholds: RecordThresholds {
            log: (thresholds >> 16) as u8,
            challenge: (thresholds >> 8) as u8,
            block: thresholds as u8,
        },
        level: level(row.get(18)?),
        clearance: row.get::<_, Option<u8>>(19)?.map(level),
        challenge,
        trickled: row.get(24)?,
        upstream_status: row.get(25)?,
        added_micros: row.get(26)?,
    };
    Ok((at, record))
}

/// Reads the `reasons` column; what cannot be read is one reason that says so.
fn reasons(json: &str) -> Vec<RecordReason> {
    match serde_json::from_str::<Vec<StoredReason>>(json) {
        Ok(stored) => stored
            .into_iter()
            .map(|(name, kind, gave, evidence)| RecordReason { name, kind, gave, evidence })
            .collect(),
        Err(_) => vec![RecordReason {
            name: "unreadable".to_owned(),
            kind: "flow".to_owned(),
            gave: "tells".to_owned(),
            evidence: None,
        }],
    }
}
