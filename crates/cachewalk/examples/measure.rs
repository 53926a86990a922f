//! Prints what the puzzle costs on this machine: `cargo run -p spigot-cachewalk --release --example measure`.
//!
//! With the argument `leaf` only the microseconds of a leaf, for `npm run ratio` in `web/challenge`, which measures the
//! browser beside it. Medians of several rounds; best taken on an otherwise idle machine, since a walk feels its neighbours in the cache.

use std::time::{Duration, Instant};

use spigot_cachewalk::tree::parent;
use spigot_cachewalk::{Params, Solver, Table, check_grind, key, leaf, verify};

fn main() {
    let params = Params::DEFAULT;
    let mut table = Table::boxed();
    let mut lanes = key(b"measure");

    if std::env::args().nth(1).as_deref() == Some("leaf") {
        let leaf = |_| {
            let start = Instant::now();
            (0..40).for_each(|_| lanes = leaf(&mut table, &lanes, 0, 0));
            start.elapsed().as_secs_f64() * 1e6 / 40.0
        };
        let mut times: Vec<f64> = (0..60).map(leaf).collect();
        times.sort_by(f64::total_cmp);
        return println!("{:.2} {:.2}", times[0], times[30]);
    }
    report("leaf", 25, 200, || lanes = leaf(&mut table, &lanes, 0, 0));
    let mut node = [0; 4];
    report("tree node", 25, 10_000, || node = parent(&node, &node));

    let mut solved = 0u32;
    report("whole default puzzle", 5, 1, || {
        solved += 1;
        let _ = Solver::new(key(&solved.to_le_bytes()), params).solve();
    });
    report("its 8192 leaves and tree", 5, 1, || {
        let _ = Solver::new(lanes, params).step(params.leaves());
    });

    let proof = Solver::new(lanes, params).solve();
    println!("{:28} {} bytes", "its proof", proof.encode().len());
    report("verification", 25, 50, || verify(&mut table, &lanes, params, &proof).expect("solved"));
    report("verification of garbage", 25, 200, || {
        let mut garbage = proof.clone();
        garbage.root = node;
        let _ = check_grind(&mut table, &lanes, params, &garbage);
    });
}

fn report(what: &str, rounds: usize, calls: u32, mut call: impl FnMut()) {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed() / calls
        })
        .collect();
    times.sort();
    println!("{what:28} {:?} median, {:?} best", times[rounds / 2], times[0]);
}
