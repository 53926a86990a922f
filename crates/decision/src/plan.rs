use arrayvec::ArrayVec;

use crate::path::folded;
use crate::policy::expression::{Condition, Sight};
use crate::policy::units::{KEY_PARTS_MAX, KeyPart};
use crate::policy::{Limit, Policy, Relief};
use crate::subject::{Hashed, Keys, Prefix, Subject, canonical};
use crate::{AccountPlan, Budget, Facts, Level, Millis, Observation, PlannedBudget};

/// Counts that one request asks for at most; compile keeps a policy's routes below it.
pub const MAX_COUNTS: usize = 30;
/// Subjects of one request that a restriction can be against: the clearance and its address, or the address and the
/// /56 and /48 around it.
pub const MAX_SUBJECTS: usize = 3;

/// One count over a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// What is counted, hashed together with its counter; never 0.
    pub key: u64,
    /// The window in milliseconds.
    pub window_millis: u64,
    /// How many pass. The state has to be exact up to one more than this.
    pub limit: u32,
    /// Which count it is.
    pub kind: CountKind,
    /// Whether this request is counted, or the count is only read.
    pub add: bool,
}

/// Which count it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountKind {
    /// Requests of the client, for `high_frequency`.
    Frequency,
    /// Requests of the /56 (1) or /48 (2) around an IPv6 client.
    FrequencyAround(u8),
    /// The same body.
    Repetition,
    /// Failures of the client.
    Failures,
    /// Failures of clients with clearances at one address, or in the network around it. They are counted apart, so that
    /// neighbours without one are not slowed by them.
    FailuresOfAddress,
    /// Failures within the /56 (1) or /48 (2) around an IPv6 client.
    FailuresAround(u8),
    /// Uses of the clearance.
    Quota,
    /// A limit, by its index in the policy.
    Limit(u16),
    /// Something about an account, see `account.rs`.
    Account(u8),
    /// What still passes of a throttled client.
    Trickle,
    /// Requests of a trusted client with a rate of its own.
    Trusted,
}

impl CountKind {
    /// The number that keeps the keys of different counts apart.
    pub(crate) fn counter(self) -> u16 {
        match self {
            Self::Frequency => 0,
            Self::FrequencyAround(step) => u16::from(step),
            Self::Repetition => 3,
            Self::Failures => 4,
            Self::Quota => 5,
            Self::Trickle => 6,
            // The prefix's length keeps the two apart.
            Self::FailuresAround(_) => 7,
            Self::FailuresOfAddress => 9,
            // At most six of them.
            Self::Account(which) => 10 + u16::from(which.min(5)),
            // Beyond all limits.
            Self::Trusted => 1000,
            Self::Limit(index) => 16 + index,
        }
    }
}

/// What to count and look up for one request.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The route, by its index in the policy.
    pub route: u16,
    /// The counts.
    pub counts: ArrayVec<Count, MAX_COUNTS>,
    /// The keys under which restrictions of this request's subjects are stored, the client's own first.
    pub subjects: ArrayVec<u64, MAX_SUBJECTS>,
    /// Whether the route's hour is counted and compared.
    pub hour: bool,
    /// What to count for the route's budget; `None` where it has none.
    pub budget: Option<PlannedBudget>,
    /// The key of the client's trickle, used when the decision is to throttle.
    pub trickle_key: u64,
    /// Who sent it.
    pub who: Who,
    /// What to look up about the account that it names. In a box: most requests name none.
    pub account: Option<Box<AccountPlan>>,
}

