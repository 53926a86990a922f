//! HTTP/2 at both ends of the tests: clients that lie about their bodies or wait for hints, applications with or without TLS,
//! or with a will of their own.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;

/// A body in the pieces that it is given in, whatever length its head told.
#[derive(Default)]
pub(crate) struct Pieces(pub(crate) VecDeque<Frame<Bytes>>);

impl Pieces {
    pub(crate) fn of(data: &[&'static str], trailers: Option<HeaderMap>) -> Self {
        let data = data.iter().map(|piece| Frame::data(Bytes::from_static(piece.as_bytes())));
        Self(data.chain(trailers.map(Frame::trailers)).collect())
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) trailers: Option<HeaderMap>,
}

/// Sends requests over one HTTP/2 connection, one after the other.
pub(crate) fn ask(address: SocketAddr, requests: Vec<Request<Pieces>>) -> Vec<Result<Told, String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut told = Vec::new();
        for request in requests {
            let answered = async {
                let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
                let status = response.status().as_u16();
                let whole = response.into_body().collect().await.map_err(|error| error.to_string())?;
                let trailers = whole.trailers().cloned();
                let body = String::from_utf8_lossy(&whole.to_bytes()).into_owned();
                Ok(Told { status, body, trailers })
            };
            told.push(answered.await);
        }
        told
    })
}

/// An application that speaks what it is spoken to, and tells how that was.
pub(crate) struct Modern {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Modern {
    pub(crate) fn start(tls: Option<rustls::ServerConfig>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let acceptor = tls.map(|config| tokio_rustls::TlsAcceptor::from(Arc::new(config)));
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let builder = auto::Builder::new(TokioExecutor::new());
                    match acceptor {
                        None => {
                            let _ = builder
                                .serve_connection_with_upgrades(TokioIo::new(stream), service_fn(tell))
                                .await;
                        }
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                let _ = builder
                                    .serve_connection_with_upgrades(TokioIo::new(stream), service_fn(tell))
                                    .await;
                            }
                        }
                    }
                });
            }
        };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! { () = serve => {}, _ = stopped => {} }
            });
        });
        Self { address, connections, _stop: stop }
    }
}

async fn tell(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.headers().contains_key("upgrade") {
        let mut response = Response::new(Full::default());
        *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
        for name in ["connection", "upgrade"] {
            let value = request.headers()[name].clone();
            response.headers_mut().insert(name, value);
        }
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            if let Ok(upgraded) = upgrade.await {
                let (mut reading, mut writing) = tokio::io::split(TokioIo::new(upgraded));
                let _ = tokio::io::copy(&mut reading, &mut writing).await;
            }
        });
        return Ok(response);
    }
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").map(|host| host.to_str().unwrap_or_default().to_owned());
    let whole = body.collect().await;
    let trailers = whole.as_ref().ok().and_then(|whole| whole.trailers()).map(|trailers| {
        let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap_or_default().to_owned())
        };
        trailers.iter().map(pair).collect::<Vec<_>>()
    });
    let told = serde_json::json!({
        "version": format!("{:?}", head.version),
        "host": host,
        "authority": head.uri.authority().map(ToString::to_string),
        "scheme": head.uri.scheme_str(),
        "target": head.uri.path_and_query().map(ToString::to_string),
        "body": whole.map(|whole| String::from_utf8_lossy(&whole.to_bytes()).into_owned()).ok(),
        "trailers": trailers,
    });
    Ok(Response::new(Full::new(Bytes::from(told.to_string()))))
}

/// Sends one request and gives the interim answers to it, by their status and fields, and the final one. `each` is called
/// for each of them before anything more is awaited.
pub(crate) fn hear(address: SocketAddr, path: &str, each: impl FnMut()) -> (Vec<String>, Told) {
    let request = Request::get(format!("http://a{path}")).body(Bytes::new()).unwrap();
    converse(address, request, each)
}

/// The same for any request. Its body, when it has one, is sent at the first interim answer.
pub(crate) fn converse(
    address: SocketAddr,
    request: Request<Bytes>,
    mut each: impl FnMut(),
) -> (Vec<String>, Told) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let (head, mut sent) = request.into_parts();
        let request = Request::from_parts(head, ());
        let (mut answer, mut sending) =
            sender.ready().await.unwrap().send_request(request, sent.is_empty()).unwrap();
        let mut heard = Vec::new();
        while let Some(head) = std::future::poll_fn(|context| answer.poll_informational(context)).await {
            let head = head.unwrap();
            let fields =
                head.headers().iter().map(|(name, value)| format!("|{name}: {}", value.to_str().unwrap()));
            heard.push([head.status().as_str().to_owned()].into_iter().chain(fields).collect());
            each();
            if !sent.is_empty() {
                sending.send_data(std::mem::take(&mut sent), true).unwrap();
            }
        }
        let (head, mut body) = answer.await.unwrap().into_parts();
        let mut bytes = Vec::new();
        while let Some(data) = body.data().await {
            bytes.extend_from_slice(&data.unwrap());
        }
        let trailers = body.trailers().await.unwrap();
        let body = String::from_utf8(bytes).unwrap();
        (heard, Told { status: head.status.as_u16(), body, trailers })
    })
}

/// What an application does to a request over HTTP/2.
pub(crate) type Doing = fn(usize, Request<h2::RecvStream>, h2::server::SendResponse<Bytes>);

/// An application that takes HTTP/2 into its own hands; each request is told its number. Gives its address.
pub(crate) fn doing(handle: Doing) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let number = Arc::new(AtomicUsize::new(0));
            while let Ok((stream, _)) = listener.accept().await {
                let number = number.clone();
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        handle(number.fetch_add(1, Ordering::SeqCst), request, respond);
                    }
                });
            }
        });
    });
    address
}
