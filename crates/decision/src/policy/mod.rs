//! A site's policy: what its routes are, what each asks for, and what is known by name. It is compiled once and never
//! changes; a new revision replaces the whole.

mod accounts;
mod compile;
mod demoted;
pub mod expression;
mod host;
mod load;
mod operator;
mod pattern;
mod prefixes;
mod restrict;
mod routing;
mod schema;
mod settings;
pub mod source;
mod trusted;
pub mod units;
mod wide;

use std::net::IpAddr;
use std::sync::Arc;

pub use accounts::{AccountSettings, AttemptSettings, SameAnswer, ShadowAnswer};
pub use demoted::Demoted;
pub use host::{app_package, wrong_host};
pub use load::{DEFAULT, load, load_with};
pub use operator::{EVERYTHING, Entry, Exception, Forced, Hold, Operator, Relief, WideEntry};
pub use pattern::Pattern;
pub use prefixes::PrefixMap;
pub use restrict::{Ladder, Offender, Offenders, Strike};
pub use schema::json_schema;
pub use settings::{
    AnomalyTrigger, FrequencyTrigger, Preset, RepetitionTrigger, Settings, Standing, Thresholds, TokenClient,
    Unavailable,
};
pub use trusted::{TrustedClient, TrustedKey, Worth};
pub use wide::{Wide, WideMap};

use expression::Condition;
use units::Rate;

use crate::reputation::Class;
use crate::{Action, Decision, Level, Observation, Prefix, Source};

/// A compiled policy.
#[derive(Debug)]
pub struct Policy {
    /// Identifies this policy: the first 12 hexadecimal digits of a hash over its text and the operator's settings.
    pub revision: String,
    /// First match wins; the last one matches everything.
    pub routes: Vec<Route>,
    /// Rate limits.
    pub limits: Vec<Limit>,
    /// Rules of one's own.
    pub rules: Vec<Rule>,
    /// Lists of addresses.
    pub lists: Vec<List>,
    /// How repeated failures are answered.
    pub ladder: Ladder,
    /// How accounts are protected.
    pub accounts: AccountSettings,
    /// How challenges and clearances are made.
    pub challenge: ChallengeSettings,
    /// The third parties that may challenge, by name. What is known of them stands in the server's settings.
    pub providers: Vec<String>,
    /// Who passes by proof.
    pub trusted: Vec<TrustedClient>,
    /// What operators set while running.
    pub operator: Arc<Operator>,
    /// What the breaker took out of force, and until when.
    demoted: Vec<(Source, crate::Millis)>,
    routing: routing::Routing,
    /// What the lists' own entries hold besides addresses.
    wide: WideMap,
    text_hash: u64,
}

/// Requests that share a policy of their own.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// Host patterns; empty means every host.
    pub hosts: Vec<String>,
    /// Methods and paths.
    pub patterns: Vec<Pattern>,
    /// What it asks for.
    pub settings: Settings,
    /// The limits that are counted on requests, by index.
    pub limits: Vec<u16>,
    /// The limits that are counted on answers, by index.
    pub answer_limits: Vec<u16>,
    /// The rules, by index.
    pub rules: Vec<u16>,
}

/// A rate limit.
#[derive(Debug)]
pub struct Limit {
    /// Its name.
    pub name: String,
    /// How many of what per window.
    pub rate: Rate,
    /// Which requests or answers are counted; all when absent.
    pub when: Option<Condition>,
    /// Which requests, by pattern; all when empty.
    pub patterns: Vec<Pattern>,
    /// What happens to what is above it.
    pub action: Action,
}

impl Limit {
    /// Whether it counts answers.
    #[must_use]
    pub fn counts_answers(&self) -> bool {
        self.when.as_ref().is_some_and(|condition| condition.sees_answer)
    }
}

/// A rule of the operator's own.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// When it fires.
    pub when: Condition,
    /// What it gives then.
    pub gives: Gives,
}

/// What a rule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A weight, added to the risk.
    Weight(u8),
    /// An action of its own.
    Action(Action),
}

