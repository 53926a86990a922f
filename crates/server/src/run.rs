//! Wiring: from a configuration to threads that serve.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use spigot_admin::api::{Api, Hosts};
use spigot_admin::oidc::Provider;
use spigot_admin::{KnownStore, PolicyStore};
use spigot_challenge::Keyring;
use spigot_decision::policy::PrefixMap;
use spigot_event::{Recorder, RecorderSettings, Retention, SqliteSink, WriterHandle};
use spigot_gateway::{Beside, Door, Front, Gateway, Service, Snapshot, Tls, listen, serve};
use spigot_intel::Networks;
use spigot_keeping::{BreakerFile, CohortFile, Keeping, Secrets};
use spigot_state::{Memory, MemorySettings};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::account_data::AccountData;
use crate::admin_http::{self, AdminPort};
use crate::alerts::Alerts;
use crate::clock::{clock, now};
use crate::config::{Config, Server, TlsFiles};
use crate::courier::HttpCourier;
use crate::data_files::DataFiles;
use crate::listening::{Sharing, listen_alone};
use crate::lists::ListKeeper;
use crate::live::LiveGateway;
use crate::names::{Names, look_up};
use crate::said::{self, Said};
use crate::tls::Certificates;

/// A running Spigot.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    /// Nothing is in progress any more.
    end: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    writer: Option<WriterHandle>,
    control: Option<JoinHandle<()>>,
}

