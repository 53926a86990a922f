//! Notices when a reason for challenges asks people rather than bots.
//!
//! Bots mostly leave a challenge alone; people's browsers solve it. So each reason has a share of its challenges that is
//! usually solved, its baseline. When far more of them are solved than usual, the reason has turned against people: a
//! campaign brought them, a carrier put them behind one address. Then it is demoted for a while: told, and nothing follows.
//!
//! **Whoever solves on purpose** to switch protection off has to do so from [`NETWORKS_MIN`] networks, of which none
//! counts for more than [`OF_NETWORK_MAX`] clients, each client once. What that buys is little: one reason of many is
//! demoted for [`DEMOTED_MILLIS`], and comes back at once when more than [`FLOOD_TIMES`] times as many clients meet it as
//! when it was demoted; after that it cannot be demoted for [`REST_MILLIS`], doubling each time. At most [`AT_ONCE`] are
//! demoted at the same time.

use std::collections::{HashMap, HashSet, VecDeque};

use foldhash::fast::FixedState;
use parking_lot::Mutex;
use spigot_decision::Millis;

/// How long challenges are counted before their share is looked at again.
const ROUND_MILLIS: i64 = 30 * 60_000;
/// Clients that were asked in a round, below which nothing follows.
const CLIENTS_MIN: u32 = 50;
/// Networks that they have to come from.
const NETWORKS_MIN: usize = 20;
/// Clients of one network that count.
const OF_NETWORK_MAX: u32 = 3;
/// Where nothing is known yet: people solve, and some of those who are asked are people.
const BASELINE_FIRST: f64 = 0.3;
/// By how much more than usual has to be solved, as a part of all that were asked.
const MORE: f64 = 0.3;
/// How long a reason is demoted.
const DEMOTED_MILLIS: i64 = 30 * 60_000;
/// How long it then stays in force at least.
const REST_MILLIS: i64 = 6 * 3_600_000;
const REST_MILLIS_MAX: i64 = 48 * 3_600_000;
/// A demoted reason that so many times as many clients meet as before was switched off by somebody.
const FLOOD_TIMES: usize = 4;
/// Reasons that are demoted at once at most.
const AT_ONCE: usize = 3;
/// Reasons that are followed: as many as a policy's limits, rules, signals and triggers.
const REASONS_MAX: usize = 600;
/// Clients that are remembered of one reason and round; more are not needed to know.
const CLIENTS_MAX: usize = 16_384;
/// Challenges that wait for their solution. When there are more, the oldest count as not solved: a flood of them makes
/// the breaker slower to act, never quicker.
const OPEN_MAX: usize = 65_536;

/// Challenges by the reasons that asked for them.
#[derive(Default)]
pub struct Breaker {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    reasons: HashMap<Box<str>, Reason, FixedState>,
    open: HashMap<[u8; 16], Open>,
    order: VecDeque<[u8; 16]>,
}

/// A challenge that was given out.
struct Open {
    reasons: Vec<Box<str>>,
    network: u64,
}

struct Reason {
    /// The share of challenges that is usually solved, once a round was long enough to know.
    baseline: Option<f64>,
    began: Millis,
    clients: HashSet<u64, FixedState>,
    /// By network: clients asked, clients that solved; neither above [`OF_NETWORK_MAX`].
    networks: HashMap<u64, (u32, u32), FixedState>,
    demoted: Option<Demotion>,
    rests_until: Millis,
    rest_millis: i64,
}

#[derive(Clone, Copy)]
struct Demotion {
    end: Millis,
    /// How many clients had met it in the round in which it was demoted.
    clients: usize,
}

/// What the breaker does.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// A reason is to be demoted until `end`.
    Demote {
        /// Kind and name.
        name: String,
        /// Until when.
        end: Millis,
        /// Clients that were asked, as far as they count.
        asked: u32,
        /// Of these, clients that solved.
        solved: u32,
        /// The share that is usual, in hundredths.
        usual_percent: u32,
    },
    /// A demoted reason is to be in force again at once: too many meet it.
    Restore {
        /// Kind and name.
        name: String,
        /// Clients that met it since.
        clients: usize,
    },
}

