//! The connections: accepting, bounding, stopping.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::{Shop, handlers, socket};

/// Connections at a time: well under the usual limit of 1,024 open files for a process, which the gateway may share.
const CONNECTIONS_MAX: usize = 512;
/// How long a request's head may take, and how long a kept-alive connection may idle: longer than the 60 seconds for
/// which proxies commonly keep idle upstream connections, so that it is not this side that closes first.
const HEAD_WAIT: Duration = Duration::from_secs(75);
/// How long requests in progress may take once the shop stops.
const STOP_WAIT: Duration = Duration::from_secs(5);
/// Pause after a failed accept, which is nearly always a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Tells long answers that the shop stops.
#[derive(Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Ready once the shop stops.
    pub(crate) async fn wait(mut self) {
        // An error means that the sender is gone, and so is the shop.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// What a connection becomes once its HTTP part has ended with `101`.
pub(crate) type UpgradeSlot = Arc<Mutex<Option<OnUpgrade>>>;

pub(crate) async fn serve(shop: Arc<Shop>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let (tell, told) = watch::channel(false);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = accept(&listener, &places) => {
                if let Some((stream, place)) = accepted {
                    let (shop, stopping) = (shop.clone(), Stopping(told.clone()));
                    connections.spawn(async move {
                        connection(shop, stream, stopping).await;
                        drop(place);
                    });
                }
            }
        }
    }
    drop(listener);
    let _ = tell.send(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(STOP_WAIT, ended).await;
    connections.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(_) => {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn connection(shop: Arc<Shop>, stream: TcpStream, stopping: Stopping) {
    let _ = stream.set_nodelay(true);
    let slot = UpgradeSlot::default();
    let service = service_fn(|request| {
        let (shop, slot, stopping) = (shop.clone(), slot.clone(), stopping.clone());
        async move { Ok::<_, Infallible>(handlers::answer(&shop, request, &slot, stopping).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    {
        let mut connection = pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => {}
            () = stopping.clone().wait() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }
    let upgrade = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(upgrade) = upgrade
        && let Ok(upgraded) = upgrade.await
    {
        socket::echo(upgraded, stopping).await;
    }
}
