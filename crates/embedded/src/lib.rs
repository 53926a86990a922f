//! The engine in a Rust application's own process: [`Embedded`] decides what [`spigot_client::SpigotLayer`] asks, by the
//! same policy, with the same events, and nothing goes over a network.
//!
//! ```no_run
//! # use spigot_client::SpigotLayer;
//! # use spigot_embedded::{Embedded, Settings};
//! # struct Router;
//! # impl Router { fn layer<L>(self, _: L) -> Self { self } }
//! # fn start(router: Router) -> Result<Router, Box<dyn std::error::Error>> {
//! # let peer = |_: &http::request::Parts| None;
//! let policy = std::fs::read_to_string("policy.toml")?;
//! let engine = Embedded::start(&Settings { policy, data: "spigot-data".into(), secret: None, say: |what, why| eprintln!("{what}: {why}") })?;
//! let app = router.layer(SpigotLayer::new(engine, peer));
//! # Ok(app)
//! # }
//! ```
//!
//! Its data folder is as the server's: events, which `spigot events` and `spigot explain` find there; the secrets that
//! clearances are sealed with; restrictions, who is known for an account, and what is usual, written each second or hour and
//! taken back at the start; and what an operator sets with `spigot … --data`, followed within a second.

mod describe;
mod engine;
mod kept;

pub use engine::{Embedded, Problem, Settings, quiet};
