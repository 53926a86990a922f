//! What an answer adds to what is known of a client.

use arrayvec::ArrayVec;

use crate::plan::{AROUND_LENGTHS, Asked, RESTRICTIONS, failure_scope, scale_milli};
use crate::policy::{Offender, Policy};
use crate::subject::{Hashed, Keys, Prefix, Subject};
use crate::{AccountOutcome, Count, CountKind, Millis, Observation, Plan, Presented};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The application answered.
    Answered {
        /// Its status.
        status: u16,
        /// Whether the rest of the answer says that the attempt failed; `None` while that is not known.
        failed: Option<bool>,
    },
    /// A submission for a challenge was refused.
    Refused,
    /// What was not known when the application answered: the answer's body, or the application itself, told it.
    Told {
        /// Whether the attempt failed.
        failed: bool,
    },
}

impl Ending {
    /// An answer whose status is all that it tells.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answered { status, failed: Some(false) }
    }

    /// Whether it was a failure; `None` when nobody can say.
    fn failed(self, failure_status: &[u16]) -> Option<bool> {
        match self {
            Self::Answered { status, failed } => {
                failed.map(|failed| failed || failure_status.contains(&status))
            }
            Self::Refused => Some(true),
            Self::Told { failed } => Some(failed),
        }
    }

    /// Whether whoever attempted something may have succeeded: an error of the server is no success.
    fn may_be_success(self) -> bool {
        match self {
            Self::Answered { status, .. } => status < 400,
            Self::Refused => false,
            Self::Told { .. } => true,
        }
    }
}

/// What an answer of the upstream, or a refused submission, adds to the counts: failures of the client, what is known of
/// an account, and limits on answers.
#[must_use]
pub fn outcome(
    policy: &Policy,
    observation: &Observation<'_>,
    plan: &Plan,
    ending: Ending,
    keys: &Keys,
    now: Millis,
) -> Outcome {
    let route = policy.route(plan.route);
    let who = plan.who;
    let told = ending.failed(&route.settings.failure_status);
    let mut outcome =
        Outcome { failed: told == Some(true), counts: Vec::new(), offenders: Vec::new(), account: None };
    if outcome.failed {
        let ladder = policy.ladder_of(plan.route);
        let scope = failure_scope(policy, plan.route, keys);
        let mut fails = |offender: Offender, who: Hashed, kind: CountKind, times: u32| {
            let parts: ArrayVec<Hashed, 2> = [who].into_iter().chain(scope).collect();
            outcome.counts.push(Count {
                key: keys.key(kind.counter(), &parts),
                window_millis: ladder.window_millis,
                limit: ladder.restrict_from.saturating_mul(times),
                kind,
                add: true,
            });
            outcome.offenders.push((keys.key(RESTRICTIONS, &[who]), offender));
        };
        let address = Prefix::client(observation.client);
        let of_address = Offender::Address(address);
        // Whoever solves again after each restriction is still one address.
        let times = match observation.clearance {
            Some(Presented { id, .. }) => {
                fails(Offender::Clearance { id, address }, who.client, CountKind::Failures, 1);
                fails(of_address, who.address, CountKind::FailuresOfAddress, CLEARED_TIMES);
                CLEARED_TIMES
            }
            None => {
                fails(of_address, who.address, CountKind::Failures, 1);
                1
            }
        };
        // Whoever takes another address of its own for each failure is still one network.
        if address.base.is_ipv6() {
            for ((step, length), around) in (1..).zip(AROUND_LENGTHS).zip(ladder.around) {
                let prefix = Prefix::of(observation.client, length);
                let kind = match observation.clearance {
                    Some(_) => CountKind::FailuresOfAddress,
                    None => CountKind::FailuresAround(step),
                };
                let network = keys.subject(Subject::Address(prefix));
                fails(Offender::Address(prefix), network, kind, times.saturating_mul(around));
            }
        }
    }
    if let Ending::Answered { status, .. } = ending {
        let scale = scale_milli(policy, observation, &route.name, now);
        let status = status.max(1);
        let asked = Asked { policy, observation, keys, who, route: plan.route, scale, status };
        for &limit in &route.answer_limits {
            if let Some(count) = asked.limit(limit, true) {
                outcome.counts.push(count);
            }
        }
    }
    if ending != Ending::Refused {
        let told = told.filter(|failed| *failed || ending.may_be_success());
        outcome.account = crate::account::outcome(policy, plan, told, matches!(ending, Ending::Told { .. }));
    }
    outcome
}

/// What follows from an answer.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// It was a failure of the client.
    pub failed: bool,
    /// What to count: four counts of failures, and the limits that a route has at most.
    pub counts: Vec<Count>,
    /// Whom the first counts restrict when they are full, each with the key under which that is stored.
    pub offenders: Vec<(u64, Offender)>,
    /// What it says about an account. In a box: most answers say nothing.
    pub account: Option<Box<AccountOutcome>>,
}

/// Failures of people with clearances restrict the address behind them only at so many times the usual number.
const CLEARED_TIMES: u32 = 4;