/// What being on a list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Passes.
    Allow,
    /// The `denylisted_origin` trigger, or the action named.
    Deny(Action),
    /// Nothing by itself; conditions can ask for it.
    Mark,
    /// A kind of network, which signals tell.
    Class(Class),
    /// Where crawlers' operators say that theirs come from.
    Crawler,
}

/// A named list of addresses and prefixes.
#[derive(Debug)]
pub struct List {
    /// Its name.
    pub name: String,
    /// What being on it means.
    pub kind: ListKind,
    /// What a reputation list weighs, in place of the signal's own weight.
    pub weight: Option<u8>,
    /// Whose addresses a crawler list holds, by the crawlers' names.
    pub crawlers: Vec<String>,
    /// Whether addresses also come from a file or an address: who is on it then is a fact.
    pub fed: bool,
    /// The prefixes that stand in the policy.
    pub prefixes: PrefixMap<()>,
    /// The networks, countries and fingerprints that stand in the policy.
    pub wide: Vec<Wide>,
}

/// The five triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Too many requests from one client.
    HighFrequency,
    /// The address is on a denylist.
    DenylistedOrigin,
    /// The route's hour is far above its usual.
    TrafficAnomaly,
    /// The same body again and again.
    PayloadRepetition,
    /// An operator forced it.
    Manual,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 5] = [
        Self::HighFrequency,
        Self::DenylistedOrigin,
        Self::TrafficAnomaly,
        Self::PayloadRepetition,
        Self::Manual,
    ];

    /// Its name in configuration, events and `X-Captcha-Reason`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HighFrequency => "high_frequency",
            Self::DenylistedOrigin => "denylisted_origin",
            Self::TrafficAnomaly => "traffic_anomaly",
            Self::PayloadRepetition => "payload_repetition",
            Self::Manual => "manual",
        }
    }
}

/// How challenges and clearances are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeSettings {
    /// The kind, by name: `cachewalk` or `sha256`.
    pub kind: &'static str,
    /// Base-2 logarithm of the work per level: leaves for `cachewalk`, hashes for `sha256`.
    pub log2_work: [u8; 3],
    /// How long a challenge may be solved, in milliseconds.
    pub life_millis: u32,
    /// How long a clearance is valid, in milliseconds.
    pub clearance_millis: u32,
    /// How often a clearance may be used.
    pub clearance_quota: u32,
    /// The same for devices that say that they are phones. That is their own word, so it is never much less.
    pub phone_log2_work: [u8; 3],
    /// The highest level that the puzzle for browsers without a compiler gives; `None` when it is not offered.
    pub fallback: Option<Level>,
    /// Base-2 logarithm of that puzzle's leaves per level.
    pub fallback_log2_work: [u8; 3],
    /// How long a clearance from that puzzle, or from a wait, is valid, in milliseconds.
    pub fallback_clearance_millis: u32,
    /// How often such a clearance may be used.
    pub fallback_quota: u32,
    /// How many requests a clearance may make from networks that it does not belong to.
    pub roaming: u32,
    /// How long each step of the path without JavaScript waits, in milliseconds; `None` when there is no such path.
    pub wait_millis: Option<u32>,
}

impl List {
    /// The entry that an address is on this list by; of one that is on it by something else, the address.
    pub(crate) fn entry(&self, client: IpAddr) -> Prefix {
        self.prefixes.find(client).map_or_else(|| Prefix::of(client, 128), |(prefix, ())| prefix)
    }

    /// Whether who is on it can be known only after look-ups.
    pub(crate) fn is_looked_up(&self) -> bool {
        self.fed || !self.wide.is_empty()
    }
}

impl Policy {
    /// Whether the application gets a request that is so decided, be it at a trickle or marked as a shadow.
    #[must_use]
    pub fn lets_through(&self, decision: &Decision) -> bool {
        match decision.effective {
            Action::Allow | Action::Log | Action::Throttle => true,
            Action::Shadow => self.route(decision.route).settings.shadow.mark,
            Action::Challenge | Action::Block => false,
        }
    }

