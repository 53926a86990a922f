//! Connections: listening, TLS, HTTP/1.1 and HTTP/2, and ending all of it gracefully.

use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use spigot_decision::Prefix;
use spigot_intel::Agents;
use spigot_state::State;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::door::proxy::Connection;
use crate::metrics::Metrics;
use crate::pipeline::Gateway;
use crate::proxy_protocol;
use crate::upstream::Pool;

/// Certificates and keys that can be exchanged while connections stand.
pub type Tls = Arc<ArcSwap<rustls::ServerConfig>>;

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
    socket.bind(&address.into())?;
    socket.listen(4096)?;
    Ok(socket.into())
}

/// What one thread serves.
struct Front<S> {
    gateway: Arc<Gateway<S>>,
    tls: Option<Tls>,
    proxy_protocol: bool,
    pool: Rc<Pool>,
    agents: Rc<RefCell<Agents>>,
}

/// Connections per client address, over all threads.
static CONNECTIONS: Mutex<Option<HashMap<Prefix, u32>>> = Mutex::new(None);
/// Connections in all.
static OPEN: AtomicU32 = AtomicU32::new(0);

/// Takes connections until `stop` turns true, then lets those in progress finish for `grace`. Runs on a current-thread
/// runtime inside a `LocalSet`.
///
/// # Errors
/// What the listener says when it cannot be used at all.
pub async fn serve<S: State>(
    gateway: Arc<Gateway<S>>,
    listener: std::net::TcpListener,
    tls: Option<Tls>,
    proxy_protocol: bool,
    mut stop: watch::Receiver<bool>,
    grace: Duration,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let front = Rc::new(Front { gateway, tls, proxy_protocol, pool: Pool::new(), agents: Rc::default() });
    let (done, mut all_done) = tokio::sync::mpsc::channel::<()>(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (front, stop, done) = (front.clone(), stop.clone(), done.clone());
                tokio::task::spawn_local(async move {
                    front.connection(stream, peer, stop).await;
                    drop(done);
                });
            }
            // Out of descriptors, or a connection that was gone already: others are still served.
            Err(_) => tokio::task::yield_now().await,
        }
    }
    drop((done, listener));
    let _ = tokio::time::timeout(grace, all_done.recv()).await;
    Ok(())
}

impl<S: State> Front<S> {
    async fn connection(
        self: Rc<Self>,
        mut stream: TcpStream,
        peer: SocketAddr,
        stop: watch::Receiver<bool>,
    ) {
        let _ = stream.set_nodelay(true);
        let time = self.gateway.snapshot.load().settings.bounds.head_time;
        let peer = if self.proxy_protocol {
            match tokio::time::timeout(time, proxy_protocol::read(&mut stream)).await {
                Ok(Ok(source)) => source.unwrap_or(peer),
                _ => return Metrics::one(&self.gateway.metrics.connections_refused),
            }
        } else {
            peer
        };
        let Some(_slot) = Slot::take(&self.gateway, peer) else {
            return Metrics::one(&self.gateway.metrics.connections_refused);
        };
        Metrics::one(&self.gateway.metrics.connections);
        match &self.tls {
            None => self.requests(stream, peer, false, stop).await,
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.load_full());
                if let Ok(Ok(stream)) = tokio::time::timeout(time, acceptor.accept(stream)).await {
                    self.requests(stream, peer, true, stop).await;
                }
            }
        }
    }

    async fn requests(
        self: Rc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        secure: bool,
        mut stop: watch::Receiver<bool>,
    ) {
        let (gateway, pool, agents) = (self.gateway.clone(), self.pool.clone(), self.agents.clone());
        let connection = Connection::new(gateway, pool, agents, peer, secure);
        let service = service_fn(move |request: Request<Incoming>| {
            let connection = connection.clone();
            async move { Ok::<_, Infallible>(connection.handle(request).await) }
        });
        let bounds = self.gateway.snapshot.load().settings.bounds.clone();
        let mut builder = auto::Builder::new(LocalExecutor);
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.head_time)
            .max_headers(bounds.headers)
            // No pipeline_flush: with it hyper never sends an answer behind which unread bytes remain.
            .max_buf_size(bounds.head_bytes.max(8192));
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(bounds.streams)
            .max_header_list_size(u32::try_from(bounds.head_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(20)
            .max_local_error_reset_streams(Some(128))
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        let mut served = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        tokio::select! {
            _ = served.as_mut() => return,
            _ = stop.wait_for(|stop| *stop) => served.as_mut().graceful_shutdown(),
        }
        let _ = served.await;
    }
}

/// A place among the connections of an address; given back when dropped.
struct Slot(Prefix);

impl Slot {
    fn take<S>(gateway: &Gateway<S>, peer: SocketAddr) -> Option<Self> {
        let snapshot = gateway.snapshot.load();
        let bounds = &snapshot.settings.bounds;
        let prefix = Prefix::client(peer.ip());
        let mut connections = CONNECTIONS.lock();
        let connections = connections.get_or_insert_default();
        // A trusted proxy brings many clients over few connections of its own.
        let trusted = snapshot.settings.trusted_proxies.find(peer.ip()).is_some();
        let most = if trusted { bounds.connections } else { bounds.connections_per_address };
        // The map has at most one entry per open connection, and those are bounded by the descriptors.
        let count = connections.entry(prefix).or_insert(0);
        if *count >= most || OPEN.load(Ordering::Relaxed) >= bounds.connections {
            if *count == 0 {
                connections.remove(&prefix);
            }
            return None;
        }
        *count += 1;
        OPEN.fetch_add(1, Ordering::Relaxed);
        Some(Self(prefix))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
        if let Some(connections) = CONNECTIONS.lock().as_mut()
            && let Some(count) = connections.get_mut(&self.0)
        {
            *count -= 1;
            if *count == 0 {
                connections.remove(&self.0);
            }
        }
    }
}

/// Runs a connection's tasks on its own thread.
#[derive(Clone, Copy)]
pub(crate) struct LocalExecutor;

impl<F: Future + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}