impl Plan {
    /// Plans a request here, in the place of what was: [`plan`] for whoever keeps it in a box, because a move would copy
    /// the room for all counts.
    pub fn fill(&mut self, policy: &Policy, observation: &Observation<'_>, keys: &Keys, now: Millis) {
        let index = policy.route_of(observation);
        let route = policy.route(index);
        let settings = &route.settings;
        let who = Who::of(observation, keys);
        let scale = scale_milli(policy, observation, &route.name, now);
        let number = |number: u64| keys.subject(Subject::Number(number));
        self.counts.clear();
        self.subjects.clear();
        self.route = index;
        self.hour = settings.traffic_anomaly.is_some();
        self.budget = settings.budget.map(|budget| planned(budget, observation, settings.level, scale, keys));
        self.trickle_key = keys.key(CountKind::Trickle.counter(), &[who.client, number(index.into())]);
        self.who = who;
        self.account = crate::account::plan(policy, observation, index, who, keys);
        let mut push = |kind: CountKind, parts: &[Hashed], window_millis, limit, add| {
            // Compile keeps the number below the bound; a count too many would be dropped, never a panic.
            let _ = self.counts.try_push(Count {
                key: keys.key(kind.counter(), parts),
                window_millis,
                limit,
                kind,
                add,
            });
        };
        if let Some(trigger) = settings.high_frequency {
            let limit = scaled(trigger.more_than, scale);
            // Routes with one threshold and window share a count; pictures, which may be many, do not count against pages.
            let scope = [number(trigger.window_millis), number(u64::from(trigger.more_than))];
            let within = |who| [who, scope[0], scope[1]];
            push(CountKind::Frequency, &within(who.client), trigger.window_millis, limit, true);
            if observation.client.is_ipv6() && observation.clearance.is_none() {
                for (step, (length, times)) in (1..).zip(AROUND) {
                    let around = keys.subject(Subject::Address(Prefix::of(observation.client, length)));
                    let limit = limit.saturating_mul(times);
                    push(
                        CountKind::FrequencyAround(step),
                        &within(around),
                        trigger.window_millis,
                        limit,
                        true,
                    );
                }
            }
        }
        if let (Some(trigger), Some(digest)) = (settings.payload_repetition, observation.body.digest) {
            let limit = scaled(trigger.more_than, scale);
            let body = keys.subject(Subject::Text(&digest.to_le_bytes()));
            push(CountKind::Repetition, &[number(index.into()), body], trigger.window_millis, limit, true);
        }
        let ladder = policy.ladder_of(index);
        let scope = failure_scope(policy, index, keys);
        let mut failures: ArrayVec<Hashed, 2> = ArrayVec::new();
        failures.push(who.client);
        failures.extend(scope);
        push(CountKind::Failures, &failures, ladder.window_millis, ladder.restrict_from, false);
        if let Some(clearance) = observation.clearance {
            let life_millis = u64::from(clearance.life_millis);
            push(CountKind::Quota, &[who.client], life_millis, clearance.quota, true);
            if let Some(quota) = settings.clearance_quota {
                push(CountKind::Quota, &[who.client, number(index.into())], life_millis, quota, true);
            }
        }
        if let Some(proven) = observation.trusted.proven
            && proven.is_for(policy, &route.name, now)
            && let Some((limit, window_millis)) = proven.rate(policy)
        {
            let name = keys.subject(Subject::Text(proven.name(policy).as_bytes()));
            let is_key = number(proven.key.is_some().into());
            push(CountKind::Trusted, &[is_key, name], window_millis, limit, true);
        }
        let asked = Asked { policy, observation, keys, who, route: index, scale, status: 0 };
        for (add, indexes) in [(true, &route.limits), (false, &route.answer_limits)] {
            for &limit_index in indexes {
                if let Some(count) = asked.limit(limit_index, add) {
                    let _ = self.counts.try_push(count);
                }
            }
        }
        self.subjects.push(keys.key(RESTRICTIONS, &[who.client]));
        if observation.clearance.is_some() {
            self.subjects.push(keys.key(RESTRICTIONS, &[who.address]));
        } else if canonical(observation.client).is_ipv6() {
            // Whoever holds a clearance is not judged by the neighbours.
            for length in AROUND_LENGTHS {
                let around = keys.subject(Subject::Address(Prefix::of(observation.client, length)));
                self.subjects.push(keys.key(RESTRICTIONS, &[around]));
            }
        }
    }

    /// Those of the subjects that are the client itself: its clearance, where it holds one, and its address.
    #[must_use]
    pub fn own_subjects(&self) -> &[u64] {
        let count = if self.who.client == self.who.address { 1 } else { 2 };
        &self.subjects[..count.min(self.subjects.len())]
    }
}

/// How much wider prefixes may do in all: a /56 four times and a /48 sixteen times what one client may.
const AROUND: [(u8, u32); 2] = [(AROUND_LENGTHS[0], 4), (AROUND_LENGTHS[1], 16)];
/// What one subscriber gets at most as a rule: a /56 at home, a /48 for a company.
pub(crate) const AROUND_LENGTHS: [u8; 2] = [56, 48];

/// What has to be counted and looked up for a request.
#[must_use]
pub fn plan(policy: &Policy, observation: &Observation<'_>, keys: &Keys, now: Millis) -> Plan {
    let mut plan = Plan::default();
    plan.fill(policy, observation, keys, now);
    plan
}

/// What keeps a route's failures apart, where it answers them in its own way.
pub(crate) fn failure_scope(policy: &Policy, route: u16, keys: &Keys) -> Option<Hashed> {
    policy.route(route).settings.ladder.as_ref().map(|_| keys.subject(Subject::Number(route.into())))
}

/// What the route's budget counts of a request.
fn planned(
    budget: Budget,
    observation: &Observation<'_>,
    level: Level,
    scale_milli: u32,
    keys: &Keys,
) -> PlannedBudget {
    let network = observation.cohort.network_of(observation.client, keys);
    let fingerprint = observation.cohort.fingerprint_of(keys);
    let cleared = observation.clearance.is_some_and(|clearance| clearance.level >= level);
    PlannedBudget {
        keys: [
            fingerprint.map(|fingerprint| keys.key(COHORTS, &[network, fingerprint])),
            Some(keys.key(COHORTS, &[network])),
            fingerprint.map(|fingerprint| keys.key(COHORTS, &[fingerprint])),
        ],
        budget,
        scale_milli,
        cleared,
    }
}

