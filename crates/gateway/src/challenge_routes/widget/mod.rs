//! `/.spigot/widget/…`: challenges and tokens for the widget in pages, as `docs/widget-protocol.md` says.
//!
//! - [`origin`]: the page that asks. [`asked`]: what it asks for, read and checked.
//! - [`issue`]: a challenge, or a token for one that is spent. [`redeem`]: a proof comes back, a token goes out.
//! - [`trouble`]: everything that can be wrong.

mod asked;
mod issue;
mod origin;
mod redeem;
mod trouble;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;
use spigot_decision::Action;
use spigot_state::State;

use self::asked::Asked;
use self::origin::Origin;
use self::trouble::Trouble;
use super::SUBMISSION_BYTES;
use crate::body::{Incoming, Through, inspect};
use crate::files;
use crate::pipeline::{Decided, Gateway, Seen, Snapshot};
use crate::respond::{plain, problem};
use crate::test_keys;

/// The version of the protocol that is spoken.
const PROTOCOL: u32 = 1;

impl<S: State> Gateway<S> {
    /// A request below `/.spigot/widget/`.
    pub(crate) async fn widget(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        name: &str,
        request: Request<Incoming>,
    ) -> Response<Through> {
        if let Some(file) = files::of_widget(name) {
            return file.answer_everybody(&request);
        }
        let origin = Origin::of(seen.headers);
        let mut response = match (name, request.method()) {
            ("challenge" | "fallback" | "solve", &Method::POST) => {
                let time = snapshot.settings.bounds.inspect_time;
                let body = inspect(request.into_body(), Bytes::new(), SUBMISSION_BYTES, time).await;
                match body.whole(SUBMISSION_BYTES) {
                    Some(bytes) => self.widget_call(snapshot, seen, name, bytes).await,
                    None => Trouble::Malformed("The body has at most 64 KiB.").into_response(),
                }
            }
            ("challenge" | "fallback" | "solve", &Method::OPTIONS) => preflight(),
            ("challenge" | "fallback" | "solve", _) => {
                let mut response = problem(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method",
                    "This method is not for this address",
                    "The widget posts.",
                    json!({}),
                );
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"));
                response
            }
            _ => problem(
                StatusCode::NOT_FOUND,
                "not_found",
                "There is nothing here",
                "The widget's files and calls are named in docs/widget-protocol.md.",
                json!({}),
            ),
        };
        origin.allow(&mut response);
        response
    }

    pub(crate) async fn widget_call(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        name: &str,
        body: &[u8],
    ) -> Response<Through> {
        let answer = self.widget_answer(snapshot, seen, name, body).await;
        answer.unwrap_or_else(Trouble::into_response)
    }

    async fn widget_answer(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        name: &str,
        body: &[u8],
    ) -> Result<Response<Through>, Trouble> {
        let asked = Asked::read(body)?;
        if let Some(test) = test_keys::site_key(&snapshot.service, &asked.site_key) {
            return Ok(answer(&test_keys::described(test, asked.interactive)));
        }
        let origin = Origin::of(seen.headers);
        let errand = asked.checked(snapshot, seen, origin.host())?;
        // Only what comes back for a challenge says what was seen meanwhile.
        let behaviour = if name == "solve" { asked.behaviour(&errand) } else { None };
        let decided = self.decide_own(snapshot, &Seen { behaviour: behaviour.as_ref(), ..*seen }).await;
        if let Some(trouble) = self.kept_out(seen, &decided).await {
            self.record_step(snapshot, &errand.seen(seen, false), decided, super::grant::Step::restricted());
            return Err(trouble);
        }
        match name {
            "challenge" => self.give_challenge(snapshot, seen, &asked, &errand, decided).await,
            "fallback" => self.give_fallback(snapshot, seen, &asked, &errand, decided).await,
            _ => self.take_proof(snapshot, seen, &asked, &errand, decided).await,
        }
    }

    /// Whom the policy lets have nothing now: a proof would not change it.
    async fn kept_out(&self, seen: &Seen<'_>, decided: &Decided) -> Option<Trouble> {
        let decision = &decided.decision;
        match decision.effective {
            Action::Block if decision.is_unavailable() => Some(Trouble::Unavailable),
            Action::Block => Some(Trouble::Restricted(decided.id, decision.retry_after_seconds)),
            Action::Throttle => {
                let Some(trickle) = &decision.trickle else {
                    return Some(Trouble::Throttled(decision.retry_after_seconds));
                };
                let count = self.state.count(trickle, seen.now).await;
                let admitted = count.is_some_and(|count| count <= trickle.limit);
                (!admitted).then_some(Trouble::Throttled(decision.retry_after_seconds))
            }
            Action::Allow | Action::Log | Action::Challenge | Action::Shadow => None,
        }
    }
}

fn answer(body: &serde_json::Value) -> Response<Through> {
    plain(StatusCode::OK, "application/json", body.to_string())
}

/// The answer to a browser that asks whether it may ask.
fn preflight() -> Response<Through> {
    let mut response = Response::new(Through::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}
