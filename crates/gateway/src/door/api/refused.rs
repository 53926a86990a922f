//! Questions that are not looked at, told in the words of whoever asked: our own members, and beside them those that the
//! dialect's clients read. A client that looks for `error-codes` finds a list, whatever the status is.

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::verify::Denied;
use super::{Dialect, captchala, friendly, hcaptcha, recaptcha, turnstile};
use crate::body::Through;
use crate::door::turn::UNCLEAR;
use crate::respond::{problem, retry_after};

/// Why a question is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unheard {
    /// It came with a method that is not for this path.
    Method,
    /// It has more bytes than are read.
    TooLarge,
    /// Two servers could read it in two ways.
    Unclear(&'static str),
    /// Too many questions with unknown secrets came from there.
    Throttled,
}

/// Seconds after which somebody who asks with unknown secrets may ask again.
const AGAIN_SECONDS: u32 = 60;

impl Unheard {
    pub(super) fn answer(self, dialect: Dialect) -> Response<Through> {
        let (status, code, title) = self.told();
        let detail = self.detail(dialect);
        // Where a dialect has a member of the same name as ours, its clients count on theirs.
        let members = self.members(dialect, status, &detail);
        let mut response = problem(status, code, title, &detail, members);
        match self {
            Self::Method => {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(dialect.methods()));
            }
            Self::Throttled => retry_after(&mut response, Some(AGAIN_SECONDS)),
            Self::TooLarge | Self::Unclear(_) => {}
        }
        response
    }

    fn told(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method", "This method is not for this address"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The question is too large"),
            Self::Unclear(_) => (UNCLEAR.status, UNCLEAR.code, UNCLEAR.title),
            Self::Throttled => (StatusCode::TOO_MANY_REQUESTS, "throttled", "Too many unknown secrets"),
        }
    }

    fn detail(self, dialect: Dialect) -> String {
        match self {
            Self::Method => "Questions about tokens are posted.".to_owned(),
            Self::TooLarge => format!("A question has at most {} KiB.", dialect.bytes_max() >> 10),
            Self::Unclear(why) => why.to_owned(),
            Self::Throttled => "Too many questions with unknown secrets came from this address. Check the secret with `spigot site show`.".to_owned(),
        }
    }

    /// What the dialect's clients read; nothing for what is ours.
    fn members(self, dialect: Dialect, status: StatusCode, detail: &str) -> Value {
        let siteverify = |code: &str| json!({ "success": false, "error-codes": [code] });
        let code = |of: fn(Denied) -> &'static str| match self {
            Self::Throttled => of(Denied::Throttled),
            Self::Method | Self::TooLarge | Self::Unclear(_) => "bad-request",
        };
        match dialect {
            Dialect::Turnstile => siteverify(code(turnstile::code)),
            Dialect::Hcaptcha => siteverify(code(hcaptcha::code)),
            Dialect::Recaptcha => siteverify(code(recaptcha::code)),
            Dialect::Friendly => {
                let code = match self {
                    Self::Throttled => friendly::told(Denied::Throttled).1,
                    Self::Method => "method_not_allowed",
                    Self::TooLarge | Self::Unclear(_) => "bad_request",
                };
                json!({ "success": false, "error": { "error_code": code, "detail": detail } })
            }
            Dialect::Captchala | Dialect::CaptchalaIssue => {
                let error = match self {
                    Self::Throttled => captchala::Wrong::TooOften,
                    Self::Method | Self::TooLarge | Self::Unclear(_) => captchala::Wrong::Request,
                };
                captchala::troubled(status, error.told().1)
            }
            Dialect::Enterprise => {
                let name = match self {
                    Self::Throttled => "RESOURCE_EXHAUSTED",
                    Self::Method | Self::TooLarge | Self::Unclear(_) => "INVALID_ARGUMENT",
                };
                json!({ "error": { "code": status.as_u16(), "message": detail, "status": name } })
            }
            Dialect::Outcome | Dialect::Decide | Dialect::Kratos(_) => json!({}),
        }
    }
}