    /// The lists that hold a client by their entries in the policy: a bit each, by index.
    #[must_use]
    pub fn lists_of(
        &self,
        client: IpAddr,
        layers: &[u64; 3],
        network: Option<u32>,
        country: Option<[u8; 2]>,
    ) -> u64 {
        let on = |(index, list): (usize, &List)| {
            let found = !list.prefixes.is_empty() && list.prefixes.find(client).is_some();
            u64::from(found) << index
        };
        let by_address = self.lists.iter().enumerate().map(on).fold(0, |lists, bit| lists | bit);
        by_address | self.wide.find(layers, network, country)
    }

    /// The index of the route for a request.
    #[must_use]
    pub fn route_of(&self, observation: &Observation<'_>) -> u16 {
        self.route_for(observation.host, observation.method, observation.matched)
    }

    /// The index of the first route whose host, method and matched path fit.
    #[must_use]
    pub fn route_for(&self, host: &str, method: &str, path: &str) -> u16 {
        let found = self.routing.find(&self.routes, host, method, path);
        // The last one is for everything that no other is for; compile bounds their number.
        found.unwrap_or_else(|| u16::try_from(self.routes.len() - 1).unwrap_or(u16::MAX))
    }

    /// A route by its index.
    #[must_use]
    pub fn route(&self, index: u16) -> &Route {
        &self.routes[usize::from(index).min(self.routes.len() - 1)]
    }

    /// The name of the third party that challenges on a route; `None` for the own puzzle.
    #[must_use]
    pub fn provider_on(&self, route: &Route) -> Option<&str> {
        self.providers.get(usize::from(route.settings.provider?)).map(String::as_str)
    }

    /// What a reason's source is called in events and headers.
    #[must_use]
    pub fn source_name(&self, source: Source) -> &str {
        match source {
            Source::Trigger(trigger) => trigger.name(),
            Source::Signal(index) => crate::signal::SIGNALS[usize::from(index)].name,
            Source::Limit(index) => &self.limits[usize::from(index)].name,
            Source::Rule(index) => &self.rules[usize::from(index)].name,
            Source::List(index) => &self.lists[usize::from(index)].name,
            Source::Exception(index) => &self.operator.exceptions[usize::from(index)].name,
            Source::Trusted(index) => &self.trusted[usize::from(index)].name,
            Source::TrustedKey(index) => &self.operator.keys[usize::from(index)].name,
            Source::OperatorAllows => "operator_allows",
            Source::Risk => "risk",
            Source::SensitiveRoute => "sensitive_route",
            Source::RepeatedFailures => "repeated_failures",
            Source::Restriction => "restriction",
            Source::Clearance => "clearance",
            Source::QuotaUsedUp => "quota_used_up",
            Source::ClearanceTooOld => "clearance_too_old",
            Source::ClearanceElsewhere => "clearance_elsewhere",
            Source::StateUnavailable => "state_unavailable",
            Source::VerifiedCrawler => "verified_crawler",
            Source::CohortBudget => "cohort_budget",
            Source::AccountLocked => "account_locked",
            Source::FailedAttempts => "failed_attempts",
        }
    }

    /// How failures on a route are answered.
    #[must_use]
    pub fn ladder_of(&self, route: u16) -> &Ladder {
        self.route(route).settings.ladder.as_deref().unwrap_or(&self.ladder)
    }

    /// The same policy under other settings of the operator; its revision tells the two apart.
    #[must_use]
    pub fn with_operator(mut self, operator: Operator) -> Self {
        // Exceptions that the policy's text brings stay first.
        let mut merged = operator;
        let own = self.operator.exceptions.iter().filter(|exception| exception.from_policy).cloned();
        merged.exceptions = own.chain(merged.exceptions.into_iter().filter(|e| !e.from_policy)).collect();
        self.demoted = self.resolve(&merged.demoted);
        self.operator = Arc::new(merged);
        self.revision = compile::revision(self.text_hash, &self.operator);
        self
    }
}
