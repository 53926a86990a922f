//! `POST /siteverify`, as hCaptcha documents it: a form with `secret`, `response`, `remoteip`, `sitekey`; the answer is
//! HTTP 200 whatever it says.

use http::{Response, StatusCode};
use serde_json::json;
use spigot_challenge::token::{Refused, Token, Visitor};
use spigot_decision::Millis;
use spigot_state::State;

use super::fields::{Fields, Unreadable};
use super::refused::Unheard;
use super::verify::{Accepted, Denied, Question, read_visitor};
use super::{Call, Dialect, json_answer, score};
use crate::body::Through;

/// From this risk on it is a reason of its own: below, the score does not show it either.
const SUSPECTED: u8 = 10;

pub(super) async fn answer<S: State>(
    call: Call<'_, S>,
    fields: Result<Fields, Unreadable>,
) -> Response<Through> {
    let Ok(fields) = fields else { return refusal("bad-request") };
    let question = Question { site_key: fields.text("sitekey"), ..Question::of(&fields) };
    // This dialect has a word for it, and nothing is spent for a question that has to be asked again.
    let answer = if question.secret.is_some()
        && question.token.is_some()
        && read_visitor(question.visitor) == Visitor::Unreadable
    {
        Err(Denied::VisitorUnreadable)
    } else {
        call.verify(question).await
    };
    match answer {
        Ok(Accepted::Real(redeemed)) => {
            let token = redeemed.token();
            success(&Millis(token.issued_millis).to_string(), &token.host, suspected(token))
        }
        Ok(Accepted::Test) => success(&call.seen.now.to_string(), "dummy-key-pass", (0.0, &[])),
        Err(Denied::Throttled) => Unheard::Throttled.answer(Dialect::Hcaptcha),
        Err(denied) => refusal(code(denied)),
    }
}

/// Score and reasons as Enterprise has them: here more is worse. What the vendor calls its reasons is not published.
fn suspected(token: &Token) -> (f64, &'static [&'static str]) {
    let reasons: &[&str] = if token.risk >= SUSPECTED { &["suspected"] } else { &[] };
    (((1.0 - score(token)) * 100.0).round() / 100.0, reasons)
}

fn success(time: &str, host: &str, (score, reasons): (f64, &[&str])) -> Response<Through> {
    let body = json!({
        "success": true,
        "challenge_ts": time,
        "hostname": host,
        "credit": false,
        "error-codes": [],
        "score": score,
        "score_reason": reasons,
    });
    json_answer(StatusCode::OK, &body)
}

fn refusal(code: &str) -> Response<Through> {
    json_answer(StatusCode::OK, &json!({ "success": false, "error-codes": [code] }))
}

pub(super) fn code(denied: Denied) -> &'static str {
    match denied {
        Denied::SecretMissing => "missing-input-secret",
        Denied::SecretUnknown | Denied::Throttled => "invalid-input-secret",
        Denied::TokenMissing => "missing-input-response",
        Denied::Token(Refused::Expired | Refused::Stale) => "expired-input-response",
        Denied::Token(Refused::Spent) => "already-seen-response",
        Denied::Token(Refused::ClientMissing) => "missing-remoteip",
        Denied::VisitorUnreadable => "invalid-remoteip",
        Denied::SiteKeyMismatch | Denied::Token(Refused::OtherSite) => "sitekey-secret-mismatch",
        Denied::Dummy => "not-using-dummy-passcode",
        Denied::IdempotencyMalformed | Denied::Unavailable => "bad-request",
        Denied::OtherAction
        | Denied::OtherAccount
        | Denied::TestFails
        | Denied::Token(Refused::NotOurs | Refused::OtherClient) => "invalid-input-response",
    }
}
