//! What a user agent costs: read anew, and from a thread's cache, which is what a request pays.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin agents
//! ```

use std::hint::black_box;
use std::time::Instant;

use spigot_intel::{Agents, Software};

const ROUNDS: usize = 200_000;
/// Names that one server meets within minutes, in turns: so that the cache's lines are as cold as there.
const NAMES: usize = 200;

fn main() {
    let names: Vec<String> = (0..NAMES)
        .map(|n| {
            let major = 100 + n % 40;
            match n % 4 {
                0 => format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.{n}.0 Safari/537.36"),
                1 => format!("Mozilla/5.0 (X11; Linux x86_64; rv:{major}.0) Gecko/20100101 Firefox/{major}.{n}"),
                2 => format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_{n} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.{n} Mobile/15E148 Safari/604.1"),
                _ => format!("Mozilla/5.0 (compatible; Example{n}Bot/1.{n}; +https://bot.example/)"),
            }
        })
        .collect();
    let micros = |what: &mut dyn FnMut(&str)| {
        let mut times: Vec<f64> = (0..5)
            .map(|_| {
                let begun = Instant::now();
                for n in 0..ROUNDS {
                    what(&names[n * 7 % NAMES]);
                }
                begun.elapsed().as_secs_f64() * 1e6 / ROUNDS as f64
            })
            .collect();
        times.sort_by(f64::total_cmp);
        (times[2], times[0])
    };
    let (median, best) = micros(&mut |name| {
        black_box(Software::of(black_box(name)));
    });
    println!("read anew:      {median:.3} µs median of five, {best:.3} best");
    let mut agents = Agents::default();
    let (median, best) = micros(&mut |name| {
        black_box(agents.read(black_box(name)));
    });
    println!("from the cache: {median:.3} µs median of five, {best:.3} best");
}