/// Starts everything and returns; listening sockets are open then.
///
/// `seen` is the configuration's file as it was before it was read.
pub(crate) fn start(
    config: Config,
    file: Option<PathBuf>,
    seen: Option<Stamp>,
    sharing: Sharing,
) -> Result<Running, String> {
    let server = config.server;
    // Should the file have changed since it was read, the control thread notices.
    let good = match &file {
        // What the panel will publish into need not be there yet.
        Some(file) if file.exists() => std::fs::read_to_string(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?,
        _ => spigot_decision::policy::DEFAULT.to_owned(),
    };
    if server.is_policy_alone() {
        return Err(
            "the configuration names no upstream; add a line such as: upstream = \"http://127.0.0.1:3000\", a section [[door]] to decide beside another server, or a section [service] to serve challenges alone"
                .to_owned(),
        );
    }
    sharing.check(&server.addresses())?;
    let start = now();
    let store = PolicyStore::open(&server.data).map_err(|error| error.to_string())?;
    // Before anything is read of it: whatever changes from now on is noticed.
    let version = store.version().unwrap_or(0);
    let secrets = Secrets::open(&server.data, start)
        .map_err(|error| format!("the secrets in {} cannot be used: {error}", server.data.display()))?;
    let state = Memory::new(
        MemorySettings { counter_bytes: server.counter_bytes, ..MemorySettings::default() },
        start,
    );
    // What is kept has already lost what was lifted until now.
    let lifted = store.last_change().map_err(|error| error.to_string())?;
    let (hours, restrictions) = store.kept().map_err(|error| error.to_string())?;
    state.hours.restore(hours);
    let known = spigot_keeping::open_known(&server.data, &state, restrictions, start, said::error);
    let cohorts = CohortFile::open(&server.data, &state.cohorts, start, said::error);
    let (recorder, writer) = recorder(&server)?;
    let operator = store.operator(start).map_err(|error| error.to_string())?;
    let mut networks = DataFiles::<Networks>::default();
    networks.follow(&server.networks).map_err(|error| format!("`networks`: {error}"))?;
    let mut accounts = AccountData::default();
    accounts.follow(&server)?;
    let mut settings = server.gateway_settings();
    accounts.put(&server, &mut settings);
    look_up(&settings);
    let mut lists = ListKeeper::new(&server.data);
    let reputations = lists.follow(&server.feeds, &config.policy)?;
    let snapshot = Snapshot {
        policy: Arc::new(config.policy.with_operator(operator)),
        settings,
        keyring: secrets.keyring(),
        networks: networks.current.clone(),
        reputations,
        service: service(&server, &store)?,
    };
    crate::route_names::keep(&server.data, &snapshot.policy);
    let gateway = Gateway::new(snapshot, Arc::new(state), recorder, clock(), secrets.subject_keys());
    let breaker_file = BreakerFile::open(&server.data, &gateway.breaker, start, said::error);
    let certificates = server.tls.as_ref().map(load_certificates).transpose()?;
    let (stop, stopped) = watch::channel(false);
    let (end, ended) = watch::channel(false);
    let reports = crate::review_sender::Reports::default();
    if let Some(review) = server.review.clone() {
        let (data, reports) = (server.data.clone(), reports.clone());
        crate::review_sender::start(review, data, gateway.clone(), reports, stopped.clone())?;
    }
    let alerts = Alerts::start(server.alerts.clone(), stopped.clone())?;
    let mut threads = Vec::new();
    let tls = certificates.as_ref().map(|certificates| certificates.current.clone());
    let fronts = fronts(&server, tls.as_ref());
    let count = if server.threads > 0 {
        server.threads
    } else {
        std::thread::available_parallelism().map_or(1, usize::from)
    };
    for (address, front) in fronts {
        for _ in 0..count {
            let listener =
                listen(address).map_err(|error| format!("{address} cannot be listened on: {error}"))?;
            threads.push(serving(gateway.clone(), listener, front.clone(), stopped.clone())?);
        }
    }
    let keeping = Arc::default();
    let name = file.as_ref().map_or_else(String::new, |file| file.display().to_string());
    let alone = Config::parse(&name, &good).is_ok_and(|config| config.server.is_policy_alone());
    let control = control(Control {
        gateway,
        store,
        server,
        file,
        seen,
        version,
        alone,
        good,
        certificates,
        stopped,
        ended,
        lifted,
        keeping,
        secrets,
        networks,
        breaker_file,
        alerts,
        cohorts,
        known,
        accounts,
        lists,
        reports,
    })?;
    Ok(Running { stop, end, threads, writer: Some(writer), control: Some(control) })
}

fn load_certificates(files: &TlsFiles) -> Result<Certificates, String> {
    Certificates::load(files).map_err(|error| {
        // Which of them it is, where one of them can be told.
        let key = crate::tls::wrong(files).first().map_or(String::new(), |wrong| {
            format!("{}.{}", if wrong.site.is_some() { ".site" } else { "" }, wrong.key)
        });
        format!("`tls{key}`: {error}")
    })
}

fn recorder(server: &Server) -> Result<(Recorder, WriterHandle), String> {
    let retention = Retention {
        days: server.events.keep_days,
        bytes: server.events.keep_bytes,
        truncate_addresses_after: server.events.truncate_after_days,
        ..Retention::default()
    };
    let open = || SqliteSink::open(&server.data, retention);
    let sink = match open() {
        // What was recorded before must not keep requests from being served.
        Err(error) if error.is_damage() => {
            let aside = spigot_event::set_aside(&server.data, now()).map_err(|error| error.to_string())?;
            let (error, aside) = (error.to_string(), aside.display().to_string());
            crate::log::line("events_set_aside", &[("error", &error), ("file", &aside)]);
            open()
        }
        opened => opened,
    };
    let sink = sink.map_err(|error| error.to_string())?;
    Ok(Recorder::start(sink, RecorderSettings::default()))
}

/// The sockets that are listened on.
fn fronts(server: &Server, tls: Option<&Tls>) -> Vec<(SocketAddr, Front)> {
    let proxy_protocol = server.proxy_protocol;
    let plain = |door| Front { door, tls: None, proxy_protocol };
    let secure = |door| Front { door, tls: tls.cloned(), proxy_protocol };
    let mut fronts = Vec::new();
    // Without an upstream there is nothing to be reached at its addresses.
    if !server.sites.is_empty() {
        fronts.extend(server.listen.iter().map(|address| (*address, plain(Door::Proxy))));
        let with_tls = server.tls.iter().flat_map(|files| &files.listen);
        fronts.extend(with_tls.map(|address| (*address, secure(Door::Proxy))));
    }
    if let Some(service) = &server.service {
        fronts.extend(service.listen.iter().map(|address| (*address, plain(Door::Service))));
        fronts.extend(service.listen_tls.iter().map(|address| (*address, secure(Door::Service))));
    }
    for door in &server.doors {
        let peers = PrefixMap::new(door.peers.iter().map(|prefix| (*prefix, ())));
        let beside = Door::Beside(Arc::new(Beside { kind: door.kind, peers }));
        let front = Front { door: beside, tls: None, proxy_protocol: false };
        fronts.extend(door.listen.iter().map(|address| (*address, front.clone())));
    }
    fronts
}

/// What the challenge service knows now.
fn service(server: &Server, store: &PolicyStore) -> Result<Arc<Service>, String> {
    let test_keys = server.service.as_ref().is_some_and(|service| service.test_keys);
    let sites = store.sites().map_err(|error| error.to_string())?;
    Ok(Arc::new(Service { sites: crate::sites::site_keys(&sites), test_keys }))
}

fn serving(
    gateway: Arc<Gateway<Memory>>,
    listener: std::net::TcpListener,
    front: Front,
    stopped: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, String> {
    let serve = move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async move {
            if let Err(error) = serve(gateway, listener, front, stopped).await {
                crate::log::line("listener_failed", &[("error", &error.to_string())]);
            }
        });
    };
    std::thread::Builder::new()
        .name("spigot-front".to_owned())
        .spawn(serve)
        .map_err(|error| format!("a thread cannot be started: {error}"))
}

