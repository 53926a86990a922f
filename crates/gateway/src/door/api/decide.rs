//! `POST /v1/decide`: a site's server describes a request, or an action that is none, and is told what to do with it. Behind
//! the site's secret, for that site's hosts; up to [`BATCH_MAX`] at once.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use spigot_decision::policy::Policy;
use spigot_decision::{Action, Decision};
use spigot_event::{DecisionId, RecordReason};
use spigot_intel::Software;
use spigot_state::State;

use super::described::{Item, Question, Unclear};
use super::refused::Unheard;
use super::verify::Denied;
use super::{Call, Dialect, header_text, json_answer};
use crate::body::Through;
use crate::door::described::{Answer, Judgement};
use crate::in_box::in_box;
use crate::respond::problem;
use crate::site_keys::SiteKey;
use crate::test_keys::{self, TestSecret};

/// Requests in one question: a page's worth, and an answer of challenge pages that stays below what clients take.
pub(super) const BATCH_MAX: usize = 32;
/// A batch of heads as large as they may be, or one request with the body that a policy looks into.
pub(super) const QUESTION_BYTES: u64 = 1 << 20;

/// Who asks.
enum Asker {
    Site(std::sync::Arc<SiteKey>),
    Test(TestSecret),
}

pub(super) async fn answer<S: State>(call: Call<'_, S>, body: &[u8]) -> Response<Through> {
    let asker = match asker(call).await {
        Ok(asker) => asker,
        Err(response) => return response,
    };
    let question = match Question::read(body) {
        Ok(question) => question,
        Err(why) => return trouble(&why).answer(),
    };
    match question {
        Question::One(item) => match decided(call, &asker, *item).await {
            Ok(decision) => json_answer(StatusCode::OK, &decision),
            Err(trouble) => trouble.answer(),
        },
        Question::Several(items) => {
            let mut decisions = Vec::with_capacity(items.len());
            for item in items {
                decisions.push(match decided(call, &asker, item).await {
                    Ok(decision) => decision,
                    Err(trouble) => json!({ "problem": trouble.body() }),
                });
            }
            json_answer(StatusCode::OK, &json!({ "decisions": decisions }))
        }
    }
}

async fn asker<S: State>(call: Call<'_, S>) -> Result<Asker, Response<Through>> {
    let bearer =
        header_text(call.seen.headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    let Some(secret) = bearer.map(str::trim) else {
        return Err(Trouble::new(
            401,
            "secret_missing",
            "Send the site's secret as `Authorization: Bearer …`.",
        )
        .answer());
    };
    if let Some(says) = test_keys::secret(&call.snapshot.service, secret) {
        return Ok(Asker::Test(says));
    }
    match call.owner(secret).await {
        Ok((site, _)) => Ok(Asker::Site(site)),
        Err(Denied::Throttled) => Err(Unheard::Throttled.answer(Dialect::Decide)),
        Err(_) => Err(Trouble::new(
            401,
            "secret_unknown",
            "`spigot site show` lists the sites and their secrets' ages.",
        )
        .answer()),
    }
}

/// What is to be done with one of them, as it is told.
async fn decided<S: State>(call: Call<'_, S>, asker: &Asker, item: Item) -> Result<Value, Trouble> {
    let is_clear = item.has_clear_path();
    let (described, about) = item.described().map_err(|why| trouble(&why))?;
    let site = match asker {
        Asker::Site(site) => site,
        Asker::Test(says) => return Ok(of_tests(*says)),
    };
    // The name alone, as hosts are written for sites; what it means else is the pipeline's question.
    let host = described.parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    if !host.and_then(crate::door::host_name).is_some_and(|name| site.allows(&name)) {
        return Err(Trouble::new(
            403,
            "host_not_allowed",
            "The secret's site does not have this host. `spigot site hosts NAME --add HOST` adds one.",
        ));
    }
    if !is_clear {
        return Ok(told(call.gateway.unclear(call.snapshot, "its target is no path")));
    }
    let software = match call.agents {
        Some(agents) => agents.borrow_mut().read(described.user_agent()),
        None => Software::of(described.user_agent()),
    };
    // In a box: it is as large as a request of one's own.
    Ok(told(in_box(|| call.gateway.judge_about(described, software, about)).await))
}

fn told(judgement: Judgement) -> Value {
    let Judgement { decision, policy, remove, answer, .. } = judgement;
    let removed: Vec<&str> = remove.iter().map(http::HeaderName::as_str).collect();
    let (passes, fields, response) = match answer {
        Answer::Pass(fields) => (true, pairs(&fields), Value::Null),
        Answer::Instead(response) => (false, json!([]), instead(&response)),
    };
    let mut told = match &decision {
        Some((id, decision)) => described(id, decision, &policy),
        // What is Spigot's own passes, and what can be read in two ways does not; nothing was weighed.
        None => undecided(if passes { Action::Allow } else { Action::Block }),
    };
    told["passes"] = passes.into();
    told["request_headers"] = fields;
    told["remove_headers"] = removed.into();
    told["response"] = response;
    told
}

fn described(id: &DecisionId, decision: &Decision, policy: &Policy) -> Value {
    let reasons: Vec<RecordReason> =
        decision.reasons.iter().map(|reason| spigot_event::rendered(policy, reason)).collect();
    json!({
        "id": id.to_string(),
        "action": decision.action.name(),
        "effective": decision.effective.name(),
        "risk": decision.risk,
        "reasons": reasons,
    })
}

fn undecided(action: Action) -> Value {
    json!({ "id": "", "action": action.name(), "effective": action.name(), "risk": 0, "reasons": [] })
}

/// What the visitor gets in place of the application's answer.
fn instead(response: &Response<Bytes>) -> Value {
    json!({
        "status": response.status().as_u16(),
        "headers": pairs(response.headers()),
        "body": String::from_utf8_lossy(response.body()),
    })
}

fn pairs(headers: &HeaderMap) -> Value {
    let pairs =
        headers.iter().map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]));
    Value::Array(pairs.collect())
}

/// A secret for tests decides alike whatever it is asked, and nothing is counted or recorded.
fn of_tests(says: TestSecret) -> Value {
    let (action, response) = match says {
        TestSecret::Pass | TestSecret::OwnDummies => (Action::Allow, Value::Null),
        TestSecret::Fail | TestSecret::Spent => {
            let refusal = Trouble::new(403, "blocked", "A secret for tests refuses everything.");
            let headers =
                json!([["content-type", "application/problem+json"], ["cache-control", "no-store"]]);
            (Action::Block, json!({ "status": 403, "headers": headers, "body": refusal.body().to_string() }))
        }
    };
    let mut told = undecided(action);
    told["passes"] = (action == Action::Allow).into();
    told["request_headers"] = json!([]);
    told["remove_headers"] = json!([]);
    told["response"] = response;
    told
}

/// Why nothing was decided.
struct Trouble {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl Trouble {
    fn new(status: u16, code: &'static str, detail: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, code, detail: detail.to_owned() }
    }

    fn answer(&self) -> Response<Through> {
        problem(self.status, self.code, TITLE, &self.detail, json!({}))
    }

    fn body(&self) -> Value {
        json!({
            "type": "about:blank", "title": TITLE, "status": self.status.as_u16(), "detail": self.detail, "code": self.code,
        })
    }
}

const TITLE: &str = "Nothing was decided";

fn trouble(why: &Unclear) -> Trouble {
    Trouble { status: StatusCode::BAD_REQUEST, code: why.code, detail: why.detail.clone() }
}
