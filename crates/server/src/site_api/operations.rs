//! The table of what can be asked of sites, and what is done then.

use http::{Method, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spigot_admin::api::Problem;
use spigot_admin::{PolicyStore, SiteSetting};
use spigot_decision::Millis;

use crate::sites::{Shown, Wanted, add_secret};

/// How long the secrets before a new one still count, when nobody says.
const OVERLAP_SECONDS: u32 = 86_400;

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One thing that can be asked.
pub(super) struct Operation {
    pub(super) id: &'static str,
    pub(super) method: Method,
    /// With `{site}` for a site's name or key.
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) takes: Takes,
    /// The status when it is done, and what is told then.
    pub(super) gives: (StatusCode, SchemaOf),
    pub(super) run: fn(&mut Asked<'_>) -> Result<Value, Problem>,
}

/// What a body may be.
pub(super) enum Takes {
    Nothing,
    Optional(SchemaOf),
    Needed(SchemaOf),
}

/// A call, read so far.
pub(super) struct Asked<'a> {
    pub(super) store: &'a mut PolicyStore,
    pub(super) site: &'a str,
    pub(super) body: &'a [u8],
    pub(super) author: &'a str,
    pub(super) now: Millis,
}

pub(super) static OPERATIONS: [Operation; 6] = [
    Operation {
        id: "listSites",
        method: Method::GET,
        path: "/v1/sites",
        summary: "All sites.",
        takes: Takes::Nothing,
        gives: (StatusCode::OK, SchemaGenerator::subschema_for::<Sites>),
        run: list,
    },
    Operation {
        id: "addSite",
        method: Method::POST,
        path: "/v1/sites",
        summary: "Adds a site with its first secret.",
        takes: Takes::Needed(new_site),
        gives: (StatusCode::CREATED, with_secret),
        run: add,
    },
    Operation {
        id: "showSite",
        method: Method::GET,
        path: "/v1/sites/{site}",
        summary: "One site.",
        takes: Takes::Nothing,
        gives: (StatusCode::OK, SchemaGenerator::subschema_for::<Shown>),
        run: show,
    },
    Operation {
        id: "changeSite",
        method: Method::PATCH,
        path: "/v1/sites/{site}",
        summary: "Changes a site; what is left out stays.",
        takes: Takes::Needed(SchemaGenerator::subschema_for::<Wanted>),
        gives: (StatusCode::OK, SchemaGenerator::subschema_for::<Shown>),
        run: change,
    },
    Operation {
        id: "removeSite",
        method: Method::DELETE,
        path: "/v1/sites/{site}",
        summary: "Removes a site. Its tokens count no more.",
        takes: Takes::Nothing,
        gives: (StatusCode::OK, SchemaGenerator::subschema_for::<Removed>),
        run: remove,
    },
    Operation {
        id: "addSecret",
        method: Method::POST,
        path: "/v1/sites/{site}/secrets",
        summary: "Makes a new secret; the ones before retire.",
        takes: Takes::Optional(SchemaGenerator::subschema_for::<Rotation>),
        gives: (StatusCode::CREATED, with_secret),
        run: rotate,
    },
];

#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Sites {
    sites: Vec<Shown>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Removed {
    /// Its site key.
    removed: String,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// How long the secrets before still count; 0 for not at all. A day without.
    overlap_seconds: Option<u32>,
}

fn new_site(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "allOf": [generator.subschema_for::<Wanted>()], "required": ["name", "hosts"] })
}

fn with_secret(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "allOf": [generator.subschema_for::<Shown>()], "required": ["secret"] })
}

fn list(asked: &mut Asked<'_>) -> Result<Value, Problem> {
    let sites = asked.store.sites().map_err(Problem::ours)?;
    Ok(json!(Sites { sites: sites.iter().map(Shown::of).collect() }))
}

fn add(asked: &mut Asked<'_>) -> Result<Value, Problem> {
    let mut site = read::<Wanted>(asked.body)?.new_site().map_err(Problem::refused)?;
    let secret = add_secret(&mut site, 0, asked.now).map_err(Problem::refused)?;
    let key = site.site_key.clone();
    asked.store.add_site(site, asked.author, asked.now)?;
    let kept = known(asked.store, &key)?;
    Ok(json!(Shown { secret: Some(secret), ..Shown::of(&kept) }))
}

fn show(asked: &mut Asked<'_>) -> Result<Value, Problem> {
    Ok(json!(Shown::of(&known(asked.store, asked.site)?)))
}

fn change(asked: &mut Asked<'_>) -> Result<Value, Problem> {
    let key = known(asked.store, asked.site)?.site_key;
    let wanted: Wanted = read(asked.body)?;
    asked.store.change_site(&key, asked.author, asked.now, |site| wanted.apply(site))?;
    Ok(json!(Shown::of(&known(asked.store, &key)?)))
}

fn remove(asked: &mut Asked<'_>) -> Result<Value, Problem> {
    let key = known(asked.store, asked.site)?.site_key;
    asked.store.remove(&format!("site {key}"), asked.author, asked.now).map_err(Problem::ours)?;
    Ok(json!(Removed { removed: key }))
}

fn rotate(asked: &mut Asked<'_>) -> Result<Value, Problem> {
    let rotation: Rotation = if asked.body.is_empty() { Rotation::default() } else { read(asked.body)? };
    let overlap_millis = i64::from(rotation.overlap_seconds.unwrap_or(OVERLAP_SECONDS)) * 1000;
    let key = known(asked.store, asked.site)?.site_key;
    let mut secret = None;
    asked.store.change_site(&key, asked.author, asked.now, |site| {
        secret = Some(add_secret(site, overlap_millis, asked.now)?);
        Ok(())
    })?;
    Ok(json!(Shown { secret, ..Shown::of(&known(asked.store, &key)?) }))
}

/// The site with a name or key, as it is kept.
fn known(store: &PolicyStore, called: &str) -> Result<SiteSetting, Problem> {
    let site = store.find_site(called).map_err(Problem::ours)?;
    site.ok_or_else(|| {
        Problem::absent(format!("There is no site \"{called}\". GET /v1/sites lists those that there are."))
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::refused(format!("the body does not fit: {error}")))
}
