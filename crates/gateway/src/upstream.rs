//! Connections to the protected servers: one pool per thread, so that nothing is shared on the request path.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use http::{Request, Response};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::body::Through;

/// Idle connections kept per upstream and thread.
const IDLE_MAX: usize = 256;
/// After a failed connection an upstream is passed over for this long, unless all of them are.
const PASS_OVER: Duration = Duration::from_secs(5);

type Sender = SendRequest<Through>;

/// The upstream connections of one thread.
pub(crate) struct Pool {
    servers: RefCell<Vec<Server>>,
    turn: std::cell::Cell<usize>,
}

struct Server {
    address: SocketAddr,
    idle: Vec<Sender>,
    failed: Option<tokio::time::Instant>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum UpstreamError {
    /// No server took the connection.
    Connect,
    /// It did not begin its answer in time.
    Timeout,
    /// It broke off, or spoke no HTTP.
    Broken,
}

/// Brings a connection back to its pool when its answer has ended; dropped before that, the connection closes.
pub(crate) struct Returning {
    pool: Weak<Pool>,
    address: SocketAddr,
    sender: Option<Sender>,
}

impl Returning {
    pub(crate) fn give_back(&mut self) {
        if let (Some(pool), Some(sender)) = (self.pool.upgrade(), self.sender.take()) {
            pool.put(self.address, sender);
        }
    }
}

impl Pool {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self { servers: RefCell::default(), turn: std::cell::Cell::new(0) })
    }

    /// Sends a request to one of the servers in turn and waits for the head of its answer. A pooled connection that
    /// turns out to be closed before anything was sent is replaced by a new one.
    pub(crate) async fn send(
        self: &Rc<Self>,
        upstreams: &[SocketAddr],
        mut request: Request<Through>,
        connect: Duration,
        answer: Duration,
    ) -> Result<Response<Through>, UpstreamError> {
        let mut tried = 0;
        loop {
            let address = self.choose(upstreams, tried)?;
            let (mut sender, pooled) = match self.idle(address).await {
                Some(sender) => (sender, true),
                None => match self.connect(address, connect).await {
                    Ok(sender) => (sender, false),
                    Err(()) => {
                        tried += 1;
                        continue;
                    }
                },
            };
            let sent = tokio::time::timeout(answer, sender.try_send_request(request))
                .await
                .map_err(|_| UpstreamError::Timeout)?;
            match sent {
                Ok(response) => {
                    let mut returning =
                        Returning { pool: Rc::downgrade(self), address, sender: Some(sender) };
                    return Ok(response.map(|body| {
                        if http_body::Body::is_end_stream(&body) {
                            returning.give_back();
                        }
                        Through::Answer(body, returning)
                    }));
                }
                Err(mut error) => match error.take_message() {
                    // Nothing of it was written: safe to send again, whatever the method.
                    Some(unsent) if pooled => request = unsent,
                    _ => return Err(UpstreamError::Broken),
                },
            }
        }
    }

    fn choose(&self, upstreams: &[SocketAddr], tried: usize) -> Result<SocketAddr, UpstreamError> {
        if tried >= upstreams.len() {
            return Err(UpstreamError::Connect);
        }
        if upstreams.len() == 1 {
            return Ok(upstreams[0]);
        }
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        let servers = self.servers.borrow();
        let healthy = |address: &SocketAddr| {
            servers
                .iter()
                .find(|s| s.address == *address)
                .and_then(|s| s.failed)
                .is_none_or(|failed| failed.elapsed() > PASS_OVER)
        };
        let at = |n: usize| upstreams[(turn + n) % upstreams.len()];
        Ok((0..upstreams.len()).map(at).find(healthy).unwrap_or_else(|| at(tried)))
    }

    async fn idle(&self, address: SocketAddr) -> Option<Sender> {
        loop {
            let mut sender =
                self.servers.borrow_mut().iter_mut().find(|s| s.address == address)?.idle.pop()?;
            // It was put back when its answer ended; its connection may still have to notice.
            if sender.is_ready() || sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    async fn connect(&self, address: SocketAddr, time: Duration) -> Result<Sender, ()> {
        let connected = async {
            let stream = TcpStream::connect(address).await.ok()?;
            stream.set_nodelay(true).ok()?;
            let (sender, connection) =
                hyper::client::conn::http1::Builder::new().handshake(TokioIo::new(stream)).await.ok()?;
            tokio::task::spawn_local(async move {
                // Its errors reach whoever waits for the answer.
                let _ = connection.with_upgrades().await;
            });
            Some(sender)
        };
        let sender = tokio::time::timeout(time, connected).await.ok().flatten();
        self.mark(address, sender.is_none());
        sender.ok_or(())
    }

    fn mark(&self, address: SocketAddr, failed: bool) {
        let mut servers = self.servers.borrow_mut();
        let failed = failed.then(tokio::time::Instant::now);
        match servers.iter_mut().find(|s| s.address == address) {
            Some(server) => server.failed = failed,
            None => servers.push(Server { address, idle: Vec::new(), failed }),
        }
    }

    fn put(&self, address: SocketAddr, sender: Sender) {
        if sender.is_closed() {
            return;
        }
        if let Some(server) = self.servers.borrow_mut().iter_mut().find(|s| s.address == address)
            && server.idle.len() < IDLE_MAX
        {
            server.idle.push(sender);
        }
    }
}
