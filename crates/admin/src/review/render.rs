//! A review as a report: text for a terminal or a mail, and one HTML page that prints.

use std::fmt::Write;

use spigot_decision::Millis;

use super::{Cluster, Review, Subject};

/// As lines of text.
#[must_use]
pub fn text(review: &Review) -> String {
    let mut text = String::new();
    let (since, until) = (Millis(review.since_millis), Millis(review.until_millis));
    let _ = writeln!(text, "Weekly review, {since} to {until}: {} events.", review.events);
    for (title, rows) in sections(review) {
        let _ = writeln!(text, "\n{title}");
        if rows.is_empty() {
            text.push_str("  none\n");
        }
        for row in rows {
            let shown: String = row.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            let _ = writeln!(text, "  {shown}");
        }
    }
    text
}

/// As one page without anything from elsewhere.
#[must_use]
pub fn html(review: &Review) -> String {
    let mut body = String::new();
    for (title, rows) in sections(review) {
        let _ = write!(body, "<h2>{title}</h2><ul>");
        for row in &rows {
            let _ = write!(body, "<li>{}</li>", escaped(row));
        }
        body.push_str(if rows.is_empty() { "<li>none</li></ul>" } else { "</ul>" });
    }
    let (since, until) = (Millis(review.since_millis), Millis(review.until_millis));
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Weekly review</title>\
         <style>body{{font:14px/1.45 system-ui,sans-serif;max-width:80ch;margin:24px auto;padding:0 16px}}\
         h2{{font-size:16px}}li{{overflow-wrap:anywhere}}@media print{{h2{{break-after:avoid}}}}</style>\
         <h1>Weekly review</h1><p>{since} to {until}: {} events.</p>{body}</html>\n",
        review.events
    )
}

fn sections(review: &Review) -> [(&'static str, Vec<String>); 7] {
    let subject = |one: &Subject| format!("{} {}: {}", one.kind, one.key, one.events);
    let cluster = |one: &Cluster| {
        let parts: Vec<_> = one.parts.iter().map(|part| format!("{} {}", part.kind, part.key)).collect();
        format!("{}: {}", parts.join(" with "), one.events)
    };
    [
        ("Repeat offenders", review.offenders.iter().map(subject).collect()),
        (
            "Likely false positives",
            review
                .false_positives
                .iter()
                .map(|one| {
                    format!("{} on {}, {}: {}", one.decision, one.route, one.sign, one.reasons.join(", "))
                })
                .collect(),
        ),
        (
            "What each reason came to",
            review
                .rules
                .iter()
                .map(|rule| {
                    let verdict = if rule.earns_nothing { " (asks people: earns nothing)" } else { "" };
                    format!("{}: asked {}, solved {}{verdict}", rule.name, rule.asked, rule.solved)
                })
                .collect(),
        ),
        ("Not seen the week before", review.patterns.iter().map(subject).collect()),
        ("Not seen together the week before", review.clusters.iter().map(cluster).collect()),
        (
            "How kinds of clients fared",
            review
                .cohorts
                .iter()
                .map(|one| {
                    let is_wrong = one.name == "first_visits" && one.challenged > 0;
                    let verdict = if is_wrong { " (nobody should be challenged at once)" } else { "" };
                    format!(
                        "{}: {} requests, {} challenged, {} blocked{verdict}",
                        one.name, one.events, one.challenged, one.blocked
                    )
                })
                .collect(),
        ),
        (
            "What would do better",
            review
                .proposals
                .routes
                .iter()
                .map(|of| match of.changes.as_slice() {
                    [] => format!("{}: {}", of.route, of.note),
                    changes => format!("{}: {}. {}", of.route, changes.join("; "), of.note),
                })
                .collect(),
        ),
    ]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
