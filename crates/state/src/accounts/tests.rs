use std::net::IpAddr;

use spigot_decision::policy::{Policy, Strike, load};
use spigot_decision::{
    Action, Cohort, Decision, Ending, Keys, Level, Observation, Prefix, Presented, Sender, decide, outcome,
    plan,
};

use super::*;
use crate::{MemorySettings, RESTRICTIONS_MAX, Restricted};

mod parallel;

const KEYS: Keys = Keys(3, 5);
const MINUTE: i64 = 60_000;

struct Site {
    policy: Policy,
    state: Memory,
}

#[derive(Clone, Copy)]
struct From<'a> {
    client: IpAddr,
    clearance: Option<u64>,
    agent: &'a str,
    fingerprint: Option<u64>,
}

fn at(client: &str) -> From<'static> {
    From {
        client: client.parse().unwrap(),
        clearance: None,
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
        fingerprint: None,
    }
}

impl Site {
    fn new(text: &str) -> Self {
        let routes = "[[route]]\nname = \"login\"\nmatch = \"/login\"\n[[route]]\nname = \"signup\"\nmatch = \"/signup\"\nattempt = { kind = \"signup\" }\n[[route]]\nname = \"reset\"\nmatch = \"/reset\"\nattempt = { kind = \"reset\" }\n";
        let policy = load("policy.toml", &format!("extends = \"nothing\"\n{text}\n{routes}"))
            .unwrap_or_else(|problems| panic!("{problems}"));
        let state = Memory::new(MemorySettings { counter_bytes: 16 << 20, spends_max: 10 }, Millis(0));
        Self { policy, state }
    }

    fn observation<'o>(&self, path: &'o str, from: From<'o>, account: &'o str) -> Observation<'o> {
        let level = Level::High;
        let presented = |id| Presented { id, level, quota: 5000, life_millis: 43_200_000, age_millis: 0 };
        Observation {
            host: "shop.example",
            sender: Sender::Navigation,
            user_agent: from.agent,
            account: Some(account),
            clearance: from.clearance.map(presented),
            cohort: Cohort { network: None, fingerprint: from.fingerprint },
            ..Observation::of(from.client, "POST", path)
        }
    }

    /// What is decided about an attempt; where it passes, the application answers with `status`.
    fn attempt(&self, path: &str, from: From<'_>, account: &str, status: u16, now: i64) -> Decision {
        let observation = self.observation(path, from, account);
        let now = Millis(now);
        let plan = plan(&self.policy, &observation, &KEYS, now);
        let facts = self.state.fetch_now(&plan, "login", now);
        let decision = decide(&self.policy, &observation, &plan, &facts, now);
        let trickles = |decision: &Decision| {
            decision.trickle.is_some_and(|trickle| self.state.table.count(&trickle, now) <= trickle.limit)
        };
        if decision.action <= Action::Log || (decision.action == Action::Throttle && trickles(&decision)) {
            let ended = outcome(&self.policy, &observation, &plan, Ending::status(status), &KEYS, now);
            self.state.report_now(&ended, &self.policy.ladder, now);
        }
        decision
    }

    fn names(&self, decision: &Decision) -> Vec<&str> {
        decision.reasons.iter().map(|reason| self.policy.source_name(reason.source)).collect()
    }
}

#[test]
fn the_fourth_failure_is_the_last_without_a_challenge() {
    // By one client on many accounts, by many clients on one account: 3 failures pass, and the next attempt is asked.
    for one_account in [false, true] {
        let site = Site::new("");
        let mut actions = Vec::new();
        for n in 0..6 {
            let client = if one_account { format!("192.0.{n}.1") } else { "192.0.2.1".to_owned() };
            let account = if one_account { "ada".to_owned() } else { format!("ada{n}") };
            actions.push(site.attempt("/login", at(&client), &account, 401, n).action);
        }
        let (a, c) = (Action::Allow, Action::Challenge);
        assert_eq!(actions, [a, a, a, a, c, c], "one account: {one_account}");
    }
}

#[test]
fn whoever_solves_again_after_its_own_failures_goes_on() {
    let site = Site::new("");
    let mut challenged = 0;
    let mut clearance = None;
    for n in 0..12 {
        let from = From { clearance, ..at("192.0.2.1") };
        if site.attempt("/login", from, "ada", 401, n).action == Action::Challenge {
            challenged += 1;
            clearance = Some(n.unsigned_abs());
            let from = From { clearance, ..from };
            assert_eq!(site.attempt("/login", from, "ada", 401, n).action, Action::Allow, "attempt {n}");
        }
    }
    assert!((2..=3).contains(&challenged), "{challenged}");
}

