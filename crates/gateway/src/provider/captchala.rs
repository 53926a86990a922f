//! CaptchaLa: `POST /v1/validate`. Only a token that begins with `pt_` is asked about; what its clients make up without
//! the service (`offline_`, `co_`, `client_`) proves nothing. `dg_` means that the account's quota is used up; the vendor
//! is asked whether that is so.

use serde::Deserialize;
use serde_json::json;

use super::friendly::host;
use super::question::{Answer, Asked, Question};
use super::word::{Expected, Refusal, Unknown, Word, Yes, weigh};

#[derive(Deserialize)]
struct Told {
    code: i64,
    #[serde(default)]
    msg: Option<String>,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    valid: bool,
    #[serde(default)]
    degraded: bool,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    captcha_args: Option<Args>,
}

#[derive(Deserialize)]
struct Args {
    #[serde(default)]
    referer: Option<String>,
    #[serde(default)]
    risk_score: Option<u8>,
}

/// The question; or at once what becomes of a token that nobody needs to be asked about.
pub(super) fn question(asked: &Asked<'_>) -> Result<Question, Word> {
    if asked.token.starts_with("offline_") {
        return Err(Word::Unknown(Unknown::Degraded));
    }
    if !asked.token.starts_with("pt_") && !asked.token.starts_with("dg_") {
        return Err(Word::Refused(Refusal::Invalid));
    }
    let mut body = json!({ "pass_token": asked.token, "keep_token": false });
    if let (Some(address), Some(body)) = (asked.address, body.as_object_mut()) {
        body.insert("client_ip".to_owned(), address.to_string().into());
    }
    let question = Question::json("/v1/validate", &body);
    Ok(question
        .with("x-app-key", &asked.settings.site_key)
        .with("x-app-secret", asked.settings.secret.expose()))
}

pub(super) fn read(asked: &Asked<'_>, answer: &Answer) -> Word {
    let told: Told = match answer.told() {
        Ok(told) => told,
        Err(unknown) => return Word::Unknown(unknown),
    };
    let data = told.data.as_ref();
    if data.is_some_and(|data| data.degraded) {
        return Word::Unknown(Unknown::Degraded);
    }
    match data {
        Some(data) if data.valid && told.code == 0 && data.error.is_none() && answer.status == 200 => {
            // Whatever the vendor says: only such a token was ever solved.
            if !asked.token.starts_with("pt_") {
                return Word::Refused(Refusal::Invalid);
            }
            let args = data.captcha_args.as_ref();
            let referer = args.and_then(|args| args.referer.as_deref()).filter(|referer| !referer.is_empty());
            let risk = args.and_then(|args| args.risk_score).filter(|risk| *risk <= 100);
            let yes =
                Yes { host: referer.and_then(host), action: data.action.as_deref(), carried: None, risk };
            let expected = Expected { carried: None, ..asked.expected() };
            // Applications without a page have no referer.
            let expected = if referer.is_some() { expected } else { Expected { host: None, ..expected } };
            weigh(&yes, &expected)
        }
        _ => {
            let error = data.and_then(|data| data.error.as_deref()).or(told.msg.as_deref());
            refusal(error.unwrap_or_default())
        }
    }
}

fn refusal(error: &str) -> Word {
    match error {
        "token_consumed" => Word::Refused(Refusal::Duplicate),
        "token_expired" => Word::Refused(Refusal::Expired),
        "token_action_mismatch" | "invalid_action" => Word::Refused(Refusal::OtherAction),
        "rate_limit_exceeded" => Word::Unknown(Unknown::Status),
        "invalid_app_key" | "invalid_app_secret" | "app_disabled" => Word::Unknown(Unknown::Misconfigured),
        _ => Word::Refused(Refusal::Invalid),
    }
}
