//! Log-in, sign-up and reset: what a request attempts with an account, what is looked up about that, and what follows
//! from its answer. Names of accounts are hashed here and go no further.

mod crowd;
mod name;
mod shape;

use std::sync::Arc;

use crate::plan::{RESTRICTIONS, Who};
use crate::policy::{AccountSettings, Ladder, Policy};
use crate::subject::{Hashed, Keys, Prefix, Subject};
use crate::{Count, CountKind, Millis, Observation, Plan};

pub use self::crowd::{Crowd, Crowds};
pub use self::shape::mail_domain;

/// What a request that names an account attempts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Attempt {
    /// To get in.
    #[default]
    LogIn,
    /// To open one.
    SignUp,
    /// To get a forgotten password replaced.
    Reset,
}

impl Attempt {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::LogIn, Self::SignUp, Self::Reset];

    /// Its name in configuration and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LogIn => "login",
            Self::SignUp => "signup",
            Self::Reset => "reset",
        }
    }
}

/// Whose failures on an account are meant. They are counted and locked out apart, so that strangers who guess lock
/// nobody out who has been there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquaintance {
    /// Clients that never succeeded for this account, together.
    Strangers,
    /// One client that did, by network or clearance.
    Known,
}

/// What to look up for a request that names an account: hashes, nothing that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPlan {
    /// What it attempts.
    pub kind: Attempt,
    /// Failures on the account: of strangers, and of this client if it is known there. They are only read.
    pub failures: [Count; 2],
    /// Under what the lock-outs of strangers and of this client are stored.
    pub locks: [u64; 2],
    /// Under what success for the account is remembered: from anywhere, from this network, under this clearance.
    pub successes: [Option<u64>; 3],
    /// Where attempts are gathered.
    pub crowds: Crowds<Option<u64>>,
    /// What tells accounts and clients apart within a crowd.
    pub member: [u64; 2],
    /// In what window attempts are gathered, in milliseconds.
    pub window_millis: u64,
    /// For sign-ups: this account once, accounts named alike, and sign-ups from this network.
    pub signups: Option<[Count; 3]>,
}

/// What keeps the keys of the counts of accounts apart.
const FAILURES: u8 = 0;
const KNOWN_FAILURES: u8 = 1;
const ALIKE: u8 = 2;
const BURST: u8 = 3;
const ONCE: u8 = 4;
const SUCCESSES: u8 = 5;
// Crowds are in a table of their own, so that they may use the same numbers.
const OF_ROUTE: u8 = FAILURES;
const OF_NETWORK: u8 = KNOWN_FAILURES;
const OF_FINGERPRINT: u8 = ALIKE;
const OF_CLIENT: u8 = BURST;

/// What look-ups said about an account and who comes for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountFacts {
    /// Somebody succeeded for this account before, from anywhere.
    pub remembered: bool,
    /// This network or this clearance did.
    pub known: bool,
    /// Failures on the account in the window, by strangers or by this known client.
    pub failures: u32,
    /// Attempts of others on the account whose end is not known: of strangers, or of this known client.
    pub open: u32,
    /// Such attempts of this client, on accounts where it is not known.
    pub client_open: u32,
    /// The account is locked to this client until then; which step of the ladder it is.
    pub locked: Option<(Millis, u8)>,
    /// How attempts go.
    pub crowds: Crowds<Crowd>,
    /// Sign-ups of accounts named alike, this one included.
    pub alike: u32,
    /// Sign-ups from this network, this one included.
    pub burst: u32,
    /// The password is in a breach corpus.
    pub breached: bool,
    /// The address's domain gives mailboxes away for a moment, or has an ill name.
    pub disposable: bool,
}

/// What an answer says about an attempt.
#[derive(Clone, Debug)]
pub struct AccountOutcome {
    /// What was looked up for it.
    pub plan: AccountPlan,
    /// Whether it failed or succeeded.
    pub failed: bool,
    /// How long an account is locked, and from how many failures.
    pub lock: Arc<Ladder>,
    /// For how long success is remembered, in days; `None` where nothing would have told a failure.
    pub remember_days: Option<u32>,
}

