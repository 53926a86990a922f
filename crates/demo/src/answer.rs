//! The outgoing end of HTTP: bodies, answers, and faults mapped to status codes in one place.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

/// The body of any answer. Producing one cannot fail; a cut connection just drops it.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;
pub(crate) type Answer = Response<Body>;

/// Why a request was not answered as it hoped.
#[derive(Debug)]
pub(crate) enum Fault {
    NotFound,
    /// With the methods that the path does take.
    MethodNotAllowed(&'static str),
    BodyTooLarge,
    BodyTooSlow,
    /// With the media type that is wanted.
    UnsupportedType(&'static str),
    /// With what is wrong, for people.
    Malformed(String),
    /// Well-formed, but these fields are not acceptable: name, and what to write instead.
    Unacceptable(Vec<(&'static str, &'static str)>),
    /// A WebSocket of another version than 13 (RFC 6455, section 4.4).
    UpgradeRequired,
    /// The shop could not keep its state. It may still hold the change until it restarts.
    Storage,
}

impl Fault {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Fault::NotFound => StatusCode::NOT_FOUND,
            Fault::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Fault::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Fault::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Fault::UnsupportedType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Fault::Malformed(_) => StatusCode::BAD_REQUEST,
            Fault::Unacceptable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Fault::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Fault::Storage => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A sentence for people.
    pub(crate) fn detail(&self) -> String {
        match self {
            Fault::NotFound => "There is nothing at this address.".into(),
            Fault::MethodNotAllowed(allow) => format!("This address takes {allow} only."),
            Fault::BodyTooLarge => "The request body is larger than 64 KiB.".into(),
            Fault::BodyTooSlow => "The request body paused for too long.".into(),
            Fault::UnsupportedType(wanted) => format!("This address takes {wanted}."),
            Fault::Malformed(what) => what.clone(),
            Fault::Unacceptable(_) => "Some fields are missing or not acceptable.".into(),
            Fault::UpgradeRequired => "This address speaks WebSocket version 13.".into(),
            Fault::Storage => "The shop could not write to its ledger.".into(),
        }
    }

    /// The fault as `application/problem+json` (RFC 9457).
    pub(crate) fn problem(&self) -> Answer {
        let status = self.status();
        let mut problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": self.detail(),
        });
        if let Fault::Unacceptable(errors) = self {
            let errors = errors.iter().map(|(field, detail)| json!({ "field": field, "detail": detail }));
            problem["errors"] = errors.collect();
        }
        content(status, "application/problem+json", problem.to_string())
    }

    /// Adds the header fields that the status asks for.
    pub(crate) fn finish(&self, answer: &mut Answer) {
        match self {
            Fault::MethodNotAllowed(allow) => set(answer, header::ALLOW, allow),
            Fault::UpgradeRequired => {
                set(answer, header::UPGRADE, "websocket");
                set(answer, header::CONNECTION, "upgrade");
                set(answer, header::SEC_WEBSOCKET_VERSION, "13");
            }
            // The rest of the body is not worth reading (RFC 9110, section 15.5.14).
            Fault::BodyTooLarge | Fault::BodyTooSlow => set(answer, header::CONNECTION, "close"),
            _ => {}
        }
    }
}

/// An answer held in memory.
pub(crate) fn content(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = stream(content_type, Full::new(body.into()));
    *answer.status_mut() = status;
    answer
}

/// An answer whose body comes in pieces.
pub(crate) fn stream<B>(content_type: &'static str, body: B) -> Answer
where
    B: hyper::body::Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let mut answer = Response::new(body.boxed_unsync());
    set(&mut answer, header::CONTENT_TYPE, content_type);
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

pub(crate) fn json_answer(status: StatusCode, value: &Value) -> Answer {
    content(status, "application/json", value.to_string())
}

/// An answer without content.
pub(crate) fn bare(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default().boxed_unsync());
    *answer.status_mut() = status;
    answer
}

/// 303, to a page of this shop.
pub(crate) fn see_other(location: &'static str) -> Answer {
    let mut answer = bare(StatusCode::SEE_OTHER);
    set(&mut answer, header::LOCATION, location);
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

/// Sets a cookie that scripts cannot read; an empty value ends it.
pub(crate) fn set_cookie(answer: &mut Answer, name: &str, value: &str) {
    let end = if value.is_empty() { "; Max-Age=0" } else { "" };
    if let Ok(cookie) = HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{end}"))
    {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

pub(crate) fn set(answer: &mut Answer, name: HeaderName, value: &'static str) {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
}
