//! What the data folder keeps of an embedded engine, and the thread that writes it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use spigot_admin::{KnownStore, PolicyStore};
use spigot_challenge::{Keyring, Secret};
use spigot_decision::policy::{PrefixMap, load};
use spigot_decision::{Millis, Prefix};
use spigot_gateway::{Gateway, Settings, Snapshot};
use spigot_keeping::{BreakerFile, CohortFile, Keeping, Say, Secrets, open_known};
use spigot_state::{Memory, MemorySettings};

use crate::engine::{Problem, Settings as Made, now};

/// An open data folder.
pub(crate) struct Kept {
    store: PolicyStore,
    known: Option<KnownStore>,
    cohorts: CohortFile,
    keeping: Keeping,
    /// The last change whose orders to lift were followed, and the version of the operator's settings in force.
    lifted: u64,
    version: i64,
    /// The policy's text as the application brought it, without the operator's settings.
    text: String,
    folder: PathBuf,
    /// What seals clearances, where the application brings it.
    secret: Option<[u8; 32]>,
    say: Say,
}

impl Kept {
    /// Opens a folder, and gives the state back what it had.
    pub(crate) fn open(settings: &Made, now: Millis) -> Result<(Self, Memory), Problem> {
        let (folder, say) = (&settings.data, settings.say);
        let store = PolicyStore::open(folder)?;
        let state = Memory::new(MemorySettings::default(), now);
        let (lifted, version) = (store.last_change()?, store.version()?);
        let (hours, restrictions) = store.kept()?;
        state.hours.restore(hours);
        let known = open_known(folder, &state, restrictions, now, say);
        let cohorts = CohortFile::open(folder, &state.cohorts, now, say);
        let keeping = Keeping::default();
        let (text, folder, secret) = (settings.policy.clone(), folder.clone(), settings.secret);
        Ok((Self { store, known, cohorts, keeping, lifted, version, text, folder, secret, say }, state))
    }

    /// What decides: the policy with what an operator set by `spigot … --data`, and the keys in force.
    pub(crate) fn snapshot(&self, now: Millis) -> Result<Snapshot, Problem> {
        let policy = load("policy", &self.text).map_err(|problems| Problem(problems.to_string()))?;
        let keyring = match self.secret {
            Some(secret) => Keyring::new(&[(1, Secret::new(secret))]),
            // Makes a new one when the newest is old enough.
            None => Secrets::open(&self.folder, now)?.keyring(),
        };
        // The layer is the one that speaks for visitors, from this machine.
        let layer = Prefix::parse("127.0.0.0/8").map(|prefix| (prefix, ()));
        let settings = Settings {
            trusted_proxies: PrefixMap::new(layer),
            forwarded_header: "x-forwarded-for".to_owned(),
            ..Settings::default()
        };
        Ok(Snapshot {
            policy: Arc::new(policy.with_operator(self.store.operator(now)?)),
            settings,
            keyring,
            networks: Arc::default(),
            reputations: Arc::default(),
            service: Arc::default(),
        })
    }

    /// Keeps what there is each second until the other end is gone, and then once more.
    pub(crate) fn run(mut self, gateway: &Gateway<Memory>, mut breaker: BreakerFile, until: &Receiver<()>) {
        let mut turn = 0u64;
        while until.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            turn += 1;
            let now = now();
            self.follow(gateway, now);
            self.keep(gateway, now);
            // All of it within an hour.
            gateway.state.table.maintain(3600, now);
            self.cohorts.turn(&gateway.state.cohorts, now);
            breaker.turn(&gateway.breaker, now);
            if turn.is_multiple_of(60) {
                let policy = gateway.snapshot.load().policy.clone();
                gateway.state.restrictions.forget(&policy.ladder, now);
                gateway.recorder.maintain(now);
            }
            if turn.is_multiple_of(3600) {
                self.publish(gateway, now);
            }
        }
        self.keep(gateway, now());
        self.cohorts.write(&gateway.state.cohorts);
        breaker.write(&gateway.breaker);
    }

    fn keep(&mut self, gateway: &Gateway<Memory>, now: Millis) {
        let failed = self.keeping.failed();
        self.keeping.keep(&mut self.store, self.known.as_mut(), &gateway.state, now);
        // Once, when it begins: the next second has the same to say.
        if failed == 0
            && self.keeping.failed() == 1
            && let Some(error) = self.keeping.last_error()
        {
            (self.say)("keeping_failed", &error);
        }
    }

    /// Puts what an operator has changed in force.
    fn follow(&mut self, gateway: &Gateway<Memory>, now: Millis) {
        let version = self.store.version().unwrap_or(self.version);
        if version == self.version {
            return;
        }
        self.version = version;
        match self.store.lifts_since(self.lifted) {
            Ok(lifts) => {
                for lift in lifts {
                    self.lifted = lift.number;
                    gateway.state.restrictions.lift(lift.whom, lift.ordered);
                }
            }
            Err(error) => (self.say)("lifts_unread", &error.to_string()),
        }
        self.publish(gateway, now);
    }

    fn publish(&self, gateway: &Gateway<Memory>, now: Millis) {
        match self.snapshot(now) {
            Ok(snapshot) => gateway.snapshot.store(Arc::new(snapshot)),
            Err(error) => (self.say)("settings_refused", &error.to_string()),
        }
    }
}
