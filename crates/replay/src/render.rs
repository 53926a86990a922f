//! Reports for people. Nothing in a report was chosen by a client, so nothing has to be escaped.

use std::fmt::Write;

use crate::compare::Comparison;
use crate::report::{Input, ReasonReport, Report};
use crate::treatment::{Treatment, Treatments};

/// Subjects, days and differences shown to people; the serialised report has all that the options allow.
const SHOWN_MAX: usize = 25;

/// The report as plain text.
#[must_use]
pub fn render_text(report: &Report) -> String {
    let mut text = String::new();
    input(&mut text, &report.input);
    let _ = writeln!(text, "Policy {}", report.policy_revision);
    totals(&mut text, report);
    routes(&mut text, report);
    days(&mut text, report);
    subjects(&mut text, report);
    let _ = writeln!(text, "\nNot replayed");
    for sentence in &report.not_replayed {
        let _ = writeln!(text, "  {sentence}");
    }
    text
}

fn input(text: &mut String, input: &Input) {
    let _ = writeln!(text, "{} lines, {} records", input.lines, input.records);
    if let (Some(first), Some(last)) = (&input.first, &input.last) {
        let _ = writeln!(text, "{first} to {last}");
    }
    for (reason, count) in &input.rejects {
        let _ = writeln!(text, "  {count} lines are no records: {reason}");
    }
    for (count, meaning) in [
        (input.without_request, "connections came without a request and are left out"),
        (input.out_of_order, "records were out of order"),
        (input.clamped, "of them were too late to be put in order: sort the log, or hold more lines"),
        (input.damaged_logs, "logs are cut off or damaged"),
        (input.with_clearance, "records came with a clearance"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "  {count} {meaning}");
        }
    }
}

fn totals(text: &mut String, report: &Report) {
    let stopped = report.treatments.stopped();
    let _ = writeln!(
        text,
        "\n{} requests of {} clients, {} malformed",
        report.requests, report.clients, report.malformed
    );
    let _ = writeln!(
        text,
        "{stopped} requests ({}) of {} clients ({}) would have been stopped",
        percent(stopped, report.requests),
        report.clients_stopped,
        percent(report.clients_stopped, report.clients),
    );
    let _ = writeln!(text, "{} restrictions would have begun", report.restrictions_begun);
    if report.requests_of_others > 0 {
        let _ = writeln!(
            text,
            "{} requests came from clients beyond the bound, which are in no count of clients",
            report.requests_of_others
        );
    }
}

fn routes(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\nRoutes");
    for route in &report.routes {
        let monitor = if route.monitor { ", in monitor mode" } else { "" };
        let _ = writeln!(
            text,
            "  {}: {} requests of {} clients{monitor}",
            route.name, route.requests, route.clients
        );
        let _ = writeln!(text, "    {}", treatments(&route.treatments));
        for reason in &route.reasons {
            let _ = writeln!(text, "    {}", reason_line(reason));
        }
    }
}

fn reason_line(reason: &ReasonReport) -> String {
    let ReasonReport { kind, name, fired, told, stopped, clients } = reason;
    let mut line = format!("{kind} {name}: {fired} times on {clients} clients");
    if *stopped > 0 {
        let _ = write!(line, ", stopped {stopped}");
    }
    if *told > 0 {
        let _ = write!(line, ", told {told} times");
    }
    line
}

fn days(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\nDays (UTC)");
    let _ = writeln!(text, "  date          requests  challenged  standing  throttled  blocked");
    for day in report.days.iter().take(SHOWN_MAX * 4) {
        let done = &day.treatments;
        let _ = writeln!(
            text,
            "  {:<12}{:>10}  {:>10}  {:>8}  {:>9}  {:>7}",
            day.date,
            day.requests,
            done.challenge,
            done.standing,
            done.throttle,
            done.shadow + done.block
        );
    }
    left_out(text, report.days.len().saturating_sub(SHOWN_MAX * 4) as u64, "days");
}

fn subjects(text: &mut String, report: &Report) {
    let _ = writeln!(text, "\nStopped clients");
    for subject in report.subjects.iter().take(SHOWN_MAX) {
        let behind = if subject.because_of.is_empty() {
            String::new()
        } else {
            format!(" ({})", subject.because_of.join(", "))
        };
        let _ = writeln!(
            text,
            "  {}: {} of {} requests, first at {} (request {}; {} on {}): {} by {}{behind}",
            subject.address,
            subject.stopped,
            subject.requests,
            subject.first_stopped,
            subject.first_request,
            subject.first_request_on_route,
            subject.route,
            subject.treatment.name(),
            subject.by,
        );
    }
    let hidden = report.subjects.len().saturating_sub(SHOWN_MAX) as u64;
    left_out(text, hidden + report.subjects_left_out, "clients");
}

/// A comparison as plain text.
#[must_use]
pub fn render_comparison(comparison: &Comparison) -> String {
    let mut text = String::new();
    input(&mut text, &comparison.before.input);
    let (before, after) = (&comparison.before, &comparison.after);
    let _ = writeln!(text, "Policy {} against {}", before.policy_revision, after.policy_revision);
    let _ = writeln!(
        text,
        "\n{} of {} requests ({}) of {} clients would be treated differently",
        comparison.different,
        comparison.requests,
        percent(comparison.different, comparison.requests),
        comparison.clients_different
    );
    let _ = writeln!(
        text,
        "{} would be stopped that were not, {} would pass that did not",
        comparison.newly_stopped, comparison.no_longer_stopped
    );
    let _ = writeln!(text, "before: {}", treatments(&before.treatments));
    let _ = writeln!(text, "after:  {}", treatments(&after.treatments));
    let _ = writeln!(text, "\nDifferences");
    for difference in comparison.differences.iter().take(SHOWN_MAX) {
        let route = if difference.route_before == difference.route_after {
            difference.route_after.clone()
        } else {
            format!("{} → {}", difference.route_before, difference.route_after)
        };
        let _ = writeln!(
            text,
            "  {} on {route}: {}{} → {}{}, {} requests",
            difference.address,
            difference.before.name(),
            by(&difference.by_before),
            difference.after.name(),
            by(&difference.by_after),
            difference.requests
        );
    }
    let hidden = comparison.differences.len().saturating_sub(SHOWN_MAX) as u64;
    left_out(&mut text, hidden + comparison.differences_left_out, "differences");
    text
}

fn by(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

fn treatments(counts: &Treatments) -> String {
    let present = Treatment::ALL.into_iter().filter(|treatment| counts.count(*treatment) > 0);
    let shown: Vec<String> =
        present.map(|treatment| format!("{} {}", treatment.name(), counts.count(treatment))).collect();
    shown.join(", ")
}

fn left_out(text: &mut String, count: u64, of: &str) {
    if count > 0 {
        let _ = writeln!(text, "  and {count} more {of}");
    }
}

/// A share in per cent with two digits after the point, in whole numbers so that it is the same everywhere.
fn percent(part: u64, whole: u64) -> String {
    let hundredths = (u128::from(part) * 10_000).checked_div(u128::from(whole)).unwrap_or(0);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}
