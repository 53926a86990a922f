//! A site with its state, and requests to it.

use std::net::IpAddr;

use spigot_decision::policy::{Policy, load};
use spigot_decision::{
    Action, Agent, Decision, Ending, Keys, Level, Millis, Observation, Plan, Presented, Sender, decide,
    outcome, plan,
};
use spigot_state::{Memory, MemorySettings};

pub(crate) const SECOND: i64 = 1000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

const KEYS: Keys = Keys(1, 2);
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";

/// A site.
pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) state: Memory,
}

/// One request.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) client: IpAddr,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) clearance: Option<Presented>,
}

impl World {
    /// Decided by this text and nothing else.
    pub(crate) fn new(text: &str) -> Self {
        let policy = load("policy.toml", &format!("extends = \"nothing\"\n{text}"))
            .unwrap_or_else(|problems| panic!("{problems}"));
        Self { policy, state: memory() }
    }

    /// What is decided, and counted on the way.
    pub(crate) fn decide(&self, request: Request<'_>, now: Millis) -> Decision {
        self.judged(request, now).0
    }

    fn judged(&self, request: Request<'_>, now: Millis) -> (Decision, Plan) {
        let observation = observe(request);
        let plan = plan(&self.policy, &observation, &KEYS, now);
        let facts = self.state.fetch_now(&plan, &self.policy.route(plan.route).name, now);
        (decide(&self.policy, &observation, &plan, &facts, now), plan)
    }

    /// A request that the application answers with `status` when it passes, trickles included; whether it did.
    pub(crate) fn send(&self, request: Request<'_>, status: u16, now: Millis) -> (Decision, bool) {
        let (decision, plan) = self.judged(request, now);
        let passed = match decision.effective {
            Action::Allow | Action::Log => true,
            Action::Throttle => {
                decision.trickle.is_some_and(|trickle| self.state.table.count(&trickle, now) <= trickle.limit)
            }
            Action::Challenge | Action::Shadow | Action::Block => false,
        };
        if passed {
            let observation = observe(request);
            let outcome = outcome(&self.policy, &observation, &plan, Ending::status(status), &KEYS, now);
            self.state.report_now(&outcome, self.policy.ladder_of(plan.route), now);
        }
        (decision, passed)
    }

    /// What a restart leaves: hours and restrictions as they were kept, no counts.
    pub(crate) fn restart(&mut self) {
        let (hours, restrictions) = (self.state.hours.take_changed(), self.state.restrictions.take_changed());
        self.state = memory();
        self.state.hours.restore(hours.set);
        self.state.restrictions.restore(restrictions.set);
    }
}

fn memory() -> Memory {
    Memory::new(MemorySettings { counter_bytes: 16 << 20, spends_max: 1000 }, Millis(0))
}

fn observe(request: Request<'_>) -> Observation<'_> {
    Observation {
        host: "shop.example",
        sender: Sender::Navigation,
        user_agent: BROWSER,
        agent: Agent::of(BROWSER),
        clearance: request.clearance,
        ..Observation::of(request.client, request.method, request.path)
    }
}

pub(crate) fn get(client: IpAddr) -> Request<'static> {
    Request { client, method: "GET", path: "/", clearance: None }
}

pub(crate) fn cleared(id: u64) -> Option<Presented> {
    Some(Presented { id, level: Level::High, quota: 5000, life_millis: 12 * HOUR as u32, age_millis: 0 })
}

pub(crate) fn v4(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// An address of the `n`th /64 of 2001:db8:NET::/48.
pub(crate) fn v6(net: u16, n: u16, host: u64) -> IpAddr {
    let bits = 0x2001_0db8_u128 << 96 | u128::from(net) << 80 | u128::from(n) << 64 | u128::from(host);
    std::net::Ipv6Addr::from_bits(bits).into()
}
