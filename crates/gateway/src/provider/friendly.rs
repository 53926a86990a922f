//! Friendly Captcha v2: <https://developer.friendlycaptcha.com/docs/v2/api/siteverify>. It knows no actions, tells an
//! origin instead of a host, and with Risk Intelligence a risk from 1 to 5. Its own clients let pass what they cannot
//! understand; here it opens nothing.

use serde::Deserialize;
use serde_json::json;

use super::question::{Answer, Asked, Question};
use super::word::{Expected, Refusal, Unknown, Word, Yes, weigh};

#[derive(Deserialize)]
struct Told {
    success: bool,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    error: Option<Error>,
}

#[derive(Deserialize)]
struct Data {
    challenge: Challenge,
    #[serde(default)]
    risk_intelligence: Option<Intelligence>,
}

#[derive(Deserialize)]
struct Challenge {
    #[serde(default)]
    origin: String,
}

#[derive(Deserialize)]
struct Intelligence {
    #[serde(default)]
    risk_scores: Option<Scores>,
}

#[derive(Deserialize)]
struct Scores {
    #[serde(default)]
    overall: u8,
}

#[derive(Deserialize)]
struct Error {
    error_code: String,
}

pub(super) fn question(asked: &Asked<'_>) -> Question {
    let body = json!({ "response": asked.token, "sitekey": asked.settings.site_key });
    Question::json("/api/v2/captcha/siteverify", &body).with("x-api-key", asked.settings.secret.expose())
}

pub(super) fn read(asked: &Asked<'_>, answer: &Answer) -> Word {
    if matches!(answer.status, 401 | 403) {
        return Word::Unknown(Unknown::Misconfigured);
    }
    let told: Told = match answer.told() {
        Ok(told) => told,
        Err(unknown) => return Word::Unknown(unknown),
    };
    match told {
        Told { success: true, data: Some(data), error: None } if answer.status == 200 => {
            let scores = data.risk_intelligence.and_then(|told| told.risk_scores);
            let risk = scores.and_then(|scores| match scores.overall {
                level @ 1..=5 => Some((level - 1) * 25),
                _ => None,
            });
            let yes = Yes { host: host(&data.challenge.origin), risk, ..Yes::default() };
            weigh(&yes, &Expected { action: None, carried: None, ..asked.expected() })
        }
        Told { success: false, error: Some(error), .. } => match error.error_code.as_str() {
            "response_invalid" | "response_missing" => Word::Refused(Refusal::Invalid),
            "response_timeout" => Word::Refused(Refusal::Expired),
            "response_duplicate" => Word::Refused(Refusal::Duplicate),
            _ => Word::Unknown(Unknown::Misconfigured),
        },
        _ => Word::Unknown(answer.misunderstood()),
    }
}

/// The host of an origin.
pub(super) fn host(origin: &str) -> Option<&str> {
    let (_, rest) = origin.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => &authority[..v6.find(']')? + 2],
        None => authority.split(':').next()?,
    };
    // What stands before an @ is a name that anybody may choose.
    (!host.is_empty() && !authority.contains('@')).then_some(host)
}
