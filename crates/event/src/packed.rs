//! What of an event no query asks by: one JSON array in one column, because a column of its own costs a row more than
//! the value itself. Places have fixed meanings. New ones are appended; what is absent at the end of a row, because it
//! is empty or the row is older than the place, is none.

use std::fmt;

use rusqlite::types::{FromSqlError, Type};
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::Event;
use crate::record::{self, RecordThresholds};
use crate::row::{action_number, quoted};

/// Where the result of a challenge stands, as SQLite's JSON functions name places.
pub(crate) const RESULT: &str = "$[17][1]";

/// Where other places stand that queries may ask by: they are named seldom, or make what is left few.
pub(crate) const PATH: &str = "$[9]";
pub(crate) const DEVICE: &str = "$[12]";
pub(crate) const NETWORK: &str = "$[14]";
pub(crate) const COUNTRY: &str = "$[15]";
pub(crate) const ACCOUNT: &str = "$[20]";

/// Words by their numbers, see `store`.
pub(crate) struct Words {
    pub(crate) revision: i64,
    pub(crate) sender: i64,
    pub(crate) device: Option<i64>,
    /// Kind and result.
    pub(crate) challenge: Option<(i64, i64)>,
    /// A provider's name and its answer.
    pub(crate) provider: Option<(i64, Option<i64>)>,
}

/// Writes an event's array in the place of what `json` held.
pub(crate) fn write(event: &Event, words: &Words, json: &mut String) {
    json.clear();
    let route = event.policy.route(event.decision.route);
    let thresholds = thresholds_number(record::thresholds(event));
    let numbers = [
        words.revision,
        action_number(event.decision.effective),
        event.decision.risk.into(),
        thresholds,
        route.settings.level as i64,
        words.sender,
        event.added_micros.into(),
    ];
    for (index, value) in numbers.into_iter().enumerate() {
        json.push(if index == 0 { '[' } else { ',' });
        number(value, json);
    }
    for text in [&*event.host, &*event.method, &*event.path, &*event.user_agent] {
        json.push(',');
        quoted(text, json);
    }
    let mut filled = json.len();
    let optional = [
        event.upstream_status.map(i64::from),
        words.device,
        event.clearance.map(|level| level as i64),
        event.network.map(i64::from),
    ];
    for value in optional {
        json.push(',');
        maybe(value, json, &mut filled);
    }
    json.push(',');
    match event.country {
        Some(code) => {
            quoted(&record::country_text(&code), json);
            filled = json.len();
        }
        None => json.push_str("null"),
    }
    json.push(',');
    maybe(event.trickled.then_some(1), json, &mut filled);
    step(event, words, json, &mut filled);
    json.push(',');
    match &event.site {
        Some(site) => {
            quoted(site, json);
            filled = json.len();
        }
        None => json.push_str("null"),
    }
    json.push(',');
    maybe(event.account.map(u64::cast_signed), json, &mut filled);
    json.truncate(filled);
    json.push(']');
}

/// The places of a challenge and of a provider.
fn step(event: &Event, words: &Words, json: &mut String, filled: &mut usize) {
    let Some((step, (kind, result))) = event.challenge.as_deref().zip(words.challenge) else {
        return json.push_str(",null,null");
    };
    json.push_str(",[");
    number(kind, json);
    let rest = [
        Some(result),
        Some(step.log2_work.into()),
        step.solve_millis.map(i64::from),
        step.claimed_millis.map(i64::from),
    ];
    for value in rest {
        json.push(',');
        maybe(value, json, filled);
    }
    json.push(']');
    *filled = json.len();
    let Some((told, (name, answer))) = step.provider.zip(words.provider) else {
        return json.push_str(",null");
    };
    json.push_str(",[");
    number(name, json);
    for value in [answer, told.millis.map(i64::from), told.risk.map(i64::from)] {
        json.push(',');
        maybe(value, json, filled);
    }
    json.push(']');
    *filled = json.len();
}

fn maybe(value: Option<i64>, json: &mut String, filled: &mut usize) {
    match value {
        Some(value) => {
            number(value, json);
            *filled = json.len();
        }
        None => json.push_str("null"),
    }
}

fn number(value: i64, json: &mut String) {
    json.push_str(itoa::Buffer::new().format(value));
}

fn thresholds_number(from: RecordThresholds) -> i64 {
    i64::from(from.log) << 16 | i64::from(from.challenge) << 8 | i64::from(from.block)
}

/// An array that was read.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    pub(crate) revision: i64,
    pub(crate) effective: i64,
    pub(crate) risk: u8,
    pub(crate) thresholds: RecordThresholds,
    pub(crate) level: u8,
    pub(crate) sender: i64,
    pub(crate) added_micros: u32,
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) user_agent: String,
    pub(crate) upstream_status: Option<u16>,
    pub(crate) device: Option<i64>,
    pub(crate) clearance: Option<u8>,
    pub(crate) network: Option<u32>,
    pub(crate) country: Option<String>,
    pub(crate) trickled: bool,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) provider: Option<Provider>,
    pub(crate) site: Option<String>,
    /// The bits of the hash.
    pub(crate) account: Option<i64>,
}

/// Kind, result, base-2 logarithm of the work, milliseconds to solve and claimed.
type Challenge = (i64, i64, u8, Option<u32>, Option<u32>);

/// Name, answer, milliseconds, risk.
type Provider = (i64, Option<i64>, Option<u32>, Option<u8>);

impl Packed {
    /// Reads a column's text.
    pub(crate) fn read(column: usize, json: &str) -> rusqlite::Result<Self> {
        serde_json::from_str(json).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(column, Type::Text, FromSqlError::other(error).into())
        })
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Places;

        impl<'de> Visitor<'de> for Places {
            type Value = Packed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the array of an event")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut places: A) -> Result<Packed, A::Error> {
                let packed = Packed {
                    revision: next(&mut places)?,
                    effective: next(&mut places)?,
                    risk: next(&mut places)?,
                    thresholds: thresholds(next(&mut places)?),
                    level: next(&mut places)?,
                    sender: next(&mut places)?,
                    added_micros: next(&mut places)?,
                    host: next(&mut places)?,
                    method: next(&mut places)?,
                    path: next(&mut places)?,
                    user_agent: next(&mut places)?,
                    upstream_status: next(&mut places)?,
                    device: next(&mut places)?,
                    clearance: next(&mut places)?,
                    network: next(&mut places)?,
                    country: next(&mut places)?,
                    trickled: next::<Option<u8>, _>(&mut places)?.is_some_and(|trickled| trickled != 0),
                    challenge: next(&mut places)?,
                    provider: next(&mut places)?,
                    site: next(&mut places)?,
                    account: next(&mut places)?,
                };
                // Places that a later version appended.
                while places.next_element::<IgnoredAny>()?.is_some() {}
                Ok(packed)
            }
        }

        deserializer.deserialize_seq(Places)
    }
}

fn next<'de, T: Deserialize<'de> + Default, A: SeqAccess<'de>>(places: &mut A) -> Result<T, A::Error> {
    Ok(places.next_element()?.unwrap_or_default())
}

fn thresholds(number: i64) -> RecordThresholds {
    RecordThresholds { log: (number >> 16) as u8, challenge: (number >> 8) as u8, block: number as u8 }
}
