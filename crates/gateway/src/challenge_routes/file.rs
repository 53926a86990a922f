//! The interstitial's files.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde_json::json;
use spigot_decision::{Keys, Subject};

use crate::body::Through;
use crate::respond::{plain, problem};

pub(crate) fn answer(
    request: &Request<Incoming>,
    media_type: &'static str,
    bytes: &'static [u8],
) -> Response<Through> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            "This method is not for this address",
            "Files are got.",
            json!({}),
        );
    }
    // A new version of Spigot brings new files under the same names: kept, but asked for each time.
    let tag = format!("\"{:016x}\"", Keys(0, 0).hash(0, &[Subject::Text(bytes)]));
    let known =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        let mut response = Response::new(Through::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        plain(StatusCode::OK, media_type, Bytes::from_static(bytes))
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}
