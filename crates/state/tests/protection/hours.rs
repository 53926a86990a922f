//! A route's hour against the same hour of the last fourteen days.

use spigot_decision::policy::Trigger;
use spigot_decision::{Action, Evidence, Millis, Source};

use super::world::{DAY, HOUR, Request, World, cleared, get, v4};

const TRIGGER: &str =
    "triggers = { high_frequency = { more_than = 1000000 }, traffic_anomaly = { at_least = 1 } }";
const NOON: i64 = 12 * HOUR;

fn visits(world: &World, count: i64, from: i64) {
    for n in 0..count {
        world.decide(get(v4("192.0.2.1")), Millis(from + n));
    }
}

fn usual(days: i64) -> World {
    let world = World::new(TRIGGER);
    for day in 0..days {
        visits(&world, 1000, day * DAY + NOON);
    }
    world
}

#[test]
fn with_a_mean_of_a_thousand_the_2001st_is_challenged_and_the_2000th_passes() {
    let check = |days: i64, restart_at: Option<i64>| {
        let mut world = usual(days);
        let noon = days * DAY + NOON;
        for n in 1..=2001 {
            if restart_at == Some(n) {
                world.restart();
            }
            let decision = world.decide(get(v4("192.0.2.1")), Millis(noon + n));
            let expected = if n == 2001 { Action::Challenge } else { Action::Allow };
            assert_eq!(decision.action, expected, "request {n} after {days} days");
        }
        let held = Request { clearance: cleared(1), ..get(v4("192.0.2.1")) };
        assert_eq!(world.decide(held, Millis(noon + 3000)).action, Action::Allow);
    };
    check(14, None);
    check(14, Some(1500));
    check(3, None);
    check(40, None);
}

#[test]
fn fewer_than_three_days_are_said_and_ask_nothing() {
    for days in [1, 2] {
        let world = usual(days);
        visits(&world, 2000, days * DAY + NOON);
        let decision = world.decide(get(v4("192.0.2.1")), Millis(days * DAY + NOON + 2001));
        assert_eq!(decision.action, Action::Allow);
        let source = Source::Trigger(Trigger::TrafficAnomaly);
        let said =
            decision.reasons.iter().find(|reason| reason.source == source).map(|reason| reason.evidence);
        assert_eq!(said, Some(Evidence::TooFewDays { days: days as u8, needed: 3 }));
    }
}

#[test]
fn the_first_day_is_said_once_the_hour_would_matter() {
    let world = World::new("triggers = { high_frequency = false, traffic_anomaly = { at_least = 50 } }");
    for n in 1..=60 {
        let decision = world.decide(get(v4("192.0.2.1")), Millis(NOON + n));
        assert_eq!(decision.action, Action::Allow, "request {n}");
        let source = Source::Trigger(Trigger::TrafficAnomaly);
        let said = decision.reasons.iter().find(|reason| reason.source == source);
        let expected = (n > 50).then_some(Evidence::TooFewDays { days: 0, needed: 3 });
        assert_eq!(said.map(|reason| reason.evidence), expected, "request {n}");
    }
}

#[test]
fn what_is_stopped_for_itself_brings_no_friction_to_others() {
    let text = "budget = false\ntriggers = { high_frequency = { more_than = 100 }, traffic_anomaly = { at_least = 1 } }";
    let world = World::new(text);
    let visitor = |n: i64| get(v4(&format!("198.51.{}.{}", n / 250, n % 250)));
    for day in 0..14 {
        for n in 0..1000 {
            world.decide(visitor(n), Millis(day * DAY + NOON + n));
        }
    }
    let noon = 14 * DAY + NOON;
    // One client floods; only what high_frequency lets it do is traffic of the route.
    visits(&world, 50_000, noon);
    for n in 0..1900 {
        assert_eq!(world.decide(visitor(n), Millis(noon + n)).action, Action::Allow, "visitor {n}");
    }
    assert_eq!(
        world.decide(visitor(1900), Millis(noon + 2000)).action,
        Action::Challenge,
        "the 2001st counted"
    );
}

#[test]
fn clock_jumps_lose_no_hour() {
    let world = usual(14);
    let noon = 14 * DAY + NOON;
    for jump in [30 * DAY, -3 * HOUR, -30 * DAY, 10_000 * DAY] {
        visits(&world, 50, noon + jump);
    }
    visits(&world, 2000, noon);
    assert_eq!(world.decide(get(v4("192.0.2.1")), Millis(noon + 2001)).action, Action::Challenge);
}
