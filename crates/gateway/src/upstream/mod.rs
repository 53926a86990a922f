//! The protected servers: what the operator wrote, where they are, whether they answer, and the connections to them.
//!
//! What is configured is shared; connections and what is known of a server's health belong to one thread each, so that
//! nothing is locked on the request path.

mod connection;
mod head;
mod health;
mod http1;
mod http2;
mod line;
mod own;
mod pool;
mod server;
mod sharing;
mod target;
mod trust;

pub(crate) use head::{Fields, Head};
pub(crate) use http1::Socket;
pub(crate) use line::Line;
pub(crate) use own::OwnRequest;
pub(crate) use pool::{Outgoing, Pool, Times};
pub use target::{Upstream, UpstreamProblem};
pub use trust::Trust;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamError {
    /// No server took the connection.
    Connect,
    /// It did not begin its answer in time.
    Timeout,
    /// It broke off, or spoke no HTTP.
    Broken,
}
