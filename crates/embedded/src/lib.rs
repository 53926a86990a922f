//! The engine in a Rust application's own process: [`Embedded`] decides what [`spigot_client::SpigotLayer`] asks, by the
//! same policy, with the same events, and nothing goes over a network.
//!
//! What it keeps of visitors is in memory and ends with the process; clearances end with it too, unless the application
//! brings a [`Settings::secret`] that stays. Events are kept in the data folder, where `spigot events` and `spigot explain`
//! find them.

mod describe;
mod engine;

pub use engine::{Embedded, Problem, Settings};
