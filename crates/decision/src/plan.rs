use arrayvec::ArrayVec;

use crate::policy::units::KeyPart;
use crate::policy::{Limit, Policy, Relief};
use crate::subject::{Keys, Prefix, Subject};
use crate::{Millis, Observation};

/// Counts that one request asks for at most; compile keeps a policy's routes below it.
pub const MAX_COUNTS: usize = 28;
/// Subjects of one request that a restriction can be against: the client, its address, and /56 and /48 around it.
pub const MAX_SUBJECTS: usize = 4;

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
    /// Failures of the address behind a client that holds a clearance.
    FailuresOfAddress,
    /// Uses of the clearance.
    Quota,
    /// A limit, by its index in the policy.
    Limit(u16),
    /// What still passes of a throttled client.
    Trickle,
}

impl CountKind {
    /// The number that keeps the keys of different counts apart.
    fn counter(self) -> u16 {
        match self {
            Self::Frequency => 0,
            Self::FrequencyAround(step) => u16::from(step),
            Self::Repetition => 3,
            Self::Failures | Self::FailuresOfAddress => 4,
            Self::Quota => 5,
            Self::Trickle => 6,
            Self::Limit(index) => 16 + index,
        }
    }
}

/// What to count and look up for one request.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The route, by its index in the policy.
    pub route: u16,
    /// The counts.
    pub counts: ArrayVec<Count, MAX_COUNTS>,
    /// The keys under which restrictions of this request's subjects are stored, the client's own first.
    pub subjects: ArrayVec<u64, MAX_SUBJECTS>,
    /// Whether the route's hour is counted and compared.
    pub hour: bool,
    /// The key of the client's trickle, used when the decision is to throttle.
    pub trickle_key: u64,
}

/// How much wider prefixes may do in all: a /56 four times and a /48 sixteen times what one client may.
const AROUND: [(u8, u32); 2] = [(56, 4), (48, 16)];

/// What has to be counted and looked up for a request.
#[must_use]
pub fn plan(policy: &Policy, observation: &Observation<'_>, keys: &Keys, now: Millis) -> Plan {
    let index = policy.route_of(observation);
    let route = policy.route(index);
    let settings = &route.settings;
    let address = Subject::Address(Prefix::client(observation.client));
    let client = observation.clearance.map_or(address, |clearance| Subject::Clearance(clearance.id));
    let scale = scale_milli(policy, observation, &route.name, now);
    let mut counts = ArrayVec::new();
    let mut push = |kind: CountKind, subjects: &[Subject<'_>], window_millis, limit, add| {
        // Compile keeps the number below the bound; a count too many would be dropped, never a panic.
        let _ = counts.try_push(Count {
            key: keys.hash(kind.counter(), subjects),
            window_millis,
            limit,
            kind,
            add,
        });
    };
    if let Some(trigger) = settings.high_frequency {
        let limit = scaled(trigger.more_than, scale);
        // Routes with one threshold and window share a count; pictures, which may be many, do not count against pages.
        let scope = (u128::from(trigger.window_millis) << 32 | u128::from(trigger.more_than)).to_le_bytes();
        let window = Subject::Text(&scope);
        push(CountKind::Frequency, &[client, window], trigger.window_millis, limit, true);
        if observation.client.is_ipv6() && observation.clearance.is_none() {
            for (step, (length, times)) in (1..).zip(AROUND) {
                let around = Subject::Address(Prefix::of(observation.client, length));
                push(
                    CountKind::FrequencyAround(step),
                    &[around, window],
                    trigger.window_millis,
                    limit.saturating_mul(times),
                    true,
                );
            }
        }
    }
    if let (Some(trigger), Some(digest)) = (settings.payload_repetition, observation.body.digest) {
        let limit = scaled(trigger.more_than, scale);
        let subjects = [Subject::Text(&index.to_le_bytes()), Subject::Text(&digest.to_le_bytes())];
        push(CountKind::Repetition, &subjects, trigger.window_millis, limit, true);
    }
    let ladder = &policy.ladder;
    push(CountKind::Failures, &[client], ladder.window_millis, ladder.restrict_from, false);
    if let Some(clearance) = observation.clearance {
        push(CountKind::Quota, &[client], u64::from(clearance.life_millis), clearance.quota, true);
    }
    for (add, indexes) in [(true, &route.limits), (false, &route.answer_limits)] {
        for &limit_index in indexes {
            if let Some(count) = limit_count(policy, limit_index, index, observation, keys, scale, 0, add) {
                let _ = counts.try_push(count);
            }
        }
    }
    Plan {
        route: index,
        counts,
        subjects: subjects(observation, keys),
        hour: settings.traffic_anomaly.is_some(),
        trickle_key: keys.hash(CountKind::Trickle.counter(), &[client, Subject::Text(&index.to_le_bytes())]),
    }
}

