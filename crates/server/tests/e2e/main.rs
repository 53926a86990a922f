//! The demo, run as a user runs it: the real binary, real sockets on the loopback, the real clock.

mod challenge;
mod client;
mod demo;
mod operator;
mod proxy;
