//! A running shop, and a tiny client for it.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use spigot_demo::Shop;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A shop that serves until it is dropped or stopped.
pub(crate) struct Running {
    pub(crate) address: String,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
    pub(crate) folder: PathBuf,
    _kept: Option<TempDir>,
}

/// A whole answer.
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderMap,
}

impl Running {
    /// A new shop.
    pub(crate) async fn start() -> Running {
        let folder = TempDir::new().unwrap();
        let mut running = Running::open(folder.path()).await;
        running._kept = Some(folder);
        running
    }

    pub(crate) async fn open(folder: &Path) -> Running {
        Running::serve(folder, |shop| shop).await
    }

    /// A shop as `made` makes it.
    pub(crate) async fn serve(folder: &Path, made: impl FnOnce(Shop) -> Shop) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shop = made(Shop::open(folder).unwrap().log_to(&folder.join("access.log")).unwrap());
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let served = tokio::spawn(shop.serve(listener, stopped));
        Running { address, stop: Some(stop), served, folder: folder.into(), _kept: None }
    }

    /// Stops it and waits until every connection has ended.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        self.served.await.unwrap().unwrap();
    }

    pub(crate) async fn connect(&self) -> http1::SendRequest<Full<Bytes>> {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        sender
    }

    /// Sends what `request` describes over a connection of its own and returns the answer's head and open body.
    pub(crate) async fn begin(&self, request: &str) -> Response<Incoming> {
        self.connect().await.send_request(read(request)).await.unwrap()
    }

    pub(crate) async fn send(&self, request: &str) -> Seen {
        finish(self.begin(request).await).await
    }

    pub(crate) async fn json(&self, request: &str) -> Value {
        serde_json::from_slice(&self.send(request).await.body).unwrap()
    }

    /// Sends a request and asserts its status and each text that must (or, after `!`, must not) be in its answer, in
    /// head or body.
    #[track_caller]
    pub(crate) fn check<'r>(
        &'r self,
        request: &'r str,
        status: u16,
        wanted: &'r [&'r str],
    ) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let seen = self.send(request).await;
            let whole = format!("{}\n{}", head(&seen.headers), String::from_utf8_lossy(&seen.body));
            assert_eq!(seen.status, status, "{caller}: {request}\n{whole}");
            for wanted in wanted {
                let (wanted, present) =
                    wanted.strip_prefix('!').map_or((*wanted, true), |text| (text, false));
                assert_eq!(whole.contains(wanted), present, "{caller}: {request}: {wanted}\n{whole}");
            }
        }
    }
}

fn head(headers: &HeaderMap) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect()
}

pub(crate) async fn finish(response: Response<Incoming>) -> Seen {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    let (status, headers) = (parts.status.as_u16(), parts.headers);
    Seen { status, headers, body: body.to_bytes().into(), trailers }
}

/// Reads `METHOD target`, header lines, and after an empty line the body. A post without a type is a form.
pub(crate) fn read(request: &str) -> Request<Full<Bytes>> {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let mut builder = Request::builder().method(method).uri(target).header("host", "shop.example");
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        builder = builder.header(name, value.as_bytes());
    }
    let typed = builder.headers_ref().unwrap().contains_key("content-type");
    if method == "POST" && !typed {
        builder = builder.header("content-type", "application/x-www-form-urlencoded");
    }
    builder.body(Full::from(body.to_owned())).unwrap()
}

#[tokio::test]
async fn connections_are_kept_alive() {
    let shop = Running::start().await;
    let mut sender = shop.connect().await;
    for target in ["/", "/style.css", "/no-such-page", "/products/3"] {
        sender.ready().await.unwrap();
        let response = sender.send_request(read(&format!("GET {target}"))).await.unwrap();
        assert_ne!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        finish(response).await;
    }
    shop.stop().await;
}
