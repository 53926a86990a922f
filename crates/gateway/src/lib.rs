//! The request path: connections in, observations, decisions, actions out, and the upstream behind.

mod body;
mod challenge_routes;
mod client_ip;
pub mod door;
mod entropy;
mod fields;
mod front;
mod metrics;
mod pages;
mod pipeline;
mod proxy_protocol;
mod respond;
mod settings;
mod stash;
mod upstream;

pub use front::{Tls, listen, serve};
pub use metrics::Metrics;
pub use pipeline::{Clock, Gateway, Snapshot};
pub use settings::{Bounds, Settings, Site};
