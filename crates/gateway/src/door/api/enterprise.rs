//! `POST /v1/projects/{project}/assessments`, as reCAPTCHA Enterprise documents it: JSON with `event`, the secret as the
//! API key in `?key=` or `X-Goog-Api-Key`. A token that does not count is HTTP 200 with `valid: false`.

use http::{Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};
use spigot_challenge::token::Refused;
use spigot_decision::Millis;
use spigot_event::DecisionId;
use spigot_state::State;

use super::refused::Unheard;
use super::verify::{Accepted, Denied, Question};
use super::{Call, Dialect, header_text, json_answer, score, tell_place};
use crate::body::Through;
use crate::entropy::random;

#[derive(Deserialize)]
struct Asked {
    event: Event,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    token: Option<String>,
    site_key: Option<String>,
    expected_action: Option<String>,
    user_ip_address: Option<String>,
}

pub(super) async fn answer<S: State>(call: Call<'_, S>, body: &[u8]) -> Response<Through> {
    let Ok(Asked { event }) = serde_json::from_slice(body) else {
        return trouble(400, "INVALID_ARGUMENT", "The body is JSON with an `event` that has a `token`.");
    };
    let key = key_of(call.seen.query);
    let question = Question {
        secret: header_text(call.seen.headers, "x-goog-api-key").or(key.as_deref()),
        token: event.token.as_deref().filter(|token| !token.is_empty()),
        visitor: event.user_ip_address.as_deref(),
        site_key: event.site_key.as_deref().filter(|key| !key.is_empty()),
        ..Question::default()
    };
    let expected = event.expected_action.as_deref().unwrap_or_default();
    let (properties, risk) = match call.verify(question).await {
        Ok(Accepted::Real(redeemed)) => {
            let token = redeemed.token();
            let as_expected = expected.is_empty() || expected == token.action;
            let mut properties = json!({
                "valid": as_expected,
                "invalidReason": if as_expected { "INVALID_REASON_UNSPECIFIED" } else { "UNEXPECTED_ACTION" },
                "action": token.action,
                "createTime": Millis(token.issued_millis).to_string(),
            });
            tell_place(&mut properties, &token.host, "androidPackageName");
            (properties, if as_expected { score(token) } else { 0.0 })
        }
        Ok(Accepted::Test) => {
            let properties = json!({
                "valid": true,
                "invalidReason": "INVALID_REASON_UNSPECIFIED",
                "hostname": "example.com",
                "action": expected,
                "createTime": call.seen.now.to_string(),
            });
            (properties, 0.9)
        }
        Err(Denied::Throttled) => return Unheard::Throttled.answer(Dialect::Enterprise),
        Err(denied) => match invalid(denied) {
            Ok(reason) => {
                (json!({ "valid": false, "invalidReason": reason, "hostname": "", "action": "" }), 0.0)
            }
            Err((status, name, message)) => return trouble(status, name, message),
        },
    };
    json_answer(StatusCode::OK, &assessment(call.seen.path, &event, &properties, risk))
}

fn assessment(path: &str, event: &Event, properties: &Value, risk: f64) -> Value {
    let parent = path.trim_start_matches("/v1/");
    json!({
        "name": format!("{parent}/{}", DecisionId(random())),
        "event": {
            "siteKey": event.site_key.as_deref().unwrap_or_default(),
            "expectedAction": event.expected_action.as_deref().unwrap_or_default(),
            "userIpAddress": event.user_ip_address.as_deref().unwrap_or_default(),
        },
        "tokenProperties": properties,
        "riskAnalysis": { "score": risk, "reasons": [] },
    })
}

/// The reason why a token does not count; or what is wrong with the question.
pub(super) fn invalid(denied: Denied) -> Result<&'static str, (u16, &'static str, &'static str)> {
    match denied {
        Denied::TokenMissing => Ok("MISSING"),
        Denied::Token(Refused::Expired | Refused::Stale) => Ok("EXPIRED"),
        Denied::Token(Refused::Spent) => Ok("DUPE"),
        Denied::Token(Refused::NotOurs | Refused::OtherSite | Refused::OtherClient)
        | Denied::OtherAccount
        | Denied::Dummy
        | Denied::TestFails => Ok("MALFORMED"),
        Denied::OtherAction => Ok("UNEXPECTED_ACTION"),
        Denied::SecretMissing => {
            Err((403, "PERMISSION_DENIED", "Put the site's secret into ?key= or the header X-Goog-Api-Key."))
        }
        Denied::SecretUnknown => Err((400, "INVALID_ARGUMENT", "API key not valid: it is no site's secret.")),
        Denied::SiteKeyMismatch => Err((400, "INVALID_ARGUMENT", "The site key is not that of the secret.")),
        Denied::Token(Refused::ClientMissing) | Denied::VisitorUnreadable | Denied::IdempotencyMalformed => {
            Err((400, "INVALID_ARGUMENT", "This site binds tokens strictly: name userIpAddress."))
        }
        Denied::Throttled => Err((429, "RESOURCE_EXHAUSTED", "Too many questions with unknown API keys.")),
        Denied::Unavailable => {
            Err((503, "UNAVAILABLE", "This cannot be checked now. Ask again in a moment."))
        }
    }
}

fn trouble(code: u16, name: &str, message: &str) -> Response<Through> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
    json_answer(status, &json!({ "error": { "code": code, "message": message, "status": name } }))
}

fn key_of(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("key="))?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned()).filter(|key| !key.is_empty())
}
