use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Response;
use spigot_challenge::{Keyring, Secret};
use spigot_client::{Decide, Decision, Error, Request, Spigot};
use spigot_decision::policy::{PrefixMap, load};
use spigot_decision::{Keys, Millis, Prefix};
use spigot_event::{Recorder, RecorderSettings, Retention, SqliteSink};
use spigot_gateway::{About, Door, Front, Gateway, Snapshot, listen, serve};
use spigot_intel::Agents;
use spigot_state::{Memory, MemorySettings};
use tokio::sync::watch;

use crate::describe::{described, told};

/// What an embedded engine is made of. It is not printed: the secret is in it.
pub struct Settings {
    /// The policy, as in `spigot.toml`; the shipped one when it names no routes.
    pub policy: String,
    /// Where events are kept.
    pub data: PathBuf,
    /// What seals clearances; drawn at the start when there is none, and they end with the process then.
    pub secret: Option<[u8; 32]>,
}

/// Why the engine does not start: a sentence for whoever runs it.
#[derive(Debug)]
pub struct Problem(String);

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

/// The engine, running. Cheap to clone; what it started ends with the last clone.
#[derive(Clone)]
pub struct Embedded {
    gateway: Arc<Gateway<Memory>>,
    /// Where the engine's own pages and files are served: a port of the loopback, with the connections of the front.
    own: Spigot,
    _running: Arc<Running>,
}

struct Running {
    stop: watch::Sender<bool>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").finish_non_exhaustive()
    }
}

impl Embedded {
    /// Starts it: one thread writes events, one serves the engine's own pages and looks after its tables.
    pub fn start(settings: &Settings) -> Result<Self, Problem> {
        let policy = load("policy", &settings.policy).map_err(|problems| Problem(problems.to_string()))?;
        let secret = settings.secret.map_or_else(random, Ok)?;
        let sink = SqliteSink::open(&settings.data, Retention::default())
            .map_err(|error| Problem(error.to_string()))?;
        let (recorder, _) = Recorder::start(sink, RecorderSettings::default());
        // The layer is the one that speaks for visitors, from this machine.
        let layer = Prefix::parse("127.0.0.0/8").map(|prefix| (prefix, ()));
        let trusted_proxies = PrefixMap::new(layer);
        let snapshot = Snapshot {
            policy: Arc::new(policy),
            settings: spigot_gateway::Settings { trusted_proxies, ..spigot_gateway::Settings::default() },
            keyring: Keyring::new(&[(1, Secret::new(secret))]),
            networks: Arc::default(),
            reputations: Arc::default(),
            service: Arc::default(),
        };
        let subjects = random::<16>()?.map(u64::from);
        let half = |part: &[u64]| part.iter().fold(0, |all, byte| all << 8 | byte);
        let keys = Keys(half(&subjects[..8]), half(&subjects[8..]));
        let state = Arc::new(Memory::new(MemorySettings::default(), now()));
        let gateway = Gateway::new(snapshot, state, recorder, Arc::new(now), keys);
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let base = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = watch::channel(false);
        let serving = gateway.clone();
        std::thread::Builder::new()
            .name("spigot-embedded".to_owned())
            .spawn(move || run(serving, listener, stopped))?;
        // Nobody is asked for a secret below /.spigot/, and a client has one.
        let own = Spigot::new(&base, "none").map_err(|error| Problem(error.to_string()))?;
        Ok(Self { gateway, own, _running: Arc::new(Running { stop }) })
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
    let local = tokio::task::LocalSet::new();
    local.spawn_local(maintained(gateway.clone(), stopped.clone()));
    let front = Front { door: Door::Service, tls: None, proxy_protocol: false };
    // It ends when it is stopped; a listener that fails leaves the layer to say that it is unreachable.
    let _ = local.block_on(&runtime, serve(gateway, listener, front, stopped));
}

/// Takes from the tables what is over: as the server does, all of it within an hour.
async fn maintained(gateway: Arc<Gateway<Memory>>, stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut turn = 0u64;
    while !*stopped.borrow() {
        ticks.tick().await;
        turn += 1;
        gateway.state.table.maintain(3600, now());
        if turn.is_multiple_of(60) {
            let policy = gateway.snapshot.load().policy.clone();
            gateway.state.restrictions.forget(&policy.ladder, now());
            gateway.recorder.maintain(now());
        }
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
