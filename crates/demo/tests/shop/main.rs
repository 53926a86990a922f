//! The shop over a real loopback connection.

// Clippy lets tests unwrap, but not the helpers beside them.
#![allow(clippy::unwrap_used)]

mod check;
mod client;
mod forms;
mod pages;
mod programs;
mod streams;
