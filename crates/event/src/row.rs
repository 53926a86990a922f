//! Columns of the event table: what an event becomes, and what a record is made from.

use std::fmt::Write;
use std::net::IpAddr;

use rusqlite::Row;
use spigot_decision::{Action, Level, Millis, evidence_text};

use crate::packed::Packed;
use crate::record::{self, RecordChallenge, RecordProvider, RecordReason};
use crate::store::SEQUENCE_BITS;
use crate::{DecisionId, Event, Record, RecordFingerprints};

/// The columns that [`read`] reads.
pub(crate) const COLUMNS: &str = "at, id, route, client, action, reasons, fingerprints, packed";

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

/// Compact JSON, `[["name","kind","gave","evidence"],…]`: an array that starts with its name, so that a search for
/// `["name",` finds reasons of that name and nothing else.
pub(crate) fn reasons_json(event: &Event, json: &mut String) {
    json.clear();
    json.push('[');
    for (index, reason) in event.decision.reasons.iter().enumerate() {
        json.push_str(if index == 0 { "[" } else { ",[" });
        quoted(record::name(&event.policy, reason.source), json);
        // The next two are words of ours that go as they are.
        json.push_str(",\"");
        json.push_str(record::kind(reason.source));
        json.push_str("\",\"");
        record::write_gave(reason.kind, json);
        json.push_str("\",");
        match evidence_text(&reason.evidence) {
            Some(evidence) => quoted(&evidence, json),
            None => json.push_str("null"),
        }
        json.push(']');
    }
    json.push(']');
}

/// A JSON string, RFC 8259 section 7.
pub(crate) fn quoted(text: &str, json: &mut String) {
    json.push('"');
    // Nearly every text.
    if goes_as_it_is(text.as_bytes()) {
        json.push_str(text);
        json.push('"');
        return;
    }
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

/// Whether there is nothing to escape, eight bytes at a time.
fn goes_as_it_is(text: &[u8]) -> bool {
    let all = |byte: u8| u64::from_ne_bytes([byte; 8]);
    // Whether any of eight bytes is below another one of at most 128 ("Bit Twiddling Hacks", Sean Eron Anderson). Which
    // ones it does not tell: what the subtraction borrows can mark a byte behind one that is.
    let below = |bytes: u64, byte: u8| bytes.wrapping_sub(all(byte)) & !bytes & all(0x80);
    let escaped =
        |bytes: u64| below(bytes, b' ') | below(bytes ^ all(b'"'), 1) | below(bytes ^ all(b'\\'), 1);
    let (whole, rest) = text.as_chunks::<8>();
    let last = rest.iter().fold(all(b' '), |bytes, byte| bytes << 8 | u64::from(*byte));
    whole.iter().fold(escaped(last), |found, bytes| found | escaped(u64::from_ne_bytes(*bytes))) == 0
}

/// Makes a record of a row of [`COLUMNS`]; `word` gives the text of a word's number. Values that this version does not
/// know become `unknown`.
pub(crate) fn read(
    row: &Row<'_>,
    mut word: impl FnMut(i64) -> rusqlite::Result<String>,
) -> rusqlite::Result<(i64, Record)> {
    let at: i64 = row.get(0)?;
    let time = time_of(at);
    let level = |number: u8| Level::from_number(number).map_or("unknown", Level::name).to_owned();
    let packed = Packed::read(7, row.get_ref(7)?.as_str()?)?;
    let provider = match packed.provider {
        Some((name, answer, millis, risk)) => Some(RecordProvider {
            name: word(name)?,
            answer: answer.map(&mut word).transpose()?,
            millis,
            risk,
        }),
        None => None,
    };
    let challenge = match packed.challenge {
        Some((kind, result, log2_work, solve_millis, claimed_millis)) => Some(RecordChallenge {
            kind: word(kind)?,
            result: word(result)?,
            log2_work,
            solve_millis,
            claimed_millis,
            provider,
        }),
        None => None,
    };
    let record = Record {
        time: time.to_string(),
        time_millis: time.0,
        id: <[u8; 10]>::try_from(row.get_ref(1)?.as_blob()?)
            .map(|id| DecisionId(id).to_string())
            .unwrap_or_default(),
        revision: word(packed.revision)?,
        route: word(row.get(2)?)?,
        host: packed.host,
        method: packed.method,
        path: packed.path,
        client: address(row.get_ref(3)?.as_blob()?).map(|ip| ip.to_string()).unwrap_or_default(),
        network: packed.network,
        country: packed.country,
        device: packed.device.map(&mut word).transpose()?,
        user_agent: packed.user_agent,
        sender: word(packed.sender)?,
        fingerprints: RecordFingerprints::unpack(row.get_ref(6)?.as_str_or_null()?.unwrap_or_default()),
        account: packed.account.map(|account| record::account_text(account.cast_unsigned())),
        action: action_name(row.get(4)?),
        effective: action_name(packed.effective),
        risk: packed.risk,
        reasons: row.get_ref(5)?.as_str_or_null()?.map(reasons).unwrap_or_default(),
        thresholds: packed.thresholds,
        level: level(packed.level),
        clearance: packed.clearance.map(level),
        challenge,
        site: packed.site,
        trickled: packed.trickled,
        upstream_status: packed.upstream_status,
        added_micros: packed.added_micros,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_json_has_them() {
        for odd in [
            "", "a", " ", "~", "\"", "\\", "\n", "\0", "\u{1f}", "\u{7f}", "!", "#", "[", "]", "\u{e4}",
            "\u{20ac}",
        ] {
            for (before, behind) in
                (0..20).flat_map(|length| [(length, 0), (0, length), (length, 9), (8, length)])
            {
                let text = "x".repeat(before) + odd + &"x".repeat(behind);
                let mut json = String::new();
                quoted(&text, &mut json);
                assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{json}");
                let escaped = odd.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\');
                assert_eq!(json.len() > text.len() + 2, escaped, "{json}");
            }
        }
    }
}
