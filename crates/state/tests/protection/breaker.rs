//! When a reason for challenges is demoted, and whom that helps.

use spigot_decision::policy::{Demoted, Operator};
use spigot_decision::{Action, Millis};
use spigot_state::{Breaker, Turn};

use super::world::{HOUR, MINUTE, Request, World, get, v4};

const ROUND_MILLIS: i64 = 30 * MINUTE;
const DEMOTED_MILLIS: i64 = 30 * MINUTE;
const REST_MILLIS: i64 = 6 * HOUR;
const NAME: &str = "limit pages";

fn nobody(_: &str) -> bool {
    false
}

/// `count` clients from `networks` networks are asked; of a hundred so many solve.
fn ask(breaker: &Breaker, from: u64, count: u64, networks: u64, solve_percent: u64, now: Millis) {
    for n in from..from + count {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.to_le_bytes());
        id[8..].copy_from_slice(&now.0.to_le_bytes());
        breaker.asked(id, vec![NAME.into()], n, n % networks, now);
        if n % 100 < solve_percent {
            breaker.solved(&id);
        }
    }
}

/// Two hours of bots, of whom one in ten solves.
fn usual() -> Breaker {
    let breaker = Breaker::default();
    for round in 0..4 {
        let now = Millis(round * ROUND_MILLIS);
        ask(&breaker, round as u64 * 1000, 200, 100, 10, now);
        assert_eq!(breaker.turn(nobody, now), [], "that is as usual");
        assert_eq!(breaker.turn(nobody, Millis((round + 1) * ROUND_MILLIS - 1)), []);
    }
    breaker
}

const LATER: Millis = Millis(2 * HOUR);

#[test]
fn a_reason_that_people_solve_is_demoted_and_comes_back_by_itself() {
    let breaker = usual();
    breaker.turn(nobody, LATER);
    ask(&breaker, 10_000, 100, 50, 90, LATER);
    let turns = breaker.turn(nobody, LATER);
    let end = LATER.plus(DEMOTED_MILLIS);
    assert_eq!(
        turns,
        [Turn::Demote { name: NAME.to_owned(), end, asked: 100, solved: 90, usual_percent: 10 }]
    );
    breaker.follow(&[(NAME.to_owned(), end)], LATER);
    assert_eq!(breaker.turn(nobody, end.plus(-1)), []);
    // Its end has come: it is in force again, and rests whatever is solved.
    breaker.turn(nobody, end);
    ask(&breaker, 20_000, 100, 50, 95, end);
    assert_eq!(breaker.turn(nobody, end), []);
    let rested = end.plus(REST_MILLIS);
    breaker.turn(nobody, rested);
    ask(&breaker, 30_000, 100, 50, 95, rested);
    assert_eq!(breaker.turn(nobody, rested).len(), 1, "after its rest it may be demoted again");
}

#[test]
fn what_was_always_solved_is_nothing_new() {
    let breaker = Breaker::default();
    for round in 0..40 {
        let now = Millis(round * ROUND_MILLIS);
        ask(&breaker, round as u64 * 1000, 200, 100, 58, now);
        assert_eq!(breaker.turn(nobody, now), [], "round {round}");
    }
    let now = Millis(40 * ROUND_MILLIS);
    breaker.turn(nobody, now);
    ask(&breaker, 90_000, 200, 100, 70, now);
    assert_eq!(breaker.turn(nobody, now), []);
}

#[test]
fn few_clients_few_networks_and_one_network_of_many_prove_nothing() {
    let check = |count, networks| {
        let breaker = usual();
        breaker.turn(nobody, LATER);
        ask(&breaker, 10_000, count, networks, 100, LATER);
        assert_eq!(breaker.turn(nobody, LATER), [], "{count} clients of {networks} networks");
    };
    check(49, 49);
    check(10_000, 1);
    check(10_000, 16);
    // One client a thousand times.
    let breaker = usual();
    breaker.turn(nobody, LATER);
    for n in 0..1000_u64 {
        let id = u128::from(n).to_le_bytes();
        breaker.asked(id, vec![NAME.into()], 7, n, LATER);
        breaker.solved(&id);
    }
    assert_eq!(breaker.turn(nobody, LATER), []);
}

#[test]
fn solvers_who_come_back_in_numbers_have_it_in_force_at_once() {
    let breaker = usual();
    breaker.turn(nobody, LATER);
    ask(&breaker, 10_000, 150, 50, 100, LATER);
    let turns = breaker.turn(nobody, LATER);
    let [Turn::Demote { end, .. }] = turns[..] else { panic!("{turns:?}") };
    breaker.follow(&[(NAME.to_owned(), end)], LATER);
    for n in 0..4 * 150 {
        breaker.met(NAME, n, n % 500, LATER.plus(MINUTE));
    }
    assert_eq!(breaker.turn(nobody, LATER.plus(MINUTE)), [], "four times as many are still believed");
    breaker.met(NAME, 77_777, 1, LATER.plus(MINUTE));
    let turns = breaker.turn(nobody, LATER.plus(MINUTE));
    assert_eq!(turns, [Turn::Restore { name: NAME.to_owned(), clients: 601 }]);
    // And it rests.
    ask(&breaker, 50_000, 500, 100, 100, LATER.plus(2 * MINUTE));
    assert_eq!(breaker.turn(nobody, LATER.plus(2 * MINUTE)), []);
}

