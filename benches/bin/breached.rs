//! What looking a password up offline costs, and how large the file is.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin breached -- [PASSWORDS]
//! ```

use std::fmt::Write;
use std::io::Cursor;
use std::time::Instant;

use spigot_intel::{Breached, Corpus, Digest, build_breached};

const LOOK_UPS: usize = 200_000;

fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2_000_000usize);
    let mut words = String::new();
    for n in 0..count {
        let _ = writeln!(words, "password-{n}");
    }
    let mut file = Vec::new();
    let begun = Instant::now();
    let built = build_breached(Cursor::new(words), Corpus::Words, &mut file);
    let built = built.unwrap_or_else(|error| stop(&error.to_string()));
    println!(
        "{} passwords in {:.1} s, {:.2} bits each",
        built.passwords,
        begun.elapsed().as_secs_f64(),
        file.len() as f64 * 8.0 / count as f64
    );
    let path = std::env::temp_dir().join(format!("breached-{}.spigot", std::process::id()));
    std::fs::write(&path, &file).unwrap_or_else(|error| stop(&error.to_string()));
    let begun = Instant::now();
    let breached = Breached::read(&path).unwrap_or_else(|error| stop(&error));
    println!("read in {:.2} s", begun.elapsed().as_secs_f64());
    let _ = std::fs::remove_file(&path);
    let mut times = Vec::with_capacity(LOOK_UPS);
    let mut found = 0;
    for n in 0..LOOK_UPS {
        // Every other is not in it.
        let password = format!("password-{}", n * 2 * count / LOOK_UPS);
        let begun = Instant::now();
        found += usize::from(breached.contains(&Digest::of(password.as_bytes())));
        times.push(begun.elapsed().as_nanos());
    }
    times.sort_unstable();
    let micros = |share: f64| times[(share * (LOOK_UPS - 1) as f64) as usize] as f64 / 1000.0;
    println!(
        "look-up, SHA-1 included: median {:.2} µs, p99 {:.2} µs, most {:.2} µs; {found} of {LOOK_UPS} found",
        micros(0.5),
        micros(0.99),
        micros(1.0)
    );
}

fn stop(error: &str) -> ! {
    eprintln!("breached: {error}");
    std::process::exit(1);
}
