//! Ways in: one file per protocol.

pub(crate) mod proxy;
