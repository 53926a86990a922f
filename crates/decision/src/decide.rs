mod account;
mod conclude;

use crate::plan::{scale_milli, scaled};
use crate::policy::expression::Sight;
use crate::policy::{Gives, ListKind, Policy, Relief, Route, Standing, Trigger, Unavailable, Worth};
use crate::signal::{FINDS, ILL_REPUTED, SIGNALS, Seen};
use crate::subject::Prefix;
use crate::{
    Action, CountKind, Decision, Demand, Evidence, Facts, Level, Listed, MAX_REASONS, Millis, Observation,
    Plan, Reason, ReasonKind, Source,
};

/// Decides one request. Pure: the same arguments give the same decision.
#[must_use]
pub fn decide(
    policy: &Policy,
    observation: &Observation<'_>,
    plan: &Plan,
    facts: &Facts,
    now: Millis,
) -> Decision {
    let mut weighing = Weighing::new(policy, observation, plan, facts, now);
    weighing.passes();
    weighing.trusted();
    weighing.restrictions();
    weighing.triggers();
    weighing.budget();
    weighing.counts();
    weighing.account();
    weighing.signals();
    weighing.rules();
    weighing.availability();
    weighing.elsewhere();
    weighing.standing();
    weighing.conclude()
}

struct Weighing<'a> {
    policy: &'a Policy,
    route: &'a Route,
    observation: &'a Observation<'a>,
    plan: &'a Plan,
    facts: &'a Facts,
    now: Millis,
    reasons: Vec<Reason>,
    risk: u32,
    /// What of it comes from reasons that the breaker demoted.
    demoted: u32,
    fired: u64,
    failures: u32,
    frequency: (u32, u32),
    clearance_void: bool,
    passes: bool,
    worth: Option<Worth>,
    doublings: u8,
    retry_after_millis: Option<i64>,
    listed: Listed,
}

impl<'a> Weighing<'a> {
    fn new(
        policy: &'a Policy,
        observation: &'a Observation<'a>,
        plan: &'a Plan,
        facts: &'a Facts,
        now: Millis,
    ) -> Self {
        Self {
            policy,
            route: policy.route(plan.route),
            observation,
            plan,
            facts,
            now,
            reasons: Vec::new(),
            risk: 0,
            demoted: 0,
            fired: 0,
            failures: 0,
            frequency: (0, 0),
            clearance_void: false,
            passes: false,
            worth: None,
            doublings: 0,
            retry_after_millis: None,
            listed: Listed::new(
                policy,
                facts.reputation.lists
                    | policy.lists_of(observation.client, &observation.layers, facts.network, facts.country),
            ),
        }
    }

