//! The admin port: health and metrics, and the API for sites, which asks for a key. On the loopback unless configured
//! otherwise.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use spigot_decision::Policy;
use spigot_gateway::Gateway;
use spigot_state::Memory;

use crate::keeping::Keeping;
use crate::site_api;

/// Serves until its thread ends.
pub(crate) async fn serve(
    gateway: Arc<Gateway<Memory>>,
    keeping: Arc<Keeping>,
    folder: PathBuf,
    listener: std::net::TcpListener,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (gateway, keeping, folder) = (gateway.clone(), keeping.clone(), folder.clone());
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| {
                let (gateway, keeping, folder) = (gateway.clone(), keeping.clone(), folder.clone());
                async move {
                    let path = request.uri().path();
                    if path == "/v1/sites" || path.starts_with("/v1/sites/") {
                        return Ok::<_, Infallible>(site_api::answer(&folder, request).await);
                    }
                    Ok(answer(&gateway, &keeping, &request))
                }
            });
            let mut builder = hyper::server::conn::http1::Builder::new();
            let _ = builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(
    gateway: &Gateway<Memory>,
    keeping: &Keeping,
    request: &Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (status, media_type, text) = match request.uri().path() {
        "/health" => (StatusCode::OK, "application/json", health(gateway, keeping)),
        "/metrics" => (StatusCode::OK, "text/plain; version=0.0.4", metrics(gateway, keeping)),
        "/" => (StatusCode::OK, "text/plain; charset=utf-8", "Spigot's admin port: /health, /metrics, and /v1/sites with a key. Other settings are made with the command line; see `spigot help`.\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "There is nothing here. Try /health or /metrics.\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(media_type));
    response
}

fn health(gateway: &Gateway<Memory>, keeping: &Keeping) -> String {
    let snapshot = gateway.snapshot.load();
    let table = gateway.state.table.stats();
    let (spends_max, spends) = gateway.state.spends.fill();
    let (reasons, open) = gateway.breaker.sizes();
    serde_json::json!({
        "status": "serving",
        "revision": snapshot.policy.revision,
        "events": { "written": gateway.recorder.written(), "dropped": gateway.recorder.dropped(), "failed": gateway.recorder.failed(),
                    "last_error": gateway.recorder.last_error().map(|error| error.to_string()) },
        "keeping": { "failed": keeping.failed(), "last_error": keeping.last_error() },
        "counters": { "bytes": table.bytes, "evicted": table.evicted, "merged": table.merged, "chunks": table.chunks, "chunks_used": table.chunks_used },
        "breaker": { "demoted": demoted(&snapshot.policy), "reasons": reasons, "challenges_open": open },
        "spends": { "most": spends_max, "now": spends },
    })
    .to_string()
}

/// What the breaker keeps from asking at the moment.
fn demoted(policy: &Policy) -> Vec<String> {
    let now = crate::clock::now();
    let in_force = policy.operator.demoted.iter().filter(|demoted| now < demoted.end);
    in_force.map(|demoted| demoted.name.clone()).collect()
}

fn metrics(gateway: &Gateway<Memory>, keeping: &Keeping) -> String {
    let mut text = gateway.metrics.render();
    text.push_str(&gateway.snapshot.load().settings.provider_metrics());
    let recorder = &gateway.recorder;
    let table = gateway.state.table.stats();
    let counters = [
        ("events_written_total", recorder.written()),
        ("events_dropped_total", recorder.dropped()),
        ("events_failed_total", recorder.failed()),
        ("keeping_failed_total", keeping.failed()),
        ("counter_evictions_total", table.evicted),
        ("counter_merges_total", table.merged),
    ];
    let demoted = demoted(&gateway.snapshot.load().policy).len();
    text.push_str(&format!(
        "# HELP spigot_reasons_demoted Reasons for challenges that the breaker keeps from asking.\n# TYPE spigot_reasons_demoted gauge\nspigot_reasons_demoted {demoted}\n"
    ));
    for (name, value) in counters {
        text.push_str(&format!("# TYPE spigot_{name} counter\nspigot_{name} {value}\n"));
    }
    text
}
