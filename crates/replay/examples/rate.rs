//! How many lines are replayed per second of processor time, and the report:
//! `cargo run --release -p spigot-replay --example rate -- FILE…` (`--report` for
//! the whole of it, `--policy FILE` for another policy than the shipped one).
//!
//! Processor time is the thread's own (`/proc/thread-self/schedstat`, Linux), else the clock on the wall.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spigot_decision::policy;
use spigot_replay::{Log, Options, render_text, replay};

/// The best of so many rounds counts, since a shared machine can only make a round slower.
const ROUNDS: u32 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut paths, mut whole, mut name, mut text) = (Vec::new(), false, "default.toml".to_owned(), None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--report" => whole = true,
            "--policy" => {
                name = arguments.next().ok_or("--policy needs a file")?;
                text = Some(std::fs::read_to_string(&name)?);
            }
            _ => paths.push(argument),
        }
    }
    let policy = policy::load(&name, text.as_deref().unwrap_or(policy::DEFAULT));
    let policy = Arc::new(policy.map_err(|problems| format!("{problems:?}"))?);
    let mut best = Duration::MAX;
    let mut lines = 0;
    for round in 0..ROUNDS {
        let logs = paths.iter().map(|path| Log::Path(path.into())).collect();
        let start = processor_time();
        let report = replay(Arc::clone(&policy), logs, &Options::default(), &mut |_| ())?;
        best = best.min(processor_time().saturating_sub(start));
        lines = report.input.lines;
        if round == 0 && whole {
            print!("{}", render_text(&report));
        }
    }
    let seconds = best.as_secs_f64();
    println!("{lines} lines in {seconds:.3} s of processor time: {:.0} per second", lines as f64 / seconds);
    Ok(())
}

/// Processor time of this thread since it began.
fn processor_time() -> Duration {
    thread_local!(static START: Instant = Instant::now());
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = schedstat.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| START.with(Instant::elapsed), Duration::from_nanos)
}