/// What was learned of a reason and is worth keeping.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptReason {
    /// Kind and name.
    pub name: String,
    /// The share of its challenges that is usually solved, once known.
    pub usual: Option<f64>,
    /// Until when it cannot be demoted.
    pub rests_until: Millis,
    /// For how long it then cannot be, the next time.
    pub rest_millis: i64,
}

impl Breaker {
    /// What was learned, by name.
    #[must_use]
    pub fn kept(&self) -> Vec<KeptReason> {
        let inner = self.inner.lock();
        let learned = inner
            .reasons
            .iter()
            .filter(|(_, reason)| reason.baseline.is_some() || reason.rest_millis != REST_MILLIS);
        let mut kept: Vec<_> = learned
            .map(|(name, reason)| KeptReason {
                name: name.to_string(),
                usual: reason.baseline,
                rests_until: reason.rests_until,
                rest_millis: reason.rest_millis,
            })
            .collect();
        kept.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        kept
    }

    /// Takes back what was kept; what cannot be is left out.
    pub fn restore(&self, kept: impl IntoIterator<Item = KeptReason>, now: Millis) {
        let mut inner = self.inner.lock();
        for KeptReason { name, usual, rests_until, rest_millis } in kept {
            if let Some(reason) = inner.reason(&name, now) {
                reason.baseline = usual.filter(|share| (0.0..=1.0).contains(share));
                reason.rests_until = rests_until.min(now.plus(REST_MILLIS_MAX));
                reason.rest_millis = rest_millis.clamp(REST_MILLIS, REST_MILLIS_MAX);
            }
        }
    }

    /// A challenge was exchanged for another puzzle: solving that one solves it.
    pub fn exchanged(&self, id: &[u8; 16], fresh: [u8; 16]) {
        let mut inner = self.inner.lock();
        if let Some(open) = inner.open.remove(id) {
            inner.wait_for(fresh, open);
        }
    }

    /// A challenge went out to a client, for these reasons alone.
    pub fn asked(&self, id: [u8; 16], reasons: Vec<Box<str>>, client: u64, network: u64, now: Millis) {
        let mut inner = self.inner.lock();
        let mut counted = false;
        for name in &reasons {
            let Some(reason) = inner.reason(name, now) else { continue };
            counted |= reason.meets(client, network);
        }
        // A client's second challenge says nothing new.
        if !counted {
            return;
        }
        inner.wait_for(id, Open { reasons, network });
    }

    /// A challenge was solved.
    pub fn solved(&self, id: &[u8; 16]) {
        let mut inner = self.inner.lock();
        let Some(Open { reasons, network }) = inner.open.remove(id) else { return };
        for name in &reasons {
            if let Some(counts) =
                inner.reasons.get_mut(name).and_then(|reason| reason.networks.get_mut(&network))
            {
                counts.1 = (counts.1 + 1).min(counts.0);
            }
        }
    }

    /// A client met a demoted reason and was not asked.
    pub fn met(&self, name: &str, client: u64, network: u64, now: Millis) {
        if let Some(reason) = self.inner.lock().reason(name, now) {
            reason.meets(client, network);
        }
    }

