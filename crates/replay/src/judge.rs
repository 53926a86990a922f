//! One policy over the sequence of requests.

use std::sync::Arc;

use spigot_decision::policy::Policy;
use spigot_decision::{
    Action, Count, CountKind, Decision, Ending, Keys, Millis, Plan, Prefix, Reason, ReasonKind, Source,
    decide, outcome, plan,
};
use spigot_intel::Agents;
use spigot_state::{Memory, MemorySettings, Table};

use crate::request::Held;
use crate::ruled::Ruled;
use crate::treatment::Treatment;

/// One request and what would have happened to it.
#[derive(Debug)]
pub struct Judged<'j> {
    /// When it came.
    pub at: Millis,
    /// Whose it was: an address, for IPv6 its /64.
    pub client: Prefix,
    /// The method as sent.
    pub method: &'j str,
    /// The path after normalisation; `/` when the request was malformed.
    pub path: &'j str,
    /// The status that the log has.
    pub status: u16,
    /// The request was no HTTP, or the gateway would have refused it.
    pub malformed: bool,
    /// What would have happened.
    pub treatment: Treatment,
    /// What stopped it, the standing challenge aside.
    pub stopped_by: Option<Source>,
    /// The decision with every reason.
    pub decision: &'j Decision,
}

/// Fixed, so that the same log gives the same report.
const KEYS: Keys = Keys(0x5370_6967_6f74_2072, 0x6570_6c61_7920_6b65);

/// Times in the counter table are ambiguous after 2^31 milliseconds; all of it is swept before that.
const AMBIGUOUS_MILLIS: i64 = 1 << 31;

pub(crate) struct Judge {
    pub(crate) ruled: Ruled,
    pub(crate) restrictions_begun: u64,
    agents: Agents,
    counter_bytes: usize,
    memory: Option<Memory>,
    hour: i64,
    sweep_every_millis: i64,
    /// When the table was last swept.
    swept: Millis,
}

impl Judge {
    pub(crate) fn new(ruled: Ruled, counter_bytes: usize) -> Self {
        let longest = i64::try_from(longest_window(&ruled.policy)).unwrap_or(AMBIGUOUS_MILLIS);
        Self {
            ruled,
            restrictions_begun: 0,
            agents: Agents::default(),
            counter_bytes,
            memory: None,
            hour: i64::MIN,
            sweep_every_millis: (AMBIGUOUS_MILLIS - longest).clamp(6 * 3_600_000, AMBIGUOUS_MILLIS / 2),
            swept: Millis(0),
        }
    }

    pub(crate) fn judge(&mut self, now: Millis, held: &Held, each: &mut dyn FnMut(&Judged<'_>)) {
        let path = held.path();
        let software = self.agents.read(held.user_agent());
        let policy = Arc::clone(&self.ruled.policy);
        let place = self.ruled.place(held);
        let reputation = self.ruled.reputation(held, software, place);
        let clearance = held.told.clearance.map(|shown| shown.under(&policy));
        let observation = held.observation(path.as_ref(), software, clearance, place.network);
        let memory = self.memory_at(now);
        let plan = plan(&policy, &observation, &KEYS, now);
        let mut facts = memory.fetch_now(&plan, &policy.route(plan.route).name, now);
        facts.device = held.told.device.or(software.device);
        (facts.network, facts.country) = (place.network, place.country);
        facts.reputation = reputation;
        let decision = decide(&policy, &observation, &plan, &facts, now);
        let (treatment, stopped_by) = treat(&policy, &plan, &decision, memory, now);
        let client = Prefix::client(held.client);
        if !treatment.stops() {
            let outcome = outcome(&policy, &observation, &plan, Ending::status(held.status), &KEYS, now);
            let began = memory.report_now(&outcome, policy.ladder_of(plan.route), now);
            self.restrictions_begun += u64::from(began.is_some());
        }
        each(&Judged {
            at: now,
            client,
            method: observation.method,
            path: observation.path,
            status: held.status,
            malformed: observation.malformed,
            treatment,
            stopped_by,
            decision: &decision,
        });
    }

    /// The state, brought forward to `now`. The first request's time is where it starts.
    fn memory_at(&mut self, now: Millis) -> &Memory {
        let bytes = self.counter_bytes;
        let sweep_every = self.sweep_every_millis;
        let memory = self.memory.get_or_insert_with(|| {
            self.swept = now;
            Memory::new(MemorySettings { counter_bytes: bytes, spends_max: 1 }, now)
        });
        if now.since(self.swept) > 2 * AMBIGUOUS_MILLIS {
            // No window is that long, so nothing in the table counts any more.
            memory.table = Table::new(bytes, now);
            self.swept = now;
        }
        while now.since(self.swept) >= sweep_every {
            self.swept = self.swept.plus(sweep_every);
            memory.table.maintain(1, self.swept);
        }
        if now.hour() != self.hour {
            self.hour = now.hour();
            memory.hours.running_through(now);
        }
        memory
    }
}

/// The treatment, and what gave it when it stops the request. The standing challenge is taken as solved, so what
/// else was asked for is what happens.
fn treat(
    policy: &Policy,
    plan: &Plan,
    decision: &Decision,
    memory: &Memory,
    now: Millis,
) -> (Treatment, Option<Source>) {
    let passing = match decision.action {
        Action::Allow => return (Treatment::Allow, None),
        Action::Log => return (Treatment::Log, None),
        Action::Challenge if asks(decision, |source| source == Source::SensitiveRoute).is_some() => {
            Treatment::Standing
        }
        _ => Treatment::Trickle,
    };
    // What is stronger than the decision was answered by a clearance.
    let Some((action, reason)) = asks(decision, |source| source != Source::SensitiveRoute) else {
        return (passing, None);
    };
    let treatment = match action {
        Action::Allow | Action::Log => return (passing, None),
        Action::Throttle => {
            let (limit, window_millis) = policy.route(plan.route).settings.trickle;
            let key = plan.trickle_key;
            let trickle = Count { key, window_millis, limit, kind: CountKind::Trickle, add: true };
            if memory.table.count(&trickle, now) <= limit {
                return (passing, None);
            }
            Treatment::Throttle
        }
        Action::Challenge => Treatment::Challenge,
        Action::Shadow => Treatment::Shadow,
        Action::Block => Treatment::Block,
    };
    (treatment, Some(reason.source))
}

/// The strongest action that reasons of some sources ask for, and the first that asks for it.
fn asks(decision: &Decision, of: impl Fn(Source) -> bool) -> Option<(Action, &Reason)> {
    let mut strongest: Option<(Action, &Reason)> = None;
    for reason in decision.reasons.iter().filter(|reason| of(reason.source)) {
        if let ReasonKind::Asks(action) = reason.kind
            && action <= decision.action
            && strongest.is_none_or(|(found, _)| action > found)
        {
            strongest = Some((action, reason));
        }
    }
    strongest
}

fn longest_window(policy: &Policy) -> u64 {
    let routes = policy.routes.iter().flat_map(|route| {
        let settings = &route.settings;
        [
            settings.high_frequency.map(|trigger| trigger.window_millis),
            settings.payload_repetition.map(|trigger| trigger.window_millis),
            Some(settings.trickle.1),
        ]
    });
    let limits = policy.limits.iter().map(|limit| limit.rate.window_millis);
    let ladders =
        policy.routes.iter().filter_map(|route| Some(route.settings.ladder.as_ref()?.window_millis));
    routes.flatten().chain(limits).chain(ladders).chain([policy.ladder.window_millis]).max().unwrap_or(0)
}