    fn reason(&mut self, source: Source, kind: ReasonKind, evidence: Evidence) {
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(Reason { source, kind, evidence });
        }
    }

    fn asks(&mut self, source: Source, action: Action, evidence: Evidence) {
        let demoted = action == Action::Challenge && self.policy.is_demoted(source, self.now);
        let kind = if demoted { ReasonKind::Tells } else { ReasonKind::Asks(action) };
        self.reason(source, kind, evidence);
    }

    /// Allowlists and exceptions: whoever is on one passes, and everything else is still weighed for the record. A crawler
    /// that proved itself is only spared challenges, which it could not solve.
    fn passes(&mut self) {
        let client = self.observation.client;
        for (index, list) in self.listed.of(self.policy) {
            if list.kind == ListKind::Allow {
                self.passes = true;
                self.reason(Source::List(index), ReasonKind::Softens, Evidence::Prefix(list.entry(client)));
            }
        }
        if let Some(name) = self.facts.reputation.verified() {
            self.reason(Source::VerifiedCrawler, ReasonKind::Softens, Evidence::Word(name));
        }
        if let Some((prefix, _)) = self.policy.operator.allow.find_where(client, |e| e.holds(self.now)) {
            self.passes = true;
            self.reason(Source::OperatorAllows, ReasonKind::Softens, Evidence::Prefix(prefix));
        } else if self.wide_entry(true) {
            self.passes = true;
            let client = Evidence::Prefix(Prefix::client(client));
            self.reason(Source::OperatorAllows, ReasonKind::Softens, client);
        }
        for (index, exception) in self.policy.operator.exceptions.iter().enumerate() {
            let holds = exception.holds(client, &self.route.name, self.now);
            if holds && !(exception.yields && self.is_denied()) {
                self.passes |= exception.relief == Relief::Pass;
                let evidence = Evidence::Until { end: exception.end, step: 0 };
                self.reason(Source::Exception(index_u16(index)), ReasonKind::Softens, evidence);
            }
        }
    }

    /// Whether a denylist has the client: the operator's own, or one of the policy's.
    fn is_denied(&self) -> bool {
        let client = self.observation.client;
        self.policy.operator.deny.find_where(client, |entry| entry.holds(self.now)).is_some()
            || self.wide_entry(false)
            || self.listed.of(self.policy).any(|(_, list)| matches!(list.kind, ListKind::Deny(_)))
    }

    /// Whoever proved to be a trusted client, where that means something.
    fn trusted(&mut self) {
        if let Some(proven) = self.observation.trusted.proven {
            let (worth, kind, evidence) = proven.worth(self.policy, &self.route.name, self.now);
            self.worth = worth;
            self.reason(proven.source(), kind, evidence);
        }
    }

    fn wide_entry(&self, allows: bool) -> bool {
        let operator = &self.policy.operator;
        operator.wide_entry(allows, self.observation, self.facts, self.now).is_some()
    }

    fn restrictions(&mut self) {
        let holds = &self.policy.operator.holds;
        if let Some((_, hold)) = holds.find_where(self.observation.client, |hold| self.now < hold.end) {
            self.asks(Source::Restriction, hold.action, Evidence::Until { end: hold.end, step: 0 });
            self.retry_after_millis = Some(hold.end.since(self.now));
        }
        if let Some(restriction) = self.facts.restriction.filter(|r| self.now < r.end) {
            let evidence = Evidence::Until { end: restriction.end, step: restriction.step };
            self.asks(Source::Restriction, restriction.action, evidence);
            self.retry_after_millis = Some(restriction.end.since(self.now));
        }
    }

    fn triggers(&mut self) {
        let client = self.observation.client;
        for (index, list) in self.listed.of(self.policy) {
            if matches!(list.kind, ListKind::Deny(_) | ListKind::Class(_)) {
                let prefix = list.entry(client);
                self.reason(Source::List(index), ReasonKind::Tells, Evidence::Prefix(prefix));
                if let ListKind::Deny(action) = list.kind {
                    self.denylisted(prefix, action);
                }
            }
        }
        if let Some((prefix, _)) = self.policy.operator.deny.find_where(client, |e| e.holds(self.now)) {
            self.denylisted(prefix, Action::Block);
        } else if self.wide_entry(false) {
            self.denylisted(Prefix::client(client), Action::Block);
        }
        let forced = self.policy.operator.forced.iter().find(|forced| {
            forced.until.is_none_or(|until| self.now < until)
                && forced.host.as_deref().is_none_or(|host| host == self.observation.host)
                && forced.pattern.matches(self.observation.method, self.observation.matched)
        });
        if forced.is_some() {
            self.asks(Source::Trigger(Trigger::Manual), Action::Challenge, Evidence::None);
        }
        if let (Some(trigger), Some(hour)) = (self.route.settings.traffic_anomaly, self.facts.hour) {
            let source = Source::Trigger(Trigger::TrafficAnomaly);
            if hour.days < trigger.needs_days {
                // Told only where it would have mattered: a silent trigger is not a reason of every request. Where no day
                // was seen nothing is usual, so it is from `at_least` on.
                let unusual = if hour.days == 0 {
                    hour.count > trigger.at_least
                } else {
                    hour.exceeds(trigger.times_milli)
                };
                if unusual {
                    self.reason(
                        source,
                        ReasonKind::Tells,
                        Evidence::TooFewDays { days: hour.days, needed: trigger.needs_days },
                    );
                }
            } else if hour.count >= trigger.at_least {
                let scale = scale_milli(self.policy, self.observation, &self.route.name, self.now);
                if hour.exceeds(scaled(trigger.times_milli, scale)) {
                    let evidence =
                        Evidence::Hour { count: hour.count, mean_milli: hour.mean_milli(), days: hour.days };
                    self.asks(source, Action::Challenge, evidence);
                }
            }
        }
    }

    fn budget(&mut self) {
        if let Some(over) = self.facts.over_budget {
            self.asks(Source::CohortBudget, Action::Challenge, Evidence::OverBudget(over));
        }
    }

    fn denylisted(&mut self, prefix: Prefix, action: Action) {
        if self.route.settings.denylisted_origin {
            self.asks(Source::Trigger(Trigger::DenylistedOrigin), action, Evidence::Prefix(prefix));
            self.doublings = self.doublings.max(1);
        }
    }

    fn counts(&mut self) {
        for (planned, &count) in self.plan.counts.iter().zip(&self.facts.counts) {
            let over = count > planned.limit;
            let evidence =
                Evidence::Count { count, limit: planned.limit, window_millis: planned.window_millis };
            match planned.kind {
                CountKind::Frequency | CountKind::FrequencyAround(_) => {
                    if planned.kind == CountKind::Frequency {
                        self.frequency = (count, planned.limit);
                    }
                    if over {
                        self.asks(Source::Trigger(Trigger::HighFrequency), Action::Challenge, evidence);
                        self.doublings = self.doublings.max(doublings(count, planned.limit));
                    }
                }
                CountKind::Repetition if over => {
                    self.asks(Source::Trigger(Trigger::PayloadRepetition), Action::Challenge, evidence);
                }
                CountKind::Failures => {
                    self.failures = count;
                    if count >= self.policy.ladder_of(self.plan.route).slow_from {
                        let limit = self.policy.ladder_of(self.plan.route).slow_from.saturating_sub(1);
                        self.asks(
                            Source::RepeatedFailures,
                            Action::Throttle,
                            Evidence::Count { count, limit, window_millis: planned.window_millis },
                        );
                    }
                }
                CountKind::Quota if over => {
                    self.clearance_void = true;
                    self.reason(Source::QuotaUsedUp, ReasonKind::Tells, evidence);
                }
                CountKind::Trusted if over => {
                    if let Some(proven) = self.observation.trusted.proven {
                        self.asks(proven.source(), Action::Throttle, evidence);
                    }
                }
                // A limit on requests counts this one; a limit on answers is full when as many were counted before.
                CountKind::Limit(index) if over || (!planned.add && count >= planned.limit) => {
                    let action = self.policy.limits[usize::from(index)].action;
                    self.asks(Source::Limit(index), action, evidence);
                }
                _ => {}
            }
        }
    }

    fn signals(&mut self) {
        let seen = Seen {
            observation: self.observation,
            facts: self.facts,
            failures: self.failures,
            listed: self.listed,
            accounts: &self.policy.accounts,
            answers_alike: self.route.settings.same_answer.is_some(),
        };
        for (index, find) in FINDS.iter().enumerate() {
            if let Some(evidence) = find(&seen) {
                let mut weight = self.route.settings.weights[index];
                self.fired |= 1 << index;
                if index == ILL_REPUTED && weight > 0 {
                    weight = self.listed.weight.unwrap_or(weight);
                }
                // What weighs nothing by itself is there for conditions, and would be told of nearly everybody.
                if weight == 0 && SIGNALS[index].weight == 0 {
                    continue;
                }
                self.adds(Source::Signal(index as u8), weight);
                let kind = if weight == 0 { ReasonKind::Tells } else { ReasonKind::Adds(weight) };
                self.reason(Source::Signal(index as u8), kind, evidence);
            }
        }
    }

    fn adds(&mut self, source: Source, weight: u8) {
        self.risk += u32::from(weight);
        if self.policy.is_demoted(source, self.now) {
            self.demoted += u32::from(weight);
        }
    }

    fn rules(&mut self) {
        for &index in &self.route.rules {
            let rule = &self.policy.rules[usize::from(index)];
            if rule.when.holds(&*self) {
                match rule.gives {
                    Gives::Weight(weight) => {
                        self.adds(Source::Rule(index), weight);
                        self.reason(Source::Rule(index), ReasonKind::Adds(weight), Evidence::None);
                    }
                    Gives::Action(Action::Allow) => {
                        self.passes = true;
                        self.reason(Source::Rule(index), ReasonKind::Softens, Evidence::None);
                    }
                    Gives::Action(action) => self.asks(Source::Rule(index), action, Evidence::None),
                }
            }
        }
        if let Some(Worth::LessRisk(by)) = self.worth {
            self.risk = self.risk.saturating_sub(by.into());
        }
        let risk = u8::try_from(self.risk.min(100)).unwrap_or(100);
        let thresholds = self.route.settings.thresholds;
        // What the breaker demoted asks nobody; what is refused stays refused.
        let asking = u8::try_from((self.risk - self.demoted).min(100)).unwrap_or(100);
        let steps = [
            (risk, thresholds.block, Action::Block),
            (asking, thresholds.challenge, Action::Challenge),
            (risk, thresholds.log, Action::Log),
        ];
        let reached = steps.into_iter().find(|(risk, threshold, _)| risk >= threshold);
        if let Some((risk, threshold, action)) = reached {
            self.asks(Source::Risk, action, Evidence::Threshold { risk, threshold });
            if action == Action::Challenge {
                let above = u32::from(risk - threshold) * 2
                    / u32::from(thresholds.block.saturating_sub(threshold).max(1));
                self.doublings = self.doublings.max(above.min(1) as u8);
            }
        }
    }

    fn availability(&mut self) {
        if !self.facts.available {
            let closed = self.route.settings.unavailable == Unavailable::Closed;
            let kind = if closed { ReasonKind::Asks(Action::Block) } else { ReasonKind::Tells };
            self.reason(Source::StateUnavailable, kind, Evidence::None);
        }
    }

    fn standing(&mut self) {
        if self.route.settings.standing == Standing::Always {
            self.asks(Source::SensitiveRoute, Action::Challenge, Evidence::Level(self.route.settings.level));
        }
    }

    /// Told for the record; without it nobody could tell why a cleared visitor is asked again.
    fn elsewhere(&mut self) {
        let (clearance, most) = (self.observation.clearance, self.route.settings.clearance_millis);
        if let (Some(clearance), Some(most)) = (clearance, most)
            && clearance.age_millis >= most
        {
            self.clearance_void = true;
            self.reason(Source::ClearanceTooOld, ReasonKind::Tells, Evidence::None);
        }
        if let Some(evidence) = self.observation.clearance_elsewhere {
            self.reason(Source::ClearanceElsewhere, ReasonKind::Tells, evidence);
        }
    }
}

