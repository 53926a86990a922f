//! `POST /v1/server/challenge/issue`, as CaptchaLa documents it: JSON or a form with `action`, `binding_ip` (some pages
//! say `bind_ip`), `ttl`, `max_uses`, `bind_uid`. The page hands the server token to its widget.

use http::{Response, StatusCode};
use serde_json::json;
use spigot_challenge::server_token::{ACCOUNT_BYTES, ServerToken, seal};
use spigot_challenge::token::{ACTION_LETTERS, Visitor};
use spigot_decision::Millis;
use spigot_state::State;

use super::captchala::Wrong;
use super::fields::{Fields, Unreadable};
use super::verify::{Denied, read_visitor};
use super::{Call, header_text, json_answer};
use crate::body::Through;
use crate::entropy::random;

const SECONDS: u32 = 300;
/// A visitor who takes longer than an hour to begin loads the page again.
const SECONDS_MAX: u32 = 3600;
/// Uses of one: a form that is tried again and again.
const USES_MAX: u32 = 100;

pub(super) async fn answer<S: State>(
    call: Call<'_, S>,
    fields: Result<Fields, Unreadable>,
) -> Response<Through> {
    let Ok(fields) = fields else { return Wrong::Request.answer() };
    let headers = call.seen.headers;
    let Some(site_key) = header_text(headers, "x-app-key") else { return Wrong::AppKey.answer() };
    let Some(secret) = header_text(headers, "x-app-secret") else {
        return Wrong::AppSecret.answer();
    };
    let site = match call.owner(secret).await {
        Ok((site, _)) if site.key == site_key => site,
        Ok(_) => return Wrong::AppKey.answer(),
        Err(Denied::Throttled) => return Wrong::TooOften.answer(),
        Err(_) => return Wrong::AppSecret.with(Some(secret)).answer(),
    };
    let action = fields.text("action").unwrap_or_default();
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if action.len() > ACTION_LETTERS || !action.bytes().all(is_letter) {
        return Wrong::Action.answer();
    }
    let client = match read_visitor(fields.text("binding_ip").or_else(|| fields.text("bind_ip"))) {
        Visitor::Unnamed => None,
        Visitor::At(address) => Some(address.to_canonical()),
        Visitor::Unreadable => return Wrong::Address.answer(),
    };
    let account = fields.text("bind_uid").unwrap_or_default();
    if account.len() > ACCOUNT_BYTES {
        return Wrong::Account.answer();
    }
    let (Some(seconds), Some(uses)) =
        (number(&fields, "ttl", SECONDS, SECONDS_MAX), number(&fields, "max_uses", 1, USES_MAX))
    else {
        return Wrong::Request.answer();
    };
    let now = call.seen.now.0;
    let token = ServerToken {
        id: random(),
        site: site.key.clone(),
        action: action.to_owned(),
        account: account.to_owned(),
        client,
        uses,
        issued_millis: now,
        expires_millis: now.saturating_add(i64::from(seconds) * 1000),
    };
    let data = json!({
        "server_token": seal(&call.snapshot.keyring, &token, random()),
        "expires_in": seconds,
        "issued_at": Millis(now).0 / 1000,
    });
    json_answer(StatusCode::OK, &json!({ "code": 0, "msg": "success", "data": data }))
}

/// A number from 1 on; more than `most` is `most`.
fn number(fields: &Fields, name: &str, otherwise: u32, most: u32) -> Option<u32> {
    match fields.text(name) {
        None => Some(otherwise),
        Some(text) => text.parse::<u32>().ok().filter(|n| *n > 0).map(|n| n.min(most)),
    }
}
