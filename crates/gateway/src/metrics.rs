use std::sync::atomic::{AtomicU64, Ordering};

use spigot_decision::Action;

use crate::series::Series;

/// What the gateway counts about itself, for Prometheus. Labels are fixed, so that nothing a client sends makes a new
/// series.
#[derive(Default)]
pub struct Metrics {
    /// Requests by action, in the order of [`Action::ALL`].
    pub actions: [AtomicU64; 6],
    /// Challenges issued.
    pub challenges_issued: AtomicU64,
    /// Challenges solved.
    pub challenges_solved: AtomicU64,
    /// Submissions refused.
    pub challenges_refused: AtomicU64,
    /// Tokens given to widgets.
    pub tokens_given: AtomicU64,
    /// Tokens that a site's server asked about and that counted.
    pub tokens_redeemed: AtomicU64,
    /// Questions about tokens that were answered with no.
    pub tokens_refused: AtomicU64,
    /// Requests that were no valid HTTP or could be read in several ways.
    pub requests_refused: AtomicU64,
    /// Requests that proved to be a trusted client's.
    pub proofs_held: AtomicU64,
    /// Requests that brought proofs of which none held.
    pub proofs_failed: AtomicU64,
    /// Requests for which no upstream answered.
    pub upstream_failures: AtomicU64,
    /// Answers that an upstream broke off, or in which it stalled.
    pub answers_broken: AtomicU64,
    /// Connections taken.
    pub connections: AtomicU64,
    /// Connections refused by a bound.
    pub connections_refused: AtomicU64,
    /// Sum of the time that Spigot added, in microseconds.
    pub added_micros: AtomicU64,
    /// By route, by trigger, and by time.
    pub series: Series,
}

impl Metrics {
    pub(crate) fn one(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// In Prometheus' text format 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        use std::fmt::Write;
        let mut text = String::from(
            "# HELP spigot_requests_total Requests by the action that was decided.\n# TYPE spigot_requests_total counter\n",
        );
        for (action, count) in Action::ALL.iter().zip(&self.actions) {
            let _ = writeln!(
                text,
                "spigot_requests_total{{action=\"{}\"}} {}",
                action.name(),
                count.load(Ordering::Relaxed)
            );
        }
        let counters = [
            ("challenges_issued_total", "Challenges issued.", &self.challenges_issued),
            ("challenges_solved_total", "Challenges solved.", &self.challenges_solved),
            ("challenges_refused_total", "Submissions refused.", &self.challenges_refused),
            ("tokens_given_total", "Tokens given to widgets.", &self.tokens_given),
            ("tokens_redeemed_total", "Tokens that counted when a site asked.", &self.tokens_redeemed),
            ("tokens_refused_total", "Questions of sites answered with no.", &self.tokens_refused),
            ("requests_refused_total", "Requests that were no valid HTTP.", &self.requests_refused),
            ("proofs_held_total", "Requests that proved to be a trusted client's.", &self.proofs_held),
            ("proofs_failed_total", "Requests that brought proofs of which none held.", &self.proofs_failed),
            ("upstream_failures_total", "Requests for which no upstream answered.", &self.upstream_failures),
            ("answers_broken_total", "Answers that an upstream did not finish.", &self.answers_broken),
            ("connections_total", "Connections taken.", &self.connections),
            ("connections_refused_total", "Connections refused by a bound.", &self.connections_refused),
            ("added_microseconds_total", "Time that Spigot added to requests.", &self.added_micros),
        ];
        for (name, help, counter) in counters {
            let _ = writeln!(
                text,
                "# HELP spigot_{name} {help}\n# TYPE spigot_{name} counter\nspigot_{name} {}",
                counter.load(Ordering::Relaxed)
            );
        }
        self.series.render(self.added_micros.load(Ordering::Relaxed), &mut text);
        text
    }
}
