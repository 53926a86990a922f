use std::sync::Arc;

use super::{AttemptSettings, Ladder, SameAnswer, ShadowAnswer};
use crate::{Attempt, Budget, Level, Mode};

/// What a route asks for, all defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The preset that it started from.
    pub preset: Preset,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// Whether everybody is asked, or only who is suspected.
    pub standing: Standing,
    /// The level that a clearance must have here.
    pub level: Level,
    /// The risks at which the action changes.
    pub thresholds: Thresholds,
    /// `high_frequency`; off when absent.
    pub high_frequency: Option<FrequencyTrigger>,
    /// `traffic_anomaly`; off when absent.
    pub traffic_anomaly: Option<AnomalyTrigger>,
    /// `payload_repetition`; off when absent.
    pub payload_repetition: Option<RepetitionTrigger>,
    /// How the route is held to its usual volume; not at all when absent.
    pub budget: Option<Budget>,
    /// `denylisted_origin` is looked at.
    pub denylisted_origin: bool,
    /// How much each signal weighs, by table index.
    pub weights: Vec<u8>,
    /// How many requests of a throttled client pass, and per how many milliseconds.
    pub trickle: (u32, u64),
    /// What happens when the state cannot be asked.
    pub unavailable: Unavailable,
    /// Statuses of the upstream that count as failures of the client.
    pub failure_status: Vec<u16>,
    /// Fields that people cannot see; whoever fills one in is a program.
    pub honeypot_fields: Vec<String>,
    /// Such a field is put into the forms of this route's pages.
    pub inject_honeypot: bool,
    /// Fields that name the account.
    pub account_fields: Vec<String>,
    /// How much of a body is inspected, in bytes; the rest streams.
    pub body_bytes: u64,
    /// The highest level that the timed wait without JavaScript gives here; `None` when it is refused.
    pub wait: Option<Level>,
    /// Status and body of the believable success that `shadow` gives.
    pub shadow_status: u16,
    /// What is attempted with accounts here.
    pub attempt: AttemptSettings,
    /// The one answer that does not tell whether there is such an account.
    pub same_answer: Option<SameAnswer>,
    /// What `shadow` gives.
    pub shadow: ShadowAnswer,
    /// The third party that challenges here, by index; `None` for the own puzzle.
    pub provider: Option<u8>,
    /// How failures here are answered, and counted by themselves; `None` where the policy's ladder counts them.
    pub ladder: Option<Arc<Ladder>>,
    /// How old a clearance may be here, in milliseconds; as old as it gets when absent.
    pub clearance_millis: Option<u32>,
    /// How often a clearance may be used here; as often as everywhere when absent.
    pub clearance_quota: Option<u32>,
    /// Whether what looks like a token in a path is left out of events; where accounts are at stake when absent.
    pub secret_path: Option<bool>,
    /// How strictly a widget's tokens are bound to the client here, at least; its site may bind them more strictly.
    pub token_client: TokenClient,
}

/// How strictly a widget's token is bound to the client that it was given to, from not at all to the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenClient {
    /// As its site says, which may be not at all.
    Off,
    /// To its network, when the visitor's address is named.
    Loose,
    /// To its address, which has to be named.
    Strict,
}

/// Where a route's defaults come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Pages that anybody may read: only who is conspicuous is asked.
    Low,
    /// Pages that cost something, such as a search.
    Medium,
    /// Log-in, sign-up, payment: everybody is asked once.
    High,
}

/// Whether a challenge stands before a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Only who is suspected is asked.
    Suspected,
    /// Everybody without a clearance is asked.
    Always,
}

/// Risks from 1 to 100; an action is taken from its threshold on. A threshold of 101 is never reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// From here the event is marked.
    pub log: u8,
    /// From here a challenge is asked for.
    pub challenge: u8,
    /// From here the request is refused.
    pub block: u8,
}

/// More than so many requests of one client in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrequencyTrigger {
    /// How many pass.
    pub more_than: u32,
    /// The sliding window in milliseconds.
    pub window_millis: u64,
}

/// More in this clock hour than so many times the mean of that hour over the last days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnomalyTrigger {
    /// How many times the mean, in thousandths.
    pub times_milli: u32,
    /// Days that must have been seen before it speaks.
    pub needs_days: u8,
    /// Requests in the hour below which it never speaks.
    pub at_least: u32,
}

/// More than so many times the same body in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepetitionTrigger {
    /// How many pass.
    pub more_than: u32,
    /// The sliding window in milliseconds.
    pub window_millis: u64,
}

/// What happens to a request when the state cannot be asked in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// It is decided without counts.
    Open,
    /// It is refused with 503.
    Closed,
}

impl Settings {
    /// Whether paths may hold what nobody else may read: links to reset a password, to confirm an address, to sign in.
    #[must_use]
    pub fn has_secret_paths(&self) -> bool {
        let accounts = !self.account_fields.is_empty()
            || !self.attempt.password_fields.is_empty()
            || self.attempt.kind != Attempt::LogIn;
        self.secret_path.unwrap_or(accounts)
    }

    /// Whether any answer would count as a failed attempt. Where none does, every guess looks like a success.
    #[must_use]
    pub fn tells_failures(&self) -> bool {
        let attempt = &self.attempt;
        !self.failure_status.is_empty()
            || attempt.failed_body.is_some()
            || attempt.failed_header.is_some()
            || attempt.failed_location.is_some()
    }

    /// What a preset stands for.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let (standing, level) = match preset {
            Preset::Low => (Standing::Suspected, Level::Low),
            Preset::Medium => (Standing::Suspected, Level::Medium),
            Preset::High => (Standing::Always, Level::Medium),
        };
        Self {
            preset,
            mode: Mode::Enforce,
            standing,
            level,
            thresholds: Thresholds { log: 20, challenge: 50, block: 80 },
            high_frequency: Some(FrequencyTrigger { more_than: 500, window_millis: 20 * 60_000 }),
            traffic_anomaly: Some(AnomalyTrigger { times_milli: 2000, needs_days: 3, at_least: 100 }),
            payload_repetition: Some(RepetitionTrigger { more_than: 5, window_millis: 30_000 }),
            budget: Some(Budget::USUAL),
            denylisted_origin: true,
            weights: crate::signal::SIGNALS.iter().map(|signal| signal.weight).collect(),
            trickle: (1, 60_000),
            unavailable: Unavailable::Open,
            failure_status: if preset == Preset::High { vec![401, 403, 422] } else { vec![401] },
            honeypot_fields: Vec::new(),
            inject_honeypot: false,
            account_fields: Vec::new(),
            body_bytes: 64 << 10,
            wait: Some(Level::Low),
            shadow_status: 200,
            attempt: AttemptSettings::default(),
            same_answer: None,
            shadow: ShadowAnswer::default(),
            provider: None,
            ladder: None,
            clearance_millis: None,
            clearance_quota: None,
            secret_path: None,
            token_client: TokenClient::Off,
        }
    }
}