/// What was put in force.
struct Published {
    /// The policy's.
    revision: String,
    /// The keys whose new values wait for the next start.
    needs_restart: Vec<&'static str>,
}

/// What the control thread looks after: settings, certificates, persistence, the admin port.
struct Control {
    gateway: Arc<Gateway<Memory>>,
    store: PolicyStore,
    server: Server,
    file: Option<PathBuf>,
    /// The file as it was when it was looked at last, and the version of the store.
    seen: Option<Stamp>,
    version: i64,
    /// The file holds a policy alone, as the demo's: what is protected and served does not stand there.
    alone: bool,
    /// The text of the configuration that was good last.
    good: String,
    certificates: Option<Certificates>,
    stopped: watch::Receiver<bool>,
    /// What requests in progress leave behind until then is kept, too.
    ended: watch::Receiver<bool>,
    /// The last change whose orders to lift were followed.
    lifted: u64,
    keeping: Arc<Keeping>,
    /// The keys in force.
    secrets: Secrets,
    networks: DataFiles<Networks>,
    breaker_file: BreakerFile,
    alerts: Alerts,
    cohorts: CohortFile,
    /// `None` when its file cannot be used.
    known: Option<KnownStore>,
    accounts: AccountData,
    lists: ListKeeper,
    /// How the weekly review went out.
    reports: crate::review_sender::Reports,
}

fn control(control: Control) -> Result<JoinHandle<()>, String> {
    let admin = control
        .server
        .admin
        .map(listen_alone)
        .transpose()
        .map_err(|error| format!("the admin address cannot be listened on: {error}"))?;
    let run = move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, control.run(admin));
    };
    std::thread::Builder::new()
        .name("spigot-control".to_owned())
        .spawn(run)
        .map_err(|error| format!("a thread cannot be started: {error}"))
}

impl Control {
    async fn run(mut self, admin: Option<std::net::TcpListener>) {
        if let Some(listener) = admin {
            self.start_admin(listener);
        }
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
        let mut touched = self.seen;
        let mut turn = 0u64;
        self.lift();
        let mut names = Names::default();
        let mut said = Said::default();
        while !*self.ended.borrow() {
            let asked = tokio::select! {
                _ = ticks.tick() => false,
                Some(()) = async { match &mut hangup { Some(signal) => signal.recv().await, None => std::future::pending().await } } => true,
                _ = self.ended.changed() => false,
            };
            turn += 1;
            let changed = self.store.version().unwrap_or(self.version);
            // Who writes a file empties it first: it is read when it has stood still for a moment.
            let before = std::mem::replace(&mut touched, self.file.as_deref().and_then(stamp));
            let stands = touched == before;
            if changed != self.version {
                self.lift();
            }
            if asked || self.certificates.as_ref().is_some_and(Certificates::changed) {
                self.reload_certificates();
            }
            if asked || self.networks.changed() {
                self.reload_data("networks");
            }
            if self.accounts.changed() {
                self.reload_data("accounts");
            }
            let reloaded = (asked || (touched != self.seen && stands)) && {
                self.seen = touched;
                self.reload()
            };
            // What an operator ordered does not wait for a file that is refused.
            if std::mem::replace(&mut self.version, changed) != changed && !reloaded {
                self.operator_changed();
            }
            if self.lists.changed() {
                self.lists_changed();
            }
            if turn.is_multiple_of(4) {
                names.turn(&self.gateway.snapshot.load().settings);
                crate::directories::turn(&self.gateway);
                self.keep();
                said.about(&self.keeping, &self.gateway.recorder, &self.alerts);
                self.gateway.state.table.maintain(3600, now());
                self.cohorts.turn(&self.gateway.state.cohorts, now());
                self.breaker_file.turn(&self.gateway.breaker, now());
                if crate::breaker::turn(&self.gateway, &mut self.store, &self.alerts, now()) {
                    self.operator_changed();
                }
            }
            if turn.is_multiple_of(4 * 60) {
                let policy = self.gateway.snapshot.load().policy.clone();
                self.gateway.state.restrictions.forget(&policy.ladder, now());
                self.gateway.recorder.maintain(now());
            }
            if turn.is_multiple_of(4 * 3600) {
                // Makes a new key when the newest is old enough.
                self.operator_changed();
            }
        }
        self.keep();
        self.cohorts.write(&self.gateway.state.cohorts);
        self.breaker_file.write(&self.gateway.breaker);
        said.about(&self.keeping, &self.gateway.recorder, &self.alerts);
    }

