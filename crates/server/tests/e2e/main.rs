//! The demo, run as a user runs it: the real binary, real sockets on the loopback, the real clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod challenge;
mod client;
mod demo;
mod fallback;
mod operator;
mod proxy;
