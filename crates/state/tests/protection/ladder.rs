//! Repeated failures: slowed, then 1, 5, 30 minutes, then hours, forgotten by themselves.

use spigot_decision::{Action, Millis, Presented};

use super::world::{DAY, HOUR, MINUTE, Request, World, cleared, get, v4};

/// Fails once a minute, which is what passes of a slowed client, until it is refused; returns the failures.
fn fail(world: &World, request: Request<'_>, from: i64) -> u32 {
    for failures in 0..100 {
        let now = Millis(from + i64::from(failures) * MINUTE);
        let (decision, passed) = world.send(request, 401, now);
        assert!(passed, "after {failures} failures");
        let expected = if failures < 5 { Action::Allow } else { Action::Throttle };
        assert_eq!(decision.action, expected, "after {failures} failures");
        if world.decide(request, now).action == Action::Block {
            return failures + 1;
        }
    }
    panic!("never restricted");
}

#[test]
fn the_whole_ladder_to_the_millisecond() {
    let world = World::new("");
    let request = get(v4("192.0.2.1"));
    let mut now = 0;
    let steps = [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, DAY, DAY];
    for (n, length) in (1..).zip(steps) {
        assert_eq!(fail(&world, request, now), 8, "step {n}");
        // The eighth failure came at seven minutes, and the restriction with it.
        let end = now + 7 * MINUTE + length;
        for (at, expected) in
            [(now + 7 * MINUTE, Action::Block), (end - 1, Action::Block), (end, Action::Allow)]
        {
            assert_eq!(
                world.decide(request, Millis(at)).action,
                expected,
                "step {n}, {} before its end",
                end - at
            );
        }
        let refused = world.decide(request, Millis(end - 1500));
        assert_eq!(refused.retry_after_seconds, Some(2));
        // After the failures of before have left their window, and before a day is over.
        now = end + 11 * MINUTE;
    }
}

#[test]
fn each_quiet_day_takes_one_step_back() {
    // Three strikes: 1, 5 and 30 minutes; then so long quiet, then once more.
    let check = |quiet: i64, expected: i64| {
        let world = World::new("");
        let request = get(v4("192.0.2.1"));
        let (mut now, mut end) = (0, 0);
        for length in [MINUTE, 5 * MINUTE, 30 * MINUTE] {
            fail(&world, request, now);
            end = now + 7 * MINUTE + length;
            now = end + 11 * MINUTE;
        }
        // The strike comes with the eighth failure, seven minutes after the first.
        let begins = end + quiet;
        fail(&world, request, begins - 7 * MINUTE);
        let decision = world.decide(request, Millis(begins + expected - 1));
        assert_eq!(decision.action, Action::Block, "{quiet} quiet");
        assert_eq!(world.decide(request, Millis(begins + expected)).action, Action::Allow, "{quiet} quiet");
    };
    check(DAY - 1, 2 * HOUR);
    check(DAY, 30 * MINUTE);
    check(2 * DAY - 1, 30 * MINUTE);
    check(2 * DAY, 5 * MINUTE);
    check(3 * DAY - 1, 5 * MINUTE);
    check(3 * DAY, MINUTE);
    check(300 * DAY, MINUTE);
}

#[test]
fn failures_leave_their_window() {
    let world = World::new("");
    let request = get(v4("192.0.2.1"));
    // Four failures every ten minutes: never slowed, never restricted.
    for round in 0..50 {
        for n in 0..4 {
            let (decision, _) = world.send(request, 401, Millis(round * 10 * MINUTE + n));
            assert_eq!(decision.action, Action::Allow, "failure {n} of round {round}");
        }
    }
}

#[test]
fn a_restriction_survives_a_restart_and_a_clearance_does_not_answer_it() {
    let mut world = World::new("");
    let request = Request { clearance: cleared(7), ..get(v4("192.0.2.1")) };
    assert_eq!(fail(&world, request, 0), 8);
    world.restart();
    let check = |request: Request<'_>, at: i64, expected: Action| {
        assert_eq!(world.decide(request, Millis(at)).action, expected);
    };
    check(request, 8 * MINUTE - 1, Action::Block);
    check(request, 8 * MINUTE, Action::Allow);
    check(Request { clearance: cleared(8), ..request }, 8 * MINUTE - 1, Action::Allow);
}

#[test]
fn a_route_counts_and_answers_its_failures_in_its_own_way() {
    let world = World::new(
        "[[route]]\nname = \"vault\"\nmatch = \"/vault\"\nrestrict = { window = \"1h\", slow_from = 2, restrict_from = 3, steps = \"10m\" }\n",
    );
    let elsewhere = get(v4("192.0.2.1"));
    let vault = Request { path: "/vault", ..elsewhere };
    // Failures elsewhere are none here.
    for n in 0..4 {
        assert_eq!(world.send(elsewhere, 401, Millis(n)).0.action, Action::Allow, "elsewhere {n}");
    }
    let check = |request: Request<'_>, now: i64, expected: Action| {
        let (decision, passed) = world.send(request, 401, Millis(now));
        assert_eq!((decision.action, passed), (expected, true), "{} at {now}", request.path);
    };
    // Ten minutes are the window elsewhere; here it is an hour.
    check(vault, MINUTE, Action::Allow);
    check(vault, 20 * MINUTE, Action::Allow);
    check(elsewhere, 21 * MINUTE, Action::Allow);
    check(vault, 40 * MINUTE, Action::Throttle);
    let end = 50 * MINUTE;
    for (request, now, expected) in [
        (vault, 40 * MINUTE + 1, Action::Block),
        (elsewhere, end - 1, Action::Block),
        (elsewhere, end, Action::Allow),
        (vault, end, Action::Allow),
    ] {
        assert_eq!(world.decide(request, Millis(now)).action, expected, "{} at {now}", request.path);
    }
}

#[test]
fn a_route_takes_a_clearance_for_less_than_it_is_given_for() {
    let world = World::new(
        "[[route]]\nname = \"vault\"\nmatch = \"/vault\"\nask = \"always\"\nclearance = \"15m\"\nquota = 3\n[[route]]\nname = \"gate\"\nmatch = \"/gate\"\nask = \"always\"\n",
    );
    let aged = |id: u64, age_millis: i64| {
        let age_millis = u32::try_from(age_millis).expect("an age");
        cleared(id).map(|clearance| Presented { age_millis, ..clearance })
    };
    let check = |path: &'static str, clearance, expected: Action, says: Option<&str>| {
        let request = Request { path, clearance, ..get(v4("192.0.2.1")) };
        let decision = world.decide(request, Millis(0));
        assert_eq!(decision.action, expected, "{path} {clearance:?}");
        let names: Vec<&str> =
            decision.reasons.iter().map(|reason| world.policy.source_name(reason.source)).collect();
        assert!(says.is_none_or(|says| names.contains(&says)), "{path} {clearance:?}: {names:?}");
    };
    check("/vault", aged(1, 15 * MINUTE - 1), Action::Allow, Some("clearance"));
    check("/vault", aged(2, 15 * MINUTE), Action::Challenge, Some("clearance_too_old"));
    check("/gate", aged(2, 15 * MINUTE), Action::Allow, Some("clearance"));
    for _ in 0..3 {
        check("/vault", aged(3, 0), Action::Allow, Some("clearance"));
    }
    check("/vault", aged(3, 0), Action::Challenge, Some("quota_used_up"));
    check("/gate", aged(3, 0), Action::Allow, Some("clearance"));
    check("/vault", aged(4, 0), Action::Allow, Some("clearance"));
}
