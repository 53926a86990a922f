//! Asks a Spigot that runs beside the application: what a widget's token is worth ([`Spigot::verify`]), what to do with a
//! request or an action ([`Spigot::decide`], and [`SpigotLayer`] for tower), and tells it how attempts ended
//! ([`Spigot::outcome`]).
//!
//! Nothing passes because a question failed: every failure is an [`Error`], unless [`Spigot::fail_open`] asks for the
//! opposite.

mod base;
mod client;
mod decision;
mod error;
mod exchange;
mod layer;
mod shown;
mod verification;

pub use base::{Base, NoAddress};
pub use client::{Spigot, TEST_SECRET_FAILS, TEST_SECRET_PASSES, TEST_SECRET_SPENT};
pub use decision::{Decision, Instead, Reason, Request};
pub use error::{Error, Kind};
pub use layer::{Decide, Guarded, SpigotLayer};
pub use shown::{Again, Bodies, Showing, Unshown};
pub use verification::{Expected, Verification};