    fn start_admin(&self, listener: std::net::TcpListener) {
        let live = Arc::new(LiveGateway {
            gateway: self.gateway.clone(),
            keeping: self.keeping.clone(),
            data: self.server.data.clone(),
            started: now(),
            certificates: self.certificates.as_ref().map(|certificates| certificates.ends.clone()),
            file: self.file.clone(),
            reports: self.reports.clone(),
        });
        let panel = &self.server.panel;
        let hosts = Hosts { names: panel.host.iter().cloned().collect(), origin: panel.origin.clone() };
        let provider = panel.oidc.clone().map(|oidc| Provider::new(oidc, Box::new(HttpCourier)));
        let port = AdminPort {
            gateway: self.gateway.clone(),
            keeping: self.keeping.clone(),
            folder: self.server.data.clone(),
            api: Api::new(&self.server.data, live, hosts, provider),
            proxies: PrefixMap::new(panel.trusted_proxies.iter().map(|prefix| (*prefix, ()))),
        };
        if let Err(error) = admin_http::start(port, listener, self.stopped.clone()) {
            crate::log::line("admin_failed", &[("error", &error.to_string())]);
        }
    }

    fn keep(&mut self) {
        self.keeping.keep(&mut self.store, self.known.as_mut(), &self.gateway.state, now());
    }

    /// Reads the certificates again. Whatever is wrong is said, and what stood stays.
    fn reload_certificates(&mut self) {
        let Some(certificates) = &mut self.certificates else { return };
        match certificates.reload() {
            Ok(()) => crate::log::line("certificates_loaded", &[]),
            Err(error) => crate::log::line("certificates_refused", &[("error", &error)]),
        }
    }

    /// Reads the data files of networks, or those of accounts, again. Whatever is wrong is said, and what stood stays.
    fn reload_data(&mut self, of: &str) {
        let good = self.good.clone();
        let read = if of == "networks" { self.networks.reload() } else { self.accounts.reload() };
        match read.and_then(|()| self.publish(&good)) {
            Ok(_) => crate::log::line(&format!("{of}_loaded"), &[]),
            Err(error) => crate::log::line(&format!("{of}_refused"), &[("error", &error)]),
        }
    }

    /// Puts newer lists in force. What became of each was said when it was read.
    fn lists_changed(&mut self) {
        let good = self.good.clone();
        if let Err(error) = self.publish(&good) {
            crate::log::line("lists_refused", &[("error", &error)]);
        }
    }

