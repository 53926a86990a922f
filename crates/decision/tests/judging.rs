//! Decisions over facts that the test writes by hand: what follows from which count, and what answers what.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;

use spigot_decision::policy::{Entry, Hold, Operator, Policy, PrefixMap, load};
use spigot_decision::{
    Action, Agent, CountKind, Decision, Facts, Keys, Level, Millis, Observation, Prefix, Presented, Sender,
    decide, plan,
};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
const CLEARANCE: Presented =
    Presented { id: 7, level: Level::High, quota: 5000, life_millis: 43_200_000, age_millis: 0 };

fn get(path: &'static str, client: &str) -> Observation<'static> {
    Observation {
        host: "shop.example",
        sender: Sender::Navigation,
        user_agent: BROWSER,
        agent: Agent::of(BROWSER),
        ..Observation::of(client.parse::<IpAddr>().expect("an address"), "GET", path)
    }
}

fn policy(text: &str) -> Policy {
    load("policy.toml", &format!("extends = \"nothing\"\n{text}"))
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// Decides with the counts that `count` says; the others are one.
fn judge(policy: &Policy, seen: &Observation<'_>, count: impl Fn(CountKind) -> Option<u32>) -> Decision {
    let plan = plan(policy, seen, &Keys(1, 2), Millis(0));
    let counts = plan.counts.iter().map(|planned| count(planned.kind).unwrap_or(u32::from(planned.add)));
    let facts = Facts { counts: counts.collect(), available: true, ..Facts::default() };
    decide(policy, seen, &plan, &facts, Millis(0))
}

#[test]
fn work_grows_with_each_third_above_the_limit() {
    let policy = policy("");
    let check = |count: u32, doublings: Option<u8>| {
        let decision =
            judge(&policy, &get("/", "192.0.2.1"), |kind| (kind == CountKind::Frequency).then_some(count));
        assert_eq!(decision.demand.map(|demand| demand.doublings), doublings, "request {count}");
    };
    check(500, None);
    check(501, Some(0));
    check(666, Some(0));
    check(667, Some(1));
    check(833, Some(1));
    check(834, Some(2));
    check(999, Some(2));
    check(1000, Some(3));
    // Where a count stops growing: twice the limit and sixteen.
    check(1016, Some(3));
}

#[test]
fn a_clearance_answers_what_others_did_and_not_what_its_holder_did() {
    let text = |key: &str, action: &str| {
        format!("[[limit]]\nname = \"x\"\nrate = \"5 per 1m{key}\"\naction = \"{action}\"")
    };
    let check = |key: &str, action: &str, cleared: bool, count: u32, expected: Action| {
        let policy = policy(&text(key, action));
        let seen = Observation {
            clearance: cleared.then_some(CLEARANCE),
            account: Some("ada"),
            ..get("/", "192.0.2.1")
        };
        let decision = judge(&policy, &seen, |kind| (kind == CountKind::Limit(0)).then_some(count));
        assert_eq!(decision.action, expected, "{key} {action}, cleared {cleared}, {count}");
    };
    check(" per client", "challenge", true, 5, Action::Allow);
    check(" per client", "challenge", true, 6, Action::Challenge);
    check(" per client and route", "challenge", true, 6, Action::Challenge);
    for shared in [" per address", " per account", " per route", ""] {
        check(shared, "challenge", true, 6, Action::Allow);
        check(shared, "challenge", false, 6, Action::Challenge);
    }
    for stronger in ["throttle", "shadow", "block"] {
        let action = Action::from_name(stronger).expect("an action");
        check(" per address", stronger, true, 6, action);
    }
}

#[test]
fn without_the_state_a_closed_route_is_unavailable_and_an_open_one_decides() {
    let check = |text: &str, client: &str, expected: Action, unavailable: bool, retry: Option<u32>| {
        let policy = policy(text);
        let seen = get("/", client);
        let plan = plan(&policy, &seen, &Keys(1, 2), Millis(0));
        let decision = decide(&policy, &seen, &plan, &Facts::default(), Millis(0));
        assert_eq!(
            (decision.action, decision.is_unavailable(), decision.retry_after_seconds),
            (expected, unavailable, retry),
            "{text}"
        );
    };
    let listed = "[[list]]\nname = \"l\"\nentries = [\"192.0.2.0/24\"]\nkind = ";
    check("", "192.0.2.1", Action::Allow, false, None);
    check("unavailable = \"closed\"", "192.0.2.1", Action::Block, true, Some(5));
    check(&format!("unavailable = \"closed\"\n{listed}\"allow\""), "192.0.2.1", Action::Allow, false, None);
    // Whoever is refused anyway is told so: trying again would not help.
    let denied = format!("unavailable = \"closed\"\n{listed}\"deny\"\naction = \"block\"");
    check(&denied, "192.0.2.1", Action::Block, false, None);
    check(&denied, "198.51.100.1", Action::Block, true, Some(5));
}

#[test]
fn an_ended_entry_hides_no_wider_one() {
    let prefix = |text: &str| Prefix::parse(text).expect("a prefix");
    let entry =
        |until: Option<i64>| Entry { until: until.map(Millis), author: String::new(), note: String::new() };
    let hold = |action, end| Hold { action, end: Millis(end), author: String::new(), reason: String::new() };
    let lists =
        |until| PrefixMap::new([(prefix("192.0.2.0/24"), entry(None)), (prefix("192.0.2.7"), entry(until))]);
    let check = |operator: Operator, expected: Action| {
        let decision = judge(&policy("").with_operator(operator), &get("/", "192.0.2.7"), |_| None);
        assert_eq!(decision.action, expected);
    };
    check(Operator { deny: lists(Some(0)), ..Operator::default() }, Action::Block);
    check(Operator { deny: lists(Some(1)), ..Operator::default() }, Action::Block);
    let deny = PrefixMap::new([(prefix("192.0.2.7"), entry(None))]);
    check(Operator { allow: lists(Some(0)), deny, ..Operator::default() }, Action::Allow);
    let holds = |narrow_end| {
        PrefixMap::new([
            (prefix("192.0.2.0/24"), hold(Action::Block, 10)),
            (prefix("192.0.2.7"), hold(Action::Throttle, narrow_end)),
        ])
    };
    check(Operator { holds: holds(0), ..Operator::default() }, Action::Block);
    check(Operator { holds: holds(1), ..Operator::default() }, Action::Throttle);
}

#[test]
fn lists_hold_networks_countries_and_fingerprints() {
    let listed = |entry: &str, rest: &str| {
        policy(&format!("[[list]]\nname = \"l\"\nentries = [\"{entry}\"]\nkind = {rest}\n"))
    };
    let layer = spigot_decision::layer_number("t13d1516h2_8daaf6152771_b186095e22b6");
    let check = |policy: &spigot_decision::Policy, is: bool, expected: Action| {
        let seen = spigot_decision::Observation {
            layers: if is { [layer, 0, 0] } else { [0, layer + 1, 0] },
            ..get("/", "192.0.2.7")
        };
        let plan = plan(policy, &seen, &Keys(1, 2), Millis(0));
        let facts = Facts {
            available: true,
            network: Some(if is { 64500 } else { 64501 }),
            country: is.then_some(*b"DE"),
            ..Facts::default()
        };
        assert_eq!(decide(policy, &seen, &plan, &facts, Millis(0)).action, expected);
    };
    for entry in ["AS64500", "country:de", "fingerprint:t13d1516h2_8daaf6152771_b186095e22b6"] {
        let deny = listed(entry, "\"deny\"\naction = \"block\"");
        check(&deny, true, Action::Block);
        check(&deny, false, Action::Allow);
        check(&listed(entry, "\"reputation\"\nweight = 60"), true, Action::Challenge);
        let mark =
            "\"mark\"\n[[rule]]\nname = \"r\"\nwhen = 'client.address.listed(\"l\")'\naction = \"block\"";
        check(&listed(entry, mark), true, Action::Block);
        check(&listed(entry, mark), false, Action::Allow);
    }
}

#[test]
fn a_limit_by_path_counts_what_servers_take_for_one_path() {
    let policy = policy("[[limit]]\nname = \"l\"\nrate = \"3 per 1h per path\"\naction = \"challenge\"\n");
    let key = |path| {
        let plan = plan(&policy, &get(path, "192.0.2.1"), &Keys(1, 2), Millis(0));
        let mut counts = plan.counts.iter().filter(|count| matches!(count.kind, CountKind::Limit(_)));
        counts.next().unwrap().key
    };
    for path in ["/coupon/x", "/Coupon/X", "/coupon/x/"] {
        assert_eq!(key(path), key("/coupon/X"), "{path}");
    }
    assert_ne!(key("/coupon/x"), key("/coupon/y"));
}
