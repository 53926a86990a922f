use std::sync::Arc;

use super::Ladder;
use crate::Attempt;

/// How accounts are protected, for all routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSettings {
    /// After so many failures of one client, or on one account, the next attempt is asked for a challenge.
    pub challenge_after: u32,
    /// From how many failures on one account it is locked to those who failed, and for how long. Its window is that of
    /// every count of failed attempts.
    pub lock: Arc<Ladder>,
    /// For how many days it is remembered from where an account was used.
    pub remember_days: u32,
    /// Failed attempts in the window from which many accounts tried from many addresses are stuffing.
    pub stuffing_from: u32,
    /// Accounts in the window from which one client that is nearly always wrong is probing.
    pub probing_from: u32,
    /// In what window sign-ups are counted, in milliseconds.
    pub signup_window_millis: u64,
    /// Sign-ups from which addresses that differ by a counter, a tag or dots are farmed.
    pub alike_from: u32,
    /// Sign-ups from which one network's are a burst.
    pub burst_from: u32,
}

impl Default for AccountSettings {
    fn default() -> Self {
        let minutes = |n: u64| n * 60_000;
        Self {
            challenge_after: 3,
            lock: Arc::new(Ladder {
                window_millis: minutes(10),
                slow_from: 10,
                restrict_from: 10,
                // The last repeats: nobody waits longer than this for strangers who keep guessing.
                steps_millis: vec![minutes(1), minutes(2), minutes(5), minutes(15)],
                forget_millis: minutes(60),
                around: [1, 1],
            }),
            remember_days: 90,
            stuffing_from: 20,
            probing_from: 10,
            signup_window_millis: minutes(60),
            alike_from: 4,
            burst_from: 20,
        }
    }
}

/// What a route's requests attempt with accounts, and how it is told that they failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptSettings {
    /// What they attempt.
    pub kind: Attempt,
    /// Fields that hold the password.
    pub password_fields: Vec<String>,
    /// A text in the beginning of a failed attempt's answer.
    pub failed_body: Option<String>,
    /// A header field of a failed attempt's answer: its name in lower case, and what its value contains.
    pub failed_header: Option<(String, String)>,
    /// Where a failed attempt is redirected to: a path, with `*` at its end for whatever follows.
    pub failed_location: Option<String>,
    /// Answers say nothing: the application reports how an attempt ended.
    pub reported: bool,
}

impl AttemptSettings {
    /// Whether an answer's header says that the attempt failed.
    #[must_use]
    pub fn failed_by(&self, header: impl Fn(&str) -> Option<String>) -> bool {
        let by_header = self.failed_header.as_ref().is_some_and(|(name, wanted)| {
            header(name)
                .is_some_and(|value| value.to_ascii_lowercase().contains(&wanted.to_ascii_lowercase()))
        });
        by_header
            || self
                .failed_location
                .as_ref()
                .is_some_and(|wanted| header("location").is_some_and(|location| leads_to(&location, wanted)))
    }
}

/// Whether a redirect leads to a path: with or without scheme and host before it, and whatever query behind it when the
/// pattern has none.
fn leads_to(location: &str, wanted: &str) -> bool {
    let path = match location.find("://").map(|at| &location[at + 3..]) {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => location,
    };
    match wanted.strip_suffix('*') {
        Some(beginning) => path.starts_with(beginning),
        None if wanted.contains('?') => path == wanted,
        None => path.split(['?', '#']).next() == Some(wanted),
    }
}

/// One answer for "there is such an account" and "there is none".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameAnswer {
    /// Its status.
    pub status: u16,
    /// Its media type.
    pub content_type: String,
    /// Its body.
    pub body: String,
    /// When it is sent, in milliseconds after the request came, or a whole multiple of that.
    pub time_millis: u32,
    /// Only failed attempts are answered so; the others get the application's answer, at the same time.
    pub only_failures: bool,
}

/// What `shadow` gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowAnswer {
    /// The request goes to the application, marked, and the application sees to it that nothing comes of it.
    pub mark: bool,
    /// The media type of the answer.
    pub content_type: Option<String>,
    /// Its body, with placeholders.
    pub body: Option<String>,
    /// Further header fields, with placeholders.
    pub headers: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_attempts_are_told_by_header_or_target() {
        let check = |header: Option<&str>, location: Option<&str>, answer: (&str, &str), expected: bool| {
            let settings = AttemptSettings {
                failed_header: header.map(|wanted| ("x-login".to_owned(), wanted.to_owned())),
                failed_location: location.map(str::to_owned),
                ..AttemptSettings::default()
            };
            let found = settings.failed_by(|name| (name == answer.0).then(|| answer.1.to_owned()));
            assert_eq!(found, expected, "{header:?} {location:?} {answer:?}");
        };
        check(Some("failed"), None, ("x-login", "Failed; wrong password"), true);
        check(Some("failed"), None, ("x-login", "ok"), false);
        check(Some(""), None, ("x-login", "whatever"), true);
        check(Some(""), None, ("x-other", "whatever"), false);
        check(None, Some("/login"), ("location", "/login?error=1"), true);
        check(None, Some("/login"), ("location", "https://shop.example/login"), true);
        check(None, Some("/login"), ("location", "/login-done"), false);
        check(None, Some("/login*"), ("location", "/login-again"), true);
        check(None, Some("/?failed=1"), ("location", "/?failed=1"), true);
        check(None, Some("/?failed=1"), ("location", "/"), false);
        check(None, Some("/"), ("location", "https://shop.example"), true);
    }
}
