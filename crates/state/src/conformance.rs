//! What every [`State`] must do. A backend's tests call [`run`] with a way to make an empty one.

use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use spigot_decision::policy::{DEFAULT, Ladder, Offender, load};
use spigot_decision::{
    Count, CountKind, Ending, History, Keys, Level, Millis, Observation, Outcome, Prefix, Presented, outcome,
    plan,
};

use crate::{Claim, NOBODY, Spend, State};

/// Runs the whole suite. Panics with the first thing that does not hold.
pub async fn run<S: State>(make: impl Fn(Millis) -> S) {
    counts_are_exact_at_the_boundary(&make(Millis(0))).await;
    windows_slide(&make(Millis(0))).await;
    keys_do_not_mix(&make(Millis(0))).await;
    spent_once(Arc::new(make(Millis(0)))).await;
    claimed_once(Arc::new(make(Millis(0)))).await;
    failures_climb_the_ladder(&make(Millis(0))).await;
    clients_are_remembered(&make(Millis(0))).await;
    accounts_are_remembered_and_locked_to_strangers(&make(Millis(0))).await;
    attempts_at_one_moment_are_told_apart(Arc::new(make(Millis(0)))).await;
}

fn count(key: u64, limit: u32, add: bool) -> Count {
    Count { key, window_millis: 30_000, limit, kind: CountKind::Repetition, add }
}

async fn counts_are_exact_at_the_boundary(state: &impl State) {
    for n in 1..=6 {
        assert_eq!(state.count(&count(1, 5, true), Millis(i64::from(n))).await, Some(n), "event {n}");
    }
    assert_eq!(state.count(&count(1, 5, false), Millis(7)).await, Some(6), "reading does not count");
}

async fn windows_slide(state: &impl State) {
    state.count(&count(1, 5, true), Millis(0)).await;
    state.count(&count(1, 5, true), Millis(20_000)).await;
    assert_eq!(state.count(&count(1, 5, false), Millis(29_999)).await, Some(2));
    assert_eq!(
        state.count(&count(1, 5, false), Millis(30_000)).await,
        Some(1),
        "an event leaves exactly after its window"
    );
    assert_eq!(state.count(&count(1, 5, false), Millis(50_000)).await, Some(0));
}

async fn keys_do_not_mix(state: &impl State) {
    for key in 1..=1000 {
        assert_eq!(state.count(&count(key << 20, 5, true), Millis(1)).await, Some(1), "key {key}");
    }
}

async fn spent_once(state: Arc<impl State>) {
    assert_eq!(state.is_spent(&[7; 16], Millis(0)).await, Ok(false), "before");
    assert_eq!(state.is_spent(&[7; 16], Millis(0)).await, Ok(false), "asking does not spend");
    // Every attempt starts before any is awaited, on as many threads as there are.
    let attempts: Vec<_> = (0..64)
        .map(|_| {
            let state = state.clone();
            std::thread::spawn(move || wait(state.spend(&[7; 16], Millis(1000), Millis(0))))
        })
        .collect();
    let results: Vec<_> =
        attempts.into_iter().map(|thread| thread.join().expect("no attempt panics")).collect();
    let firsts = results.iter().filter(|result| **result == Ok(Spend::First)).count();
    assert_eq!(firsts, 1, "64 attempts on one thing: {results:?}");
    assert_eq!(state.spend(&[7; 16], Millis(1000), Millis(999)).await, Ok(Spend::Replay));
    assert_eq!(state.is_spent(&[7; 16], Millis(999)).await, Ok(true), "after");
    assert_eq!(state.is_spent(&[8; 16], Millis(999)).await, Ok(false), "another thing");
    assert_eq!(state.spend(&[8; 16], Millis(1000), Millis(999)).await, Ok(Spend::First), "another thing");
    // A request that began in time may come to its spend when others have seen the end.
    assert_eq!(state.is_spent(&[9; 16], Millis(1000)).await, Ok(false));
    assert_eq!(state.spend(&[7; 16], Millis(1000), Millis(999)).await, Ok(Spend::Replay), "forgotten");
    assert_eq!(state.spend(&[7; 16], Millis(1001), Millis(999)).await, Ok(Spend::First), "a later end");
}

async fn claimed_once(state: Arc<impl State>) {
    // Eight names, eight attempts each: one is the first, its name's others are told so, nobody else is.
    let attempts: Vec<_> = (0..64u64)
        .map(|n| {
            let state = state.clone();
            let name = n % 8 + 1;
            std::thread::spawn(move || (name, wait(state.claim(&[9; 16], name, Millis(1000), Millis(0)))))
        })
        .collect();
    let results: Vec<_> =
        attempts.into_iter().map(|thread| thread.join().expect("no attempt panics")).collect();
    let first: Vec<_> = results.iter().filter(|(_, found)| *found == Ok(Claim::First)).collect();
    assert_eq!(first.len(), 1, "{results:?}");
    let winner = first[0].0;
    for (name, found) in &results {
        let expected = if *name == winner { [Claim::First, Claim::Again] } else { [Claim::Other; 2] };
        assert!(expected.iter().any(|claim| *found == Ok(*claim)), "{name}, with {winner} first: {found:?}");
    }
    assert_eq!(state.claim(&[10; 16], NOBODY, Millis(1000), Millis(0)).await, Ok(Claim::First));
    let again = state.claim(&[10; 16], NOBODY, Millis(1000), Millis(1)).await;
    assert_eq!(again, Ok(Claim::Other), "nobody is never told that it was they");
}

