//! The report for people, and the proposal as lines of a policy.

use std::fmt::Write;

use crate::report::{Outcome, Report, RouteReport, Share};

/// One `[[adjust]]` for each route that something is proposed for.
pub(crate) fn proposal(routes: &[RouteReport]) -> String {
    let mut text = String::new();
    for report in routes.iter().filter(|report| !report.changes.is_empty()) {
        let table = |name: &str| {
            let of = report.changes.iter().filter_map(|change| {
                let key = change.what.strip_prefix(name)?.strip_prefix('.')?;
                Some(format!("{key} = {}", change.to))
            });
            of.collect::<Vec<_>>().join(", ")
        };
        let _ = write!(text, "\n[[adjust]]\nroutes = \"{}\"\n", report.route);
        for name in ["thresholds", "weights"] {
            let inner = table(name);
            if !inner.is_empty() {
                let _ = writeln!(text, "{name} = {{ {inner} }}");
            }
        }
    }
    text
}

impl Report {
    /// The report in words, with the proposal as a difference that only adds lines.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!(
            "{} events under policy {}: {} clients are taken for people, {} for bots ({} marks of operators found), {} for neither because they contradict themselves.\n",
            self.events, self.policy_revision, self.people, self.bots, self.marks_found, self.unclear
        );
        for report in &self.routes {
            let _ =
                write!(text, "\nRoute {}: {} people, {} bots\n", report.route, report.people, report.bots);
            outcome(&mut text, "now", &report.now);
            if let Some(proposed) = &report.proposed {
                outcome(&mut text, "proposed", proposed);
                let _ = writeln!(
                    text,
                    "  challenges shown: {}",
                    difference(report.now.challenges, proposed.challenges)
                );
            }
            for change in &report.changes {
                let because =
                    if change.because.is_empty() { String::new() } else { format!(" ({})", change.because) };
                let _ = writeln!(text, "  {} {} -> {}{because}", change.what, change.from, change.to);
            }
            if !report.note.is_empty() {
                let _ = writeln!(text, "  {}", report.note);
            }
        }
        if self.routes.is_empty() {
            text.push_str("\nNobody of whom something is known was seen: too little for a proposal.\n");
        }
        if self.proposal.is_empty() {
            text.push_str("\nNothing is proposed.\n");
        } else {
            text.push_str("\nProposed, at the end of the configuration:\n\n");
            for line in self.proposal.trim_start_matches('\n').lines() {
                let _ = writeln!(text, "+{line}");
            }
        }
        text
    }
}

fn outcome(text: &mut String, when: &str, outcome: &Outcome) {
    let _ = writeln!(
        text,
        "  {when:<9} people bothered {}, bots stopped {}, challenges {}",
        share(&outcome.people_bothered),
        share(&outcome.bots_stopped),
        outcome.challenges
    );
}

fn share(share: &Share) -> String {
    format!("{} of {} ({:.1} to {:.1} %)", share.of, share.all, share.percent_min, share.percent_max)
}

fn difference(now: u64, then: u64) -> String {
    let percent = if now == 0 { 0.0 } else { (then as f64 - now as f64) * 100.0 / now as f64 };
    format!("{now} -> {then} ({percent:+.0} %)")
}
