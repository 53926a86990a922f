use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::signal::SIGNALS;
use spigot_decision::{Policy, Reason, ReasonKind, Source, evidence_text};

use crate::{Event, ProviderStep, RecordFingerprints};

/// An [`Event`] as it is stored and shown: everything is text and numbers, and nothing needs the policy any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "EventRecord")]
pub struct Record {
    /// When the request was decided, RFC 3339 in UTC with milliseconds.
    pub time: String,
    /// The same in milliseconds since 1970-01-01T00:00:00Z.
    pub time_millis: i64,
    /// The decision's id, 16 letters and digits.
    pub id: String,
    /// The policy's revision.
    pub revision: String,
    /// The route's name.
    pub route: String,
    /// Host in lower case.
    pub host: String,
    /// Method.
    pub method: String,
    /// Normalised path, without query.
    pub path: String,
    /// The client's address; its network part only once addresses have been truncated.
    pub client: String,
    /// Network number (ASN), where known.
    pub network: Option<u32>,
    /// ISO 3166-1 country code, where known.
    pub country: Option<String>,
    /// Device class, where known.
    pub device: Option<String>,
    /// User agent.
    pub user_agent: String,
    /// Which kind of client code asked.
    pub sender: String,
    /// The client's fingerprints; of events that are older than their being kept, none.
    pub fingerprints: RecordFingerprints,
    /// The account that the request named: a keyed hash, 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The action that the policy asked for, by name.
    pub action: String,
    /// What was done: the same, or `allow` in monitor mode.
    pub effective: String,
    /// The risk, 0 to 100.
    pub risk: u8,
    /// The reasons, in the order in which they were found.
    pub reasons: Vec<RecordReason>,
    /// The route's thresholds at that time.
    pub thresholds: RecordThresholds,
    /// The level that the route demanded of a clearance, by name.
    pub level: String,
    /// The level of the clearance that the client held, by name.
    pub clearance: Option<String>,
    /// The site of the challenge service that it is about, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// What happened to a challenge, when the request was about one.
    pub challenge: Option<RecordChallenge>,
    /// A throttled request was let through.
    pub trickled: bool,
    /// The upstream's status; absent when it was not asked or did not answer.
    pub upstream_status: Option<u16>,
    /// The time that Spigot itself added, in microseconds.
    pub added_micros: u32,
}

/// One reason of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RecordReason {
    /// Its name in the policy.
    pub name: String,
    /// `trigger`, `signal`, `limit`, `rule`, `list`, `exception`, `trusted` or `flow`.
    pub kind: String,
    /// `asks` and an action, `adds` or `takes` and a weight, `softens` or `tells`.
    pub gave: String,
    /// The value found, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// The risks from which on an action is taken; 101 is never reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordThresholds {
    /// From here the event is marked.
    pub log: u8,
    /// From here a challenge is asked for.
    pub challenge: u8,
    /// From here the request is refused.
    pub block: u8,
}

/// What happened to a challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RecordChallenge {
    /// The kind, by name.
    pub kind: String,
    /// Base-2 logarithm of the work.
    pub log2_work: u8,
    /// `issued`, `solved`, or the name of the refusal.
    pub result: String,
    /// Milliseconds from issue to submission by the server's clock, for submissions.
    pub solve_millis: Option<u32>,
    /// Milliseconds that the browser says it took.
    pub claimed_millis: Option<u32>,
    /// The third party that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<RecordProvider>,
}

/// What a third party said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RecordProvider {
    /// Its name in the policy.
    pub name: String,
    /// What its answer came to; absent when it was not asked.
    pub answer: Option<String>,
    /// How long it took to answer.
    pub millis: Option<u32>,
    /// Its risk, 0 to 100.
    pub risk: Option<u8>,
}

impl From<&Event> for Record {
    fn from(event: &Event) -> Self {
        let route = event.policy.route(event.decision.route);
        Self {
            time: event.time.to_string(),
            time_millis: event.time.0,
            id: event.id.to_string(),
            revision: event.policy.revision.clone(),
            route: event.route().to_owned(),
            host: event.host.to_string(),
            method: event.method.to_string(),
            path: event.path.to_string(),
            client: event.client.to_canonical().to_string(),
            network: event.network,
            country: event.country.as_ref().map(|code| country_text(code).into_owned()),
            device: event.device.map(str::to_owned),
            user_agent: event.user_agent.to_string(),
            sender: event.sender.to_owned(),
            fingerprints: RecordFingerprints::from(&event.fingerprints),
            account: event.account.map(account_text),
            action: event.decision.action.name().to_owned(),
            effective: event.decision.effective.name().to_owned(),
            risk: event.decision.risk,
            reasons: event.decision.reasons.iter().map(|reason| rendered(&event.policy, reason)).collect(),
            thresholds: thresholds(event),
            level: route.settings.level.name().to_owned(),
            clearance: event.clearance.map(|level| level.name().to_owned()),
            challenge: event.challenge.as_deref().map(|step| RecordChallenge {
                kind: step.kind.to_owned(),
                log2_work: step.log2_work,
                result: step.result.to_owned(),
                solve_millis: step.solve_millis,
                claimed_millis: step.claimed_millis,
                provider: step.provider.map(|told| provider(&event.policy, told)),
            }),
            site: event.site.as_deref().map(str::to_owned),
            trickled: event.trickled,
            upstream_status: event.upstream_status,
            added_micros: event.added_micros,
        }
    }
}