async fn failures_climb_the_ladder(state: &impl State) {
    let ladder = Ladder {
        window_millis: 600_000,
        slow_from: 2,
        restrict_from: 3,
        steps_millis: vec![60_000, 300_000],
        forget_millis: 3_600_000,
        around: [4, 16],
    };
    let failure = Count { key: 5, window_millis: 600_000, limit: 3, kind: CountKind::Failures, add: true };
    let address = Offender::Address(Prefix::client(Ipv4Addr::new(192, 0, 2, 1).into()));
    let outcome = Outcome {
        failed: true,
        counts: [failure].into_iter().collect(),
        offenders: [(50, address)].into_iter().collect(),
        account: None,
    };
    let mut steps = Vec::new();
    for n in 0..6 {
        // Each failure comes after the restriction of the one before.
        let now = Millis(n * 70_000);
        if let Some(strike) = state.report(&outcome, &ladder, now).await {
            steps.push((n, strike.step, strike.end.since(now)));
        }
    }
    assert_eq!(steps, [(2, 1, 60_000), (5, 2, 300_000)], "three failures are a strike, and strikes grow");
}

async fn clients_are_remembered(state: &impl State) {
    let policy = load("default", DEFAULT).expect("the shipped policy is good");
    let seen = |clearance| {
        let client = Ipv4Addr::new(192, 0, 2, 9).into();
        let observation = Observation { clearance, ..Observation::of(client, "GET", "/") };
        plan(&policy, &observation, &Keys(3, 4), Millis(0))
    };
    let without = seen(None);
    let at = |minutes: i64| Millis(minutes * 60_000);
    let first = state.fetch(&without, "default", at(0)).await.history;
    assert_eq!(first, History::default(), "nobody knows it");
    state.solved(without.own_subjects(), at(1)).await;
    let later = state.fetch(&without, "default", at(2)).await.history;
    assert_eq!((later.known_seconds, later.solves, later.failures), (120, 1, 0), "it was seen, and solved");
    let presented = Presented { id: 5, level: Level::Low, quota: 9, life_millis: 60_000, age_millis: 0 };
    let cleared = state.fetch(&seen(Some(presented)), "default", at(3)).await.history;
    assert_eq!(
        (cleared.known_seconds, cleared.solves),
        (180, 1),
        "with a clearance it is still known by its address"
    );
    let other = Observation::of(Ipv4Addr::new(192, 0, 2, 10).into(), "GET", "/");
    let other = plan(&policy, &other, &Keys(3, 4), Millis(0));
    assert_eq!(state.fetch(&other, "default", at(3)).await.history, History::default(), "and nobody else is");
}

async fn accounts_are_remembered_and_locked_to_strangers(state: &impl State) {
    let policy =
        load("conformance", "extends = \"nothing\"\n[accounts]\nlock_from = 2").expect("it is a policy");
    let keys = Keys(1, 2);
    let facts = async |client: [u8; 4], failed: Option<bool>, now: i64| {
        let client = Ipv4Addr::from(client).into();
        let observation = Observation { account: Some("ada"), ..Observation::of(client, "POST", "/login") };
        let planned = plan(&policy, &observation, &keys, Millis(now));
        let facts = state.fetch(&planned, "default", Millis(now)).await.account.expect("it names an account");
        if let Some(failed) = failed {
            let ended = outcome(&policy, &observation, &planned, Ending::Told { failed }, &keys, Millis(now));
            state.report(&ended, &policy.ladder, Millis(now)).await;
        }
        (facts.remembered, facts.known, facts.failures, facts.locked.is_some())
    };
    let (home, neighbour, stranger) = ([192, 0, 2, 1], [192, 0, 2, 77], [198, 51, 100, 1]);
    assert_eq!(facts(home, Some(false), 0).await, (false, false, 0, false), "nothing is known yet");
    assert_eq!(facts(neighbour, None, 1).await, (true, true, 0, false), "of one network");
    assert_eq!(facts(stranger, Some(true), 2).await, (true, false, 0, false));
    assert_eq!(facts(stranger, Some(true), 3).await, (true, false, 1, false));
    assert_eq!(facts(stranger, None, 4).await, (true, false, 0, true), "locked, and counted afresh");
    assert_eq!(facts(home, None, 4).await, (true, true, 0, false), "not to who is known");
    assert_eq!(facts(stranger, None, 60_003).await, (true, false, 0, false), "it ends by itself");
}

async fn attempts_at_one_moment_are_told_apart(state: Arc<impl State>) {
    let policy = load("conformance", "extends = \"nothing\"").expect("it is a policy");
    let plan = |n: u32| {
        let client = Ipv4Addr::from_bits(0x0a00_0000 + n).into();
        let observation = Observation { account: Some("ada"), ..Observation::of(client, "POST", "/login") };
        plan(&policy, &observation, &Keys(1, 2), Millis(0))
    };
    let attempts: Vec<_> = (0..64)
        .map(|n| (state.clone(), plan(n)))
        .map(|(state, plan)| std::thread::spawn(move || wait(state.begin(&plan, Millis(0)))))
        .collect();
    let begun: Vec<_> =
        attempts.into_iter().map(|thread| thread.join().expect("no attempt panics")).collect();
    let mut others: Vec<u32> = begun.iter().flatten().map(|begun| begun.open).collect();
    others.sort_unstable();
    assert_eq!(others, (0..64).collect::<Vec<_>>(), "each finds another number of others");
    assert!(begun.iter().flatten().all(|begun| begun.client_open == 0 && begun.failures == 0));
    drop(begun);
    let alone = state.begin(&plan(0), Millis(0)).await.map(|begun| begun.open);
    assert_eq!(alone, Some(0), "places are given back");
}

/// Runs a future on this thread without a runtime: implementations that wait bring their own threads.
fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
}
