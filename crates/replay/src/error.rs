use std::{fmt, io};

/// Why a replay could not be finished.
#[derive(Debug)]
pub enum ReplayError {
    /// No log was named.
    NoLogs,
    /// A log cannot be read; the message names it.
    Read(io::Error),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLogs => {
                f.write_str("there is no log to replay; name one or more access logs, or a folder of them")
            }
            Self::Read(error) => write!(f, "a log cannot be read: {error}"),
        }
    }
}

impl std::error::Error for ReplayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoLogs => None,
            Self::Read(error) => Some(error),
        }
    }
}

impl From<io::Error> for ReplayError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}
