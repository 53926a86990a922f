use std::fmt;

use serde_json::Value;

/// What kept a question from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No connection, or one that broke.
    Unreachable,
    /// No whole answer within the deadline.
    TimedOut,
    /// An answer that no Spigot gives.
    Unreadable,
    /// The service says that it cannot answer now.
    Unavailable,
    /// The service does not take the question; failing open does not change it.
    Refused,
}

impl Kind {
    /// Its name, as in every client.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Unreadable => "unreadable",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
        }
    }

    fn of(status: u16) -> Self {
        match status {
            500..=599 => Self::Unavailable,
            400..=499 => Self::Refused,
            _ => Self::Unreadable,
        }
    }
}

/// Every failure of a call.
#[derive(Clone, Debug)]
pub struct Error {
    /// What kept the question from an answer.
    pub kind: Kind,
    /// The service's own word, such as `secret_unknown`; empty when it said none.
    pub code: String,
    /// The HTTP status of the answer; 0 when there was none.
    pub status: u16,
    /// 0 when nothing was said.
    pub retry_after_seconds: u32,
    /// A sentence for the log.
    pub detail: String,
}

impl Error {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, code: String::new(), status: 0, retry_after_seconds: 0, detail: detail.into() }
    }

    /// A question that is not taken, for those who decide in another way ([`crate::Decide`]).
    #[must_use]
    pub fn refused(detail: &str) -> Self {
        Self::new(Kind::Refused, detail)
    }

    pub(crate) fn said(kind: Kind, code: &str, detail: &str) -> Self {
        Self { code: code.to_owned(), status: 200, ..Self::new(kind, detail) }
    }

    pub(crate) fn unreadable(why: &str) -> Self {
        Self { status: 200, ..Self::new(Kind::Unreadable, why) }
    }

    /// A status that is not 200, and the problem (RFC 9457) that may have come with it.
    pub(crate) fn of_problem(problem: &Value, status: u16, retry_after_seconds: u32) -> Self {
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        let mut detail = text("detail");
        if detail.is_empty() {
            detail = format!("the service answered {status}");
        }
        Self { code: text("code"), status, retry_after_seconds, ..Self::new(Kind::of(status), detail) }
    }

    pub(crate) fn opens(&self) -> bool {
        self.kind != Kind::Refused
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spigot: {}", self.kind.name())?;
        if !self.code.is_empty() {
            write!(f, " ({})", self.code)?;
        }
        write!(f, ": {}", self.detail)
    }
}

impl std::error::Error for Error {}
