//! What a proof is worth, and what holds whatever was proven.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use spigot_decision::policy::{Operator, Policy, TrustedKey, load};
use spigot_decision::{
    Action, CountKind, Decision, Evidence, Facts, Keys, Millis, Observation, Proven, ReasonKind, Trusted,
    decide, explain, plan,
};

const NOW: Millis = Millis(1000);

fn policy(gives: &str, more: &str) -> Policy {
    let text = format!(
        "extends = \"nothing\"\n[[trusted]]\nname = \"partner\"\nroutes = \"api\"\ngives = {gives}\n\
         [[route]]\nname = \"api\"\nmatch = \"/api/**\"\nask = \"always\"\nlevel = \"medium\"\n\
         [[route]]\nname = \"other\"\nmatch = \"/**\"\nask = \"always\"\n{more}"
    );
    load("policy.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn judge(policy: &Policy, path: &str, trusted: Trusted, count: impl Fn(CountKind) -> u32) -> Decision {
    // Without a user agent: 15.
    let seen = Observation { trusted, ..Observation::of([192, 0, 2, 7].into(), "GET", path) };
    let plan = plan(policy, &seen, &Keys(1, 2), NOW);
    let counts = plan.counts.iter().map(|planned| count(planned.kind));
    let facts = Facts { counts: counts.collect(), available: true, ..Facts::default() };
    decide(policy, &seen, &plan, &facts, NOW)
}

const PARTNER: Trusted = Trusted { proven: Some(Proven { entry: 0, key: None }), failed: None };

#[test]
fn a_proof_answers_challenges_and_nothing_else() {
    let pass = "\"pass\"\nrate = \"3 per 1m\"";
    let check = |gives: &str, more: &str, path: &str, trusted: Trusted, expected: Action| {
        let decision = judge(&policy(gives, more), path, trusted, |_| 1);
        assert_eq!(decision.action, expected, "{gives} {more} {path} {:?}", decision.reasons);
    };
    let rule = |action: &str| format!("[[rule]]\nname = \"r\"\nwhen = 'true'\n{action}");
    let list = |action: &str| {
        format!("[[list]]\nname = \"l\"\nkind = \"deny\"\nentries = \"192.0.2.0/24\"\naction = \"{action}\"")
    };
    check(pass, "", "/api/x", Trusted::default(), Action::Challenge);
    check(pass, "", "/api/x", PARTNER, Action::Allow);
    check(pass, "", "/x", PARTNER, Action::Challenge);
    check(pass, &rule("weight = 90"), "/api/x", PARTNER, Action::Allow);
    check(pass, &rule("action = \"challenge\""), "/api/x", PARTNER, Action::Allow);
    check(pass, &rule("action = \"block\""), "/api/x", PARTNER, Action::Block);
    check(pass, &list("challenge"), "/api/x", PARTNER, Action::Challenge);
    check(pass, &list("block"), "/api/x", PARTNER, Action::Block);
    let level = |level: &str| format!("\"level\"\nlevel = \"{level}\"");
    check(&level("low"), "", "/api/x", PARTNER, Action::Challenge);
    check(&level("medium"), "", "/api/x", PARTNER, Action::Allow);
    check(&level("medium"), &rule("weight = 90"), "/api/x", PARTNER, Action::Block);
    check("\"soften\"\nby = 30", "", "/api/x", PARTNER, Action::Challenge);
    let nobody = Trusted { proven: Some(Proven { entry: 7, key: None }), failed: None };
    check(pass, "", "/api/x", nobody, Action::Challenge);
}

#[test]
fn softening_takes_from_the_risk_and_never_below_nothing() {
    let check = |by: u8, weight: u8, expected: u8| {
        let more = format!("[[rule]]\nname = \"r\"\nwhen = 'true'\nweight = {weight}");
        let policy = policy(&format!("\"soften\"\nby = {by}"), &more);
        let decision = judge(&policy, "/api/x", PARTNER, |_| 1);
        assert_eq!(decision.risk, expected, "{by} from {weight} and 15");
        let told = decision.reasons.iter().find(|reason| reason.kind == ReasonKind::Takes(by));
        assert!(told.is_some() && explain(&policy, &decision).contains(&format!("takes {by} from the risk")));
    };
    check(30, 40, 25);
    check(15, 0, 0);
    check(100, 20, 0);
}

#[test]
fn a_trusted_client_has_a_rate_of_its_own() {
    let policy = policy("\"pass\"\nrate = \"3 per 1m\"", "");
    let check = |count: u32, expected: Action| {
        let counts = |kind| if kind == CountKind::Trusted { count } else { 1 };
        let decision = judge(&policy, "/api/x", PARTNER, counts);
        assert_eq!(decision.action, expected, "{count}");
    };
    check(3, Action::Allow);
    check(4, Action::Throttle);
}

#[test]
fn a_proof_that_does_not_hold_is_a_signal_and_a_missing_one_is_none() {
    let policy = policy("\"pass\"", "");
    let failed = Trusted { proven: None, failed: Some("signature is not the key's") };
    let decision = judge(&policy, "/x", failed, |_| 1);
    let found = decision.reasons.iter().find(|reason| reason.kind == ReasonKind::Adds(40));
    assert_eq!(found.map(|reason| reason.evidence), Some(Evidence::Word("signature is not the key's")));
    assert_eq!(decision.risk, 55);
    assert_eq!(judge(&policy, "/x", Trusted::default(), |_| 1).risk, 15);
}

#[test]
fn a_key_is_scoped_dated_and_counted_by_itself() {
    let key = TrustedKey {
        name: "acme".to_owned(),
        entry: "partner".to_owned(),
        digests: Vec::new(),
        routes: Vec::new(),
        rate: Some((2, 60_000)),
        until: None,
    };
    let proven = Trusted { proven: Some(Proven { entry: 0, key: Some(0) }), failed: None };
    let check = |change: fn(&mut TrustedKey), expected: Action| {
        let mut key = key.clone();
        change(&mut key);
        let operator = Operator { keys: vec![key], ..Operator::default() };
        let policy = policy("\"pass\"\nrate = \"9 per 1m\"", "").with_operator(operator);
        let decision =
            judge(&policy, "/api/x", proven, |kind| if kind == CountKind::Trusted { 3 } else { 1 });
        assert_eq!(decision.action, expected, "{:?}", decision.reasons);
        assert!(explain(&policy, &decision).contains("acme"));
    };
    check(|_| {}, Action::Throttle);
    check(|key| key.rate = None, Action::Allow);
    check(|key| key.routes = vec!["other".to_owned()], Action::Challenge);
    check(|key| key.until = Some(NOW), Action::Challenge);
    check(|key| (key.until, key.rate) = (Some(Millis(1001)), None), Action::Allow);
    check(|key| key.entry = "somebody".to_owned(), Action::Challenge);
}
