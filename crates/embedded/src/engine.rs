use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Response;
use spigot_admin::StoreError;
use spigot_client::{Decide, Decision, Error, Request, Spigot};
use spigot_decision::Millis;
use spigot_event::{Recorder, RecorderSettings, Retention, SqliteSink, WriterHandle};
use spigot_gateway::{About, Door, Front, Gateway, listen, serve};
use spigot_intel::Agents;
use spigot_keeping::{BreakerFile, Say, Secrets};
use spigot_state::Memory;
use tokio::sync::watch;

use crate::describe::{described, told};
use crate::kept::Kept;

/// What an embedded engine is made of. It is not printed: the secret is in it.
pub struct Settings {
    /// The policy, as in `spigot.toml`; the shipped one when it names no routes.
    pub policy: String,
    /// Where events are kept, and what survives a restart. It is this engine's alone: two in one folder would take turns at
    /// writing what the other forgot.
    pub data: PathBuf,
    /// What seals clearances; without one it is in the data folder, made there and renewed every 30 days.
    pub secret: Option<[u8; 32]>,
    /// Who hears of a data folder that cannot be used, while serving goes on: what happened, and why. [`quiet`] is nobody.
    pub say: Say,
}

/// For [`Settings::say`]: nobody hears of anything.
pub fn quiet(_: &str, _: &str) {}

/// Why the engine does not start: a sentence for whoever runs it.
#[derive(Debug)]
pub struct Problem(pub(crate) String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// The engine, running. Cheap to clone; what it started ends with the last clone.
#[derive(Clone)]
pub struct Embedded {
    gateway: Arc<Gateway<Memory>>,
    /// Where the engine's own pages and files are served: a port of the loopback, with the connections of the front.
    own: Spigot,
    _running: Arc<Running>,
}

/// Ends in this order, and with the last clone: no more pages, what is known is written, then the events.
struct Running {
    stop: watch::Sender<bool>,
    keeper: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
    _writer: WriterHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some((keeps, thread)) = self.keeper.take() {
            drop(keeps);
            // It never waits for anything but the disk.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").finish_non_exhaustive()
    }
}

impl Embedded {
    /// Starts it: one thread writes events, one keeps what survives a restart and looks after the tables, one serves the
    /// engine's own pages.
    ///
    /// # Errors
    /// When the policy has problems, or the data folder cannot be used.
    pub fn start(settings: &Settings) -> Result<Self, Problem> {
        let start = now();
        let (kept, state) = Kept::open(settings, start)?;
        let snapshot = kept.snapshot(start)?;
        let keys = Secrets::open(&settings.data, start)?.subject_keys();
        let sink = SqliteSink::open(&settings.data, Retention::default())
            .map_err(|error| Problem(error.to_string()))?;
        let (recorder, writer) = Recorder::start(sink, RecorderSettings::default());
        let gateway = Gateway::new(snapshot, Arc::new(state), recorder, Arc::new(now), keys);
        let breaker = BreakerFile::open(&settings.data, &gateway.breaker, start, settings.say);
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        // Nobody is asked for a secret below /.spigot/, and a client has one.
        let own = Spigot::new(&format!("http://{}", listener.local_addr()?), "none")
            .map_err(|error| Problem(error.to_string()))?;
        let (stop, stopped) = watch::channel(false);
        let serving = gateway.clone();
        std::thread::Builder::new()
            .name("spigot-embedded".to_owned())
            .spawn(move || run(serving, listener, stopped))?;
        let (keeps, until) = mpsc::channel();
        let maintained = gateway.clone();
        let keeper = std::thread::Builder::new()
            .name("spigot-keeper".to_owned())
            .spawn(move || kept.run(&maintained, breaker, &until))?;
        let running = Running { stop, keeper: Some((keeps, keeper)), _writer: writer };
        Ok(Self { gateway, own, _running: Arc::new(running) })
    }
}

impl Decide for Embedded {
    async fn decide(&self, request: Request) -> Result<Decision, Error> {
        thread_local! {
            /// What was read of user agents on this thread.
            static AGENTS: RefCell<Agents> = RefCell::default();
        }
        let Some(described) = described(&request) else {
            return Err(Error::refused("the request is none that HTTP carries"));
        };
        let software = AGENTS.with_borrow_mut(|agents| agents.read(described.user_agent()));
        let about = About { account: request.account, is_action: request.action.is_some() };
        Ok(told(self.gateway.judge_about(described, software, about).await))
    }

    async fn own(&self, request: http::Request<Bytes>) -> Result<Response<Bytes>, Error> {
        self.own.own(request).await
    }
}

fn run(gateway: Arc<Gateway<Memory>>, listener: std::net::TcpListener, stopped: watch::Receiver<bool>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let front = Front { door: Door::Service, tls: None, proxy_protocol: false };
    // It ends when it is stopped; a listener that fails leaves the layer to say that it is unreachable.
    let _ = tokio::task::LocalSet::new().block_on(&runtime, serve(gateway, listener, front, stopped));
}

pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
