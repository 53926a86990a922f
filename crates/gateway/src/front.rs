//! Connections: listening, taking them up within bounds, TLS, and ending all of it gracefully.
//!
//! What bounds a client here, all of it in [`crate::Bounds`]: connections of its address and in all, counted until the
//! socket closes, also as a tunnel; the time of a PROXY header and of TLS, of the first byte, of a whole head, of the
//! pause before the next request and within a body, and of its taking what we write; bytes and fields of a head;
//! HTTP/2 streams and frames that only cost. An idle HTTP/1.1 connection keeps no buffer, only its TLS state.

mod admission;
mod date;
mod http1;
mod http2;

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::BytesMut;
use http::Response;
use spigot_intel::Agents;
use spigot_state::State;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

pub(crate) use self::admission::{Admission, Place};
#[cfg(fuzzing)]
pub(crate) use self::http1::fuzz;
use crate::body::Through;
use crate::door::beside::{Beside, with_description};
use crate::door::connection::Connection;
use crate::in_box::in_box;
use crate::keep_alive::keep_alive;
use crate::marks::Marks;
use crate::metrics::Metrics;
use crate::pipeline::Gateway;
use crate::proxy_protocol;
use crate::respond;
use crate::settings::Bounds;
use crate::upstream::Pool;
use crate::wire::{self, Abort, Gate, Limits, Overheard, Protocol, Times};

/// Certificates and keys that can be exchanged while connections stand.
pub type Tls = Arc<ArcSwap<rustls::ServerConfig>>;

/// Before the next attempt when no connection can be taken up, usually for want of descriptors: those in progress have
/// to end first, and a loop without a pause would take the time that they need.
const PAUSE: Duration = Duration::from_millis(20);