/// Work doubles with each third by which a count exceeds its limit, at most three times. The state need not count
/// further than twice a limit, so the third doubling is at exactly that.
fn doublings(count: u32, limit: u32) -> u8 {
    let thirds = u64::from(count.saturating_sub(limit)) * 3 / u64::from(limit.max(1));
    thirds.min(3) as u8
}

fn index_u16(index: usize) -> u16 {
    u16::try_from(index).expect("compile bounds lists and exceptions")
}

impl Sight for Weighing<'_> {
    fn observation(&self) -> &Observation<'_> {
        self.observation
    }
    fn signal(&self, index: u16) -> bool {
        self.fired >> index & 1 == 1
    }
    fn count(&self, limit: u16) -> u32 {
        let mut planned = self.plan.counts.iter().zip(&self.facts.counts);
        planned.find(|(count, _)| count.kind == CountKind::Limit(limit)).map_or(0, |(_, count)| *count)
    }
    fn listed(&self, list: u16) -> bool {
        self.listed.lists >> list & 1 == 1
    }
    fn facts(&self) -> Option<&Facts> {
        Some(self.facts)
    }
    fn country(&self) -> &str {
        self.facts.country.as_ref().and_then(|code| std::str::from_utf8(code).ok()).unwrap_or_default()
    }
    fn network(&self) -> u32 {
        self.facts.network.unwrap_or(0)
    }
    fn device(&self) -> &str {
        self.facts.device.unwrap_or_default()
    }
    fn status(&self) -> u16 {
        0
    }
}

impl Demand {
    /// Base-2 logarithm of the work, given that of each level, at most `most`.
    #[must_use]
    pub fn log2_work(self, per_level: [u8; 3], most: u8) -> u8 {
        (per_level[self.level as usize - 1] + self.doublings).min(most)
    }
}

const _: () = assert!(SIGNALS.len() <= 64 && Level::High as u8 == 3);