#[test]
fn an_account_is_locked_to_strangers_and_not_to_who_was_there_before() {
    let site = Site::new("[accounts]\nchallenge_after = 1000");
    let home = at("198.51.100.7");
    assert_eq!(site.attempt("/login", home, "ada", 200, 0).action, Action::Allow);
    let phone = From { clearance: Some(77), ..at("203.0.113.9") };
    assert_eq!(site.attempt("/login", phone, "ada", 200, 0).action, Action::Allow);
    let stranger = |n: i64| format!("192.0.{}.1", n % 256);
    for n in 0..10 {
        assert_eq!(site.attempt("/login", at(&stranger(n)), "ada", 401, n).action, Action::Allow, "{n}");
    }
    let locked = site.attempt("/login", at(&stranger(200)), "ada", 200, 20);
    assert_eq!((locked.action, locked.retry_after_seconds), (Action::Block, Some(60)));
    assert!(site.names(&locked).contains(&"account_locked"), "{:?}", locked.reasons);
    // The same line with another address, the phone elsewhere, and everybody on another account.
    assert_eq!(site.attempt("/login", at("198.51.100.200"), "ada", 200, 21).action, Action::Allow);
    let elsewhere = From { clearance: Some(77), ..at("192.0.77.1") };
    assert_eq!(site.attempt("/login", elsewhere, "ada", 200, 21).action, Action::Allow);
    assert_eq!(site.attempt("/login", at(&stranger(200)), "eve", 200, 21).action, Action::Allow);
    assert_eq!(site.attempt("/reset", at(&stranger(201)), "ada", 200, 21).action, Action::Allow, "reset");
    assert_eq!(
        site.attempt("/login", at(&stranger(202)), "ada", 200, MINUTE + 20).action,
        Action::Allow,
        "over"
    );
}

#[test]
fn an_account_that_no_lock_has_room_for_stays_slowed() {
    let site = Site::new("[accounts]\nlock_from = 5\nchallenge_after = 7");
    let strike = Strike { step: 6, start: Millis(0), end: Millis(100 * 24 * 60 * MINUTE) };
    let offender = Offender::Address(Prefix::client(at("198.51.100.7").client));
    let full = (1..=RESTRICTIONS_MAX as u64).map(|key| (key, Restricted { offender, strike }));
    site.state.restrictions.restore(full);
    let attempt = |n: i64| site.attempt("/login", at(&format!("192.0.{n}.1")), "ada", 401, n).action;
    let actions: Vec<_> = (0..10).map(attempt).collect();
    assert!(actions[..8].iter().all(|action| *action == Action::Allow), "{actions:?}");
    assert!(actions[8..].iter().all(|action| *action == Action::Challenge), "{actions:?}");
}

#[test]
fn strangers_who_never_stop_hold_an_account_for_a_quarter_of_an_hour_at_most() {
    let site = Site::new("[accounts]\nchallenge_after = 1000");
    let (mut longest, mut guesses) = (0, 0);
    for second in 0..24 * 3600_i64 {
        let stranger = format!("10.{}.{}.1", second / 256 % 256, second % 256);
        let decision = site.attempt("/login", at(&stranger), "ada", 401, second * 1000);
        if decision.action == Action::Block {
            let wait = decision.retry_after_seconds.unwrap();
            longest = longest.max(wait);
        } else {
            guesses += 1;
        }
    }
    assert!((890..=900).contains(&longest), "{longest}");
    assert!(guesses < 1000, "{guesses} of 86,400 guesses reached the application in a day");
}

#[test]
fn nobody_becomes_known_without_proof() {
    // A sign-up with another's address is answered like any other, and where no answer counts as a failure each guess is.
    let check = |text: &str, path: &str, known: bool| {
        let site = Site::new(text);
        site.attempt(path, at("198.51.100.7"), "ada", 200, 0);
        let elsewhere = site.attempt("/login", at("192.0.2.1"), "ada", 401, 1);
        assert_eq!(site.names(&elsewhere).contains(&"new_address"), known, "{text} {path}");
    };
    check("", "/login", true);
    check("", "/signup", false);
    check("", "/reset", false);
    check("failure_status = []", "/login", false);
}

