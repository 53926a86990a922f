use super::*;
use spigot_event::{RecordChallenge, RecordReason};

const DAY: i64 = 86_400_000;
/// The week ends here; it began at day 7.
const UNTIL: Millis = Millis(14 * DAY);

fn record(time: i64, client: &str, effective: &str) -> Record {
    Record {
        time_millis: time,
        id: format!("{client} {time}"),
        client: client.to_owned(),
        route: "login".to_owned(),
        path: "/login/a/b".to_owned(),
        sender: "navigation".to_owned(),
        effective: effective.to_owned(),
        network: Some(64_500),
        ..Record::default()
    }
}

fn step(mut record: Record, result: &str, reason: &str) -> Record {
    record.challenge = Some(RecordChallenge {
        result: result.to_owned(),
        solve_millis: Some(900),
        ..RecordChallenge::default()
    });
    let gave = "asks challenge".to_owned();
    record.reasons = vec![RecordReason { name: reason.to_owned(), gave, ..RecordReason::default() }];
    record
}

fn reviewed(records: &[Record], marked: &[&str]) -> Review {
    let marked = marked.iter().map(|id| (*id).to_owned()).collect();
    let mut reviewer = Reviewer::new(UNTIL, Said { marked, ..Said::default() });
    records.iter().for_each(|record| reviewer.take(record));
    reviewer.finish()
}

#[test]
fn who_comes_again_and_what_is_new() {
    let mut records = vec![record(3 * DAY, "192.0.2.1", "allow")];
    records.extend((0..40).map(|n| record(8 * DAY + n, "192.0.2.1", "block")));
    records.extend((0..50).map(|n| record(9 * DAY + n, "198.51.100.7", "allow")));
    let review = reviewed(&records, &[]);
    assert_eq!(review.events, 90);
    let named =
        |all: &[Subject]| all.iter().map(|one| format!("{} {}", one.key, one.events)).collect::<Vec<_>>();
    assert_eq!(named(&review.offenders), ["192.0.2.1 40", "AS64500 40"]);
    assert_eq!(named(&review.patterns), ["198.51.100.7 50"], "network and path were there the week before");
    assert!(text(&review).contains("address 192.0.2.1: 40"));
}

#[test]
fn what_is_new_together() {
    let seen = |time, client: &str, network, print: &str, path: &str| {
        let mut one = record(time, client, "allow");
        (one.network, one.path) = (Some(network), path.to_owned());
        one.fingerprints.tls = Some(print.to_owned());
        one
    };
    let address = |n: i64| format!("192.0.2.{}", n % 200);
    // Each of the three was there before, and never with the others; each address by itself is rare.
    let mut records = vec![
        seen(DAY, "198.51.100.1", 1, "common", "/"),
        seen(DAY, "198.51.100.2", 64_500, "common", "/"),
        seen(DAY, "198.51.100.3", 2, "tool", "/"),
        seen(DAY, "198.51.100.3", 2, "common", "/login"),
    ];
    records.extend((0..200).map(|n| seen(DAY + n, &address(n), 3, "common", "/")));
    let attack = (0..400).map(|n| seen(8 * DAY + n, &address(n), 64_500, "tool", "/login"));
    records.extend(attack.clone());
    records.extend((0..90).map(|n| seen(9 * DAY + n, &address(n), 1, "common", "/")));
    let told = |records: &[Record]| -> Vec<String> {
        let clusters = reviewed(records, &[]).clusters;
        let parts =
            |one: &Cluster| one.parts.iter().map(|part| part.key.as_str()).collect::<Vec<_>>().join(" ");
        clusters.iter().map(|one| format!("{} {}", parts(one), one.events)).collect()
    };
    assert_eq!(told(&records), ["AS64500 tool /login 400"], "the whole, and none of its parts");
    // On two paths it is what they share.
    records.extend((0..300).map(|n| seen(8 * DAY + n, &address(n), 64_500, "tool", "/search")));
    assert_eq!(told(&records), ["AS64500 tool 700"]);
    // What is new by itself is told by itself, wherever it goes.
    let mut fresh = vec![seen(DAY, "198.51.100.1", 1, "common", "/")];
    fresh.extend(
        (0..100).map(|n| seen(8 * DAY + n, &address(n), n as u32 % 9, "fresh", &format!("/{}", n % 3))),
    );
    assert_eq!(told(&fresh), Vec::<String>::new());
}

