//! The demo, run as a user runs it: the real binary, real sockets on the loopback, the real clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod application;
mod bodies;
mod challenge;
mod client;
mod demo;
mod fallback;
mod http2;
mod memory;
mod operator;
mod proxy;
mod served;
mod upstream;
