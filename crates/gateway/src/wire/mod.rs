//! What the bytes of a connection tell before an HTTP library has tidied them: where each request begins and ends, how
//! its fields were written, and what the client says of itself in TLS and HTTP/2.

mod abort;
mod chunks;
mod client_hello;
mod flood;
mod frames;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
mod gate;
mod head;
mod hpack;
mod interim;
mod ja4;
mod notes;
mod overheard;
mod patience;
mod refusal;

pub(crate) use abort::Abort;
pub(crate) use chunks::Chunks;
pub(crate) use gate::{Gate, Protocol, Times, protocol};
pub(crate) use head::{Framing, Head, Limits, fields, name_end, order_of, read as read_head};
#[cfg(test)]
mod browser_signatures;
pub(crate) use interim::{INTERIM_MAX, Interim, Interims, before, passed_on};
pub(crate) use notes::{Busy, Notes};
pub(crate) use overheard::{Hello, Overheard};
pub(crate) use patience::{Deadline, Pace};
pub(crate) use refusal::Refusal;
