//! `POST /turnstile/v0/siteverify`, as Cloudflare documents it: form or JSON `secret`, `response`, `remoteip`,
//! `idempotency_key`; the answer is HTTP 200 whatever it says.

use http::{Response, StatusCode};
use serde_json::json;
use spigot_challenge::token::Refused;
use spigot_decision::Millis;
use spigot_state::State;

use super::fields::{Fields, Unreadable};
use super::refused::Unheard;
use super::verify::{Accepted, Denied, Question};
use super::{Call, Dialect, json_answer};
use crate::body::Through;

pub(super) async fn answer<S: State>(
    call: Call<'_, S>,
    fields: Result<Fields, Unreadable>,
) -> Response<Through> {
    let Ok(fields) = fields else { return refusal("bad-request") };
    let question = Question { idempotency: fields.text("idempotency_key"), ..Question::of(&fields) };
    match call.verify(question).await {
        Ok(Accepted::Real(redeemed)) => {
            let token = redeemed.token();
            let body = json!({
                "success": true,
                "error-codes": [],
                "challenge_ts": Millis(token.issued_millis).to_string(),
                "hostname": token.host,
                "action": token.action,
                "cdata": token.data,
            });
            json_answer(StatusCode::OK, &body)
        }
        Ok(Accepted::Test) => {
            let body = json!({
                "success": true,
                "error-codes": [],
                "challenge_ts": call.seen.now.to_string(),
                "hostname": "example.com",
                "action": "test",
                "cdata": "",
                "metadata": { "result_with_testing_key": true },
            });
            json_answer(StatusCode::OK, &body)
        }
        Err(Denied::Throttled) => Unheard::Throttled.answer(Dialect::Turnstile),
        Err(denied) => refusal(code(denied)),
    }
}

fn refusal(code: &str) -> Response<Through> {
    json_answer(StatusCode::OK, &json!({ "success": false, "error-codes": [code], "messages": [] }))
}

pub(super) fn code(denied: Denied) -> &'static str {
    match denied {
        Denied::SecretMissing => "missing-input-secret",
        Denied::SecretUnknown | Denied::Throttled => "invalid-input-secret",
        Denied::TokenMissing => "missing-input-response",
        Denied::Token(Refused::Expired | Refused::Spent | Refused::Stale) => "timeout-or-duplicate",
        Denied::Token(Refused::ClientMissing) | Denied::IdempotencyMalformed | Denied::VisitorUnreadable => {
            "bad-request"
        }
        Denied::Unavailable => "internal-error",
        Denied::SiteKeyMismatch
        | Denied::Dummy
        | Denied::OtherAction
        | Denied::OtherAccount
        | Denied::TestFails
        | Denied::Token(Refused::NotOurs | Refused::OtherSite | Refused::OtherClient) => {
            "invalid-input-response"
        }
    }
}
