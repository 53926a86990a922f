use spigot_decision::{Budget, CohortLevel};

use super::*;

const HOUR: i64 = 3_600_000;
const BUDGET: Budget = Budget { times_milli: 3000, at_least: 20, needs_days: 3 };

fn planned(network: u64, fingerprint: Option<u64>) -> PlannedBudget {
    let both = fingerprint.map(|fingerprint| network << 32 | fingerprint);
    PlannedBudget {
        keys: [both, Some(network), fingerprint],
        budget: BUDGET,
        scale_milli: 1000,
        cleared: false,
    }
}

/// Every hour of `days` days: a hundred requests of network 1, ten of network 2, all with fingerprint 7. A fingerprint in a
/// network has at least a quarter of the floor of 20, a network or fingerprint half.
fn usual_days(days: i64) -> Cohorts {
    let cohorts = Cohorts::default();
    for hour in 0..days * 24 {
        for n in 0..110 {
            let network = if n % 11 == 0 { 2 } else { 1 };
            let over = cohorts.count(&planned(network, Some(7)), "search", true, Millis(hour * HOUR));
            assert_eq!(over, None, "nobody exceeds what it usually does");
        }
    }
    cohorts
}

/// How many of a thousand requests pass in the hour after the usual days.
fn passing(cohorts: &Cohorts, day: i64, of: impl Fn(u64) -> PlannedBudget) -> u32 {
    let now = Millis(day * 24 * HOUR);
    (0..1000).filter(|n| cohorts.count(&of(*n), "search", true, now).is_none()).count() as u32
}

#[test]
fn each_cohort_is_held_to_its_own_usual() {
    // A hundred an hour may be three hundred, ten an hour thirty, and the floor holds for the smallest.
    assert!((295..=305).contains(&passing(&usual_days(7), 7, |_| planned(1, Some(7)))));
    assert!((28..=32).contains(&passing(&usual_days(7), 7, |_| planned(2, Some(7)))));
    assert_eq!(passing(&usual_days(7), 7, |_| planned(3, Some(7))), 10, "never seen: the floor");
}

#[test]
fn new_fingerprints_and_new_networks_are_on_one_account() {
    // Another fingerprint each time, from the network that does most: its new fingerprints share one budget.
    assert_eq!(passing(&usual_days(7), 7, |n| planned(1, Some(1000 + n))), 10);
    // Another network each time with the fingerprint of everybody.
    assert_eq!(passing(&usual_days(7), 7, |n| planned(1000 + n, Some(7))), 10);
    assert_eq!(passing(&usual_days(7), 7, |n| planned(1000 + n, Some(1000 + n))), 10);
    // Nobody else pays for it.
    let cohorts = usual_days(7);
    passing(&cohorts, 7, |n| planned(1000 + n, Some(1000 + n)));
    assert_eq!(cohorts.count(&planned(1, Some(7)), "search", true, Millis(7 * 24 * HOUR)), None);
}

#[test]
fn all_together_are_held_to_the_routes_usual() {
    let cohorts = Cohorts::default();
    // Forty networks with one request an hour each, without fingerprints, as in a log.
    for hour in 0..7 * 24 {
        for network in 0..40 {
            assert_eq!(cohorts.count(&planned(network, None), "search", true, Millis(hour * HOUR)), None);
        }
    }
    // Each may do ten; all of them together three times forty.
    assert_eq!(passing(&cohorts, 7, |n| planned(n % 40, None)), 120);
    let over = cohorts.count(&planned(1, None), "search", true, Millis(7 * 24 * HOUR)).unwrap();
    assert_eq!((over.level, over.shared, over.budget), (CohortLevel::Route, false, 120));
}

#[test]
fn what_is_conspicuous_by_itself_is_told_apart_from_the_others() {
    let cohorts = usual_days(7);
    assert_eq!(passing(&cohorts, 7, |_| planned(50, Some(50))), 10);
    // What it did beyond that is on nobody else's account: of the ten others that pass it took ten.
    let over = cohorts.count(&planned(50, Some(50)), "search", true, Millis(7 * 24 * HOUR)).unwrap();
    assert!(!over.shared && over.count > 900, "{over:?}");
    let other = cohorts.count(&planned(51, Some(51)), "search", true, Millis(7 * 24 * HOUR)).unwrap();
    assert!(other.shared && other.count < 20, "{other:?}");
}

