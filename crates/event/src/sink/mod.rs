mod blocks;
mod retention;
mod rows;
pub(crate) mod slices;
mod sqlite;

use std::fmt;

use spigot_decision::Millis;

use crate::Event;

pub use retention::Retention;
pub use sqlite::SqliteSink;

/// Where events are stored. The writer thread owns it.
pub trait Sink: Send + 'static {
    /// Stores a batch, in the order of its times, wholly or not at all; it is committed when this returns.
    ///
    /// # Errors
    /// Nothing of the batch was stored; the writer tries again.
    fn write(&mut self, batch: &[Event]) -> Result<(), SinkError>;

    /// Removes what is too old or too much at `now`: a bounded piece per call, so that a batch never waits long.
    ///
    /// # Errors
    /// Nothing of this piece was removed.
    fn maintain(&mut self, now: Millis) -> Result<Maintained, SinkError>;
}

/// What one call of [`Sink::maintain`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Events removed.
    pub removed: u64,
    /// Events whose address was truncated.
    pub truncated: u64,
    /// There is more to do; call again after the next batch.
    pub more: bool,
}

/// Why a batch could not be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkError {
    /// What can be done about it.
    pub kind: SinkErrorKind,
    /// What the backend said.
    pub message: String,
}

/// What can be done about a batch that could not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkErrorKind {
    /// The disk, or the file's own bound, is full.
    Full,
    /// Somebody else holds the store.
    Busy,
    /// Anything else.
    Other,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = match self.kind {
            SinkErrorKind::Full => "no room for events: make room on the disk or lower the retention",
            SinkErrorKind::Busy => "another program holds the events: close it",
            SinkErrorKind::Other => "events could not be stored",
        };
        write!(f, "{advice} ({})", self.message)
    }
}

impl std::error::Error for SinkError {}

impl From<rusqlite::Error> for SinkError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => SinkErrorKind::Full,
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                SinkErrorKind::Busy
            }
            _ => SinkErrorKind::Other,
        };
        Self { kind, message: error.to_string() }
    }
}
