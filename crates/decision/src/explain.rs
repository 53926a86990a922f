//! A decision in words: what was seen, what each reason gave, and what would have changed it.

use std::fmt::Write;

use crate::policy::Policy;
use crate::policy::units::duration_text;
use crate::{Action, Decision, Evidence, OverBudget, ReasonKind};

/// One sentence per line for a decision of this policy.
#[must_use]
pub fn explain(policy: &Policy, decision: &Decision) -> String {
    let mut story = String::new();
    let route = policy.route(decision.route);
    let _ = writeln!(story, "Route {}: {}.", route.name, action_sentence(decision.action));
    if decision.effective != decision.action {
        let _ = writeln!(story, "The route is in monitor mode, so nothing was done.");
    }
    for reason in &decision.reasons {
        let name = policy.source_name(reason.source);
        let gave = match reason.kind {
            ReasonKind::Asks(action) => format!("asks for {}", action.name()),
            ReasonKind::Adds(weight) => format!("adds {weight} to the risk"),
            ReasonKind::Takes(weight) => format!("takes {weight} from the risk"),
            ReasonKind::Softens => "softens".to_owned(),
            ReasonKind::Tells => "is told for the record".to_owned(),
        };
        let _ = writeln!(
            story,
            "- {name} {gave}{}",
            evidence_text(&reason.evidence).map_or(String::new(), |e| format!(": {e}"))
        );
    }
    let thresholds = route.settings.thresholds;
    let _ = writeln!(
        story,
        "Risk {}; here a challenge starts at {} and a block at {}.",
        decision.risk, thresholds.challenge, thresholds.block
    );
    story
}

fn action_sentence(action: Action) -> &'static str {
    match action {
        Action::Allow => "the request passed",
        Action::Log => "the request passed and was marked",
        Action::Throttle => "the client was slowed",
        Action::Challenge => "the client was asked for a challenge",
        Action::Shadow => "the client got a believable success and nothing happened",
        Action::Block => "the request was refused",
    }
}

/// The value behind a reason, in words; `None` when the name says it all.
#[must_use]
pub fn evidence_text(evidence: &Evidence) -> Option<String> {
    Some(match *evidence {
        Evidence::None => return None,
        Evidence::Count { count, limit, window_millis: 0 } => format!("{count} of {limit}"),
        Evidence::Count { count, limit, window_millis } => {
            format!("{count} of {limit} in {}", duration_text(window_millis))
        }
        Evidence::Hour { count, mean_milli, days } => {
            format!("{count} this hour, mean {}.{:03} of {days} days", mean_milli / 1000, mean_milli % 1000)
        }
        Evidence::TooFewDays { days, needed } => format!("only {days} days seen of the {needed} needed"),
        Evidence::Word(word) => format!("found \"{word}\""),
        Evidence::Prefix(prefix) => prefix.to_string(),
        Evidence::Until { end, step: 0 } => format!("until {end}"),
        Evidence::Until { end, step } => format!("until {end}, step {step}"),
        Evidence::Threshold { risk, threshold } => format!("{risk} reaches {threshold}"),
        Evidence::Contradiction { browser, found } => {
            format!("says {} {}, but {found}", browser.family.name(), browser.major)
        }
        Evidence::Level(level) => level.name().to_owned(),
        Evidence::Measured { of, value, bound } => format!("{of} {value} against {bound}"),
        Evidence::OverBudget(OverBudget { level, shared, count, budget }) => {
            let among = if shared { ", among those too rare for a budget of their own" } else { "" };
            format!("{count} of {budget} this hour for {}{among}", level.words())
        }
    })
}