#[test]
fn what_an_operator_keeps_or_restores_stays_in_force() {
    let breaker = usual();
    breaker.turn(nobody, LATER);
    ask(&breaker, 10_000, 100, 50, 90, LATER);
    assert_eq!(breaker.turn(|name| name == NAME, LATER), []);
    let turns = breaker.turn(nobody, LATER);
    let [Turn::Demote { end, .. }] = turns[..] else { panic!("{turns:?}") };
    breaker.follow(&[(NAME.to_owned(), end)], LATER);
    // The operator took it back.
    breaker.follow(&[], LATER.plus(MINUTE));
    ask(&breaker, 20_000, 100, 50, 100, LATER.plus(2 * MINUTE));
    assert_eq!(breaker.turn(nobody, LATER.plus(2 * MINUTE)), []);
}

#[test]
fn no_more_than_a_few_are_demoted_at_once_and_nothing_grows() {
    let breaker = Breaker::default();
    for reason in 0..700 {
        for n in 0..100_u64 {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&n.to_le_bytes());
            id[8..].copy_from_slice(&(reason as u64).to_le_bytes());
            breaker.asked(id, vec![format!("limit {reason}").into()], n, n, Millis(0));
            breaker.solved(&id);
        }
    }
    assert_eq!(breaker.turn(nobody, Millis(0)).len(), 3);
    for n in 0..90_000_u64 {
        breaker.asked(u128::from(n).to_le_bytes(), vec!["limit 5".into()], n, n, Millis(1));
    }
    let (reasons, open) = breaker.sizes();
    assert!(reasons <= 600 && open <= 65_536, "{reasons} reasons, {open} open");
}

#[test]
fn what_is_demoted_asks_nobody_and_what_is_refused_stays_refused() {
    let text = "[[limit]]\nname = \"pages\"\nrate = \"1 per 1h per client\"\naction = \"challenge\"
[[limit]]\nname = \"posts\"\nrate = \"1 per 1h per client\"\nmatch = \"POST /**\"\naction = \"block\"
[[rule]]\nname = \"odd\"\nwhen = 'request.path.startsWith(\"/odd\")'\nweight = 60
[[rule]]\nname = \"worse\"\nwhen = 'request.path == \"/odd/worse\"'\nweight = 30";
    let names = ["limit pages", "limit posts", "rule odd", "rule of-an-earlier-policy"];
    let demoted = |end| names.map(|name| Demoted { name: name.to_owned(), end: Millis(end) }).to_vec();
    let World { policy, state } = World::new(text);
    let policy = policy.with_operator(Operator { demoted: demoted(HOUR), ..Operator::default() });
    let world = World { policy, state };
    let check = |method, path, now, expected: Action| {
        let request = Request { method, path, ..get(v4("192.0.2.1")) };
        let decision = world.decide(request, Millis(now));
        assert_eq!(decision.action, expected, "{method} {path} at {now}: {:?}", decision.reasons);
    };
    check("GET", "/", 0, Action::Allow);
    check("GET", "/", 1, Action::Allow);
    check("GET", "/odd", 2, Action::Log);
    // Refusing is not the breaker's business: limits that refuse, and a risk that does.
    check("GET", "/odd/worse", 3, Action::Block);
    check("POST", "/", 4, Action::Allow);
    check("POST", "/", 5, Action::Block);
    // Its end has come.
    check("GET", "/", HOUR, Action::Challenge);
}

#[test]
fn what_is_usual_and_how_long_it_rests_survives_a_restart() {
    let before = usual();
    before.turn(nobody, LATER);
    let kept = before.kept();
    assert_eq!(kept.len(), 1);
    let breaker = Breaker::default();
    breaker.restore(kept.clone(), LATER);
    assert_eq!(breaker.kept(), kept);
    // One in three is far more than usual only to who knows that one in ten is.
    let shows = |breaker: &Breaker| {
        ask(breaker, 10_000, 200, 100, 55, LATER);
        breaker.turn(nobody, LATER).len()
    };
    assert_eq!((shows(&breaker), shows(&Breaker::default())), (1, 0));
}

#[test]
fn a_challenge_that_was_exchanged_is_solved_by_the_other_puzzle() {
    let breaker = usual();
    breaker.turn(nobody, LATER);
    let waiting = breaker.sizes().1;
    for n in 10_000u64..10_100 {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.to_le_bytes());
        breaker.asked(id, vec![NAME.into()], n, n % 50, LATER);
        let mut other = id;
        other[15] = 1;
        breaker.exchanged(&id, other);
        breaker.solved(&id);
        assert_eq!(breaker.sizes().1, waiting + 1, "the first is solved no more");
        breaker.solved(&other);
        assert_eq!(breaker.sizes().1, waiting);
    }
    assert_eq!(breaker.turn(nobody, LATER).len(), 1);
}
