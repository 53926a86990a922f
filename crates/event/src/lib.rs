//! The record of what happened.
//!
//! The request path hands over an [`Event`]; [`Recorder::record`] queues it and never waits. One writer thread gives
//! batches to a [`Sink`], of which [`SqliteSink`] is the one that ships. [`Reader`] finds events again as [`Record`]s,
//! and [`Record::story`] tells one in words.
//!
//! Nothing here reads a clock: moments come with events and as arguments. The writer thread's commit interval is the
//! one real timer.

#[cfg(test)]
extern crate self as spigot_event;

mod conditions;
mod event;
mod filter;
mod fingerprints;
mod narrow;
mod overview;
mod packed;
mod query;
mod record;
mod recorder;
mod row;
mod search;
mod sink;
mod slice;
mod store;
mod story;
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;
mod writer;

pub use event::{Asked, ChallengeStep, CountedAs, DecisionId, Event, ProviderStep, SERVICE_ROUTE};
pub use fingerprints::{Fingerprints, RecordFingerprints};
pub use query::{Cursor, Events, Order, Query, Reader, open_readonly};
pub use record::{Record, RecordChallenge, RecordProvider, RecordReason, RecordThresholds, rendered};
pub use recorder::{Recorder, RecorderSettings, Stats, WriterHandle};
pub use search::{Search, Step};
pub use sink::{Maintained, Retention, Sink, SinkError, SinkErrorKind, SqliteSink};
pub use slice::{Dimension, LATENCY_STEPS, Slice, Span, Sums};
pub use store::{StoreError, set_aside};
