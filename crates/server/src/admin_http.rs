//! The admin port: the panel and its API, health and metrics, and the API for sites, which asks for a key. On the loopback
//! unless configured otherwise. It has a thread of its own, so that nothing which an operator asks for holds up the
//! control thread, and a few more for what waits for the disk.

use std::convert::Infallible;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use spigot_admin::api::{Answer, Api, BODY_BYTES, Body, Problem};
use spigot_admin::panel;
use spigot_decision::Policy;
use spigot_decision::policy::PrefixMap;
use spigot_gateway::{Gateway, client_address};
use spigot_keeping::Keeping;
use spigot_state::Memory;
use tokio::sync::{Semaphore, watch};

use crate::clock::now;
use crate::site_api;
use crate::written::{PATIENCE, Sent, written};

/// Calls at work or waiting for a thread at most; each holds its body, 4 MiB at most.
const CALLS_MAX: usize = 64;
/// Threads for them. Each may hash a password, which takes 64 MiB.
const THREADS: usize = 4;
/// Downloads at once, which hold a thread as long as somebody reads; the others stay for everything else.
const DOWNLOADS_MAX: usize = 2;
/// Connections at most: a few operators with a few tabs each, and whoever reads metrics.
const CONNECTIONS_MAX: usize = 256;
/// How long a body may take, and one that only lists and policies have.
const BODY_TIME: Duration = Duration::from_secs(15);
const LARGE_TIME: Duration = Duration::from_secs(60);
/// Bytes of a body that everything else fits into.
const SMALL_BYTES: usize = 64 << 10;
/// Larger ones on their way at most: 4 MiB each.
const LARGE_MAX: usize = 8;

/// Where proxies in front of the panel write whom they speak for.
const FORWARDED: &str = "x-forwarded-for";

/// What the admin port answers from.
pub(crate) struct AdminPort {
    pub(crate) gateway: Arc<Gateway<Memory>>,
    pub(crate) keeping: Arc<Keeping>,
    pub(crate) folder: PathBuf,
    pub(crate) api: Api,
    /// Proxies in front of it, whose word about clients counts.
    pub(crate) proxies: PrefixMap<()>,
}

/// Everything that connections share.
struct Shared {
    port: AdminPort,
    calls: Semaphore,
    large: Semaphore,
    downloads: Arc<Semaphore>,
}

/// Serves on a thread of its own until `stopped`.
pub(crate) fn start(
    port: AdminPort,
    listener: std::net::TcpListener,
    stopped: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(THREADS)
        .thread_name("spigot-admin-work")
        .build()?;
    let shared = Arc::new(Shared {
        port,
        calls: Semaphore::new(CALLS_MAX),
        large: Semaphore::new(LARGE_MAX),
        downloads: Arc::new(Semaphore::new(DOWNLOADS_MAX)),
    });
    std::thread::Builder::new().name("spigot-admin".to_owned()).spawn(move || {
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, serve(shared, listener, stopped));
        // Nobody waits for a download whose reader has gone to sleep.
        runtime.shutdown_background();
    })?;
    Ok(())
}

async fn serve(shared: Arc<Shared>, listener: std::net::TcpListener, mut stopped: watch::Receiver<bool>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while !*stopped.borrow() {
        let Ok(permit) = connections.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        let Ok((stream, peer)) = accepted else { continue };
        let shared = shared.clone();
        tokio::task::spawn_local(async move {
            let _permit = permit;
            let service = service_fn(move |request| {
                let shared = shared.clone();
                async move { Ok::<_, Infallible>(answer(&shared, request, peer.ip()).await) }
            });
            let mut builder = hyper::server::conn::http1::Builder::new();
            let _ = builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(shared: &Arc<Shared>, request: Request<Incoming>, peer: IpAddr) -> Response<Sent> {
    let path = request.uri().path();
    if site_api::is_here(path) {
        return called(shared, request, peer, SITES).await;
    }
    if path.starts_with("/api/") {
        return called(shared, request, peer, PANEL).await;
    }
    let (gateway, keeping) = (&shared.port.gateway, &shared.port.keeping);
    let (status, media_type, text) = match path {
        "/health" => (StatusCode::OK, "application/json", health(gateway, keeping)),
        "/metrics" => (StatusCode::OK, "text/plain; version=0.0.4", metrics(gateway, keeping)),
        path => match panel::file(path, request.headers()) {
            Some(answer) => return sent(answer, None),
            None => (
                StatusCode::NOT_FOUND,
                "text/plain; charset=utf-8",
                "There is nothing here. Try / for the panel, /health or /metrics.\n".to_owned(),
            ),
        },
    };
    plain(status, media_type, text)
}

/// One of the port's APIs: how much it takes, and how it answers.
#[derive(Clone, Copy)]
struct Called {
    bytes_max: usize,
    answer: fn(&AdminPort, &Request<Bytes>, IpAddr) -> Answer,
}

const PANEL: Called =
    Called { bytes_max: BODY_BYTES, answer: |port, request, peer| port.api.answer(request, peer, now()) };
const SITES: Called = Called {
    bytes_max: SMALL_BYTES,
    answer: |port, request, _| site_api::answer(&port.folder, request, now()),
};

/// A call of an API, on a thread that may wait.
async fn called(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
    peer: IpAddr,
    called: Called,
) -> Response<Sent> {
    let refused =
        |status, code, detail: &str| sent(Answer::problem(&Problem::new(status, code, detail)), None);
    let too_many =
        || refused(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many calls at once. Try again in a moment.");
    let (head, body) = request.into_parts();
    let peer = client_address(peer, &head.headers, FORWARDED, &shared.port.proxies);
    // Whoever dribbles a body holds nothing that others need: a call counts from when its body is there.
    let is_small = body.size_hint().upper().is_some_and(|bytes| bytes <= SMALL_BYTES as u64)
        || called.bytes_max <= SMALL_BYTES;
    let (most, time) = if is_small { (SMALL_BYTES, BODY_TIME) } else { (called.bytes_max, LARGE_TIME) };
    let large = if is_small { None } else { Some(shared.large.try_acquire()) };
    if large.as_ref().is_some_and(Result::is_err) {
        return too_many();
    }
    let body = tokio::time::timeout(time, Limited::new(body, most).collect()).await;
    let Ok(Ok(body)) = body else {
        let detail =
            format!("A body has at most {most} bytes here, and {} seconds to arrive.", time.as_secs());
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &detail);
    };
    let Ok(_permit) = shared.calls.try_acquire() else { return too_many() };
    let request = Request::from_parts(head, body.to_bytes());
    let worker = shared.clone();
    let answered = tokio::task::spawn_blocking(move || (called.answer)(&worker.port, &request, peer)).await;
    match answered {
        Ok(answer) => sent(answer, Some(shared)),
        Err(_) => refused(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unforeseen",
            "This call ended unforeseen. The log of the program says where.",
        ),
    }
}

fn sent(answer: Answer, shared: Option<&Arc<Shared>>) -> Response<Sent> {
    let body = match answer.body {
        Body::Whole(bytes) => Sent::Whole(Full::new(bytes)),
        Body::Written(write) => {
            let permit = shared.and_then(|shared| shared.downloads.clone().try_acquire_owned().ok());
            let Some(permit) = permit else {
                return plain(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "text/plain; charset=utf-8",
                    "Other downloads are running. Try again when they have ended.\n".to_owned(),
                );
            };
            written(write, permit, PATIENCE)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

fn plain(status: StatusCode, media_type: &'static str, text: String) -> Response<Sent> {
    let mut response = Response::new(Sent::Whole(Full::new(Bytes::from(text))));
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
