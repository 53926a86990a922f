//! The shape that Turnstile, hCaptcha and reCAPTCHA share: a form, and `success` with `error-codes`.

use serde::Deserialize;

use super::question::{Answer, Asked, Question};
use super::word::{Refusal, Unknown, Word};

/// The fields that all three know. What is told twice, or has another type, is garbage.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    pub(super) success: bool,
    #[serde(default)]
    pub(super) hostname: Option<String>,
    #[serde(default)]
    pub(super) action: Option<String>,
    #[serde(default)]
    pub(super) cdata: Option<String>,
    #[serde(default)]
    pub(super) score: Option<f64>,
    #[serde(default, rename = "error-codes")]
    codes: Option<Vec<String>>,
}

pub(super) fn question(target: &str, asked: &Asked<'_>, more: &[(&str, &str)]) -> Question {
    let address = asked.address.map(|address| address.to_string());
    let mut fields = vec![("secret", asked.settings.secret.expose()), ("response", asked.token)];
    fields.extend(address.as_deref().map(|address| ("remoteip", address)));
    fields.extend(more);
    Question::form(target, &fields)
}

/// The yes, or what anything else comes to.
pub(super) fn read(answer: &Answer) -> Result<Told, Word> {
    let told: Told = answer.told().map_err(Word::Unknown)?;
    let codes = told.codes.as_deref().unwrap_or_default();
    // A yes with errors beside it is no yes.
    if told.success && codes.is_empty() && answer.status == 200 { Ok(told) } else { Err(refusal(codes)) }
}

/// Codes of all three. Ours are the errors that no visitor can cause; they come first, because they make the rest
/// meaningless.
fn refusal(codes: &[String]) -> Word {
    let has = |names: &[&str]| codes.iter().any(|code| names.contains(&code.as_str()));
    if has(&[
        "missing-input-secret",
        "invalid-input-secret",
        "sitekey-secret-mismatch",
        "not-using-dummy-passcode",
        "missing-remoteip",
        "invalid-remoteip",
    ]) {
        Word::Unknown(Unknown::Misconfigured)
    } else if has(&["internal-error"]) {
        Word::Unknown(Unknown::Status)
    } else if has(&["expired-input-response"]) {
        Word::Refused(Refusal::Expired)
    } else if has(&["timeout-or-duplicate", "already-seen-response", "invalid-or-already-seen-response"]) {
        Word::Refused(Refusal::Duplicate)
    } else {
        // `bad-request` too: what we send is well-formed but for the token.
        Word::Refused(Refusal::Invalid)
    }
}
