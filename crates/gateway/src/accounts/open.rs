//! Attempts that the application reports about afterwards.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use spigot_decision::policy::Policy;
use spigot_decision::{Ending, Millis, Observation, Plan, Presented, outcome};
use spigot_event::DecisionId;
use spigot_state::{OpenPlace, State};

use crate::pipeline::Gateway;

/// An attempt that passed, as far as it is needed to count how it ended.
pub(crate) struct OpenAttempt {
    pub(crate) policy: Arc<Policy>,
    pub(crate) client: IpAddr,
    pub(crate) clearance: Option<Presented>,
    pub(crate) plan: Box<Plan>,
    /// Whose site's secret may report about it.
    pub(crate) host: Box<str>,
    pub(crate) opened: Millis,
    /// Counts it among those whose end is not known.
    pub(crate) _place: Option<Arc<OpenPlace>>,
}

impl fmt::Debug for OpenAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAttempt").finish_non_exhaustive()
    }
}

/// Attempts by decision.
///
/// Bounded: at most [`OPEN_MAX`], each for [`OPEN_MILLIS`]. When all places are taken the oldest gives way, and a report
/// about it finds nothing.
#[derive(Default)]
pub(crate) struct Attempts {
    inner: Mutex<Inner>,
}

/// A thousand log-ins a second for a minute and a half; about 1 KiB each.
const OPEN_MAX: usize = 100_000;
/// An application knows how a log-in ended within seconds; a second factor or a mail takes minutes.
const OPEN_MILLIS: i64 = 15 * 60_000;

#[derive(Default)]
struct Inner {
    by_id: HashMap<[u8; 10], Held>,
    /// In the order in which they were opened.
    order: VecDeque<(Millis, [u8; 10])>,
}

enum Held {
    Open(OpenAttempt),
    /// Reported already, and how.
    Ended {
        failed: bool,
        host: Box<str>,
    },
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reported {
    /// It was counted.
    Counted,
    /// The same was reported before, and counted then.
    Again,
    /// Something else was reported before, and that stands.
    Otherwise,
    /// There is no such attempt, or none of that site, or it is too long ago.
    Unknown,
}

impl Attempts {
    /// Remembers an attempt until it is reported about.
    pub(crate) fn open(&self, id: DecisionId, attempt: OpenAttempt) {
        let now = attempt.opened;
        let mut inner = self.inner.lock();
        inner.forget(now);
        inner.order.push_back((now, id.0));
        inner.by_id.insert(id.0, Held::Open(attempt));
    }

    /// Takes an attempt for a report, exactly once.
    fn take(
        &self,
        id: DecisionId,
        failed: bool,
        may: impl Fn(&str) -> bool,
        now: Millis,
    ) -> Result<OpenAttempt, Reported> {
        let mut inner = self.inner.lock();
        inner.forget(now);
        let held = inner.by_id.get_mut(&id.0).ok_or(Reported::Unknown)?;
        match held {
            Held::Ended { host, .. } if !may(host) => Err(Reported::Unknown),
            Held::Ended { failed: before, .. } if *before == failed => Err(Reported::Again),
            Held::Ended { .. } => Err(Reported::Otherwise),
            Held::Open(attempt) if !may(&attempt.host) => Err(Reported::Unknown),
            Held::Open(attempt) => {
                let host = attempt.host.clone();
                match std::mem::replace(held, Held::Ended { failed, host }) {
                    Held::Open(attempt) => Ok(attempt),
                    Held::Ended { .. } => Err(Reported::Unknown),
                }
            }
        }
    }
}

impl Inner {
    fn forget(&mut self, now: Millis) {
        while let Some((opened, id)) = self.order.front() {
            if now.since(*opened) < OPEN_MILLIS && self.order.len() < OPEN_MAX {
                return;
            }
            self.by_id.remove(id);
            self.order.pop_front();
        }
    }
}

impl<S: State> Gateway<S> {
    /// Counts what was reported about an attempt. `may` says whether the reporter speaks for a host.
    pub(crate) async fn reported(
        &self,
        id: DecisionId,
        failed: bool,
        may: impl Fn(&str) -> bool,
        now: Millis,
    ) -> Reported {
        match self.attempts.take(id, failed, may, now) {
            Ok(attempt) => {
                self.told(&attempt, failed, now).await;
                Reported::Counted
            }
            Err(reported) => reported,
        }
    }

    /// Counts how an attempt ended.
    pub(crate) async fn told(&self, attempt: &OpenAttempt, failed: bool, now: Millis) {
        let policy = &attempt.policy;
        // Of the request this much is needed once it has been answered.
        let observation =
            Observation { clearance: attempt.clearance, ..Observation::of(attempt.client, "", "") };
        let followed = outcome(policy, &observation, &attempt.plan, Ending::Told { failed }, &self.keys, now);
        self.state.report(&followed, policy.ladder_of(attempt.plan.route), now).await;
    }
}

#[cfg(test)]
mod tests {
    use spigot_decision::policy::load;
    use spigot_decision::{Keys, plan};

    use super::*;

    fn attempt(opened: i64) -> OpenAttempt {
        let policy = Arc::new(load("p", "").unwrap());
        let client = "192.0.2.1".parse().unwrap();
        let plan = plan(&policy, &Observation::of(client, "POST", "/login"), &Keys(1, 2), Millis(opened));
        OpenAttempt {
            policy,
            client,
            clearance: None,
            plan: Box::new(plan),
            host: "a.example".into(),
            opened: Millis(opened),
            _place: None,
        }
    }

    fn id(n: u64) -> DecisionId {
        DecisionId::new(Millis(n.cast_signed()), [7; 5])
    }

    #[test]
    fn counted_once_for_its_own_site_and_not_for_ever() {
        let attempts = Attempts::default();
        attempts.open(id(1), attempt(0));
        let check = |failed, host: &str, now, expected| {
            let found = attempts.take(id(1), failed, |of| of == host, Millis(now)).err();
            assert_eq!(found, expected, "{failed} {host} {now}");
        };
        check(true, "b.example", 1, Some(Reported::Unknown));
        check(true, "a.example", 1, None);
        check(true, "a.example", 2, Some(Reported::Again));
        check(false, "a.example", 2, Some(Reported::Otherwise));
        check(true, "b.example", 2, Some(Reported::Unknown));
        check(true, "a.example", OPEN_MILLIS, Some(Reported::Unknown));
    }

    #[test]
    fn places_are_bounded_and_the_oldest_goes() {
        let mut inner = Inner::default();
        for n in 0..OPEN_MAX as u64 + 10 {
            inner.forget(Millis(0));
            inner.order.push_back((Millis(0), id(n).0));
            inner.by_id.insert(id(n).0, Held::Ended { failed: true, host: "".into() });
        }
        assert_eq!((inner.order.len(), inner.by_id.len()), (OPEN_MAX, OPEN_MAX));
        assert!(inner.by_id.contains_key(&id(OPEN_MAX as u64 + 9).0) && !inner.by_id.contains_key(&id(0).0));
    }
}