/// A listening socket of one thread's own: several on one address share the connections (SO_REUSEPORT).
///
/// # Errors
/// What the system says, for example that the address is in use.
pub fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    keep_alive(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

/// What a listening socket is for.
#[derive(Clone, Default)]
pub struct Front {
    /// What is behind it.
    pub door: Door,
    /// With TLS, and these certificates.
    pub tls: Option<Tls>,
    /// Connections begin with a PROXY header, which only trusted proxies may send.
    pub proxy_protocol: bool,
}

/// What requests of a socket are for.
#[derive(Clone, Debug, Default)]
pub enum Door {
    /// The protected sites.
    #[default]
    Proxy,
    /// The challenge service.
    Service,
    /// What a server beside asks before it passes a request on.
    Beside(Arc<Beside>),
}

/// What one thread serves.
struct Serving<S> {
    gateway: Arc<Gateway<S>>,
    front: Front,
    pool: Rc<Pool>,
    agents: Rc<RefCell<Agents>>,
    /// Dropped with its last copy; every connection keeps one as long as its socket lives.
    done: mpsc::Sender<()>,
    stop: watch::Receiver<bool>,
}

/// What serves the requests of a connection. In a box, so that those of the one protocol are not as large as of the other.
type Served = Pin<Box<dyn Future<Output = ()>>>;

/// What a socket keeps until it closes.
type Kept = (Place, mpsc::Sender<()>);

/// Takes connections until `stop` turns true, then lets those in progress finish for the settings' `stop_time`. Runs on
/// a current-thread runtime inside a `LocalSet`.
///
/// # Errors
/// What the listener says when it cannot be used at all.
pub async fn serve<S: State>(
    gateway: Arc<Gateway<S>>,
    listener: std::net::TcpListener,
    front: Front,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let (done, mut all_done) = mpsc::channel(1);
    let stopping = stop.clone();
    let pool = Pool::new(gateway.metrics.clone());
    let serving = Rc::new(Serving { gateway, front, pool, agents: Rc::default(), done, stop: stopping });
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => serving.take_up(stream, peer),
            Err(error) if is_passing(&error) => {}
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    // Those that the system has accepted for us already would be reset; another process's socket does not get them.
    while let Some((stream, peer)) = waiting(&listener).await {
        serving.take_up(stream, peer);
    }
    drop(listener);
    let gateway = serving.gateway.clone();
    drop(serving);
    let grace = gateway.snapshot.load().settings.bounds.stop_time;
    let _ = tokio::time::timeout(grace, all_done.recv()).await;
    Ok(())
}

/// The connection was gone before we took it: that says nothing of the next one.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

async fn waiting(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    std::future::poll_fn(|context| match listener.poll_accept(context) {
        std::task::Poll::Ready(accepted) => std::task::Poll::Ready(accepted.ok()),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

impl<S: State> Serving<S> {
    fn take_up(self: &Rc<Self>, stream: TcpStream, peer: SocketAddr) {
        let most = self.gateway.snapshot.load().settings.bounds.connections;
        let Some(place) = self.gateway.admission.place(most) else {
            return Metrics::one(&self.gateway.metrics.connections_refused);
        };
        let beginning = in_box(|| self.clone().connection(stream, peer, place));
        tokio::task::spawn_local(async move {
            // In a line of its own: what a connection begins with is gone when its requests are served.
            let served = beginning.await;
            if let Some(served) = served {
                served.await;
            }
        });
    }

    /// What serves a connection's requests; `None` when none will come.
    async fn connection(
        self: Rc<Self>,
        mut stream: TcpStream,
        peer: SocketAddr,
        mut place: Place,
    ) -> Option<Served> {
        let _ = stream.set_nodelay(true);
        let snapshot = self.gateway.snapshot.load_full();
        let time = snapshot.settings.bounds.head_time;
        let peer = if self.front.proxy_protocol {
            // Whoever else comes here could name any client.
            if snapshot.settings.trusted_proxies.find(peer.ip()).is_none() {
                Metrics::one(&self.gateway.metrics.connections_refused);
                return None;
            }
            match tokio::time::timeout(time, proxy_protocol::read(&mut stream)).await {
                Ok(Ok(source)) => source.unwrap_or(peer),
                _ => {
                    Metrics::one(&self.gateway.metrics.connections_refused);
                    return None;
                }
            }
        } else {
            peer
        };
        let trusted = match &self.front.door {
            Door::Beside(beside) => beside.is_peer(peer.ip()),
            _ => snapshot.settings.trusted_proxies.find(peer.ip()).is_some(),
        };
        if !place.for_client(peer.ip(), trusted, &snapshot.settings.bounds) {
            Metrics::one(&self.gateway.metrics.connections_refused);
            if self.front.tls.is_none() {
                too_many(stream, time).await;
            }
            return None;
        }
        drop(snapshot);
        Metrics::one(&self.gateway.metrics.connections);
        let kept = (place, self.done.clone());
        let Some(tls) = &self.front.tls else {
            return self.requests(stream, peer, Marks::new(None), None, kept).await;
        };
        let acceptor = TlsAcceptor::from(tls.load_full());
        let accepting = tokio::time::timeout(time, acceptor.accept(Overheard::new(stream)));
        let stream = accepting.await.ok()?.ok()?;
        let (overheard, session) = stream.get_ref();
        let protocol = session.alpn_protocol().map(|name| match name {
            b"h2" => Protocol::Http2,
            _ => Protocol::Http1,
        });
        let leaf = session.peer_certificates().and_then(<[_]>::first);
        let certificate = leaf.and_then(|leaf| spigot_proof::Certificate::read(leaf));
        let mut marks = Marks::new(overheard.hello());
        marks.certificate = certificate;
        self.requests(stream, peer, marks, protocol, kept).await
    }

    async fn requests(
        self: Rc<Self>,
        mut stream: impl AsyncRead + AsyncWrite + Abort + Unpin + 'static,
        peer: SocketAddr,
        marks: Marks,
        protocol: Option<Protocol>,
        kept: Kept,
    ) -> Option<Served> {
        let mut bounds = self.gateway.snapshot.load().settings.bounds.clone();
        if let Door::Beside(_) = &self.front.door {
            bounds = with_description(&bounds);
        }
        let (protocol, began) = match protocol {
            Some(protocol) => (protocol, BytesMut::new()),
            // Without ALPN the client's first bytes tell.
            None => {
                let found = tokio::time::timeout(bounds.head_time, wire::protocol(&mut stream)).await;
                found.ok()??
            }
        };
        let secure = self.front.tls.is_some();
        let (gateway, pool, agents) = (self.gateway.clone(), self.pool.clone(), self.agents.clone());
        let (door, stop) = (self.front.door.clone(), self.stop.clone());
        let mark = marks.http2.clone();
        let connection = Connection::new(gateway, door, pool, agents, peer, secure, marks);
        Some(match protocol {
            Protocol::Http1 => in_box(|| http1::serve(connection, stream, began, bounds, stop, kept)),
            Protocol::Http2 => {
                let gate = Gate::new(stream, began, mark, bounds.write_time, kept);
                in_box(|| http2::serve(connection, gate, bounds, stop))
            }
        })
    }
}

/// What the reader checks for requests, by the settings.
fn limits(bounds: &Bounds) -> Limits {
    Limits { head_bytes: bounds.head_bytes, fields: bounds.headers, target_bytes: bounds.target_bytes }
}

fn times(bounds: &Bounds) -> Times {
    Times {
        head: bounds.head_time,
        idle: bounds.idle_time,
        body: bounds.body_time,
        body_bytes_per_second: bounds.body_bytes_per_second,
        write: bounds.write_time,
    }
}

/// Refuses a request before it is looked at.
fn refusal<S>(connection: &Connection<S>, why: wire::Refusal) -> Response<Through> {
    Metrics::one(&connection.gateway.metrics.requests_refused);
    respond::Refusal::from(why).undecided()
}

/// Says why a connection is refused, in plain HTTP, to a few at a time: under a flood nobody is there to read it.
async fn too_many(mut stream: TcpStream, time: Duration) {
    const AT_ONCE: u32 = 32;
    const ANSWER: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 51\r\n\r\nToo many connections from here. Close some of them\n";
    static NOW: AtomicU32 = AtomicU32::new(0);
    if NOW.fetch_add(1, Ordering::Relaxed) < AT_ONCE {
        let said = async {
            stream.write_all(ANSWER).await?;
            stream.shutdown().await?;
            // The request is read away, because closing over it would take the answer back.
            let mut away = [0; 1024];
            while stream.read(&mut away).await? > 0 {}
            Ok::<_, io::Error>(())
        };
        let _ = tokio::time::timeout(time.min(Duration::from_secs(1)), said).await;
    }
    NOW.fetch_sub(1, Ordering::Relaxed);
}
