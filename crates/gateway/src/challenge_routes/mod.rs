//! `/.spigot/…`: the files of the interstitial, the submission of proofs, and the way without JavaScript. And the
//! issuing of challenges for requests that are asked for one.
//!
//! - [`ask`]: the answer to a request that is asked for a challenge.
//! - [`submit`]: what comes back, verified and spent. [`grant`]: the clearance that follows, and the record.
//! - [`fallback`]: another puzzle for browsers that cannot do this one.
//! - [`wait`]: the way without JavaScript.
//! - [`terms`]: the own puzzle or a third party. [`altcha`]: what ALTCHA's widget fetches.
//! - [`widget`]: challenges and tokens for the widget in pages.
//! - [`file`]: the interstitial's files.

mod altcha;
mod ask;
mod breaking;
mod fallback;
pub(crate) mod grant;
mod return_address;
mod submit;
mod terms;
mod wait;
mod widget;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;
use spigot_state::State;

use crate::body::{Incoming, Through, inspect};
use crate::files;
use crate::honeypot;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::respond::problem;

pub(crate) use ask::Errand;
pub(crate) use return_address::is_return_address;

/// Everything of ours lies below this path.
pub(crate) const BELOW: &str = "/.spigot/";

/// What the policy matches an action as that is no request, with `POST`. Nobody can send such a one.
pub(crate) fn action_path(action: &str) -> String {
    format!("{BELOW}action/{action}")
}

/// A submission is a challenge of 132 letters, a proof of at most some kilobytes, and two numbers.
pub(crate) const SUBMISSION_BYTES: u64 = 64 << 10;

impl<S: State> Gateway<S> {
    /// A request below [`BELOW`].
    pub(crate) async fn own_route(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        request: Request<Incoming>,
    ) -> Response<Through> {
        let name = seen.path.strip_prefix(BELOW).unwrap_or_default();
        if let Some(name) = name.strip_prefix("widget/") {
            return self.widget(snapshot, seen, name, request).await;
        }
        if let Some(file) = files::of_challenge(name) {
            return file.answer(&request);
        }
        if name == honeypot::STYLE {
            return honeypot::style_file(&self.honeypot);
        }
        match (name, request.method()) {
            ("solve" | "fallback", &Method::POST) => {
                let time = snapshot.settings.bounds.inspect_time;
                let body = inspect(request.into_body(), Bytes::new(), SUBMISSION_BYTES, time).await;
                if !body.complete {
                    return problem(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "malformed",
                        "The submission is too large",
                        "A submission has at most 64 KiB.",
                        json!({}),
                    );
                }
                if name == "solve" {
                    self.solve(snapshot, seen, &body.bytes).await
                } else {
                    self.fallback(snapshot, seen, &body.bytes).await
                }
            }
            ("wait", &Method::GET) => self.wait(snapshot, seen).await,
            ("altcha", &Method::GET) => self.altcha(snapshot, seen),
            ("solve" | "fallback" | "wait" | "altcha", _) => {
                let mut response = problem(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method",
                    "This method is not for this address",
                    "Proofs are posted to solve; wait and altcha are got.",
                    json!({}),
                );
                response.headers_mut().insert(
                    header::ALLOW,
                    HeaderValue::from_static(if matches!(name, "wait" | "altcha") { "GET" } else { "POST" }),
                );
                response
            }
            _ => problem(
                StatusCode::NOT_FOUND,
                "not_found",
                "There is nothing here",
                "Addresses below /.spigot/ belong to the gateway.",
                json!({}),
            ),
        }
    }
}
