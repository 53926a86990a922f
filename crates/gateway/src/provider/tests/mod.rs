//! What the tests of the providers share: settings, words, each vendor's yes.

mod altcha;
mod answers;
mod own_service;
mod questions;
mod rubbish;
mod standing;

use std::time::Duration;

use serde_json::{Value, json};

use super::question::{Answer, Asked};
use super::word::{Refusal, Unknown, Word};
use super::{Altcha, Fail, Hidden, Provider, ProviderKind, ProviderSettings};

const CHALLENGE: &str = "00112233445566778899aabbccddeeff";
const HOST: &str = "shop.example";

const PASSED: Word = Word::Passed(None);
const INVALID: Word = Word::Refused(Refusal::Invalid);
const EXPIRED: Word = Word::Refused(Refusal::Expired);
const DUPLICATE: Word = Word::Refused(Refusal::Duplicate);
const OTHER_HOST: Word = Word::Refused(Refusal::OtherHost);
const OTHER_ACTION: Word = Word::Refused(Refusal::OtherAction);
const OTHER_CHALLENGE: Word = Word::Refused(Refusal::OtherChallenge);
const STATUS: Word = Word::Unknown(Unknown::Status);
const GARBAGE: Word = Word::Unknown(Unknown::Garbage);
const MISCONFIGURED: Word = Word::Unknown(Unknown::Misconfigured);
const DEGRADED: Word = Word::Unknown(Unknown::Degraded);

fn too_risky(risk: u8) -> Word {
    Word::Refused(Refusal::TooRisky(risk))
}

fn settings(kind: ProviderKind) -> ProviderSettings {
    ProviderSettings {
        name: kind.name().to_owned(),
        kind,
        site_key: "site-key".to_owned(),
        secret: Hidden::new("the secret & more".to_owned()),
        project: "my project".to_owned(),
        base: None,
        script: kind.script().unwrap_or("/captcha.js").to_owned(),
        style: None,
        deadline: Duration::from_secs(5),
        send_address: false,
        action: "login".to_owned(),
        risk_max: kind.always_tells_risk().then_some(50),
        check_host: true,
        fail: Fail::Closed,
        believe_browser: false,
        believe_degraded: false,
        test_keys: false,
        altcha: Altcha::V2 { cost: 10 },
    }
}

fn token(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Geetest => {
            r#"{"lot_number":"4b2c","captcha_output":"out=","pass_token":"pass","gen_time":"1640000000"}"#
        }
        ProviderKind::Captchala => "pt_0123",
        _ => "a token+",
    }
}

fn word(settings: &ProviderSettings, token: &str, status: u16, body: impl Into<Vec<u8>>) -> Word {
    let asked = Asked { settings, token, address: None, challenge: CHALLENGE, host: HOST };
    settings.kind.read(&asked, &Answer { status, headers: http::HeaderMap::new(), body: body.into().into() })
}

/// What an answer comes to for a provider as [`settings`] has it.
fn check(kind: ProviderKind, answer: &Value, expected: Word) {
    let heard = word(&settings(kind), token(kind), 200, answer.to_string());
    assert_eq!(heard, expected, "{}: {answer}", kind.name());
}

/// A vendor's yes to everything that it knows.
fn yes(kind: ProviderKind) -> Value {
    match kind {
        ProviderKind::Turnstile => {
            json!({ "success": true, "challenge_ts": "2026-11-21T15:14:30.096Z", "hostname": HOST, "error-codes": [], "action": "login", "cdata": CHALLENGE, "metadata": { "interactive": false } })
        }
        ProviderKind::Hcaptcha => {
            json!({ "success": true, "challenge_ts": "2026-11-21T15:14:30Z", "hostname": HOST, "credit": true })
        }
        ProviderKind::Recaptcha => {
            json!({ "success": true, "challenge_ts": "2026-11-21T15:14:30Z", "hostname": HOST })
        }
        ProviderKind::RecaptchaV3 => {
            json!({ "success": true, "score": 0.9, "action": "login", "challenge_ts": "2026-11-21T15:14:30Z", "hostname": HOST })
        }
        ProviderKind::RecaptchaEnterprise => {
            json!({ "name": "projects/1/assessments/2", "event": { "token": "a token+", "siteKey": "site-key" }, "riskAnalysis": { "score": 0.7, "reasons": [] }, "tokenProperties": { "valid": true, "invalidReason": "INVALID_REASON_UNSPECIFIED", "hostname": HOST, "action": "login", "createTime": "2026-11-21T15:14:30Z" } })
        }
        ProviderKind::Friendly => {
            json!({ "success": true, "data": { "event_id": "ev_1", "challenge": { "timestamp": "2026-11-21T15:14:30Z", "origin": "https://shop.example" }, "risk_intelligence": null } })
        }
        ProviderKind::Captchala => {
            json!({ "code": 0, "msg": "success", "data": { "valid": true, "challenge_id": "ch_1", "action": "login", "uid": null, "captcha_args": { "platform": "web", "user_ip": "192.0.2.1", "referer": "https://shop.example/login", "pkg": "", "solved_at": 1_795_248_000, "risk_score": 12 } } })
        }
        ProviderKind::Geetest => {
            json!({ "status": "success", "result": "success", "reason": "", "captcha_args": { "used_type": "slide", "user_ip": "192.0.2.1", "lot_number": "4b2c", "scene": "anti_in", "referer": "https://shop.example/login" } })
        }
        ProviderKind::Altcha => Value::Null,
    }
}

fn vendors() -> impl Iterator<Item = ProviderKind> {
    ProviderKind::ALL.into_iter().map(|(_, kind)| kind).filter(|kind| *kind != ProviderKind::Altcha)
}

/// A yes with one field changed, given by its JSON pointer.
fn changed(kind: ProviderKind, pointer: &str, to: Value) -> Value {
    let mut answer = yes(kind);
    *answer.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = to;
    answer
}

#[test]
fn secrets_are_not_printed() {
    let provider = Provider::new(settings(ProviderKind::Turnstile));
    assert!(!format!("{provider:?}").contains("secret & more"), "{provider:?}");
}
