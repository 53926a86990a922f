//! Benchmarks: each file in `bin/` says how to run it. They are programs, not timed tests: what they print is compared
//! within one run, or counted in instructions.

use spigot_decision::{Observation, Sender};

/// A browser's request from a client of one's own.
#[must_use]
pub fn request<'a>(client: std::net::IpAddr, method: &'a str, path: &'a str) -> Observation<'a> {
    Observation {
        host: "shop.example",
        query: "page=2",
        sender: Sender::Navigation,
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        ..Observation::of(client, method, path)
    }
}
