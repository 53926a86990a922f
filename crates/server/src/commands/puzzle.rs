//! What the puzzle costs: solving it natively, verifying it, solving it in WebAssembly and JavaScript, the price of a
//! million solutions, and what visitors' devices took for it.

mod node;

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};
use spigot_cachewalk::{Params, Solver, Table, key, leaf, verify};
use spigot_challenge::{Kind, kind};
use spigot_decision::Level;
use spigot_decision::policy::{DEFAULT, Policy};
use spigot_event::Query;

use crate::cli::{BenchArgs, Format, PuzzleArgs, PuzzleCommand};
use crate::clock::now;
use crate::config::Config;

/// Solutions per level: the time of one varies with luck, and this takes seconds already.
const SOLUTIONS: usize = 5;
/// Visitors' solutions that are looked at: percentiles of more are the same.
const VISITORS_MAX: usize = 100_000;
const DAY_MILLIS: i64 = 86_400_000;

pub(crate) fn run(args: &PuzzleArgs) -> Result<(), String> {
    let PuzzleCommand::Bench(args) = &args.what;
    let policy = match &args.config {
        Some(file) => Config::read(file)?.policy,
        None => {
            Config::parse("policies/default.toml", DEFAULT).map_err(|problems| problems.to_string())?.policy
        }
    };
    let leaf_micros = leaf_micros();
    let levels = levels(&policy);
    let params: Vec<Params> = levels.iter().map(|(_, _, params)| *params).collect();
    let measured = json!({
        "leaf_micros": leaf_micros,
        "leaves_per_second": 1e6 / leaf_micros,
        "levels": levels.into_iter().map(|level| measured_level(level, args.price)).collect::<Vec<_>>(),
        "price_per_core_hour": args.price,
        "browser": node::measured(&params),
        "visitors": visitors(args)?,
        "visitors_days": args.days,
    });
    if args.place.format == Format::Json {
        say!("{measured}");
    } else {
        tell(&measured);
    }
    Ok(())
}

/// One leaf on one core: what the price follows from.
fn leaf_micros() -> f64 {
    let mut table = Table::boxed();
    let mut lanes = key(b"spigot puzzle bench");
    median((0..40).map(|_| micros(100, || lanes = leaf(&mut table, &lanes, 0, 0))).collect())
}

/// Each level at the policy's work.
fn levels(policy: &Policy) -> Vec<(Level, u8, Params)> {
    let levels = Level::ALL.into_iter().zip(policy.challenge.log2_work);
    let of_ours = levels.filter_map(|(level, log2_work)| match kind::cachewalk::of_log2(log2_work) {
        Kind::Cachewalk(params) => Some((level, log2_work, params)),
        _ => None,
    });
    of_ours.collect()
}

/// Solving it on one core, verifying it, and what a million cost.
fn measured_level((level, log2_work, params): (Level, u8, Params), price: f64) -> Value {
    let mut turn = 0u32;
    let solve = || {
        turn += 1;
        micros(1, || drop(black_box(Solver::new(key(&turn.to_le_bytes()), params).solve()))) / 1000.0
    };
    let solve_millis = median(std::iter::repeat_with(solve).take(SOLUTIONS).collect());
    json!({
        "level": level.name(),
        "log2_work": log2_work,
        "native_solve_millis": solve_millis,
        "verify_micros": verify_micros(&mut Table::boxed(), params),
        // A million of them are so many thousand seconds of a core.
        "price_of_a_million": solve_millis * 1000.0 / 3600.0 * price,
    })
}

fn verify_micros(table: &mut Table, params: Params) -> f64 {
    let lanes = key(b"spigot puzzle bench");
    let proof = Solver::new(lanes, params).solve();
    median(
        (0..25)
            .map(|_| {
                micros(20, || {
                    let _ = black_box(verify(table, &lanes, params, &proof));
                })
            })
            .collect(),
    )
}

/// Times from issue to submission, by the server's clock, of what was solved lately; by kind and device.
fn visitors(args: &BenchArgs) -> Result<Vec<Value>, String> {
    let Ok(reader) = spigot_event::open_readonly(&args.place.data) else { return Ok(Vec::new()) };
    let since = now().plus(-i64::from(args.days) * DAY_MILLIS);
    let query = Query { since: Some(since), ..Query::default() };
    let mut groups = std::collections::BTreeMap::<(String, String), Vec<f64>>::new();
    let mut seen = 0;
    for event in reader.events(&query) {
        let event = event.map_err(|error| error.to_string())?;
        let Some(step) = event.challenge.filter(|step| step.result == "solved") else { continue };
        let Some(millis) = step.solve_millis else { continue };
        let device = event.device.unwrap_or_else(|| "unknown".to_owned());
        groups.entry((step.kind, device)).or_default().push(f64::from(millis));
        seen += 1;
        if seen == VISITORS_MAX {
            break;
        }
    }
    let told = groups.into_iter().map(|((kind, device), mut times)| {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        json!({ "kind": kind, "device": device, "solved": times.len(), "median_millis": at(0.5), "p95_millis": at(0.95) })
    });
    Ok(told.collect())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn tell_browser(browser: &Value) {
    let Some(kernels) = browser["kernels"].as_array() else {
        say!("As in browsers: not measured. It needs Node, and `node` starts none that runs it.");
        return;
    };
    say!("As in browsers, by {}, in one thread:", browser["engine"].as_str().unwrap_or_default());
    for kernel in kernels {
        let solves = kernel["solve_millis"].as_array().into_iter().flatten();
        let solves: Vec<String> = solves.map(|millis| format!("{:.0} ms", number(millis))).collect();
        say!(
            "  {:<4} a leaf takes {:.1} µs, {:.0} leaves a second; the levels {}",
            kernel["kernel"].as_str().unwrap_or_default(),
            number(&kernel["leaf_micros"]),
            number(&kernel["leaves_per_second"]),
            solves.join(", ")
        );
    }
}

fn tell(measured: &Value) {
    say!(
        "Native, one core of this machine: a leaf takes {:.1} µs, {:.0} leaves a second.\n",
        number(&measured["leaf_micros"]),
        number(&measured["leaves_per_second"])
    );
    say!("level    work   solve       verify     a million solutions");
    for level in measured["levels"].as_array().into_iter().flatten() {
        say!(
            "{:<8} 2^{:<4} {:>6.0} ms  {:>6.0} µs   {:.2}",
            level["level"].as_str().unwrap_or_default(),
            level["log2_work"],
            number(&level["native_solve_millis"]),
            number(&level["verify_micros"]),
            number(&level["price_of_a_million"]),
        );
    }
    say!(
        "\nThe price assumes {} for an hour of a core like this one that does nothing else; --price names another.\n",
        measured["price_per_core_hour"]
    );
    tell_browser(&measured["browser"]);
    say!("\nVisitors of the last {} days, from issue to submission:", measured["visitors_days"]);
    let visitors = measured["visitors"].as_array();
    if visitors.is_none_or(Vec::is_empty) {
        say!("  none is recorded in this data folder.");
    }
    for group in visitors.into_iter().flatten() {
        say!(
            "  {} on {}: {} solved, median {:.0} ms, p95 {:.0} ms",
            group["kind"].as_str().unwrap_or_default(),
            group["device"].as_str().unwrap_or_default(),
            group["solved"],
            number(&group["median_millis"]),
            number(&group["p95_millis"])
        );
    }
}

/// Microseconds of one of so many calls.
fn micros(calls: u32, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..calls).for_each(|_| call());
    start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}