    /// Reads the configuration again; whether it is in force. Whatever is wrong is said, and what stood stays.
    fn reload(&mut self) -> bool {
        let Some(file) = &self.file else { return false };
        let read = std::fs::read_to_string(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()));
        match read.and_then(|text| self.publish(&text).map(|published| (text, published))) {
            Ok((text, Published { revision, needs_restart })) => {
                self.good = text;
                let keys = needs_restart.join(", ");
                let said = [("revision", revision.as_str()), ("needs_restart", keys.as_str())];
                let said = if needs_restart.is_empty() { &said[..1] } else { &said };
                crate::log::line("configuration_loaded", said);
                true
            }
            Err(error) => {
                crate::log::line("configuration_refused", &[("error", &error)]);
                false
            }
        }
    }

    /// Puts the operator's changed settings in force, over the configuration that was good last: a file that somebody
    /// is in the middle of editing does not keep an operator from denying an address.
    fn operator_changed(&mut self) {
        let good = self.good.clone();
        match self.publish(&good) {
            Ok(published) => crate::log::line("settings_changed", &[("revision", &published.revision)]),
            Err(error) => crate::log::line("settings_refused", &[("error", &error)]),
        }
    }

    /// Makes a configuration and the operator's settings the snapshot that decides, as a whole or not at all.
    fn publish(&mut self, text: &str) -> Result<Published, String> {
        let name =
            self.file.as_ref().map_or("policies/default.toml".to_owned(), |file| file.display().to_string());
        let config = Config::parse(&name, text).map_err(|problems| problems.to_string())?;
        // The demo's file holds a policy alone; what it protects and serves stays. Any other that names nothing to protect
        // is one that somebody is in the middle of writing.
        let is_policy = config.server.is_policy_alone();
        if is_policy && !self.alone {
            return Err(format!("{name}: it names no upstream, no [[door]] and no [service] any more"));
        }
        let operator = self.store.operator(now()).map_err(|error| error.to_string())?;
        self.networks.follow(&config.server.networks).map_err(|error| format!("`networks`: {error}"))?;
        self.accounts.follow(&config.server)?;
        let mut settings = config.server.gateway_settings();
        self.accounts.put(&config.server, &mut settings);
        let server = if is_policy { &self.server } else { &config.server };
        if settings.sites.is_empty() {
            settings.sites.clone_from(&self.server.sites);
        }
        let needs_restart = self.server.differs_at_start(server);
        let service = service(server, &self.store)?;
        settings.keep_upstreams(&self.gateway.snapshot.load().settings);
        look_up(&settings);
        let reputations = self.lists.follow(&config.server.feeds, &config.policy)?;
        let policy = config.policy.with_operator(operator);
        let revision = policy.revision.clone();
        let (keyring, networks) = (self.keyring(), self.networks.current.clone());
        let policy = Arc::new(policy);
        crate::route_names::keep(&self.server.data, &policy);
        let snapshot = Snapshot { policy, settings, keyring, networks, reputations, service };
        self.gateway.snapshot.store(Arc::new(snapshot));
        self.gateway.metrics.series.follow(&self.gateway.snapshot.load().policy);
        self.gateway.figures.routes_changed();
        Ok(Published { revision, needs_restart })
    }

    /// Reads the keys again, and makes a new one when it is time. A folder that allows neither is no reason to refuse a
    /// change of settings: the keys in force stay.
    fn keyring(&mut self) -> Keyring {
        match Secrets::open(&self.server.data, now()) {
            Ok(secrets) => self.secrets = secrets,
            Err(error) => {
                let folder = self.server.data.display();
                let said = format!(
                    "the secrets in {folder} cannot be read or renewed: {error}. Those in force stay"
                );
                crate::log::line("secrets_unchanged", &[("error", &said)]);
            }
        }
        self.secrets.keyring()
    }

    /// Ends the automatic restrictions that an operator lifted since the last look.
    fn lift(&mut self) {
        let lifts = match self.store.lifts_since(self.lifted) {
            Ok(lifts) => lifts,
            Err(error) => return crate::log::line("lifts_unread", &[("error", &error.to_string())]),
        };
        for lift in lifts {
            self.lifted = lift.number;
            let ended = self.gateway.state.restrictions.lift(lift.whom, lift.ordered).len();
            crate::log::line("restrictions_lifted", &[("ended", &ended.to_string())]);
        }
    }
}

/// By which a changed file is noticed: when it was written, and its size.
pub(crate) type Stamp = (std::time::SystemTime, u64);

pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl Running {
    /// Waits for SIGINT or SIGTERM.
    pub(crate) fn wait(&self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            Ok(())
        })
    }

    /// Takes no more connections, lets requests in progress end, writes what is still in memory.
    pub(crate) fn stop(mut self) {
        let _ = self.stop.send(true);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        let _ = self.end.send(true);
        if let Some(control) = self.control.take() {
            let _ = control.join();
        }
        if let Some(writer) = self.writer.take() {
            writer.stop();
        }
    }
}
