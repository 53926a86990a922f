//! `/v1/sites…` on the admin port: what `spigot site` does, for programs, behind a key that it made.

use std::path::Path;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use spigot_admin::{PolicyStore, StoreError};
use spigot_decision::Millis;

use crate::clock::now;
use crate::sites::{Wanted, add_secret, api_key_name, shown};

/// A site's settings are some hundred bytes.
const BODY_BYTES: usize = 64 << 10;

/// What a call comes to: a status and a body.
type Outcome = Result<(StatusCode, Value), (StatusCode, String)>;

/// Answers a call below `/v1/sites`.
pub(crate) async fn answer(folder: &Path, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, body) = call(folder, request).await.unwrap_or_else(|(status, detail)| {
        let title = status.canonical_reason().unwrap_or("error");
        (
            status,
            json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail }),
        )
    });
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let media_type = if status.is_success() { "application/json" } else { "application/problem+json" };
    let headers = response.headers_mut();
    headers.insert("content-type", hyper::header::HeaderValue::from_static(media_type));
    headers.insert("cache-control", hyper::header::HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert("www-authenticate", hyper::header::HeaderValue::from_static("Bearer"));
    }
    response
}

async fn call(folder: &Path, request: Request<Incoming>) -> Outcome {
    let mut store = PolicyStore::open(folder).map_err(ours)?;
    let author = author(&store, &request)?;
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let called: Vec<&str> =
        path.trim_start_matches("/v1/sites").split('/').filter(|p| !p.is_empty()).collect();
    let body = Limited::new(request.into_body(), BODY_BYTES)
        .collect()
        .await
        .map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, "The body has at most 64 KiB.".to_owned()))?
        .to_bytes();
    let now = now();
    match (method, called.as_slice()) {
        (Method::GET, []) => {
            let sites = store.sites().map_err(ours)?;
            Ok((StatusCode::OK, json!({ "sites": sites.iter().map(shown).collect::<Vec<_>>() })))
        }
        (Method::POST, []) => {
            let mut site = wanted(&body)?.new_site().map_err(theirs)?;
            let secret = add_secret(&mut site, 0, now).map_err(theirs)?;
            let key = site.site_key.clone();
            store.add_site(site, &author, now).map_err(refused)?;
            Ok((StatusCode::CREATED, with_secret(&store, &key, secret)?))
        }
        (Method::GET, [site]) => Ok((StatusCode::OK, shown(&store.site(site).map_err(absent)?))),
        (Method::PATCH, [site]) => {
            let key = store.site(site).map_err(absent)?.site_key;
            let wanted = wanted(&body)?;
            store.change_site(&key, &author, now, |site| wanted.apply(site)).map_err(refused)?;
            Ok((StatusCode::OK, shown(&store.site(&key).map_err(absent)?)))
        }
        (Method::DELETE, [site]) => {
            let key = store.site(site).map_err(absent)?.site_key;
            store.remove(&format!("site {key}"), &author, now).map_err(ours)?;
            Ok((StatusCode::OK, json!({ "removed": key })))
        }
        (Method::POST, [site, "secrets"]) => rotate(&mut store, site, &body, &author, now),
        (_, [] | [_] | [_, "secrets"]) => Err((
            StatusCode::METHOD_NOT_ALLOWED,
            "See docs/service.md for what may be asked here.".to_owned(),
        )),
        _ => Err((StatusCode::NOT_FOUND, "There is nothing here; see docs/service.md.".to_owned())),
    }
}

fn rotate(store: &mut PolicyStore, site: &str, body: &[u8], author: &str, now: Millis) -> Outcome {
    #[derive(serde::Deserialize, Default)]
    #[serde(deny_unknown_fields)]
    struct Rotation {
        overlap_seconds: Option<u32>,
    }
    let rotation: Rotation = if body.is_empty() {
        Rotation::default()
    } else {
        serde_json::from_slice(body).map_err(|error| theirs(error.to_string()))?
    };
    let overlap_millis = i64::from(rotation.overlap_seconds.unwrap_or(86_400)) * 1000;
    let key = store.site(site).map_err(absent)?.site_key;
    let mut secret = String::new();
    store
        .change_site(&key, author, now, |site| {
            secret = add_secret(site, overlap_millis, now)?;
            Ok(())
        })
        .map_err(refused)?;
    Ok((StatusCode::CREATED, with_secret(store, &key, secret)?))
}

/// Who calls, by the key in `Authorization`.
fn author(store: &PolicyStore, request: &Request<Incoming>) -> Result<String, (StatusCode, String)> {
    let key = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let name = api_key_name(store, key.trim()).map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error))?;
    let help = "Send a key as `Authorization: Bearer …`; `spigot site api-key add NAME` makes one.";
    name.map(|name| format!("api key {name}")).ok_or((StatusCode::UNAUTHORIZED, help.to_owned()))
}

fn with_secret(store: &PolicyStore, key: &str, secret: String) -> Result<Value, (StatusCode, String)> {
    let mut body = shown(&store.site(key).map_err(absent)?);
    body["secret"] = secret.into();
    Ok(body)
}

fn wanted(body: &[u8]) -> Result<Wanted, (StatusCode, String)> {
    serde_json::from_slice(body).map_err(|error| theirs(error.to_string()))
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn absent(error: StoreError) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, error.to_string())
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn refused(error: StoreError) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, error.to_string())
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn ours(error: StoreError) -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}

fn theirs(detail: String) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, detail)
}
