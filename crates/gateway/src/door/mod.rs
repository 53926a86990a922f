//! Ways in: one file per protocol.

pub(crate) mod api;
pub(crate) mod proxy;