#[test]
fn whoever_holds_a_clearance_is_counted_and_over_no_budget() {
    let cohorts = usual_days(7);
    let cleared = |_| PlannedBudget { cleared: true, ..planned(1, Some(7)) };
    assert_eq!(passing(&cohorts, 7, cleared), 1000);
    let over = cohorts.count(&planned(1, Some(7)), "search", true, Millis(7 * 24 * HOUR)).unwrap();
    assert_eq!((over.level, over.count), (CohortLevel::Both, 1001));
}

#[test]
fn an_exception_raises_the_budget_and_what_is_only_looked_at_takes_nothing_of_it() {
    let scaled = |_| PlannedBudget { scale_milli: 2000, ..planned(1, Some(7)) };
    assert!((590..=610).contains(&passing(&usual_days(7), 7, scaled)));
    let cohorts = usual_days(7);
    let now = Millis(7 * 24 * HOUR);
    for _ in 0..1000 {
        assert_eq!(cohorts.count(&planned(1, Some(7)), "search", false, now), None);
    }
}

#[test]
fn before_enough_days_were_seen_it_says_nothing() {
    assert_eq!(passing(&usual_days(2), 2, |_| planned(9, Some(9))), 1000);
    assert_eq!(passing(&usual_days(3), 3, |_| planned(9, Some(9))), 10);
}

#[test]
fn an_attack_does_not_become_the_usual() {
    let cohorts = usual_days(7);
    // A day of a thousand an hour from somebody new, beside what is usual.
    for hour in 7 * 24..8 * 24 {
        let now = Millis(hour * HOUR);
        for n in 0..1000 {
            cohorts.count(&planned(50, Some(51)), "search", true, now);
            if n < 110 {
                let network = if n % 11 == 0 { 2 } else { 1 };
                assert_eq!(cohorts.count(&planned(network, Some(7)), "search", true, now), None);
            }
        }
    }
    let through = passing(&cohorts, 8, |_| planned(50, Some(51)));
    assert!(through <= 60, "{through} pass on the next day");
}

#[test]
fn what_is_kept_comes_back() {
    let (cohorts, now) = (usual_days(7), Millis(7 * 24 * HOUR));
    // The last hour is learned with the first request after it.
    cohorts.count(&planned(1, Some(7)), "search", false, now);
    let kept = cohorts.kept();
    let after = Cohorts::default();
    after.restore(kept.clone(), now);
    assert_eq!(after.kept(), kept);
    for of in [planned(1, Some(7)), planned(2, Some(7)), planned(3, Some(3))] {
        assert_eq!(passing(&after, 7, |_| of), passing(&cohorts, 7, |_| of));
    }
}

#[test]
fn a_flood_of_cohorts_grows_nothing_and_forgets_nobody() {
    let cohorts = usual_days(7);
    for n in 0..20_000 {
        cohorts.count(&planned(1000 + n, Some(1000 + n)), "search", true, Millis(7 * 24 * HOUR));
    }
    for hour in 1..4 {
        for n in 0..20_000 {
            let now = Millis((7 * 24 + hour) * HOUR);
            cohorts.count(&planned(hour as u64 * 1_000_000 + n, Some(n)), "search", true, now);
        }
    }
    let routes = cohorts.routes.read();
    for (known, new) in routes["search"].lock().sizes() {
        assert!(known <= KNOWN_MAX && new <= NEW_MAX, "{known} known, {new} new");
    }
    drop(routes);
    let now = Millis((7 * 24 + 3) * HOUR);
    assert_eq!(cohorts.count(&planned(1, Some(7)), "search", true, now), None, "it is still known");
}

#[test]
fn a_clock_that_jumps_breaks_nothing() {
    let cohorts = usual_days(7);
    for jump in [-HOUR, -400 * 24 * HOUR, 20 * 24 * HOUR, 3 * 365 * 24 * HOUR, i64::MAX / 2] {
        cohorts.count(&planned(1, Some(7)), "search", true, Millis(7 * 24 * HOUR + jump));
    }
    let kept = cohorts.kept();
    assert!(kept[0].day.iter().all(|(mean, _)| mean.is_finite() && *mean >= 0.0), "{kept:?}");
}

#[test]
fn routes_are_bounded() {
    let cohorts = Cohorts::default();
    for n in 0..ROUTES_MAX + 10 {
        cohorts.count(&planned(1, None), &format!("route-{n}"), true, Millis(0));
    }
    assert_eq!(cohorts.kept().len(), ROUTES_MAX);
}