/// An account, as limits count it.
pub(crate) fn counted(name: &str, keys: &Keys) -> Hashed {
    keys.subject(Subject::Account(&name::counted(name)))
}

/// A client's network, for "the address is new for this account": what a line keeps when its address changes.
fn network(observation: &Observation<'_>) -> Prefix {
    Prefix::of(observation.client, if observation.client.to_canonical().is_ipv4() { 24 } else { 48 })
}

/// What to look up when the request names an account.
pub(crate) fn plan(
    policy: &Policy,
    observation: &Observation<'_>,
    route: u16,
    who: Who,
    keys: &Keys,
) -> Option<Box<AccountPlan>> {
    let name = observation.account?;
    let settings: &AccountSettings = &policy.accounts;
    let kind = policy.route(route).settings.attempt.kind;
    let account = counted(name, keys);
    let spelled = keys.subject(Subject::Account(name));
    let here = keys.subject(Subject::Address(network(observation)));
    let route = keys.subject(Subject::Number(route.into()));
    let agent = keys.subject(Subject::Text(observation.user_agent.as_bytes()));
    let network = observation.cohort.network_of(observation.client, keys);
    let fingerprint = observation.cohort.fingerprint_of(keys);
    let key = |kind: u8, parts: &[Hashed]| keys.key(CountKind::Account(kind).counter(), parts);
    let count = |kind: u8, parts: &[Hashed], window_millis, limit, add| Count {
        key: key(kind, parts),
        window_millis,
        limit,
        kind: CountKind::Account(kind),
        add,
    };
    let window_millis = settings.lock.window_millis;
    let failures =
        |kind, parts: &[Hashed]| count(kind, parts, window_millis, settings.lock.restrict_from, false);
    let signups = (kind == Attempt::SignUp).then(|| {
        let shape = keys.subject(Subject::Account(&shape::shape(&name::counted(name))));
        let window = settings.signup_window_millis;
        [
            count(ONCE, &[route, spelled], window, 1, true),
            count(ALIKE, &[route, shape], window, settings.alike_from, true),
            count(BURST, &[route, here], window, settings.burst_from, true),
        ]
    });
    Some(Box::new(AccountPlan {
        kind,
        failures: [failures(FAILURES, &[account]), failures(KNOWN_FAILURES, &[account, who.client])],
        locks: [keys.key(RESTRICTIONS, &[account]), keys.key(RESTRICTIONS, &[account, who.client])],
        successes: [
            Some(key(SUCCESSES, &[spelled])),
            Some(key(SUCCESSES, &[spelled, here])),
            observation.clearance.map(|_| key(SUCCESSES, &[spelled, who.client])),
        ],
        crowds: Crowds {
            of_many: [
                Some(key(OF_ROUTE, &[route])),
                Some(key(OF_ROUTE, &[route, agent])),
                Some(key(OF_NETWORK, &[route, network])),
                fingerprint.map(|fingerprint| key(OF_FINGERPRINT, &[route, fingerprint])),
                fingerprint.map(|fingerprint| key(OF_FINGERPRINT, &[route, fingerprint, network])),
            ],
            of_client: Some(key(OF_CLIENT, &[route, who.address])),
        },
        member: [key(ONCE, &[spelled]), key(ONCE, &[who.address])],
        window_millis,
        signups,
    }))
}

/// What an answer says about the attempt that was planned for; `None` when it says nothing. `told` is that the
/// application said in words how it ended.
pub(crate) fn outcome(
    policy: &Policy,
    plan: &Plan,
    failed: Option<bool>,
    told: bool,
) -> Option<Box<AccountOutcome>> {
    let settings = &policy.accounts;
    let told = told || policy.route(plan.route).settings.tells_failures();
    let (plan, failed) = plan.account.as_deref().zip(failed)?;
    Some(Box::new(AccountOutcome {
        plan: *plan,
        failed,
        lock: settings.lock.clone(),
        remember_days: told.then_some(settings.remember_days),
    }))
}
