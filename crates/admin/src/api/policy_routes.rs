//! Routes of a policy as forms show them.

use schemars::JsonSchema;
use serde::Serialize;
use spigot_decision::Mode;
use spigot_decision::policy::{Policy, Preset, Standing};
use toml_edit::DocumentMut;

use crate::policy_route::at;

/// Where a route comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Stands {
    /// The text has it.
    Own,
    /// It is there without the text, which changes some of it.
    Changed,
    /// It is there without the text.
    Shipped,
}

/// A route, all defaults filled in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PolicyRoute {
    name: String,
    stands: Stands,
    /// Requests that it is for; of the last one, which is there in any case, none: every other.
    patterns: Vec<String>,
    /// On these hosts; on every one when empty.
    hosts: Vec<String>,
    preset: &'static str,
    mode: &'static str,
    /// `always` or `suspected`.
    ask: &'static str,
    level: &'static str,
    log: u8,
    challenge: u8,
    block: u8,
    high_frequency: Option<u32>,
    high_frequency_seconds: Option<u64>,
    payload_repetition: Option<u32>,
    payload_repetition_seconds: Option<u64>,
    /// How many times the mean.
    traffic_anomaly: Option<f64>,
    traffic_anomaly_at_least: Option<u32>,
    denylisted_origin: bool,
    /// Weights by the signals' names, where they are not the signal's own.
    weights: std::collections::BTreeMap<&'static str, u8>,
}

/// The routes in the order in which they are tried.
pub(super) fn routes(policy: &Policy, text: &str) -> Vec<PolicyRoute> {
    let document: DocumentMut = text.parse().unwrap_or_default();
    let stands = |name: &str| match at(&document, name) {
        None => Stands::Shipped,
        Some(table) if table.contains_key("match") => Stands::Own,
        Some(_) => Stands::Changed,
    };
    let signals = &spigot_decision::signal::SIGNALS;
    let routes = policy.routes.iter().map(|route| {
        let settings = &route.settings;
        let (frequency, repetition) = (settings.high_frequency, settings.payload_repetition);
        let own = signals.iter().zip(&settings.weights).filter(|(signal, weight)| signal.weight != **weight);
        PolicyRoute {
            name: route.name.clone(),
            stands: stands(&route.name),
            patterns: route.patterns.iter().map(|pattern| pattern.text().to_owned()).collect(),
            hosts: route.hosts.clone(),
            preset: match settings.preset {
                Preset::Low => "low",
                Preset::Medium => "medium",
                Preset::High => "high",
            },
            mode: if settings.mode == Mode::Monitor { "monitor" } else { "enforce" },
            ask: if settings.standing == Standing::Always { "always" } else { "suspected" },
            level: settings.level.name(),
            log: settings.thresholds.log,
            challenge: settings.thresholds.challenge,
            block: settings.thresholds.block,
            high_frequency: frequency.map(|rule| rule.more_than),
            high_frequency_seconds: frequency.map(|rule| rule.window_millis / 1000),
            payload_repetition: repetition.map(|rule| rule.more_than),
            payload_repetition_seconds: repetition.map(|rule| rule.window_millis / 1000),
            traffic_anomaly: settings.traffic_anomaly.map(|rule| f64::from(rule.times_milli) / 1000.0),
            traffic_anomaly_at_least: settings.traffic_anomaly.map(|rule| rule.at_least),
            denylisted_origin: settings.denylisted_origin,
            weights: own.map(|(signal, weight)| (signal.name, *weight)).collect(),
        }
    });
    routes.collect()
}
