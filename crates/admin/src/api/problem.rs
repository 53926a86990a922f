use http::StatusCode;
use serde_json::{Value, json};

use crate::StoreError;

/// Why a call is not answered with what it asked for, as RFC 9457 has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// A name for programs.
    pub code: &'static str,
    /// A sentence for people, that says what to do.
    pub detail: String,
    /// More, for programs.
    pub more: Value,
}

impl Problem {
    /// One with a status, a name and a sentence.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), more: Value::Null }
    }

    /// The request asks for something that cannot be.
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "refused", detail)
    }

    /// What it is about is not there.
    pub fn absent(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "absent", detail)
    }

    /// Somebody else was faster; `theirs` says who did what.
    pub fn conflict(detail: impl Into<String>, theirs: Value) -> Self {
        Self { more: theirs, ..Self::new(StatusCode::PRECONDITION_FAILED, "conflict", detail) }
    }

    /// The role is not enough.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// Something on our side does not work.
    pub fn ours(error: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string())
    }

    pub(crate) fn body(&self) -> Value {
        let title = self.status.canonical_reason().unwrap_or("error");
        let mut body = json!({
            "type": "about:blank", "title": title, "status": self.status.as_u16(), "code": self.code, "detail": self.detail,
        });
        if !self.more.is_null() {
            body["more"] = self.more.clone();
        }
        body
    }
}

/// Most of what a store says is about what was asked of it.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::refused(error.to_string())
    }
}