/// As it is shown and searched.
pub(crate) fn account_text(account: u64) -> String {
    format!("{account:016x}")
}

/// The name in the policy, or `unknown` for an index that the policy lacks.
pub(crate) fn provider_name(policy: &Policy, told: ProviderStep) -> &str {
    policy.providers.get(usize::from(told.index)).map_or("unknown", String::as_str)
}

fn provider(policy: &Policy, told: ProviderStep) -> RecordProvider {
    RecordProvider {
        name: provider_name(policy, told).to_owned(),
        answer: told.answer.map(str::to_owned),
        millis: told.millis,
        risk: told.risk,
    }
}

pub(crate) fn thresholds(event: &Event) -> RecordThresholds {
    let from = event.policy.route(event.decision.route).settings.thresholds;
    RecordThresholds { log: from.log, challenge: from.challenge, block: from.block }
}

/// Country codes are two ASCII letters; anything else is shown by its replacement characters.
pub(crate) fn country_text(code: &[u8; 2]) -> Cow<'_, str> {
    String::from_utf8_lossy(code)
}

/// A reason as it is kept and told.
#[must_use]
pub fn rendered(policy: &Policy, reason: &Reason) -> RecordReason {
    RecordReason {
        name: name(policy, reason.source).to_owned(),
        kind: kind(reason.source).to_owned(),
        gave: gave(reason.kind),
        evidence: evidence_text(&reason.evidence),
    }
}

pub(crate) fn gave(kind: ReasonKind) -> String {
    let mut text = String::new();
    write_gave(kind, &mut text);
    text
}

/// Letters, digits and spaces only.
pub(crate) fn write_gave(kind: ReasonKind, text: &mut String) {
    let (word, weight) = match kind {
        ReasonKind::Asks(action) => {
            text.push_str("asks ");
            return text.push_str(action.name());
        }
        ReasonKind::Adds(weight) => ("adds ", weight),
        ReasonKind::Takes(weight) => ("takes ", weight),
        ReasonKind::Softens => return text.push_str("softens"),
        ReasonKind::Tells => return text.push_str("tells"),
    };
    text.push_str(word);
    text.push_str(itoa::Buffer::new().format(weight));
}

pub(crate) fn kind(source: Source) -> &'static str {
    match source {
        Source::Trigger(_) => "trigger",
        Source::Signal(_) => "signal",
        Source::Limit(_) => "limit",
        Source::Rule(_) => "rule",
        Source::List(_) | Source::OperatorAllows => "list",
        Source::Exception(_) => "exception",
        Source::Trusted(_) | Source::TrustedKey(_) => "trusted",
        Source::Risk
        | Source::SensitiveRoute
        | Source::RepeatedFailures
        | Source::Restriction
        | Source::Clearance
        | Source::QuotaUsedUp
        | Source::ClearanceTooOld
        | Source::ClearanceElsewhere
        | Source::StateUnavailable
        | Source::CohortBudget
        | Source::AccountLocked
        | Source::FailedAttempts => "flow",
        Source::VerifiedCrawler => "proof",
    }
}

/// The name in the policy, or `unknown` for an index that the policy lacks: a record must never bring a process down.
pub(crate) fn name(policy: &Policy, source: Source) -> &str {
    let known = match source {
        Source::Signal(index) => usize::from(index) < SIGNALS.len(),
        Source::Limit(index) => usize::from(index) < policy.limits.len(),
        Source::Rule(index) => usize::from(index) < policy.rules.len(),
        Source::List(index) => usize::from(index) < policy.lists.len(),
        Source::Exception(index) => usize::from(index) < policy.operator.exceptions.len(),
        Source::Trusted(index) => usize::from(index) < policy.trusted.len(),
        Source::TrustedKey(index) => usize::from(index) < policy.operator.keys.len(),
        _ => true,
    };
    if known { policy.source_name(source) } else { "unknown" }
}
