//! reCAPTCHA Enterprise: an assessment instead of a verification,
//! <https://cloud.google.com/recaptcha/docs/reference/rest/v1/projects.assessments>.

use serde::Deserialize;
use serde_json::json;

use super::question::{Answer, Asked, Question, encoded};
use super::word::{Expected, Refusal, Unknown, Word, Yes, risk_of_share, weigh};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assessment {
    token_properties: Token,
    #[serde(default)]
    risk_analysis: Option<Risk>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    valid: bool,
    #[serde(default)]
    invalid_reason: Option<String>,
    #[serde(default)]
    hostname: Option<String>,
    #[serde(default)]
    action: Option<String>,
}

#[derive(Deserialize)]
struct Risk {
    #[serde(default)]
    score: Option<f64>,
}

pub(super) fn question(asked: &Asked<'_>) -> Question {
    let settings = asked.settings;
    let mut event = json!({
        "token": asked.token,
        "siteKey": settings.site_key,
        "expectedAction": settings.action,
    });
    if let (Some(address), Some(event)) = (asked.address, event.as_object_mut()) {
        event.insert("userIpAddress".to_owned(), address.to_string().into());
    }
    let target = format!("/v1/projects/{}/assessments", encoded(&settings.project));
    // In a header, because addresses end up in logs.
    Question::json(&target, &json!({ "event": event })).with("x-goog-api-key", settings.secret.expose())
}

pub(super) fn read(asked: &Asked<'_>, answer: &Answer) -> Word {
    // An error is about the key, the project or the site key.
    let told: Assessment = match answer.told() {
        Ok(told) if answer.status == 200 => told,
        Ok(_) => return Word::Unknown(Unknown::Misconfigured),
        Err(unknown) => return Word::Unknown(unknown),
    };
    let token = told.token_properties;
    if !token.valid {
        return Word::Refused(match token.invalid_reason.as_deref() {
            Some("EXPIRED") => Refusal::Expired,
            Some("DUPE") => Refusal::Duplicate,
            Some("UNEXPECTED_ACTION") => Refusal::OtherAction,
            _ => Refusal::Invalid,
        });
    }
    let risk = told.risk_analysis.and_then(|risk| risk_of_share(1.0 - risk.score?));
    let yes = Yes { host: token.hostname.as_deref(), action: token.action.as_deref(), carried: None, risk };
    weigh(&yes, &Expected { carried: None, ..asked.expected() })
}
