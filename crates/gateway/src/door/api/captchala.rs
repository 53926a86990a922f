//! `POST /v1/validate`, as CaptchaLa documents it: the site key in `X-App-Key`, the secret in `X-App-Secret`, JSON with
//! `pass_token` and `client_ip`; with `action` and `uid` a token for another one is refused, and not used up. Otherwise a token is always used up, whatever `keep_token` says: one that could be asked about for
//! ever would be no proof.

use http::{Response, StatusCode};
use serde_json::{Value, json};
use spigot_challenge::token::{Refused, Token};
use spigot_decision::Millis;
use spigot_decision::policy::app_package;
use spigot_event::DecisionId;
use spigot_state::State;

use super::fields::{Fields, Unreadable};
use super::refused::Unheard;
use super::verify::{Accepted, Denied, Question};
use super::{Call, Dialect, header_text, json_answer, origin, score};
use crate::body::Through;
use crate::test_keys;

pub(super) async fn answer<S: State>(
    call: Call<'_, S>,
    fields: Result<Fields, Unreadable>,
) -> Response<Through> {
    let Ok(fields) = fields else { return Wrong::Request.answer() };
    let headers = call.seen.headers;
    let Some(site_key) = header_text(headers, "x-app-key") else { return Wrong::AppKey.answer() };
    let secret = header_text(headers, "x-app-secret");
    let question = Question {
        secret,
        token: fields.text("pass_token"),
        visitor: fields.text("client_ip"),
        site_key: Some(site_key),
        action: fields.text("action"),
        account: fields.text("uid").or_else(|| fields.text("bind_uid")),
        idempotency: None,
    };
    let error = match call.verify(question).await {
        Ok(Accepted::Real(redeemed)) => return valid(&data(redeemed.token())),
        Ok(Accepted::Test) => {
            let solved = call.seen.now.to_string();
            let args = json!({
                "platform": "web", "user_ip": "", "referer": "", "pkg": "", "solved_at": solved, "risk_score": 0,
            });
            return valid(&json!({
                "valid": true, "challenge_id": "test", "action": "", "uid": "", "captcha_args": args,
            }));
        }
        Err(denied) => match error(denied) {
            Ok(error) => error,
            Err(wrong) => return wrong.with(secret).answer(),
        },
    };
    let data = json!({ "valid": false, "error": error, "challenge_id": "", "action": "", "uid": "" });
    json_answer(StatusCode::OK, &json!({ "code": 0, "msg": error, "data": data }))
}

fn valid(data: &Value) -> Response<Through> {
    json_answer(StatusCode::OK, &json!({ "code": 0, "msg": "success", "data": data }))
}

fn data(token: &Token) -> Value {
    let package = app_package(&token.host);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 100, and clients read it as a whole number"
    )]
    let risk = ((1.0 - score(token)) * 100.0).round() as u8;
    let id: &[u8; 10] = token.id.first_chunk().unwrap_or(&[0; 10]);
    json!({
        "valid": true,
        "challenge_id": DecisionId(*id).to_string(),
        "action": token.action,
        "uid": token.account,
        "captcha_args": {
            "platform": if package.is_some() { "android" } else { "web" },
            "user_ip": token.client.to_string(),
            "referer": if package.is_some() { String::new() } else { origin(&token.host) },
            "pkg": package.unwrap_or_default(),
            "solved_at": Millis(token.issued_millis).to_string(),
            "risk_score": risk,
        },
    })
}

/// What is wrong with the question itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The body cannot be read, or a number in it is none.
    Request,
    AppKey,
    AppSecret,
    /// Keys for tests, where they are switched off.
    Disabled,
    Action,
    Address,
    Account,
    /// Too many questions with unknown secrets.
    TooOften,
    /// It cannot be checked now.
    Unavailable,
}

impl Wrong {
    #[cfg(test)]
    pub(super) const ALL: [Self; 9] = [
        Self::Request,
        Self::AppKey,
        Self::AppSecret,
        Self::Disabled,
        Self::Action,
        Self::Address,
        Self::Account,
        Self::TooOften,
        Self::Unavailable,
    ];

    /// Status and name. The vendor has no name for what is its own to say of numbers, addresses and accounts.
    pub(super) fn told(self) -> (StatusCode, &'static str) {
        match self {
            Self::Request => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::AppKey => (StatusCode::UNAUTHORIZED, "invalid_app_key"),
            Self::AppSecret => (StatusCode::UNAUTHORIZED, "invalid_app_secret"),
            Self::Disabled => (StatusCode::UNAUTHORIZED, "app_disabled"),
            Self::Action => (StatusCode::BAD_REQUEST, "invalid_action"),
            Self::Address => (StatusCode::BAD_REQUEST, "invalid_binding_ip"),
            Self::Account => (StatusCode::BAD_REQUEST, "invalid_bind_uid"),
            Self::TooOften => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        }
    }

    /// An unknown secret that is one for tests is known, but switched off here.
    pub(super) fn with(self, secret: Option<&str>) -> Self {
        if self == Self::AppSecret && secret.is_some_and(test_keys::is_secret) {
            Self::Disabled
        } else {
            self
        }
    }

    pub(super) fn answer(self) -> Response<Through> {
        if self == Self::TooOften {
            return Unheard::Throttled.answer(Dialect::Captchala);
        }
        let (status, error) = self.told();
        json_answer(status, &troubled(status, error))
    }
}

pub(super) fn troubled(status: StatusCode, error: &str) -> Value {
    json!({ "code": status.as_u16(), "msg": error, "data": { "valid": false, "error": error } })
}

/// The name of what is wrong with a token; or what is wrong with the question.
pub(super) fn error(denied: Denied) -> Result<&'static str, Wrong> {
    match denied {
        Denied::SecretMissing | Denied::SecretUnknown => Err(Wrong::AppSecret),
        Denied::SiteKeyMismatch => Err(Wrong::AppKey),
        Denied::Throttled => Err(Wrong::TooOften),
        Denied::Unavailable => Err(Wrong::Unavailable),
        Denied::Token(Refused::Expired | Refused::Stale) => Ok("token_expired"),
        Denied::Token(Refused::Spent) => Ok("token_consumed"),
        Denied::Token(Refused::OtherClient | Refused::ClientMissing) | Denied::VisitorUnreadable => {
            Ok("token_ip_mismatch")
        }
        Denied::OtherAction => Ok("token_action_mismatch"),
        Denied::OtherAccount => Ok("token_uid_mismatch"),
        Denied::TokenMissing
        | Denied::IdempotencyMalformed
        | Denied::Dummy
        | Denied::TestFails
        | Denied::Token(Refused::NotOurs | Refused::OtherSite) => Ok("invalid_token"),
    }
}
