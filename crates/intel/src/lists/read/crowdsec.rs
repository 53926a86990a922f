use serde::Deserialize;

use super::{Change, Entries, add};

/// `GET /v1/decisions/stream` (CrowdSec LAPI, `GetDecisionsStreamResponse`). Each half may be `null`.
#[derive(Deserialize)]
struct Stream {
    new: Option<Vec<Decided>>,
    deleted: Option<Vec<Decided>>,
}

/// Scopes are `Ip`, `Range`, or something that is no address.
#[derive(Deserialize)]
struct Decided {
    scope: String,
    value: String,
}

pub(super) fn read(bytes: &[u8], most: usize) -> Result<Change, String> {
    let stream: Stream = serde_json::from_slice(bytes)
        .map_err(|error| format!("it is no answer of CrowdSec's decisions stream: {error}"))?;
    let entries = |decided: Option<Vec<Decided>>| {
        let mut entries = Entries::default();
        for one in decided.unwrap_or_default() {
            if one.scope.eq_ignore_ascii_case("ip") || one.scope.eq_ignore_ascii_case("range") {
                add(&mut entries, &one.value, most)?;
            }
        }
        Ok::<_, String>(entries)
    };
    Ok(Change::Since { new: entries(stream.new)?, gone: entries(stream.deleted)? })
}
