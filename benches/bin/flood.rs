//! Ten million distinct IPv6 /64 subjects at full speed in 128 MiB, and 1,000 heavy sources among them.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin flood
//! ```
//!
//! Prints how many heavy sources were found exactly at their threshold, how many ordinary ones were taken for heavy,
//! the memory, and the cost per update in each tenth of the run. It ends with 1 when a heavy source is missed, more than one
//! ordinary one in a million is taken for heavy, the memory is more than was given, or the last tenth costs twice the second.

use std::net::{IpAddr, Ipv6Addr};
use std::process::ExitCode;
use std::time::Instant;

use spigot_decision::{Count, CountKind, Keys, Millis, Prefix, Subject};
use spigot_state::Table;

const FLOOD: u64 = 10_000_000;
const HEAVY: u64 = 1000;
const LIMIT: u32 = 500;
const MEMORY_BYTES: usize = 128 << 20;

fn main() -> ExitCode {
    let table = Table::new(MEMORY_BYTES, Millis(0));
    let keys = Keys(0x0123_4567, 0x89ab_cdef);
    let count = |address: u128| {
        let prefix = Prefix::client(IpAddr::V6(Ipv6Addr::from_bits(address)));
        Count {
            key: keys.hash(0, &[Subject::Address(prefix)]),
            window_millis: 1_200_000,
            limit: LIMIT,
            kind: CountKind::Frequency,
            add: true,
        }
    };
    let ordinary = |n: u64| 0x2001_0db8u128 << 96 | u128::from(n) << 64;
    let heavy = |n: u64| 0x2001_0db9u128 << 96 | u128::from(n) << 64;
    let every = FLOOD / (HEAVY * u64::from(LIMIT + 1));
    let mut seen = vec![0u32; HEAVY as usize];
    let (mut exact, mut false_heavy, mut turn) = (0, 0, 0);
    let (mut start, mut costs) = (Instant::now(), Vec::new());
    for n in 0..FLOOD {
        let now = Millis((n / 20_000) as i64);
        false_heavy += u64::from(table.count(&count(ordinary(n)), now) > LIMIT);
        if n % every == 0 && turn < HEAVY * u64::from(LIMIT + 1) {
            let which = turn % HEAVY;
            turn += 1;
            seen[which as usize] += 1;
            let found = table.count(&count(heavy(which)), now) > LIMIT;
            exact += u64::from(found && seen[which as usize] == LIMIT + 1);
        }
        if (n + 1) % (FLOOD / 10) == 0 {
            let cost = start.elapsed().as_nanos() / u128::from(FLOOD / 10);
            println!("{:>3} %: {cost} ns per subject", (n + 1) * 100 / FLOOD);
            costs.push(cost);
            start = Instant::now();
        }
    }
    let stats = table.stats();
    println!(
        "{exact} of {HEAVY} heavy sources found exactly at request {}; {false_heavy} ordinary ones taken for heavy",
        LIMIT + 1
    );
    println!(
        "{} MiB of table, {} keys gave way, {} events merged",
        stats.bytes >> 20,
        stats.evicted,
        stats.merged
    );
    // The first tenth meets memory that nothing has touched yet.
    let flat = costs.last() < costs.get(1).map(|second| second * 2).as_ref();
    let holds = exact == HEAVY && false_heavy <= FLOOD / 1_000_000 && stats.bytes <= MEMORY_BYTES && flat;
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