/// Who sent a request, hashed once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The clearance that was presented, or the address where there is none.
    pub client: Hashed,
    /// The address.
    pub address: Hashed,
}

impl Who {
    fn of(observation: &Observation<'_>, keys: &Keys) -> Self {
        let address = keys.subject(Subject::Address(Prefix::client(observation.client)));
        let cleared = observation.clearance.map(|clearance| keys.subject(Subject::Clearance(clearance.id)));
        Self { client: cleared.unwrap_or(address), address }
    }
}

/// What keeps the keys of cohorts apart from those of counts.
const COHORTS: u16 = 13;
/// What keeps the keys of restrictions apart from those of counts.
pub(crate) const RESTRICTIONS: u16 = 8;

/// A request, or its answer, as limits see it.
pub(crate) struct Asked<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) observation: &'a Observation<'a>,
    pub(crate) keys: &'a Keys,
    pub(crate) who: Who,
    pub(crate) route: u16,
    pub(crate) scale: u32,
    /// The answer's; 0 before it.
    pub(crate) status: u16,
}

impl Asked<'_> {
    /// The count of one limit, `None` when the limit is not for this request.
    pub(crate) fn limit(&self, index: u16, add: bool) -> Option<Count> {
        let limit: &Limit = &self.policy.limits[usize::from(index)];
        let observation = self.observation;
        let pattern_fits = limit.patterns.is_empty()
            || limit.patterns.iter().any(|p| p.matches(observation.method, observation.matched));
        // A limit on answers is read before the answer whatever its condition, and counted after it where that holds.
        let counted =
            |condition: &Condition| (condition.sees_answer && self.status == 0) || condition.holds(self);
        if !pattern_fits || !limit.when.as_ref().is_none_or(counted) {
            return None;
        }
        let mut parts: ArrayVec<Hashed, KEY_PARTS_MAX> = ArrayVec::new();
        for part in &limit.rate.key {
            parts.try_push(self.part(part)?).ok()?;
        }
        let kind = CountKind::Limit(index);
        Some(Count {
            key: self.keys.key(kind.counter(), &parts),
            window_millis: limit.rate.window_millis,
            limit: scaled(limit.rate.events, self.scale),
            kind,
            add,
        })
    }

    /// One part of a limit's key; `None` when the request has no such part.
    fn part(&self, part: &KeyPart) -> Option<Hashed> {
        let observation = self.observation;
        let subject = match part {
            KeyPart::Client => return Some(self.who.client),
            KeyPart::Address => return Some(self.who.address),
            KeyPart::Route => Subject::Number(self.route.into()),
            KeyPart::Account => return Some(crate::account::counted(observation.account?, self.keys)),
            KeyPart::Path => {
                return Some(self.keys.subject(Subject::Text(folded(observation.matched).as_bytes())));
            }
            KeyPart::Host => Subject::Text(observation.host.as_bytes()),
            KeyPart::UserAgent => Subject::Text(observation.user_agent.as_bytes()),
            KeyPart::Body => {
                return Some(self.keys.subject(Subject::Text(&observation.body.digest?.to_le_bytes())));
            }
            KeyPart::Network => return Some(observation.cohort.network_of(observation.client, self.keys)),
            KeyPart::Fingerprint => return observation.cohort.fingerprint_of(self.keys),
            KeyPart::Header(name) => Subject::Text(observation.headers.value(name)?),
        };
        Some(self.keys.subject(subject))
    }
}

/// By how much exceptions in force raise what this client may do here, in thousandths: the largest counts.
pub(crate) fn scale_milli(policy: &Policy, observation: &Observation<'_>, route: &str, now: Millis) -> u32 {
    let raised = policy.operator.exceptions.iter().filter_map(|exception| match exception.relief {
        Relief::Scale(milli) if exception.holds(observation.client, route, now) => Some(milli),
        _ => None,
    });
    raised.max().unwrap_or(1000).max(1000)
}

pub(crate) fn scaled(limit: u32, milli: u32) -> u32 {
    u32::try_from(u64::from(limit) * u64::from(milli) / 1000).unwrap_or(u32::MAX)
}

/// What a limit's condition sees: the request and, afterwards, the answer's status.
impl Sight for Asked<'_> {
    fn observation(&self) -> &Observation<'_> {
        self.observation
    }
    fn signal(&self, _: u16) -> bool {
        false
    }
    fn count(&self, _: u16) -> u32 {
        0
    }
    fn listed(&self, list: u16) -> bool {
        self.policy.lists[usize::from(list)].prefixes.find(self.observation.client).is_some()
    }
    fn facts(&self) -> Option<&Facts> {
        None
    }
    fn country(&self) -> &str {
        ""
    }
    fn network(&self) -> u32 {
        0
    }
    fn device(&self) -> &str {
        ""
    }
    fn status(&self) -> u16 {
        self.status
    }
}