/// The count of one limit for a request, `None` when it is not for this request. `status` is 0 before the answer.
#[allow(clippy::too_many_arguments)]
pub(crate) fn limit_count(
    policy: &Policy,
    index: u16,
    route: u16,
    observation: &Observation<'_>,
    keys: &Keys,
    scale: u32,
    status: u16,
    add: bool,
) -> Option<Count> {
    let limit: &Limit = &policy.limits[usize::from(index)];
    let pattern_fits = limit.patterns.is_empty()
        || limit.patterns.iter().any(|p| p.matches(observation.method, observation.path));
    // A limit on answers is read before the answer whatever its condition, and counted after it where that holds.
    let counted = |c: &crate::policy::expression::Condition| {
        (c.sees_answer && status == 0) || c.holds(&RequestSight { policy, observation, status })
    };
    if !pattern_fits || !limit.when.as_ref().is_none_or(counted) {
        return None;
    }
    let route = route.to_le_bytes();
    let digest = observation.body.digest.map(u64::to_le_bytes);
    let mut subjects: ArrayVec<Subject<'_>, 8> = ArrayVec::new();
    for part in &limit.rate.key {
        let subject = match part {
            KeyPart::Client => observation
                .clearance
                .map_or(Subject::Address(Prefix::client(observation.client)), |c| Subject::Clearance(c.id)),
            KeyPart::Address => Subject::Address(Prefix::client(observation.client)),
            KeyPart::Account => Subject::Account(observation.account?),
            KeyPart::Route => Subject::Text(&route),
            KeyPart::Path => Subject::Text(observation.path.as_bytes()),
            KeyPart::Host => Subject::Text(observation.host.as_bytes()),
            KeyPart::UserAgent => Subject::Text(observation.user_agent.as_bytes()),
            KeyPart::Body => Subject::Text(digest.as_ref()?),
            KeyPart::Header(name) => Subject::Text(observation.headers.value(name)?),
        };
        subjects.try_push(subject).ok()?;
    }
    let kind = CountKind::Limit(index);
    let key = keys.hash(kind.counter(), &subjects);
    Some(Count {
        key,
        window_millis: limit.rate.window_millis,
        limit: scaled(limit.rate.events, scale),
        kind,
        add,
    })
}

fn subjects(observation: &Observation<'_>, keys: &Keys) -> ArrayVec<u64, MAX_SUBJECTS> {
    let mut found = ArrayVec::new();
    if let Some(clearance) = observation.clearance {
        found.push(subject_key(keys, Subject::Clearance(clearance.id)));
    }
    found.push(subject_key(keys, Subject::Address(Prefix::client(observation.client))));
    found
}

/// The key under which a restriction against a subject is stored.
pub(crate) fn subject_key(keys: &Keys, subject: Subject<'_>) -> u64 {
    keys.hash(8, &[subject])
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
struct RequestSight<'a> {
    policy: &'a Policy,
    observation: &'a Observation<'a>,
    status: u16,
}

impl crate::policy::expression::Sight for RequestSight<'_> {
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
