//! HTTP/2 messages (RFC 9113) on their way in and out, the same for clients and for applications.

mod coming;
mod sending;

pub(crate) use coming::Coming;
pub(crate) use sending::Sending;
