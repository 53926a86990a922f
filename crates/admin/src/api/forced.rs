//! Challenges that operators force on endpoints.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::Millis;

use super::call::Call;
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::settings::{ahead, put, remove, shown};
use crate::setting::{ForcedSetting, Setting};
use crate::staff::Need;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "forced.list",
            "/api/forced",
            Need::Look,
            "The endpoints with a forced challenge.",
            list,
        ),
        Operation::send(
            "forced.put",
            Method::PUT,
            "/api/forced",
            Need::Steer,
            "Forces a challenge on an endpoint, for everybody.",
            force,
        ),
        Operation::send(
            "forced.remove",
            Method::DELETE,
            "/api/forced/{key}",
            Need::Steer,
            "Stops forcing it.",
            |call, _: &Nothing| remove(call, "force ").map(|()| Nothing {}),
        )
        .guarded(),
    ]
}

/// Endpoints with a forced challenge.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ForcedList {
    forced: Vec<ForcedEndpoint>,
}

/// An endpoint with a forced challenge.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ForcedEndpoint {
    key: String,
    /// Goes back in `If-Match` or `version` with a change.
    version: u64,
    endpoint: String,
    host: Option<String>,
    until: Option<String>,
    reason: String,
    author: String,
    since: String,
}

/// An endpoint to force a challenge on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForcedWanted {
    /// Methods and path, `POST /signup`.
    endpoint: String,
    host: Option<String>,
    /// Without end when absent.
    until: Option<String>,
    reason: String,
    /// The version that it takes the place of.
    version: Option<u64>,
}

fn list(call: &Call<'_>, _: &Nothing) -> Result<ForcedList, Problem> {
    let known = call.settings()?.versions("force ", call.now)?;
    let forced = known.into_iter().filter_map(|known| {
        let Setting::Force(forced) = known.setting else { return None };
        Some(ForcedEndpoint {
            key: known.key,
            version: known.version,
            endpoint: forced.endpoint,
            host: forced.host,
            until: forced.until.map(|until| Millis(until).to_string()),
            reason: shown(call, &forced.reason),
            author: known.author,
            since: known.since.to_string(),
        })
    });
    Ok(ForcedList { forced: forced.collect() })
}

fn force(call: &Call<'_>, wanted: &ForcedWanted) -> Result<Nothing, Problem> {
    if wanted.reason.trim().is_empty() {
        return Err(Problem::refused("Say why: whoever is on call next wants to know"));
    }
    let setting = Setting::Force(ForcedSetting {
        endpoint: wanted.endpoint.trim().to_owned(),
        host: wanted.host.clone().filter(|host| !host.is_empty()),
        until: wanted.until.as_deref().map(|until| ahead(until, call.now)).transpose()?,
        reason: wanted.reason.trim().to_owned(),
    });
    put(call, setting, wanted.version)?;
    Ok(Nothing {})
}
