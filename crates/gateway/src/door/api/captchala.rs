//! `POST /v1/validate`, as CaptchaLa documents it: the site key in `X-App-Key`, the secret in `X-App-Secret`, JSON with
//! `pass_token` and `client_ip`. A token is always used up, whatever `keep_token` says: one that could be asked about for
//! ever would be no proof.

use http::{Response, StatusCode};
use serde_json::{Value, json};
use spigot_challenge::token::{Refused, Token};
use spigot_decision::Millis;
use spigot_event::DecisionId;
use spigot_state::State;

use super::fields::{Fields, Unreadable};
use super::verify::{Accepted, Denied, Question};
use super::{Call, header_text, json_answer, score, slow_down};
use crate::body::Through;

pub(super) async fn answer<S: State>(
    call: Call<'_, S>,
    fields: Result<Fields, Unreadable>,
) -> Response<Through> {
    let Ok(fields) = fields else { return trouble(400, "invalid_request") };
    let headers = call.seen.headers;
    let site_key = header_text(headers, "x-app-key");
    let question = Question {
        secret: header_text(headers, "x-app-secret").filter(|_| site_key.is_some()),
        token: fields.text("pass_token"),
        visitor: fields.text("client_ip"),
        site_key,
        idempotency: None,
    };
    let refused = match call.verify(question).await {
        Ok(Accepted::Real(redeemed)) => return valid(&data(redeemed.token())),
        Ok(Accepted::Test) => {
            let body =
                json!({ "valid": true, "challenge_id": "test", "action": "", "uid": "", "captcha_args": {} });
            return valid(&body);
        }
        Err(Denied::Throttled) => return slow_down(),
        Err(Denied::SecretMissing) if site_key.is_none() => return trouble(401, "invalid_app_key"),
        Err(Denied::SiteKeyMismatch) => return trouble(401, "invalid_app_key"),
        Err(Denied::SecretMissing | Denied::SecretUnknown) => return trouble(401, "invalid_app_secret"),
        Err(Denied::Unavailable) => return trouble(503, "unavailable"),
        Err(denied) => error(denied),
    };
    let data = json!({ "valid": false, "error": refused, "challenge_id": "", "action": "", "uid": "" });
    json_answer(StatusCode::OK, &json!({ "code": 0, "msg": refused, "data": data }))
}

fn valid(data: &Value) -> Response<Through> {
    json_answer(StatusCode::OK, &json!({ "code": 0, "msg": "success", "data": data }))
}

fn data(token: &Token) -> Value {
    let id: &[u8; 10] = token.id.first_chunk().unwrap_or(&[0; 10]);
    json!({
        "valid": true,
        "challenge_id": DecisionId(*id).to_string(),
        "action": token.action,
        "uid": token.account,
        "captcha_args": {
            "platform": "web",
            "user_ip": token.client.to_string(),
            "referer": token.host,
            "pkg": "",
            "solved_at": Millis(token.issued_millis).to_string(),
            "risk_score": ((1.0 - score(token)) * 100.0).round(),
        },
    })
}

/// What is wrong with the question itself.
pub(super) fn trouble(code: u16, error: &str) -> Response<Through> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
    json_answer(status, &json!({ "code": code, "msg": error, "data": { "valid": false, "error": error } }))
}

fn error(denied: Denied) -> &'static str {
    match denied {
        Denied::Token(Refused::Expired | Refused::Stale) => "token_expired",
        Denied::Token(Refused::Spent) => "token_consumed",
        Denied::Token(Refused::OtherClient | Refused::ClientMissing) | Denied::VisitorUnreadable => {
            "token_ip_mismatch"
        }
        _ => "invalid_token",
    }
}
