//! Events of a site that is known, and what is proposed for it.

use std::convert::Infallible;

use hashbrown::HashMap;
use spigot_decision::policy::{self, Policy, load};
use spigot_event::{Record, RecordChallenge, RecordReason};
use spigot_tune::{Aim, Kind, Report, tune};

fn reason(name: &str, kind: &str, gave: &str) -> RecordReason {
    RecordReason { name: name.to_owned(), kind: kind.to_owned(), gave: gave.to_owned(), evidence: None }
}

/// A visit to the search by client `n`, of whom these signals are found.
fn visit(n: u32, signals: &[&str]) -> Record {
    Record {
        id: format!("{n:016}"),
        client: format!("192.0.{}.{}", n / 256, n % 256),
        host: "shop.example".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        route: "search".to_owned(),
        path: "/search".to_owned(),
        reasons: signals.iter().map(|name| reason(name, "signal", "tells")).collect(),
        ..Record::default()
    }
}

fn solved(n: u32) -> Record {
    let challenge = RecordChallenge {
        kind: "cachewalk".to_owned(),
        result: "solved".to_owned(),
        ..RecordChallenge::default()
    };
    Record {
        challenge: Some(challenge),
        path: "/.spigot/solve".to_owned(),
        route: "default".to_owned(),
        ..visit(n, &[])
    }
}

fn caught(n: u32) -> Record {
    Record {
        route: "default".to_owned(),
        reasons: vec![reason("spam_detected", "signal", "adds 100")],
        ..visit(n, &[])
    }
}

fn default_policy() -> Policy {
    load("default.toml", policy::DEFAULT).unwrap_or_else(|problems| panic!("{problems}"))
}

fn of(events: &[Record], marks: &[(String, Kind)]) -> Report {
    let marks: HashMap<String, Kind> = marks.iter().cloned().collect();
    let read = || Ok::<_, Infallible>(events.iter().cloned().map(Ok));
    match tune(&default_policy(), &marks, Aim::default(), read, &mut |_| ()) {
        Ok(report) => report,
        Err(never) => match never {},
    }
}

/// People of whom one in `strange` shows a tool's name, and bots that all do.
fn site(people: u32, strange: u32, bots: u32) -> Vec<Record> {
    let mut events = Vec::new();
    for n in 0..people {
        let signals: &[&str] = if n % strange == 0 { &["tool_user_agent"] } else { &[] };
        events.extend([visit(n, signals), solved(n)]);
    }
    for n in people..people + bots {
        events.extend([visit(n, &["tool_user_agent"]), caught(n)]);
    }
    events
}

#[test]
fn what_bots_show_and_people_do_not_comes_to_weigh_enough() {
    let report = of(&site(2000, 5000, 400), &[]);
    assert_eq!((report.people, report.bots), (2000, 400));
    let search = report.routes.iter().find(|route| route.route == "search").unwrap();
    assert_eq!((search.now.bots_stopped.of, search.now.people_bothered.of), (0, 0));
    let proposed = search.proposed.as_ref().unwrap_or_else(|| panic!("{}", report.render()));
    assert_eq!(proposed.bots_stopped.of, proposed.bots_stopped.all, "{}", report.render());
    assert!(proposed.people_bothered.of <= 1 && proposed.challenges >= 400, "{}", report.render());
    // It is a policy as it stands, and says what was meant.
    let adjusted = load("proposed.toml", &report.proposal).unwrap_or_else(|problems| panic!("{problems}"));
    let route = adjusted.routes.iter().find(|route| route.name == "search").unwrap();
    let tool = spigot_decision::signal::NAMES.iter().position(|name| *name == "tool_user_agent").unwrap();
    assert!(route.settings.weights[tool] >= route.settings.thresholds.challenge);
}

#[test]
fn what_people_show_as_often_as_bots_is_left_alone() {
    let report = of(&site(2000, 2, 400), &[]);
    assert_eq!(report.proposal, "", "{}", report.render());
}

#[test]
fn too_little_is_said_and_nothing_proposed() {
    let report = of(&site(30, 5000, 10), &[]);
    assert_eq!(report.proposal, "");
    let text = report.render();
    assert!(text.contains("too little is known: 30 people and 10 bots"), "{text}");
    assert!(of(&[], &[]).render().contains("too little for a proposal"));
}

#[test]
fn people_who_are_bothered_for_nothing_are_left_alone() {
    // Eighty per cent of people come without a user agent and with a tool's name: the rule of 50 would ask them.
    let mut events = Vec::new();
    for n in 0..1000 {
        let signals: &[&str] = if n % 5 > 0 { &["vulnerability_probe"] } else { &[] };
        events.extend([visit(n, signals), solved(n)]);
    }
    for n in 1000..1200 {
        events.extend([visit(n, &["scanner_user_agent", "tool_user_agent"]), caught(n)]);
    }
    let report = of(&events, &[]);
    let search = report.routes.iter().find(|route| route.route == "search").unwrap();
    let proposed = search.proposed.as_ref().unwrap_or_else(|| panic!("{}", report.render()));
    assert!(search.now.people_bothered.of > 300 && proposed.people_bothered.of == 0, "{}", report.render());
    assert_eq!(proposed.bots_stopped.of, proposed.bots_stopped.all, "{}", report.render());
    assert!(proposed.challenges < search.now.challenges);
}

