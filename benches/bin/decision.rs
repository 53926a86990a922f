//! The pure computing of one decision: 20 routes, 30 rules, all triggers.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin decision             # median nanoseconds, and allocations
//! cargo build --release -p spigot-benches
//! valgrind --tool=callgrind target/release/decision 10000          # instructions; divide by the requests
//! ```
//!
//! `benches/instructions.txt` holds the last count, so that a later change sees a regression.

use std::hint::black_box;
use std::time::Instant;

use spigot_benches::request;
use spigot_decision::policy::load;
use spigot_decision::{Facts, HourFact, Keys, Millis, decide, plan};

/// Decisions whose allocations are counted; few, so that they are nothing beside those whose instructions are.
const COUNTED: i64 = 100;

#[allow(clippy::cast_precision_loss)] // a hundred decisions
fn main() {
    let rounds: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let policy = load("bench.toml", &policy()).unwrap_or_else(|problems| panic!("{problems}"));
    let keys = Keys(1, 2);
    let client = std::net::IpAddr::from([192, 0, 2, 1]);
    let observation = request(client, "GET", "/section-17/page-3");
    let one = |now: Millis| {
        let observation = black_box(&observation);
        let plan = plan(&policy, observation, &keys, now);
        let mut facts = Facts {
            available: true,
            hour: Some(HourFact { count: 5, past_sum: 70, days: 14 }),
            ..Facts::default()
        };
        facts.counts.extend(plan.counts.iter().map(|_| 1));
        black_box(decide(&policy, observation, &plan, &facts, now));
    };
    let mut batches = Vec::new();
    for batch in 0..20 {
        let start = Instant::now();
        for n in 0..rounds / 20 {
            one(Millis(i64::from(batch * rounds + n)));
        }
        batches.push(start.elapsed().as_nanos() / u128::from((rounds / 20).max(1)));
    }
    batches.sort_unstable();
    println!(
        "a decision: {} ns median of 20 batches, {} ns best, {rounds} requests",
        batches[10], batches[0]
    );
    let counted = allocation_counter::measure(|| (0..COUNTED).for_each(|n| one(Millis(n))));
    println!(
        "allocations: {:.3} a decision, {:.1} bytes",
        counted.count_total as f64 / COUNTED as f64,
        counted.bytes_total as f64 / COUNTED as f64
    );
}

fn policy() -> String {
    let mut text = String::new();
    for n in 0..19 {
        text.push_str(&format!("[[route]]\nname = \"section-{n}\"\nmatch = [\"GET /section-{n}/**\", \"POST /section-{n}\"]\npreset = \"medium\"\n\n"));
    }
    for n in 0..10 {
        text.push_str(&format!("[[rule]]\nname = \"path-{n}\"\nwhen = 'request.path.startsWith(\"/private-{n}\") && request.method == \"GET\"'\nweight = 5\n\n"));
        text.push_str(&format!("[[rule]]\nname = \"agent-{n}\"\nwhen = 'request.user_agent.contains(\"Bot-{n}\")'\nweight = 5\n\n"));
        text.push_str(&format!("[[rule]]\nname = \"net-{n}\"\nwhen = 'client.address.within(\"198.51.{n}.0/24\") || body.bytes > 100000'\nweight = 5\n\n"));
    }
    text.push_str("[[limit]]\nname = \"all\"\nrate = \"100 per 1m per client\"\n\n[[limit]]\nname = \"by-path\"\nrate = \"50 per 1m per client and path\"\n");
    text
}