#[test]
fn a_new_address_is_told_and_asks_nobody() {
    let site = Site::new("");
    let home = at("198.51.100.7");
    let first = site.attempt("/login", home, "ada", 200, 0);
    assert!(!site.names(&first).contains(&"new_address"), "nothing is remembered yet");
    let away = site.attempt("/login", at("192.0.2.1"), "ada", 401, 1);
    assert!(site.names(&away).contains(&"new_address"));
    assert_eq!((away.risk, away.action), (10, Action::Allow));
    assert_eq!(site.attempt("/login", home, "ada", 200, 2).risk, 0);
    // Where it failed it is still new; where it succeeded it is not.
    assert_eq!(site.attempt("/login", at("192.0.2.1"), "ada", 200, 3).risk, 10);
    assert_eq!(site.attempt("/login", at("192.0.2.9"), "ada", 200, 4).risk, 0);
}

#[test]
fn a_list_that_is_tried_is_seen_and_known_people_are_not_asked() {
    let site = Site::new("");
    for n in 0..200 {
        let home = at(&format!("198.51.{n}.7")).client;
        site.attempt("/login", From { client: home, ..at("::1") }, &format!("person{n}"), 200, 0);
    }
    let mut through = 0;
    for n in 0..2000_i64 {
        let fleet = From { agent: "fleet", ..at(&format!("10.{}.{}.1", n / 256, n % 256)) };
        // One in a hundred is right.
        let status = if n % 100 == 0 { 200 } else { 401 };
        let decision = site.attempt("/login", fleet, &format!("victim{n}"), status, MINUTE + n * 100);
        through += i32::from(decision.action == Action::Allow);
    }
    assert!(through <= 25, "{through} of 2000");
    // While it lasts: whoever is known passes, whoever is not is asked.
    let known = site.attempt("/login", at("198.51.3.99"), "person3", 200, 5 * MINUTE);
    assert_eq!((known.action, known.risk), (Action::Allow, 0));
    let traveller = site.attempt("/login", at("203.0.113.200"), "person4", 200, 5 * MINUTE);
    assert_eq!(
        (traveller.action, traveller.risk),
        (Action::Allow, 10),
        "another user agent than the fleet's"
    );
    let alike = From { agent: "fleet", ..at("203.0.113.201") };
    assert_eq!(site.attempt("/login", alike, "person5", 200, 5 * MINUTE).action, Action::Challenge);
    let solved = From { clearance: Some(5), ..alike };
    assert_eq!(site.attempt("/login", solved, "person5", 200, 5 * MINUTE).action, Action::Allow);
}

#[test]
fn accounts_of_their_own_hide_nobody_who_tries_a_list() {
    // Two hundred people, each once, and between them guesses, behind each of which the guesser enters an account of
    // their own three times. Let through is what reaches the application.
    let check = |from: for<'a> fn(i64, &'a str) -> From<'a>, most: i32| {
        let site = Site::new("");
        let mut through = 0;
        for n in 0..200_i64 {
            let home = From { fingerprint: Some(1), ..at(&format!("198.51.{n}.7")) };
            site.attempt("/login", home, &format!("person{n}"), 200, n * 100);
            let agent = format!("fleet/{n}");
            let guesser = from(n, &agent);
            let guess = site.attempt("/login", guesser, &format!("victim{n}"), 401, n * 100 + 50);
            through += i32::from(guess.action <= Action::Log);
            for turn in 1..4 {
                site.attempt("/login", guesser, "own", 200, n * 100 + 50 + turn);
            }
        }
        assert!(through <= most, "{through} of 200, at most {most}");
    };
    // By user agent; by fingerprint, from anywhere under any name; by network, however they look.
    check(|n, _| From { agent: "fleet", ..at(&format!("10.{n}.0.1")) }, 25);
    check(|n, agent| From { agent, fingerprint: Some(7), ..at(&format!("10.{n}.0.1")) }, 25);
    check(|n, agent| From { agent, fingerprint: Some(n.unsigned_abs()), ..at(&format!("10.0.0.{n}")) }, 25);
}

