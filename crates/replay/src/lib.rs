//! What a policy would have done to the traffic of an access log: the same decision code, the same counters, the
//! log's own times.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use spigot_decision::policy;
//! use spigot_replay::{Log, Options, render_text, replay};
//!
//! let policy = policy::load("default.toml", policy::DEFAULT).expect("the shipped policy is valid");
//! let logs = vec![Log::Path("access.log".into())];
//! let report = replay(Arc::new(policy), logs, &Options::default(), &mut |_| ())?;
//! print!("{}", render_text(&report));
//! # Ok(())
//! # }
//! ```
//!
//! # What is assumed
//!
//! - **The log is what it is.** Later requests of a client that would have been stopped are replayed as logged, each
//!   decided on its own. An answer counts (failures, limits on answers) only where the request would have passed.
//! - **Nobody solves a challenge that has a cause.** A trigger, limit, rule, list, restriction or the risk asked for
//!   it, and the request counts as stopped. **The standing challenge of a sensitive route is told apart**
//!   ([`Treatment::Standing`]) and taken as solved: it is not a suspicion, and everybody meets it once.
//! - **Every decision is carried out**, also on routes in monitor mode: to see what would happen is what a replay is
//!   for.
//! - **A connection without a request is none.** Servers log `"-" 400` or `408` where a client connected and sent
//!   nothing, which browsers do to be ready for the next click. The gateway has nothing to decide there.
//! - **Who waits for the answer is guessed**, because logs have no `Accept`: JSON and `/api/` are a program's; a
//!   browser's name and an address that looks like a page make a navigation, any other address a script's request;
//!   every other client is `other`.
//!
//! What a log does not hold cannot be replayed: [`NOT_REPLAYED`]. Spigot's own events ([`Recorded`]) hold more: who
//! waited, the device, and clearances. With one that is good enough a request passes what asks for a challenge, as it
//! did; and where the application was not asked there is no answer, so nothing has failed.
//!
//! # The same input gives the same report
//!
//! Byte for byte: hash keys are fixed, no clock is read, and one file or the same lines in rotations are one sequence
//! ([`spigot_accesslog::Reorder`]). All memory is bounded; the bounds are in [`Options`].

mod compare;
mod difference;
mod error;
mod judge;
mod log;
mod recorded;
mod render;
mod report;
mod request;
mod ruled;
mod run;
mod tally;
mod treatment;

pub use compare::{Comparison, Difference, compare};
pub use error::ReplayError;
pub use judge::Judged;
pub use log::{Log, Options, Progress};
pub use recorded::{Given, Recorded};
pub use render::{render_comparison, render_text};
pub use report::{Day, Input, NOT_REPLAYED, ReasonReport, Report, RouteReport, SubjectReport};
pub use ruled::Ruled;
pub use run::{replay, replay_each};
pub use treatment::{Treatment, Treatments};
