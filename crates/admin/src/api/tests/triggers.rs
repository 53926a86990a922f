//! What the CAPTCHA page is told of each trigger.

use http::Method;
use serde_json::{Value, json};
use spigot_decision::policy::{Forced, Operator, Pattern};
use spigot_decision::{HourFact, Millis};

use super::{Figures, NOW, Panel};
use crate::api::{List, Node, Peaks};
use crate::staff::Role;

const POLICY: &str = r#"
extends = "nothing"

[[list]]
name = "written"
kind = "deny"
entries = ["192.0.2.0/24", "198.51.100.7"]

[[list]]
name = "known"
kind = "allow"
entries = ["203.0.113.0/24"]

[[route]]
name = "login"
match = "POST /login"
triggers = { high_frequency = { more_than = 500 }, traffic_anomaly = { at_least = 1, needs_days = 3 } }

[[route]]
name = "quiet"
match = "/quiet/**"
triggers = { denylisted_origin = false }
"#;

/// The trigger on the route, of what it says the keys that are asked for.
fn shown(panel: &Panel, route: &str, trigger: &str, keys: &[&str]) -> Value {
    let (status, said) =
        panel.call(&panel.session(Role::Analyst), &Method::GET, "/api/triggers", &Value::Null);
    assert_eq!(status, 200, "{said}");
    let find = |list: &Value, key: &str, name: &str| {
        let found = list.as_array().unwrap().iter().find(|one| one[key] == name).cloned();
        found.unwrap_or_else(|| panic!("no {name} in {list}"))
    };
    let route = find(&said["routes"], "route", route);
    let trigger = find(&route["triggers"], "name", trigger);
    keys.iter().map(|key| trigger[key].clone()).collect()
}

fn panel(figures: Figures) -> Panel {
    Panel::with(POLICY, Operator::default(), figures)
}

#[test]
fn a_client_is_shown_against_what_passes_in_the_window() {
    let check = |count: u32, seconds_ago: i64, expected: Value| {
        let peaks = Peaks { client: Some((count, NOW.plus(-seconds_ago * 1000))), body: None };
        let panel = panel(Figures { peaks, ..Figures::default() });
        let keys = ["state", "figure", "threshold", "window_seconds"];
        assert_eq!(shown(&panel, "login", "high_frequency", &keys), expected, "{count}");
    };
    check(512, 60, json!(["asking", 512, 500, 1200]));
    check(500, 60, json!(["near", 500, 500, 1200]));
    check(375, 60, json!(["quiet", 375, 500, 1200]));
    // What was counted before the window counts no longer.
    check(512, 1201, json!(["quiet", 0, 500, 1200]));
}

#[test]
fn an_hour_is_shown_against_its_mean() {
    let check = |count: u32, days: u8, expected: Value| {
        let hour = HourFact { count, past_sum: u64::from(days) * 1000, days };
        let panel = panel(Figures { hour, ..Figures::default() });
        let keys = ["state", "figure", "mean", "days", "threshold"];
        assert_eq!(shown(&panel, "login", "traffic_anomaly", &keys), expected, "{count}");
    };
    check(1840, 14, json!(["near", 1840, 1000.0, 14, 2000]));
    check(2001, 14, json!(["asking", 2001, 1000.0, 14, 2000]));
    check(2001, 2, json!(["learning", 2001, 1000.0, 2, 2000]));
}

#[test]
fn all_denylists_count_and_none_asks_by_being_there() {
    let keys = ["state", "figure"];
    let none = Panel::with("extends = \"nothing\"", Operator::default(), Figures::default());
    assert_eq!(shown(&none, "default", "denylisted_origin", &keys), json!(["quiet", 0]));
    let written = panel(Figures::default());
    assert_eq!(shown(&written, "login", "denylisted_origin", &keys), json!(["armed", 2]));
    assert_eq!(shown(&written, "quiet", "denylisted_origin", &keys), json!(["off", null]));
    let fetched = |name: &str, entries| List { name: name.to_owned(), entries, ..List::default() };
    let node = Node { lists: vec![fetched("drop", 1_200), fetched("partners", 7)], ..Node::default() };
    let text = "extends = \"nothing\"\n[[list]]\nname = \"drop\"\nkind = \"deny\"\nfile = \"drop.txt\"\n[[list]]\nname = \"partners\"\nkind = \"allow\"\nfile = \"partners.txt\"\n";
    let fed = Panel::with(text, Operator::default(), Figures { node, ..Figures::default() });
    assert_eq!(shown(&fed, "default", "denylisted_origin", &keys), json!(["armed", 1_200]));
}

#[test]
fn a_forced_endpoint_is_shown_on_every_route_that_it_touches() {
    let force = |pattern: &str, until: Option<Millis>| {
        let forced = Forced {
            pattern: Pattern::parse(pattern).unwrap(),
            host: None,
            until,
            author: "ada".to_owned(),
            reason: "a wave".to_owned(),
        };
        let operator = Operator { forced: vec![forced], ..Operator::default() };
        Panel::with(POLICY, operator, Figures::default())
    };
    let check = |panel: &Panel, expected: [(&str, &str, u64); 3]| {
        for (route, state, count) in expected {
            assert_eq!(shown(panel, route, "manual", &["state", "figure"]), json!([state, count]), "{route}");
        }
    };
    check(&force("/**", None), [("login", "asking", 1), ("quiet", "asking", 1), ("default", "asking", 1)]);
    check(&force("/quiet/*", None), [("login", "quiet", 0), ("quiet", "asking", 1), ("default", "quiet", 0)]);
    let over = Some(NOW);
    check(&force("/**", over), [("login", "quiet", 0), ("quiet", "quiet", 0), ("default", "quiet", 0)]);
}
