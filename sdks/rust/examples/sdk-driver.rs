//! The driver that the shared checks talk to: calls of a line each, or an application behind the layer.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is told by its environment"
)]

use std::io::{BufRead, Read};
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ConnectInfo;
use serde_json::{Value, json};
use spigot_client::{Decision, Error, Expected, Request, Spigot, SpigotLayer};
use tower::Layer;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("serve") => serve().await,
        _ => lines().await,
    }
}

async fn lines() {
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let spigot = Spigot::new(asked["base"].as_str().unwrap(), asked["secret"].as_str().unwrap())
            .unwrap()
            .timeout(Duration::from_millis(asked["timeout_millis"].as_u64().unwrap()))
            .fail_open(asked["fail_open"] == true);
        println!("{}", answer(&spigot, &asked).await.unwrap_or_else(|error| failed(&error)));
    }
}

async fn answer(spigot: &Spigot, asked: &Value) -> Result<Value, Error> {
    let text = |name: &str| asked[name].as_str();
    let result = match text("call") {
        Some("verify") => {
            let expected =
                Expected { address: text("address"), action: text("action"), hostname: text("hostname") };
            let found = spigot.verify(text("token").unwrap(), expected).await?;
            json!({
                "success": found.success, "checked": found.checked, "codes": found.codes, "hostname": found.hostname,
                "action": found.action, "data": found.data, "solved_at": found.solved_at,
            })
        }
        Some("outcome") => {
            json!({ "counted": spigot.outcome(text("decision").unwrap(), asked["success"] == true).await? })
        }
        Some("decide") => told(&spigot.decide(&request(&asked["request"])).await?),
        _ => {
            let requests: Vec<_> = asked["requests"].as_array().unwrap().iter().map(request).collect();
            let decided = spigot.decide_all(&requests).await?;
            decided.iter().map(|one| one.as_ref().map_or_else(failed, told)).collect()
        }
    };
    Ok(json!({ "result": result }))
}

fn request(described: &Value) -> Request {
    let text = |name: &str| described[name].as_str().map(str::to_owned);
    Request {
        host: text("host").unwrap(),
        address: text("address").unwrap(),
        path: text("path"),
        action: text("action"),
        method: text("method"),
        scheme: text("scheme"),
        headers: serde_json::from_value(described["headers"].clone()).unwrap_or_default(),
        account: text("account"),
        body: text("body").unwrap_or_default().into_bytes(),
        ..Request::default()
    }
}

fn failed(error: &Error) -> Value {
    json!({ "error": {
        "kind": error.kind.name(), "code": error.code, "retry_after_seconds": error.retry_after_seconds,
        "text": format!("{error} {error:?}"),
    } })
}

fn told(decision: &Decision) -> Value {
    let response = decision.response.as_ref();
    json!({
        "id": decision.id, "action": decision.action, "effective": decision.effective, "risk": decision.risk,
        "reasons": decision.reasons.iter().map(|reason| &reason.name).collect::<Vec<_>>(), "passes": decision.passes(),
        "checked": decision.checked, "request_headers": decision.request_headers,
        "response": response.map(|told| json!({ "status": told.status, "headers": told.headers, "body": told.body })),
    })
}

/// An application that tells what it was given, until the standard input ends.
async fn serve() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let spigot = Spigot::new(&variable("SPIGOT_BASE"), &variable("SPIGOT_SECRET"))
        .unwrap()
        .timeout(Duration::from_millis(variable("SPIGOT_TIMEOUT_MILLIS").parse().unwrap()))
        .fail_open(!variable("SPIGOT_FAIL_OPEN").is_empty());
    let layer = SpigotLayer::new(spigot, |parts| {
        parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
    })
    .showing_bodies(|parts| parts.uri.path().starts_with("/shown/"), axum::body::Body::new);
    let application = layer.layer(axum::Router::new().fallback(application));
    let service = axum::ServiceExt::<axum::extract::Request>::into_make_service_with_connect_info::<SocketAddr>(
        application,
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", json!({ "port": listener.local_addr().unwrap().port() }));
    tokio::spawn(async { axum::serve(listener, service).await });
    let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await;
}

async fn application(request: axum::extract::Request) -> String {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let headers: Vec<_> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let path = parts.uri.path_and_query().unwrap().as_str();
    json!({
        "method": parts.method.as_str(), "path": path, "routed": parts.uri.path(), "headers": headers,
        "body": String::from_utf8_lossy(&body),
    })
    .to_string()
}
