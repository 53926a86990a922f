//! The pure computing of one decision: 20 routes, 30 rules, all triggers counted (a body for `payload_repetition` too), a
//! denylist of a thousand entries, a challenge that is forced elsewhere, and an exception for somebody else.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin decision             # median nanoseconds, and allocations
//! cargo build --release -p spigot-benches
//! valgrind --tool=callgrind target/release/decision 10000          # instructions; divide by the requests
//! ```
//!
//! `benches/instructions.txt` holds the last count; `benches/count.py` counts again and compares.

use std::hint::black_box;
use std::time::Instant;

use spigot_benches::request;
use spigot_decision::policy::{Entry, Exception, Forced, Operator, Pattern, Policy, PrefixMap, Relief, load};
use spigot_decision::{Body, Facts, HourFact, Keys, Millis, Observation, Prefix, decide, plan};

/// Decisions whose allocations are counted; few, so that they are nothing beside those whose instructions are.
const COUNTED: i64 = 100;

fn main() {
    let rounds: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let policy = all();
    let mut batches = Vec::new();
    for batch in 0..20 {
        let start = Instant::now();
        for n in 0..rounds / 20 {
            one(&policy, Millis(i64::from(batch * rounds + n)));
        }
        batches.push(start.elapsed().as_nanos() / u128::from((rounds / 20).max(1)));
    }
    batches.sort_unstable();
    println!(
        "a decision: {} ns median of 20 batches, {} ns best, {rounds} requests",
        batches[10], batches[0]
    );
    let (allocations, bytes) = allocated(&policy);
    println!("allocations: {allocations} a decision, {bytes} bytes");
}

/// One decision, with nothing found.
fn one(policy: &Policy, now: Millis) {
    let body = Body { digest: Some(0x5eed), bytes: 512, complete: true };
    let client = std::net::IpAddr::from([192, 0, 2, 1]);
    let observation = Observation { body, ..request(client, "POST", "/section-17") };
    let observation = black_box(&observation);
    let plan = plan(policy, observation, &Keys(1, 2), now);
    let mut facts = Facts {
        available: true,
        hour: Some(HourFact { count: 5, past_sum: 70, days: 14 }),
        ..Facts::default()
    };
    facts.counts.extend(plan.counts.iter().map(|_| 1));
    black_box(decide(policy, observation, &plan, &facts, now));
}

/// Allocations of a decision, and their bytes.
fn allocated(policy: &Policy) -> (u64, u64) {
    let counted = allocation_counter::measure(|| (0..COUNTED).for_each(|n| one(policy, Millis(n))));
    (counted.count_total.div_ceil(COUNTED as u64), counted.bytes_total.div_ceil(COUNTED as u64))
}

/// The policy with all that operators have set.
fn all() -> Policy {
    let policy = load("bench.toml", &policy()).unwrap_or_else(|problems| panic!("{problems}"));
    policy.with_operator(operator())
}

/// What operators have set, none of it about this client.
fn operator() -> Operator {
    let mut operator = Operator { change: 1, ..Operator::default() };
    operator.deny = PrefixMap::new((0..1000u32).map(|n| {
        let prefix = Prefix::client(std::net::IpAddr::V4((0xc633_0000 + n * 7).into()));
        (prefix, Entry { until: None, author: "bench".to_owned(), note: String::new() })
    }));
    operator.forced.push(Forced {
        pattern: Pattern::parse("POST /elsewhere").unwrap_or_else(|problem| panic!("{problem}")),
        host: None,
        until: None,
        author: "bench".to_owned(),
        reason: String::new(),
    });
    operator.exceptions.push(Exception {
        name: "somebody else".to_owned(),
        prefix: Some(Prefix::client([203, 0, 113, 9].into())),
        routes: Vec::new(),
        start: Millis(0),
        end: Millis(i64::MAX),
        relief: Relief::Scale(3000),
        author: "bench".to_owned(),
        reason: String::new(),
        from_policy: false,
        yields: false,
    });
    operator
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_allocates_nothing() {
        let policy = all();
        one(&policy, Millis(0));
        assert_eq!(allocated(&policy), (0, 0), "allocations and bytes");
    }
}
