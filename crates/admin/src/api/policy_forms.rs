//! Limits and ladders of a policy as forms show them. Limits are read from the text, because what was compiled of them
//! no longer says how it was written.

use schemars::JsonSchema;
use serde::Serialize;
use spigot_decision::policy::units::duration_text;
use spigot_decision::policy::{DEFAULT, Ladder, Policy};
use toml_edit::{DocumentMut, Item, Table};

/// A limit.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct PolicyLimit {
    name: String,
    /// It stands in the text; the others are of the shipped policy.
    is_own: bool,
    /// So many events
    events: u32,
    /// in this time
    window: String,
    /// of each of these; of everybody together when absent.
    per: Option<String>,
    action: &'static str,
    /// On these routes; on every one when empty.
    routes: Vec<String>,
    /// Requests that it counts; all when empty.
    patterns: Vec<String>,
    /// A condition on what it counts.
    when: Option<String>,
}

/// How failures become restrictions.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct PolicyLadder {
    /// The section of the text: `restrict` or `accounts`.
    section: &'static str,
    /// In which failures are counted.
    window: String,
    /// From how many failures on the source is slowed; accounts have no such step.
    slow_from: Option<u32>,
    /// From how many failures on it is refused.
    restrict_from: u32,
    /// How long, each time.
    steps: Vec<String>,
    /// Each quiet time of this length takes one step back.
    forget: String,
}

/// The limits in force under a text, in the order in which they count.
pub(super) fn limits(policy: &Policy, text: &str) -> Vec<PolicyLimit> {
    let document = |text: &str| text.parse::<DocumentMut>().unwrap_or_default();
    let (own, shipped) = (document(text), document(DEFAULT));
    let limits = policy.limits.iter().map(|limit| {
        let (own, shipped) = (named(&own, &limit.name), named(&shipped, &limit.name));
        let table = own.or(shipped);
        let texts = |key: &str| table.and_then(|table| table.get(key)).map(texts).unwrap_or_default();
        let rate = texts("rate").pop().unwrap_or_default();
        let mut parts = rate.splitn(3, " per ").map(str::trim).skip(1);
        PolicyLimit {
            name: limit.name.clone(),
            is_own: own.is_some(),
            events: limit.rate.events,
            window: parts.next().map_or_else(|| duration_text(limit.rate.window_millis), str::to_owned),
            per: parts.next().map(str::to_owned),
            action: limit.action.name(),
            routes: texts("routes"),
            patterns: texts("match"),
            when: texts("when").pop(),
        }
    });
    limits.collect()
}

fn named<'d>(document: &'d DocumentMut, name: &str) -> Option<&'d Table> {
    let tables = document.get("limit")?.as_array_of_tables()?;
    tables.iter().find(|table| table.get("name").and_then(Item::as_str) == Some(name))
}

/// A text, or a list of them.
fn texts(item: &Item) -> Vec<String> {
    let list = item.as_array().into_iter().flatten().filter_map(|value| value.as_str());
    item.as_str().into_iter().chain(list).map(str::to_owned).collect()
}

/// The ladders, that of sources first.
pub(super) fn ladders(policy: &Policy) -> Vec<PolicyLadder> {
    let of = |section, ladder: &Ladder| PolicyLadder {
        section,
        window: duration_text(ladder.window_millis),
        slow_from: (section == "restrict").then_some(ladder.slow_from),
        restrict_from: ladder.restrict_from,
        steps: ladder.steps_millis.iter().map(|millis| duration_text(*millis)).collect(),
        forget: duration_text(ladder.forget_millis),
    };
    vec![of("restrict", &policy.ladder), of("accounts", &policy.accounts.lock)]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use spigot_decision::policy::load;

    use super::*;
    use crate::policy_edit::edited;

    fn compiled(text: &str) -> Policy {
        load("draft", text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn changed(text: &str, section: &Value, key: &[&str], value: &Value) -> String {
        let edit = json!({ "section": section, "key": key, "value": value });
        edited(text, &[serde_json::from_value(edit).unwrap()]).unwrap()
    }

    #[test]
    fn limits_are_shown_as_they_are_written() {
        let text = "extends = \"default\"\n[[limit]]\nname = \"guesses\"\nrate = \"5 per minute per client and route\"\nmatch = \"POST /coupon\"\nwhen = 'request.method == \"POST\"'\nroutes = [\"coupon\"]\naction = \"block\"\n\n[[limit]]\nname = \"all\"\nrate = \"9 per 1h\"\n";
        let shown = limits(&compiled(text), text);
        let own = PolicyLimit {
            name: "guesses".to_owned(),
            is_own: true,
            events: 5,
            window: "minute".to_owned(),
            per: Some("client and route".to_owned()),
            action: "block",
            routes: vec!["coupon".to_owned()],
            patterns: vec!["POST /coupon".to_owned()],
            when: Some("request.method == \"POST\"".to_owned()),
        };
        assert_eq!(shown[0], own);
        assert_eq!((shown[1].per.as_deref(), shown[1].window.as_str()), (None, "1h"));
        let login = shown.iter().find(|limit| limit.name == "login-posts").unwrap();
        assert!(!login.is_own && login.when.is_some() && login.routes == ["login", "api-login"], "{login:?}");
    }

    /// What a form does not name stays as it is in force.
    #[test]
    fn one_value_of_a_ladder_changes_no_other() {
        let text = "# ours\nextends = \"default\"\n";
        let before = ladders(&compiled(text));
        let longer = changed(text, &Value::Null, &["restrict", "window"], &json!("20m"));
        assert!(
            longer.starts_with("# ours\n") && longer.contains("[restrict]\nwindow = \"20m\""),
            "{longer}"
        );
        let after = ladders(&compiled(&longer));
        assert_eq!(after[0], PolicyLadder { window: "20m".to_owned(), ..ladders(&compiled(text)).remove(0) });
        assert_eq!(after[1], before[1]);
        let steps = changed(&longer, &Value::Null, &["accounts", "lock_steps"], &json!(["2m", "1h"]));
        let accounts = ladders(&compiled(&steps)).remove(1);
        assert_eq!(accounts.steps, ["2m", "1h"]);
        assert_eq!(PolicyLadder { steps: before[1].steps.clone(), ..accounts }, before[1]);
    }
}
