//! Signals: named findings without judgement. Each is one file with a function and one line in [`SIGNALS`]; what a
//! finding weighs is the policy's business.

mod failures_behind;
mod honeypot_filled;
mod malformed_request;
mod no_user_agent;
pub(crate) mod scanner_user_agent;
pub(crate) mod tool_user_agent;
pub(crate) mod vulnerability_probe;

use crate::{Evidence, Facts, Observation};

/// One kind of finding.
pub struct Signal {
    /// Its name in policies and events.
    pub name: &'static str,
    /// What it finds, in a sentence.
    pub finds: &'static str,
    /// Why that matters, in a sentence or two.
    pub matters: &'static str,
    /// OWASP Automated Threats that it points to, by number.
    pub oat: &'static [u8],
    /// The weight that presets give it, 0 to 100.
    pub weight: u8,
    /// Looks for it.
    pub find: fn(&Seen<'_>) -> Option<Evidence>,
}

/// What a signal looks at.
pub struct Seen<'a> {
    /// The request.
    pub observation: &'a Observation<'a>,
    /// The look-ups.
    pub facts: &'a Facts,
    /// Failures of the client in the ladder's window.
    pub failures: u32,
}

/// Every signal. The order is that of the events and must only grow at the end, so that indexes in stored events stay.
pub static SIGNALS: [Signal; 7] = [
    honeypot_filled::SIGNAL,
    failures_behind::SIGNAL,
    malformed_request::SIGNAL,
    no_user_agent::SIGNAL,
    tool_user_agent::SIGNAL,
    scanner_user_agent::SIGNAL,
    vulnerability_probe::SIGNAL,
];

/// The names, in table order.
pub static NAMES: [&str; SIGNALS.len()] = {
    let mut names = [""; SIGNALS.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = SIGNALS[i].name;
        i += 1;
    }
    names
};

#[cfg(test)]
pub(crate) fn check(signal: &Signal, observation: &Observation<'_>, expected: bool) {
    let seen = Seen { observation, facts: &Facts::default(), failures: 0 };
    assert_eq!(
        (signal.find)(&seen).is_some(),
        expected,
        "{} on {} {}?{}",
        signal.name,
        observation.user_agent,
        observation.path,
        observation.query
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_the_policy() {
        for (index, signal) in SIGNALS.iter().enumerate() {
            assert!(signal.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", signal.name);
            assert!(signal.weight <= 100 && signal.finds.ends_with('.') && signal.matters.ends_with('.'));
            assert_eq!(
                NAMES.iter().position(|name| *name == signal.name),
                Some(index),
                "twice in the table: {}",
                signal.name
            );
        }
    }
}
