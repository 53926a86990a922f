//! The demo, run as a user runs it: the real binary, real sockets on the loopback, the real clock.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod application;
mod behaviour;
mod bodies;
mod challenge;
mod client;
mod clients;
mod contact;
mod demo;
mod dribbles;
mod fallback;
mod floods;
mod frames;
mod honeypot;
mod http2;
mod interim;
mod lists;
mod memory;
mod moving;
mod neighbours;
mod networks;
mod operator;
mod places;
mod providers;
mod providers_away;
mod proxy;
mod proxy_protocol;
mod replay;
mod restrictions;
mod risk;
mod served;
mod service;
mod service_dialects;
mod service_sites;
mod slow;
mod stalls;
mod stop;
mod storage;
mod survival;
mod tls;
mod upstream;
mod vendors;
mod windowless;
mod wire;
