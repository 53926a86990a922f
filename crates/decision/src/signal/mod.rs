//! Signals: named findings without judgement. Each is one file with a function and one line in [`SIGNALS`]; what a
//! finding weighs is the policy's business.

mod account_probing;
mod alike_addresses;
mod breached_password;
mod credential_stuffing;
mod disposable_domain;
mod environment_mismatch;
mod events_by_program;
mod failed_often;
mod failures_behind;
mod false_crawler;
mod fields_filled_unseen;
mod fields_out_of_order;
mod header_mismatch;
mod hints_mismatch;
mod honeypot_filled;
mod hosting_network;
mod http2_mismatch;
mod ill_reputed;
mod ill_reputed_domain;
mod invalid_proof;
mod malformed_request;
mod new_address;
mod new_here;
mod no_pointer_no_key;
mod no_user_agent;
mod open_proxy;
mod page_hidden;
mod pasted_everything;
mod pointer_without_way;
mod pressed_by_program;
mod quick_fill;
mod robotic_path;
mod robotic_rhythm;
pub(crate) mod scanner_user_agent;
mod signup_burst;
mod solved_lately;
mod steered_browser;
mod tls_mismatch;
mod tool_user_agent;
mod tor_exit;
mod unclear_account;
mod vpn_network;
pub(crate) mod vulnerability_probe;

use crate::policy::AccountSettings;
use crate::{Evidence, Facts, Listed, Observation};

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
    /// The lists that the client is on.
    pub listed: Listed,
    /// How accounts are protected: from how many on something is many.
    pub accounts: &'a AccountSettings,
    /// What the client sees may not depend on whether an account exists.
    pub answers_alike: bool,
}

/// Every signal. The order is that of the events and must only grow at the end, so that indexes in stored events stay.
pub static SIGNALS: [Signal; 43] = [
    honeypot_filled::SIGNAL,
    failures_behind::SIGNAL,
    malformed_request::SIGNAL,
    no_user_agent::SIGNAL,
    tool_user_agent::SIGNAL,
    scanner_user_agent::SIGNAL,
    vulnerability_probe::SIGNAL,
    hosting_network::SIGNAL,
    vpn_network::SIGNAL,
    tor_exit::SIGNAL,
    open_proxy::SIGNAL,
    ill_reputed::SIGNAL,
    false_crawler::SIGNAL,
    new_here::SIGNAL,
    solved_lately::SIGNAL,
    failed_often::SIGNAL,
    new_address::SIGNAL,
    breached_password::SIGNAL,
    credential_stuffing::SIGNAL,
    account_probing::SIGNAL,
    disposable_domain::SIGNAL,
    alike_addresses::SIGNAL,
    signup_burst::SIGNAL,
    quick_fill::SIGNAL,
    no_pointer_no_key::SIGNAL,
    fields_filled_unseen::SIGNAL,
    fields_out_of_order::SIGNAL,
    pasted_everything::SIGNAL,
    page_hidden::SIGNAL,
    robotic_rhythm::SIGNAL,
    robotic_path::SIGNAL,
    pointer_without_way::SIGNAL,
    events_by_program::SIGNAL,
    steered_browser::SIGNAL,
    invalid_proof::SIGNAL,
    tls_mismatch::SIGNAL,
    http2_mismatch::SIGNAL,
    header_mismatch::SIGNAL,
    hints_mismatch::SIGNAL,
    environment_mismatch::SIGNAL,
    unclear_account::SIGNAL,
    pressed_by_program::SIGNAL,
    ill_reputed_domain::SIGNAL,
];

/// What every signal looks with, in the same order: all of them look at each request, and the rest of what is said of
/// them would only be passed by.
pub(crate) static FINDS: [fn(&Seen<'_>) -> Option<Evidence>; SIGNALS.len()] = {
    let mut finds = [SIGNALS[0].find; SIGNALS.len()];
    let mut index = 0;
    while index < finds.len() {
        finds[index] = SIGNALS[index].find;
        index += 1;
    }
    finds
};

/// The signal that a list's own weight counts for.
pub(crate) const ILL_REPUTED: usize = index_of("ill_reputed");

/// The place of a signal in the table, for the few that something else refers to.
const fn index_of(name: &str) -> usize {
    let mut i = 0;
    while i < SIGNALS.len() {
        if same(SIGNALS[i].name.as_bytes(), name.as_bytes()) {
            return i;
        }
        i += 1;
    }
    panic!("no such signal")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

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

/// What contradicts a user agent, beside what that says.
fn contradiction(seen: &Seen<'_>, found: Option<crate::story::Found>) -> Option<Evidence> {
    Some(Evidence::Contradiction { browser: seen.observation.agent.browser?, found: found? })
}

#[cfg(test)]
pub(crate) fn check(signal: &Signal, observation: &Observation<'_>, expected: bool) {
    let (facts, accounts) = (Facts::default(), AccountSettings::default());
    let listed = Listed::default();
    let seen =
        Seen { observation, facts: &facts, failures: 0, listed, accounts: &accounts, answers_alike: false };
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
            assert!(
                signal.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{}",
                signal.name
            );
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
