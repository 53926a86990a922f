//! `/v1/sites…` on the admin port: what `spigot site` does, for programs, behind a key that it made. The table of
//! [`operations`] is what is served and what `docs/openapi/sites.json` shows.

mod openapi;
mod operations;
#[cfg(test)]
mod tests;

use std::path::Path;

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Bytes;
use serde_json::Value;
use spigot_admin::PolicyStore;
use spigot_admin::api::{Answer, Problem, names_in};
use spigot_decision::Millis;

use self::operations::{Asked, OPERATIONS, Operation};
use crate::sites::api_key_name;

/// Where the document is, for whoever asks.
const DOCUMENT: &str = "/v1/openapi.json";

/// Whether a path of the admin port is answered here.
pub(crate) fn is_here(path: &str) -> bool {
    path == DOCUMENT
        || path.strip_prefix("/v1/sites").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a call. It may wait for the disk.
pub(crate) fn answer(folder: &Path, request: &Request<Bytes>, now: Millis) -> Answer {
    let path = request.uri().path();
    if path == DOCUMENT && *request.method() == Method::GET {
        return Answer::json(StatusCode::OK, &openapi::document());
    }
    let problem = match called(folder, request, now) {
        Ok((status, body)) => return Answer::json(status, &body),
        Err(problem) => problem,
    };
    let mut answer = Answer::problem(&problem);
    if problem.status == StatusCode::METHOD_NOT_ALLOWED {
        let methods: Vec<_> = at(path).map(|(operation, _)| operation.method.as_str()).collect();
        if let Ok(methods) = HeaderValue::from_str(&methods.join(", ")) {
            answer.headers.insert(header::ALLOW, methods);
        }
    }
    answer
}

fn called(folder: &Path, request: &Request<Bytes>, now: Millis) -> Result<(StatusCode, Value), Problem> {
    let mut store = PolicyStore::open(folder).map_err(Problem::ours)?;
    let author = author(&store, request.headers())?;
    let mut known = at(request.uri().path()).peekable();
    if known.peek().is_none() {
        return Err(Problem::absent(format!("There is nothing here. {DOCUMENT} says what there is.")));
    }
    let Some((operation, site)) = known.find(|(operation, _)| operation.method == *request.method()) else {
        let detail = format!("This cannot be done here. {DOCUMENT} says what can.");
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail));
    };
    let mut asked = Asked { store: &mut store, site: &site, body: request.body(), author: &author, now };
    Ok((operation.gives.0, (operation.run)(&mut asked)?))
}

/// What there is at a path, and the site that it names.
fn at(path: &str) -> impl Iterator<Item = (&'static Operation, String)> {
    OPERATIONS.iter().filter_map(move |operation| {
        let names = names_in(operation.path, path)?;
        Some((operation, names.into_iter().next().map(|(_, site)| site).unwrap_or_default()))
    })
}

/// Who calls, by the key in `Authorization`.
fn author(store: &PolicyStore, headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let name = api_key_name(store, key.trim()).map_err(Problem::ours)?;
    let help = "Send a key as `Authorization: Bearer …`; `spigot site api-key add NAME` makes one.";
    name.map(|name| format!("api key {name}"))
        .ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "key_unknown", help))
}
