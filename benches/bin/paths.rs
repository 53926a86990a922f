//! What the model of pointer paths costs for one submission.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin paths
//! ```

use std::hint::black_box;
use std::time::Instant;

use spigot_decision::behaviour::Pointer;
use spigot_decision::behaviour::path_model::suspicion;

const ROUNDS: u32 = 10_000_000;

fn main() {
    let start = Instant::now();
    let found = (0..ROUNDS)
        .filter(|round| {
            let pointer = Pointer {
                moves: 50 + round % 200,
                straight_percent: 93,
                speed_cv_percent: 10 + round % 150,
                speed_flips_percent: 40 + round % 30,
                ..Pointer::default()
            };
            suspicion(black_box(&pointer)).is_some()
        })
        .count();
    let nanos = start.elapsed().as_nanos() / u128::from(ROUNDS);
    println!("{nanos} ns per submission; {found} of {ROUNDS} look like a program's");
}