#[test]
fn people_who_were_asked_and_the_rules_that_asked_them() {
    let mut records = Vec::new();
    for client in 0..30 {
        let client = format!("192.0.2.{client}");
        records.push(step(record(8 * DAY, &client, "challenge"), "issued", "slow-rule"));
        records.push(step(record(8 * DAY + 1, &client, "allow"), "solved", "x"));
    }
    for client in 0..30 {
        let client = format!("198.51.100.{client}");
        records.push(step(record(9 * DAY, &client, "challenge"), "issued", "good-rule"));
        records.push(step(record(9 * DAY + 1, &client, "challenge"), "wrong_answer", "x"));
        records.push(step(record(9 * DAY + 2, &client, "allow"), "solved", "x"));
    }
    let review = reviewed(&records, &["198.51.100.3 777600000"]);
    let rule = |name: &str| review.rules.iter().find(|rule| rule.name == name).cloned().unwrap();
    assert_eq!(
        (rule("slow-rule").asked, rule("slow-rule").solved, rule("slow-rule").earns_nothing),
        (30, 30, true)
    );
    assert_eq!((rule("good-rule").solved, rule("good-rule").earns_nothing), (0, false));
    assert_eq!(review.false_positives.len(), 21, "twenty of a route, and the one that was marked");
    assert_eq!(review.false_positives[0].sign, "marked");
    assert!(review.false_positives[1..].iter().all(|one| one.reasons == ["slow-rule"]));
}

/// One who was asked and solved, in another way each; whether that was likely a person.
#[test]
fn a_program_that_solves_is_no_person_who_was_asked_in_vain() {
    let check = |what: &str, sender: &str, millis: Option<u32>, later: Option<&str>, told: usize| {
        let client = "192.0.2.1";
        let mut asked = step(record(8 * DAY, client, "challenge"), "issued", "risk-rule");
        asked.sender = sender.to_owned();
        let mut solved = step(record(8 * DAY + 1, client, "allow"), "solved", "x");
        solved.challenge.as_mut().unwrap().solve_millis = millis;
        let mut records = vec![asked, solved];
        records.extend(later.map(|effective| record(9 * DAY, client, effective)));
        let review = reviewed(&records, &[]);
        assert_eq!(review.false_positives.len(), told, "{what}");
        assert_eq!(review.rules[0].solved, 1, "{what}: the reason asked, and was solved");
    };
    check("a browser", "navigation", Some(900), None, 1);
    check("and it came back", "navigation", Some(900), Some("allow"), 1);
    check("no browser is so fast", "navigation", Some(99), None, 0);
    check("somebody who let it lie", "navigation", Some(60_001), None, 0);
    check("of an unknown time nothing is said", "navigation", None, None, 0);
    check("a program", "api", Some(900), None, 0);
    check("one that was refused later", "navigation", Some(900), Some("block"), 0);
}

#[test]
fn who_complained_stands_behind_what_was_marked() {
    let records: Vec<_> = (0..3).map(|n| record(8 * DAY + n, "192.0.2.1", "challenge")).collect();
    let ids = |which: &[usize]| which.iter().map(|n| records[*n].id.clone()).collect();
    let said = Said { marked: ids(&[2]), complained: ids(&[1, 2]) };
    let mut reviewer = Reviewer::new(UNTIL, said);
    records.iter().for_each(|record| reviewer.take(record));
    let review = reviewer.finish();
    let told: Vec<_> =
        review.false_positives.iter().map(|one| (one.decision.as_str(), one.sign.as_str())).collect();
    assert_eq!(told, [(records[2].id.as_str(), "marked"), (records[1].id.as_str(), "complained")]);
    assert!(text(&review).contains("on login, complained"));
}

#[test]
fn first_visits_are_told_from_others() {
    let mut cleared = record(8 * DAY + 2, "192.0.2.1", "allow");
    cleared.clearance = Some("low".to_owned());
    let mut program = record(8 * DAY + 3, "192.0.2.2", "block");
    program.sender = "api".to_owned();
    let records = [
        record(8 * DAY, "192.0.2.1", "challenge"),
        record(8 * DAY + 1, "192.0.2.1", "allow"),
        cleared,
        program,
    ];
    let found: Vec<_> = reviewed(&records, &[])
        .cohorts
        .iter()
        .map(|one| format!("{} {} {} {}", one.name, one.events, one.challenged, one.blocked))
        .collect();
    assert!(
        text(&reviewed(&records, &[])).contains("first_visits: 1 requests, 1 challenged, 0 blocked (nobody")
    );
    assert_eq!(found, ["first_visits 1 1 0", "returning 1 0 0", "cleared 1 0 0", "programs 1 0 1"]);
}

#[test]
fn a_report_holds_what_clients_sent_as_text() {
    let mut records = Vec::new();
    for n in 0..40 {
        let mut one = record(8 * DAY + n, "192.0.2.1", "allow");
        one.path = "/<script>\u{1b}[2J".to_owned();
        records.push(one);
    }
    let review = reviewed(&records, &[]);
    assert!(html(&review).contains("/&lt;script&gt;") && !html(&review).contains("<script>"));
    assert!(!text(&review).contains('\u{1b}'));
}
