//! What an answer adds to what is known of a client.

use arrayvec::ArrayVec;

use crate::plan::{AROUND_LENGTHS, Asked, RESTRICTIONS, scale_milli};
use crate::policy::{Offender, Policy};
use crate::subject::{Hashed, Keys, Prefix, Subject};
use crate::{Count, CountKind, Millis, Observation, Plan, Presented};

/// What an answer of the upstream, or a refused submission, adds to the counts: failures of the client and limits on
/// answers. `status` is the upstream's; `refused` says that a submission for a challenge was refused.
#[must_use]
pub fn outcome(
    policy: &Policy,
    observation: &Observation<'_>,
    plan: &Plan,
    status: u16,
    refused: bool,
    keys: &Keys,
    now: Millis,
) -> Outcome {
    let route = policy.route(plan.route);
    let who = plan.who;
    let mut counts = ArrayVec::new();
    let mut offenders = ArrayVec::new();
    let failed = refused || route.settings.failure_status.contains(&status);
    if failed {
        let ladder = &policy.ladder;
        let mut fails = |offender: Offender, who: Hashed, kind: CountKind, times: u32| {
            counts.push(Count {
                key: keys.key(kind.counter(), &[who]),
                window_millis: ladder.window_millis,
                limit: ladder.restrict_from.saturating_mul(times),
                kind,
                add: true,
            });
            offenders.push((keys.key(RESTRICTIONS, &[who]), offender));
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
    if !refused {
        let scale = scale_milli(policy, observation, &route.name, now);
        let status = status.max(1);
        let asked = Asked { policy, observation, keys, who, route: plan.route, scale, status };
        for &limit in &route.answer_limits {
            if let Some(count) = asked.limit(limit, true) {
                let _ = counts.try_push(count);
            }
        }
    }
    Outcome { failed, counts, offenders }
}

/// What follows from an answer.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// It was a failure of the client.
    pub failed: bool,
    /// What to count: four counts of failures and sixteen limits at most.
    pub counts: ArrayVec<Count, 20>,
    /// Whom the first counts restrict when they are full, each with the key under which that is stored.
    pub offenders: ArrayVec<(u64, Offender), 4>,
}

/// Failures of people with clearances restrict the address behind them only at so many times the usual number.
const CLEARED_TIMES: u32 = 4;
