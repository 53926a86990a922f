//! Web hooks of Ory Kratos: before and after registration and log-in. The hook's body is what `integrations/kratos` makes of
//! Kratos' context; behind a site's secret, for that site's hosts.
//!
//! The flow's request is judged as the proxy judges its own, and the judgement told as Kratos documents it: 200 lets the flow
//! go on, messages with a status above 399 interrupt it, and an identity in the answer replaces what is to be stored. A
//! shadowed registration is stored inactive, with the decision in `metadata_admin`.

use std::collections::HashMap;
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use spigot_decision::{Action, Decision};
use spigot_event::DecisionId;
use spigot_intel::Software;
use spigot_state::State;

use super::refused::Unheard;
use super::verify::{Accepted, Denied, Question};
use super::{Call, Dialect, header_text, json_answer};
use crate::body::Through;
use crate::door::described::{Answer, Described, Judgement, Shown};
use crate::pipeline::COOKIE as CLEARANCE;
use crate::respond::problem;
use crate::site_keys::SiteKey;

/// Where in a flow the hook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hook {
    /// The flow begins; nothing is known of an account.
    Before,
    /// An identity is about to be stored.
    Registered,
    /// Somebody is about to get a session.
    LoggedIn,
}

/// The name under which the account stands in the body that is judged: a route's `account_fields` has it.
const IDENTIFIER: &str = "identifier";
/// What the client sent to Kratos is told of by this field; those of proxies are kept from hooks.
const CLIENT: &str = "true-client-ip";

/// Numbers of our messages, by which a page may find words of its own; Kratos' own end below nine millions.
const ASKED: u32 = 9_400_001;
const REFUSED: u32 = 9_400_002;
const SLOWED: u32 = 9_400_003;

#[derive(Deserialize)]
struct Told {
    request: Asked,
    /// The clearance that came as a cookie.
    clearance: Option<String>,
    /// The token that the page's widget earned.
    token: Option<String>,
    identity: Option<Identity>,
}

#[derive(Deserialize)]
struct Asked {
    method: String,
    /// Absolute.
    url: String,
    /// By name, each with its values.
    headers: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Identity {
    identifier: Option<String>,
    #[serde(default)]
    metadata_admin: Option<Map<String, Value>>,
}

pub(super) async fn answer<S: State>(call: Call<'_, S>, hook: Hook, body: &[u8]) -> Response<Through> {
    let Some(secret) = header_text(call.seen.headers, AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim)
    else {
        return trouble(401, "secret_missing", "Send the site's secret as `Authorization: Bearer …`.");
    };
    let site = match call.owner(secret).await {
        Ok((site, _)) => site,
        Err(Denied::Throttled) => return Unheard::Throttled.answer(Dialect::Kratos(hook)),
        Err(_) => {
            let detail = "`spigot site show` lists the sites and their secrets' ages.";
            return trouble(401, "secret_unknown", detail);
        }
    };
    let told: Told = match serde_json::from_slice(body) {
        Ok(told) => told,
        Err(error) => {
            let detail = format!("The body is not what spigot.jsonnet makes: {error}.");
            return trouble(400, "unreadable", &detail);
        }
    };
    let described = match describe(&told) {
        Ok(described) => described,
        Err(detail) => return trouble(400, "unreadable", detail),
    };
    let host = described.parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !crate::door::host_name(host).is_some_and(|name| site.allows(&name)) {
        let detail =
            "The flow's address has a host that is none of the secret's site: `spigot site add --host`.";
        return trouble(403, "other_host", detail);
    }
    let client = described.client.to_string();
    let software = Software::of(described.user_agent());
    let judgement = call.gateway.judge(described, software).await;
    let solved = Solved { secret, token: told.token.as_deref(), client: &client };
    call.tell(hook, &site, judgement, solved, told.identity).await
}

/// What may answer a challenge.
struct Solved<'a> {
    secret: &'a str,
    token: Option<&'a str>,
    client: &'a str,
}

impl<S: State> Call<'_, S> {
    /// The judgement in Kratos' words.
    async fn tell(
        self,
        hook: Hook,
        site: &SiteKey,
        mut judgement: Judgement,
        solved: Solved<'_>,
        identity: Option<Identity>,
    ) -> Response<Through> {
        let passes = matches!(judgement.answer, Answer::Pass(_));
        let asked = judgement.asked.take();
        let Some((id, decision)) = &judgement.decision else {
            // Our own addresses pass; what can be read in two ways does not.
            return if passes { go_on() } else { refused(400, None) };
        };
        match decision.effective {
            // At the beginning nothing is stored that could lie inert.
            Action::Shadow if hook == Hook::Before => go_on(),
            Action::Shadow if hook == Hook::Registered => inactive(&judgement, *id, decision, identity),
            Action::Shadow | Action::Block => refused(403, Some(*id)),
            Action::Challenge if !self.is_solved(decision, solved).await => ask(site, *id),
            Action::Throttle if !passes => slowed(*id),
            Action::Allow | Action::Log | Action::Throttle | Action::Challenge => {
                // What a token answered is an attempt like any other: one of those at once, until its end is told.
                if let Some(attempt) = asked {
                    self.gateway.attempts.open(*id, *attempt);
                }
                if hook == Hook::LoggedIn {
                    // Where the route's attempts are reported, this one succeeded.
                    let _ = self.gateway.reported(*id, false, |host| site.allows(host), self.seen.now).await;
                }
                go_on()
            }
        }
    }

    /// Whether the token that came along is worth what is asked. It is spent by that.
    async fn is_solved(self, decision: &Decision, solved: Solved<'_>) -> bool {
        let Some(token) = solved.token else { return false };
        let question = Question {
            secret: Some(solved.secret),
            token: Some(token),
            visitor: Some(solved.client),
            ..Question::default()
        };
        let demanded = decision.demand.map_or(u8::MAX, |demand| demand.level as u8);
        match self.verify(question).await {
            Ok(Accepted::Real(redeemed)) => redeemed.token().level >= demanded,
            Ok(Accepted::Test) | Err(_) => false,
        }
    }
}