    /// How much is held: reasons that are followed, and challenges that wait for their solution.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        let inner = self.inner.lock();
        (inner.reasons.len(), inner.open.len())
    }

    /// Follows the operator: these are demoted now, until then. Whoever is no longer among them is in force again.
    pub fn follow(&self, demoted: &[(String, Millis)], now: Millis) {
        let mut inner = self.inner.lock();
        for (name, end) in demoted {
            if let Some(reason) = inner.reason(name, now)
                && reason.demoted.is_none()
            {
                reason.demoted =
                    Some(Demotion { end: *end, clients: reason.clients.len().max(CLIENTS_MIN as usize) });
                reason.next_round(now);
            }
        }
        for (name, reason) in &mut inner.reasons {
            if reason.demoted.is_some() && !demoted.iter().any(|(listed, _)| **listed == **name) {
                reason.restored(now);
            }
        }
    }

    /// What is to be done at `now`; `kept` says which reasons an operator wants in force whatever happens.
    pub fn turn(&self, kept: impl Fn(&str) -> bool, now: Millis) -> Vec<Turn> {
        let mut inner = self.inner.lock();
        let mut demoted = inner.reasons.values().filter(|reason| reason.demoted.is_some()).count();
        let mut turns = Vec::new();
        let mut names: Vec<Box<str>> = inner.reasons.keys().cloned().collect();
        names.sort_unstable();
        for name in names {
            let Some(reason) = inner.reasons.get_mut(&name) else { continue };
            if let Some(Demotion { end, clients }) = reason.demoted {
                let met = reason.clients.len();
                if met > clients.saturating_mul(FLOOD_TIMES) && now < end {
                    turns.push(Turn::Restore { name: name.to_string(), clients: met });
                    reason.restored(now);
                } else if now >= end {
                    reason.restored(now);
                }
                continue;
            }
            let (asked, solved) = reason.counts();
            let usual = reason.baseline.unwrap_or(BASELINE_FIRST);
            let over = now.since(reason.began) >= ROUND_MILLIS;
            let far_more = !over
                && reason.networks.len() >= NETWORKS_MIN
                && asked >= CLIENTS_MIN
                && at_least(solved, asked) > usual + MORE;
            if far_more && now >= reason.rests_until && demoted < AT_ONCE && !kept(&name) {
                demoted += 1;
                let end = now.plus(DEMOTED_MILLIS);
                reason.demoted = Some(Demotion { end, clients: reason.clients.len() });
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share
                let usual_percent = (usual * 100.0) as u32;
                turns.push(Turn::Demote { name: name.to_string(), end, asked, solved, usual_percent });
                reason.next_round(now);
            } else if over {
                reason.learn();
                reason.next_round(now);
            }
        }
        turns
    }
}

impl Inner {
    fn wait_for(&mut self, id: [u8; 16], open: Open) {
        if self.order.len() >= OPEN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.open.remove(&oldest);
        }
        self.order.push_back(id);
        self.open.insert(id, open);
    }

    fn reason(&mut self, name: &str, now: Millis) -> Option<&mut Reason> {
        if !self.reasons.contains_key(name) {
            if self.reasons.len() >= REASONS_MAX {
                return None;
            }
            self.reasons.insert(name.into(), Reason::new(now));
        }
        self.reasons.get_mut(name)
    }
}

impl Reason {
    fn new(now: Millis) -> Self {
        Self {
            baseline: None,
            began: now,
            clients: HashSet::default(),
            networks: HashMap::default(),
            demoted: None,
            rests_until: Millis(i64::MIN),
            rest_millis: REST_MILLIS,
        }
    }

    /// Whether this client counts: once in a round, and a few of each network.
    fn meets(&mut self, client: u64, network: u64) -> bool {
        if self.clients.len() >= CLIENTS_MAX || !self.clients.insert(client) {
            return false;
        }
        let counts = self.networks.entry(network).or_default();
        if counts.0 >= OF_NETWORK_MAX {
            return false;
        }
        counts.0 += 1;
        true
    }

    fn counts(&self) -> (u32, u32) {
        self.networks.values().fold((0, 0), |(asked, solved), of| (asked + of.0, solved + of.1))
    }

    /// An eighth of each round of enough clients.
    fn learn(&mut self) {
        let (asked, solved) = self.counts();
        if asked >= CLIENTS_MIN && self.networks.len() >= NETWORKS_MIN {
            let share = f64::from(solved) / f64::from(asked);
            self.baseline = Some(self.baseline.map_or(share, |usual| usual + (share - usual) / 8.0));
        }
    }

    fn next_round(&mut self, now: Millis) {
        self.began = now;
        self.clients.clear();
        self.networks.clear();
    }

    /// In force again, and for how long at least.
    fn restored(&mut self, now: Millis) {
        self.demoted = None;
        self.rests_until = now.plus(self.rest_millis);
        self.rest_millis = (self.rest_millis * 2).min(REST_MILLIS_MAX);
        self.next_round(now);
    }
}

/// The share that it is at least, with 97.5 % confidence (Wilson, "Probable inference", 1927).
fn at_least(of: u32, all: u32) -> f64 {
    const Z: f64 = 1.96;
    let (n, share) = (f64::from(all.max(1)), f64::from(of) / f64::from(all.max(1)));
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    (share + Z * Z / (2.0 * n) - spread) / (1.0 + Z * Z / n)
}
