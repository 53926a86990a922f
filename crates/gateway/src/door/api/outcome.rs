//! `POST /v1/outcome`: the application says how an attempt ended that it was told the decision of. Behind a site's secret,
//! for that site's hosts; said twice, it is counted once.

use http::{Response, StatusCode};
use serde_json::json;
use spigot_event::DecisionId;
use spigot_state::State;

use super::fields::{Fields, Unreadable};
use super::refused::Unheard;
use super::verify::Denied;
use super::{Call, Dialect, header_text, json_answer};
use crate::accounts::Reported;
use crate::body::Through;
use crate::respond::problem;

/// How an attempt can end.
pub(super) const OUTCOMES: [(&str, bool); 2] = [("success", false), ("failure", true)];

pub(super) async fn answer<S: State>(
    call: Call<'_, S>,
    fields: Result<Fields, Unreadable>,
) -> Response<Through> {
    let Ok(fields) = fields else {
        return trouble(400, "unreadable", "Send JSON or a form with `decision` and `outcome`.");
    };
    let bearer =
        header_text(call.seen.headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    let Some(secret) = bearer.map(str::trim).or_else(|| fields.text("secret")) else {
        return trouble(401, "secret_missing", "Send the site's secret as `Authorization: Bearer …`.");
    };
    let site = match call.owner(secret).await {
        Ok((site, _)) => site,
        Err(Denied::Throttled) => return Unheard::Throttled.answer(Dialect::Outcome),
        Err(_) => {
            return trouble(
                401,
                "secret_unknown",
                "`spigot site show` lists the sites and their secrets' ages.",
            );
        }
    };
    let Some(decision) = fields.text("decision").and_then(DecisionId::parse) else {
        return trouble(400, "decision_malformed", "Send what came as X-Spigot-Decision with the request.");
    };
    let Some((_, failed)) = OUTCOMES.iter().find(|(name, _)| fields.text("outcome") == Some(name)) else {
        return trouble(400, "outcome_unknown", "An attempt ends with \"success\" or \"failure\".");
    };
    match call.gateway.reported(decision, *failed, |host| site.allows(host), call.seen.now).await {
        Reported::Counted => json_answer(StatusCode::OK, &json!({ "counted": true })),
        Reported::Again => json_answer(StatusCode::OK, &json!({ "counted": false })),
        Reported::Otherwise => trouble(409, "reported_otherwise", "What was reported first stands."),
        Reported::Unknown => trouble(
            404,
            "decision_unknown",
            "Attempts are reported within 15 minutes, on routes with attempt.reported, by the site whose host it was.",
        ),
    }
}

fn trouble(status: u16, code: &str, detail: &str) -> Response<Through> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    problem(status, code, "The outcome was not taken", detail, json!({}))
}
