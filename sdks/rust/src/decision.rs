use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;

/// What is to be decided upon: host and address are needed, and a path or an action.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Request {
    /// The host that was asked for.
    pub host: String,
    /// The visitor's.
    pub address: String,
    /// As it came, with its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Something that is no request, such as `checkout`: routes match it as `POST /.spigot/action/checkout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// GET when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// `https` or `http`, as the visitor's browser has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// In the order in which they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The identifier that the request is about, where the application knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What the policy may look into.
    #[serde(rename = "body_base64", skip_serializing_if = "Vec::is_empty", serialize_with = "base64")]
    pub body: Vec<u8>,
    /// `body` is its beginning only.
    #[serde(rename = "body_complete", skip_serializing_if = "is_whole", serialize_with = "not")]
    pub body_begun: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over what the field is")]
fn is_whole(begun: &bool) -> bool {
    !*begun
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over what the field is")]
fn not<S: serde::Serializer>(begun: &bool, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bool(!*begun)
}

#[allow(clippy::ptr_arg, reason = "serde hands over what the field is")]
fn base64<S: serde::Serializer>(body: &Vec<u8>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&STANDARD.encode(body))
}

/// One finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// `signal`, `rule`, `limit` and so on.
    pub kind: String,
    /// Its name in the policy.
    pub name: String,
    /// What it did: `adds 15`, `asks block`.
    pub gave: String,
    /// The value found.
    pub evidence: String,
}

/// What the visitor gets in place of the application's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// From 200 to 599.
    pub status: u16,
    /// Its fields.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What support and `outcome` know it by; empty where failing open let it pass.
    pub id: String,
    /// What the policy asks for: `allow`, `log`, `throttle`, `challenge`, `shadow`, `block`.
    pub action: String,
    /// What is done: in monitor mode always `allow`.
    pub effective: String,
    /// 0 to 100.
    pub risk: u8,
    /// Why.
    pub reasons: Vec<Reason>,
    /// False only where failing open let it pass unseen.
    pub checked: bool,
    /// For the application, in place of what the visitor sent under these names.
    pub request_headers: Vec<(String, String)>,
    /// Names of what was for Spigot alone, such as a client's key; the application does not see them.
    pub remove_headers: Vec<String>,
    /// What to send in place of the application's answer; without one, it passes.
    pub response: Option<Instead>,
}

impl Decision {
    /// Whether the application goes on.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.response.is_none()
    }

    pub(crate) fn unseen() -> Self {
        Self {
            id: String::new(),
            action: "allow".to_owned(),
            effective: "allow".to_owned(),
            risk: 0,
            reasons: Vec::new(),
            checked: false,
            request_headers: Vec::new(),
            remove_headers: Vec::new(),
            response: None,
        }
    }

    pub(crate) fn read(told: &Value) -> Result<Self, Error> {
        let text = |name: &str| told[name].as_str().map(str::to_owned);
        let (Some(id), Some(action), Some(effective), Some(passes)) =
            (text("id"), text("action"), text("effective"), told["passes"].as_bool())
        else {
            return Err(Error::unreadable("the decision is not whole"));
        };
        Ok(Self {
            id,
            action,
            effective,
            risk: told["risk"].as_u64().and_then(|risk| u8::try_from(risk).ok()).unwrap_or(0),
            reasons: told["reasons"].as_array().into_iter().flatten().map(reason).collect(),
            checked: true,
            request_headers: pairs(&told["request_headers"]),
            remove_headers: told["remove_headers"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            response: if passes { None } else { Some(instead(&told["response"])?) },
        })
    }

    /// One decision or error for each request, in their order.
    pub(crate) fn read_batch(answer: &Value, wanted: usize) -> Result<Vec<Result<Self, Error>>, Error> {
        let told = answer["decisions"].as_array().filter(|told| told.len() == wanted);
        let told = told.ok_or_else(|| Error::unreadable("there is not one decision for each request"))?;
        told.iter()
            .map(|one| {
                let Some(problem) = one.get("problem").filter(|problem| problem.is_object()) else {
                    return Self::read(one).map(Ok);
                };
                let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok());
                Ok(Err(Error::of_problem(problem, status.unwrap_or(0), 0)))
            })
            .collect()
    }
}

fn instead(told: &Value) -> Result<Instead, Error> {
    let status = told["status"].as_u64().filter(|status| (200..=599).contains(status));
    let status = status.and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| Error::unreadable("the decision does not say what to send"))?;
    Ok(Instead {
        status,
        headers: pairs(&told["headers"]),
        body: told["body"].as_str().unwrap_or_default().to_owned(),
    })
}

fn reason(told: &Value) -> Reason {
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    Reason { kind: text("kind"), name: text("name"), gave: text("gave"), evidence: text("evidence") }
}

fn pairs(told: &Value) -> Vec<(String, String)> {
    let pair = |pair: &Value| match pair.as_array()?.as_slice() {
        [name, value] => Some((name.as_str()?.to_owned(), value.as_str()?.to_owned())),
        _ => None,
    };
    told.as_array().into_iter().flatten().filter_map(pair).collect()
}