#[test]
fn whether_an_account_exists_changes_no_answer_where_answers_are_alike() {
    let check = |route: &str, risk: u8| {
        let site = Site::new(&format!(
            "[[route]]\nname = \"own\"\nmatch = \"/own\"\naccount_fields = \"email\"\n{route}"
        ));
        site.attempt("/own", at("198.51.100.7"), "ada", 200, 0);
        assert_eq!(site.attempt("/own", at("192.0.2.1"), "ada", 401, 1).risk, risk, "{route}");
        assert_eq!(site.attempt("/own", at("192.0.2.2"), "nobody", 401, 2).risk, 0, "{route}");
    };
    check("", 10);
    check("same_answer = { status = 401, body = \"Wrong.\", time = \"100ms\" }", 0);
}

#[test]
fn an_office_a_family_and_a_busy_morning_are_no_attack() {
    let site = Site::new("");
    let mut asked = 0;
    // 200 people behind one address, one in ten mistypes once; 600 at home, one in five mistypes once or twice.
    for n in 0..800_i64 {
        let client = if n < 200 { "192.0.2.1".to_owned() } else { format!("198.{}.{}.7", n / 256, n % 256) };
        let from = From { clearance: (n < 200).then_some(n.unsigned_abs()), ..at(&client) };
        let wrong =
            if n < 200 { i64::from(n % 10 == 0) } else { i64::from(n % 5 == 0) + i64::from(n % 10 == 0) };
        for turn in 0..=wrong {
            let status = if turn == wrong { 200 } else { 401 };
            let decision = site.attempt("/login", from, &format!("person{n}"), status, n * 500 + turn);
            asked += i32::from(decision.action > Action::Log);
        }
    }
    assert_eq!(asked, 0);
}

#[test]
fn whoever_looks_for_accounts_is_seen_by_the_ratio() {
    let site = Site::new(
        "weights = { failures_behind = 0 }\n[restrict]\nslow_from = 1000\nrestrict_from = 1000\n[accounts]\nchallenge_after = 1000\nstuffing_from = 1000",
    );
    let mut through = 0;
    for n in 0..200_i64 {
        let status = if n % 20 == 0 { 200 } else { 401 };
        let decision = site.attempt("/reset", at("192.0.2.1"), &format!("name{n}"), status, n * 100);
        through += i32::from(decision.action <= Action::Log);
    }
    assert!((10..=14).contains(&through), "{through}");
    let other = site.attempt("/reset", at("192.0.2.2"), "ada", 200, 30_000);
    assert_eq!(other.action, Action::Allow);
}

#[test]
fn farms_are_seen_and_one_person_who_tries_again_is_not() {
    let check = |name: fn(i64) -> String, client: fn(i64) -> String, signal: &str, passed: i32| {
        let site = Site::new("");
        let mut through = 0;
        let mut seen = Vec::new();
        for n in 0..100 {
            let decision = site.attempt("/signup", at(&client(n)), &name(n), 200, n * 1000);
            through += i32::from(decision.action <= Action::Log);
            seen.extend(site.names(&decision).into_iter().map(str::to_owned));
        }
        assert_eq!(through, passed, "{}", name(1));
        assert_eq!(seen.iter().any(|name| name == signal), passed < 100, "{signal}: {}", name(1));
    };
    let fleet = |n: i64| format!("10.{}.{n}.1", n % 7);
    let one = |_: i64| "192.0.2.1".to_owned();
    let crowd = |n: i64| {
        format!(
            "{}@example.org",
            ["ada", "bob", "eve", "joe", "kim"][n as usize % 5].repeat(n as usize / 5 + 1)
        )
    };
    check(|n| format!("farm{n}@example.org"), fleet, "alike_addresses", 3);
    check(|n| format!("ada+{}@example.org", "x".repeat(n as usize)), fleet, "alike_addresses", 3);
    check(|n| format!("a{}da@gmail.com", ".".repeat(n as usize)), fleet, "alike_addresses", 3);
    check(crowd, fleet, "alike_addresses", 100);
    check(|_| "ada7@example.org".to_owned(), one, "alike_addresses", 100);
    let site = Site::new("");
    let class: Vec<_> =
        (0..30).map(|n| site.attempt("/signup", at("192.0.2.1"), &crowd(n), 200, n).action).collect();
    assert!(class[..19].iter().all(|action| *action == Action::Allow), "{class:?}");
    assert!(
        class[19..].iter().all(|action| *action == Action::Log),
        "a class of pupils is only marked: {class:?}"
    );
}
