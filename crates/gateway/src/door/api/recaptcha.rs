//! `POST /recaptcha/api/siteverify`, as Google documents it for v2 and v3: a form with `secret`, `response`, `remoteip`;
//! the answer is HTTP 200 whatever it says. Some clients send it all as a GET with a query.

use http::{Response, StatusCode};
use serde_json::json;
use spigot_decision::Millis;
use spigot_state::State;

use super::fields::{Fields, Unreadable};
use super::refused::Unheard;
use super::turnstile;
use super::verify::{Accepted, Denied, Question};
use super::{Call, Dialect, json_answer, score, tell_place};
use crate::body::Through;

pub(super) async fn answer<S: State>(
    call: Call<'_, S>,
    fields: Result<Fields, Unreadable>,
) -> Response<Through> {
    let Ok(fields) = fields else { return refusal("bad-request") };
    match call.verify(Question::of(&fields)).await {
        Ok(Accepted::Real(redeemed)) => {
            let token = redeemed.token();
            let mut body = json!({
                "success": true,
                "challenge_ts": Millis(token.issued_millis).to_string(),
                "error-codes": [],
            });
            tell_place(&mut body, &token.host, "apk_package_name");
            // A page of v3 always names its action, one of v2 never does.
            if !token.action.is_empty() {
                body["score"] = json!(score(token));
                body["action"] = json!(token.action);
            }
            json_answer(StatusCode::OK, &body)
        }
        Ok(Accepted::Test) => {
            let body = json!({
                "success": true,
                "challenge_ts": call.seen.now.to_string(),
                "hostname": "testkey.google.com",
                "error-codes": [],
            });
            json_answer(StatusCode::OK, &body)
        }
        Err(Denied::Throttled) => Unheard::Throttled.answer(Dialect::Recaptcha),
        Err(denied) => refusal(code(denied)),
    }
}

fn refusal(code: &str) -> Response<Through> {
    json_answer(StatusCode::OK, &json!({ "success": false, "error-codes": [code] }))
}

/// Turnstile took its words from here, and added one for trouble of its own.
pub(super) fn code(denied: Denied) -> &'static str {
    match denied {
        Denied::Unavailable => "bad-request",
        other => turnstile::code(other),
    }
}
