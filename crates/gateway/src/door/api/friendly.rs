//! `POST /api/v2/captcha/siteverify`, as Friendly Captcha documents it: the secret in `X-API-Key`, form or JSON with
//! `response` and `sitekey`. A refused token is HTTP 200, a wrong question 400, a wrong key 401.

use http::{Response, StatusCode};
use serde_json::json;
use spigot_challenge::token::Refused;
use spigot_decision::Millis;
use spigot_event::DecisionId;
use spigot_state::State;

use super::fields::{Fields, Unreadable};
use super::refused::Unheard;
use super::verify::{Accepted, Denied, Question};
use super::{Call, Dialect, header_text, json_answer, origin};
use crate::body::Through;
use crate::entropy::random;

pub(super) async fn answer<S: State>(
    call: Call<'_, S>,
    fields: Result<Fields, Unreadable>,
) -> Response<Through> {
    let Ok(fields) = fields else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The body is neither a form nor a JSON object.",
        );
    };
    let question = Question {
        secret: header_text(call.seen.headers, "x-api-key"),
        token: fields.text("response"),
        site_key: fields.text("sitekey"),
        ..Question::default()
    };
    match call.verify(question).await {
        Ok(Accepted::Real(redeemed)) => {
            let token = redeemed.token();
            success(&Millis(token.issued_millis).to_string(), &origin(&token.host))
        }
        Ok(Accepted::Test) => success(&call.seen.now.to_string(), ""),
        Err(Denied::Throttled) => Unheard::Throttled.answer(Dialect::Friendly),
        Err(denied) => {
            let (status, code, detail) = told(denied);
            refusal(status, code, detail)
        }
    }
}

fn success(time: &str, origin: &str) -> Response<Through> {
    let body = json!({
        "success": true,
        "data": {
            "event_id": format!("ev_{}", DecisionId(random())),
            "challenge": { "timestamp": time, "origin": origin },
            "risk_intelligence": null,
        },
    });
    json_answer(StatusCode::OK, &body)
}

fn refusal(status: StatusCode, code: &str, detail: &str) -> Response<Through> {
    let body = json!({ "success": false, "error": { "error_code": code, "detail": detail } });
    json_answer(status, &body)
}

pub(super) fn told(denied: Denied) -> (StatusCode, &'static str, &'static str) {
    let (status, code, detail) = match denied {
        Denied::SecretMissing => (401, "auth_required", "Put the site's secret into the header X-API-Key."),
        Denied::SecretUnknown => (401, "auth_invalid", "This secret is no site's, or it has retired."),
        Denied::Throttled => {
            (429, "auth_invalid", "Too many questions with unknown secrets came from there.")
        }
        Denied::TokenMissing => (400, "response_missing", "Put the widget's token into `response`."),
        Denied::SiteKeyMismatch => (400, "sitekey_invalid", "This site key is not the secret's."),
        Denied::IdempotencyMalformed | Denied::VisitorUnreadable => {
            (400, "bad_request", "The question cannot be read.")
        }
        Denied::Token(Refused::ClientMissing) => {
            (400, "bad_request", "This site binds tokens strictly, and this dialect names no visitor.")
        }
        Denied::Token(Refused::Expired | Refused::Stale) => {
            (200, "response_timeout", "The token has expired.")
        }
        Denied::Token(Refused::Spent) => (200, "response_duplicate", "The token was used already."),
        Denied::Token(Refused::NotOurs | Refused::OtherSite | Refused::OtherClient)
        | Denied::Dummy
        | Denied::OtherAction
        | Denied::OtherAccount
        | Denied::TestFails => (200, "response_invalid", "The token is not for this site."),
        Denied::Unavailable => {
            (503, "internal_server_error", "This cannot be checked now. Ask again in a moment.")
        }
    };
    (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), code, detail)
}