/// The flow's request as it came to Kratos.
fn describe(told: &Told) -> Result<Described, &'static str> {
    let Asked { method, url, headers } = &told.request;
    let uri: Uri = url.parse().map_err(|_| "`request.url` is no address.")?;
    let authority = uri.authority().ok_or("`request.url` has no host: Kratos' public address is meant.")?;
    let secure = uri.scheme_str() == Some("https");
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::builder()
        .method(method.as_str())
        .uri(target)
        .header(HOST, authority.as_str())
        .body(())
        .map_err(|_| "`request.method` and `request.url` are no request.")?;
    let kept = request.headers_mut();
    for (name, values) in headers {
        let Ok(name) = HeaderName::try_from(name) else { continue };
        // Those of the body, which is another one here, and those that are set here.
        if [CONTENT_TYPE, CONTENT_LENGTH, HOST, COOKIE].contains(&name) {
            continue;
        }
        for value in values.iter().filter_map(|value| HeaderValue::try_from(value).ok()) {
            kept.append(&name, value);
        }
    }
    let client = client(kept)
        .ok_or("The visitor's address is missing, or there are several: let the proxy in front of Kratos set True-Client-IP, in place of what came under that name.")?;
    if let Some(clearance) = &told.clearance
        && let Ok(value) = HeaderValue::try_from(format!("{CLEARANCE}={clearance}"))
    {
        kept.insert(COOKIE, value);
    }
    let identifier = told.identity.as_ref().and_then(|identity| identity.identifier.as_deref());
    let body = match identifier {
        Some(identifier) => {
            kept.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Shown::Whole(Bytes::from(json!({ IDENTIFIER: identifier }).to_string()))
        }
        None => Shown::Nothing,
    };
    let (parts, ()) = request.into_parts();
    Ok(Described { parts: Box::new(parts), client, secure, tls: None, http2: None, header_order: None, body })
}

/// Whose request it is. Of several the first would be the client's own word, before what the proxy added.
fn client(headers: &HeaderMap) -> Option<IpAddr> {
    let mut told = headers.get_all(CLIENT).iter();
    let (Some(one), None) = (told.next(), told.next()) else { return None };
    one.to_str().ok()?.trim().parse().ok()
}

fn go_on() -> Response<Through> {
    json_answer(StatusCode::OK, &json!({}))
}

/// Stored, and of no use: Kratos gives an inactive identity no session.
fn inactive(
    judgement: &Judgement,
    id: DecisionId,
    decision: &Decision,
    identity: Option<Identity>,
) -> Response<Through> {
    let names: Vec<&str> =
        decision.reasons.iter().map(|reason| judgement.policy.source_name(reason.source)).collect();
    // The whole of it is replaced by what is answered.
    let mut metadata = identity.and_then(|identity| identity.metadata_admin).unwrap_or_default();
    let about = json!({ "shadow": true, "decision": id.to_string(), "reasons": names });
    metadata.insert("spigot".to_owned(), about);
    let identity = json!({ "identity": { "state": "inactive", "metadata_admin": metadata } });
    json_answer(StatusCode::OK, &identity)
}

fn ask(site: &SiteKey, id: DecisionId) -> Response<Through> {
    let context = json!({ "decision": id.to_string(), "action": "challenge", "site_key": site.key });
    interrupt(403, ASKED, "Please confirm that you are human, and send the form again.", &context)
}

fn refused(status: u16, id: Option<DecisionId>) -> Response<Through> {
    let context = json!({ "decision": id.map(|id| id.to_string()), "action": "block" });
    let text = "This request was refused. If you think that this is a mistake, tell the site's support.";
    interrupt(status, REFUSED, text, &context)
}

fn slowed(id: DecisionId) -> Response<Through> {
    let context = json!({ "decision": id.to_string(), "action": "throttle" });
    interrupt(429, SLOWED, "Too many requests. Please wait a moment and try again.", &context)
}

/// What interrupts a flow: a message at its head, of no field.
fn interrupt(status: u16, number: u32, text: &str, context: &Value) -> Response<Through> {
    let message = json!({ "id": number, "text": text, "type": "error", "context": context });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    json_answer(status, &json!({ "messages": [{ "instance_ptr": "#/", "messages": [message] }] }))
}

/// Of the hook's settings, for whoever reads Kratos' log: such an answer interrupts each flow.
fn trouble(status: u16, code: &str, detail: &str) -> Response<Through> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    problem(status, code, "The web hook was not understood", detail, json!({}))
}