#[test]
fn who_is_taken_for_whom() {
    let reasoned =
        |name: &str, kind: &str| Record { reasons: vec![reason(name, kind, "tells")], ..visit(1, &[]) };
    let submitted = |kind: &str, result: &str| {
        let (kind, result) = (kind.to_owned(), result.to_owned());
        Record {
            challenge: Some(RecordChallenge { kind, result, ..RecordChallenge::default() }),
            ..visit(1, &[])
        }
    };
    let (person, bot, unclear, unknown) = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0));
    let check = |what: &str, events: &[Record], expected: (u64, u64, u64)| {
        let report = of(events, &[]);
        assert_eq!((report.people, report.bots, report.unclear), expected, "{what}");
    };
    check("who solves", &[submitted("cachewalk", "solved")], person);
    check("who has a third party's word", &[submitted("provider", "solved")], person);
    check("who waits", &[submitted("wait", "solved")], unknown);
    check("who is only asked", &[submitted("cachewalk", "issued")], unknown);
    check("whose solution is late", &[submitted("cachewalk", "expired")], unknown);
    for result in ["forged", "malformed", "wrong", "not_vouched"] {
        check(result, &[submitted("cachewalk", result)], bot);
        check("a token's verification is the application's", &[submitted("token", result)], unknown);
        check("and solves, too", &[submitted("cachewalk", result), solved(1)], unclear);
    }
    for (name, kind) in [
        ("repeated_failures", "flow"),
        ("restriction", "flow"),
        ("failures_behind", "signal"),
        ("spam_detected", "signal"),
    ] {
        check(name, &[reasoned(name, kind)], bot);
        check(name, &[reasoned(name, kind), solved(1)], unclear);
        check("a rule of that name is the operator's own affair", &[reasoned(name, "rule")], unknown);
    }
    let proven = reasoned("verified_crawler", "proof");
    check("who proved who it is", std::slice::from_ref(&proven), unclear);
    check("and solved all the same", &[proven.clone(), solved(1)], unclear);
    check("and was slowed", &[proven, reasoned("restriction", "flow")], unclear);
    check("another client", &[reasoned("restriction", "flow"), solved(2)], (1, 1, 0));
}

/// Each way of being a bot serves a proposal as well as the other.
#[test]
fn every_way_of_being_a_bot_is_learned_from() {
    let flows = ["repeated_failures", "restriction"].map(|name| vec![reason(name, "flow", "asks block")]);
    let behind = vec![reason("failures_behind", "signal", "adds 10")];
    for reasons in flows.into_iter().chain([behind]) {
        let bot = |n: u32| Record { reasons: reasons.clone(), ..caught(n) };
        let mut events: Vec<Record> = (0..2000).flat_map(|n| [visit(n, &[]), solved(n)]).collect();
        events.extend((2000..2400).flat_map(|n| [visit(n, &["tool_user_agent"]), bot(n)]));
        let report = of(&events, &[]);
        assert_eq!((report.people, report.bots), (2000, 400), "{reasons:?}");
        let search = report.routes.iter().find(|route| route.route == "search").unwrap();
        let proposed = search.proposed.as_ref().unwrap_or_else(|| panic!("{}", report.render()));
        assert_eq!(proposed.bots_stopped.of, proposed.bots_stopped.all, "{}", report.render());
        assert!(search.changes.iter().all(|change| change.what != "weights.failures_behind"), "{reasons:?}");
    }
}

#[test]
fn an_operators_mark_counts_over_what_was_seen() {
    let events = [visit(1, &[]), solved(1), visit(2, &[]), caught(2), visit(3, &[])];
    let check = |marks: &[(String, Kind)], expected: (u64, u64, u64)| {
        let report = of(&events, marks);
        assert_eq!((report.people, report.bots, report.unclear), expected, "{marks:?}");
    };
    let id = |n: u32| format!("{n:016}");
    check(&[], (1, 1, 0));
    check(&[(id(1), Kind::Bot)], (0, 2, 0));
    check(&[(id(2), Kind::Person), (id(3), Kind::Bot)], (2, 1, 0));
    // One client, both marks.
    let both = [visit(4, &[]), Record { id: id(5), ..visit(4, &[]) }];
    let report = of(&both, &[(id(4), Kind::Bot), (id(5), Kind::Person)]);
    assert_eq!((report.people, report.bots, report.unclear, report.marks_found), (0, 0, 1, 2));
}
