//! Everything that can be wrong with a widget's call, as the page's developer reads it.

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use spigot_challenge::Rejection;
use spigot_event::DecisionId;

use super::PROTOCOL;
use crate::body::Through;
use crate::challenge_routes::submit::{AGAIN_SECONDS, sentence};
use crate::respond::{problem, retry_after};

pub(super) enum Trouble {
    /// It cannot be read; and what is wrong with it.
    Malformed(&'static str),
    ProtocolUnsupported,
    SiteKeyUnknown,
    HostNotAllowed(String),
    ActionMalformed,
    DataTooLong,
    ServerTokenInvalid,
    PressMissing(Value),
    Restricted(DecisionId, Option<u32>),
    Throttled(Option<u32>),
    NoFallback,
    TooOften,
    Unavailable,
    /// The submission is refused; and a fresh challenge where an honest client needs one.
    Rejected(Rejection, Option<Value>),
}

impl Trouble {
    pub(super) fn into_response(self) -> Response<Through> {
        let (status, code, detail) = self.told();
        let mut more = json!({});
        let mut after = None;
        match self {
            Self::ProtocolUnsupported => more = json!({ "protocols": [PROTOCOL] }),
            Self::Restricted(id, seconds) => {
                more = json!({ "decision": id.to_string() });
                after = seconds;
            }
            Self::Throttled(seconds) => after = Some(seconds.unwrap_or(60)),
            Self::TooOften => after = Some(60),
            Self::Unavailable => after = Some(AGAIN_SECONDS),
            Self::Rejected(rejection, _) if rejection.is_ours() => after = Some(AGAIN_SECONDS),
            Self::Rejected(_, Some(fresh)) | Self::PressMissing(fresh) => {
                more = json!({ "challenge": fresh });
            }
            _ => {}
        }
        let mut response = problem(status, code, "The widget gets no token", &detail, more);
        retry_after(&mut response, after);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        response
    }

    fn told(&self) -> (StatusCode, &'static str, String) {
        let (status, code, detail) = match self {
            Self::Malformed(what) => (StatusCode::BAD_REQUEST, "malformed", *what),
            Self::ProtocolUnsupported => (
                StatusCode::BAD_REQUEST,
                "protocol_unsupported",
                "This widget speaks a version that this server does not. Load the widget from this server.",
            ),
            Self::SiteKeyUnknown => (
                StatusCode::BAD_REQUEST,
                "site_key_unknown",
                "There is no such site key here. `spigot site show` lists those that there are.",
            ),
            Self::HostNotAllowed(host) => {
                let detail = format!(
                    "Pages of {host} may not show this site's widget. `spigot site hosts` allows more."
                );
                return (StatusCode::FORBIDDEN, "host_not_allowed", detail);
            }
            Self::ActionMalformed => (
                StatusCode::BAD_REQUEST,
                "action_malformed",
                "An action has at most 32 letters, digits, underscores and dashes.",
            ),
            Self::DataTooLong => (
                StatusCode::BAD_REQUEST,
                "data_too_long",
                "The data has at most 255 characters and 740 bytes.",
            ),
            Self::ServerTokenInvalid => (
                StatusCode::BAD_REQUEST,
                "server_token_invalid",
                "The server token is expired, used up, or for another site, action or visitor.",
            ),
            Self::PressMissing(_) => (
                StatusCode::BAD_REQUEST,
                "press_missing",
                "This challenge asks for a press of the button, by a person and not by a script.",
            ),
            Self::Restricted(..) => (
                StatusCode::FORBIDDEN,
                "restricted",
                "Requests from here are refused for now. Quote the id to the site's support.",
            ),
            Self::Throttled(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "throttled",
                "Too many requests came from here. Wait a moment.",
            ),
            Self::NoFallback => {
                (StatusCode::FORBIDDEN, "no_fallback", "There is no other puzzle for this one. Solve it.")
            }
            Self::TooOften => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_often",
                "Too many other puzzles were asked for from this address. Solve this one.",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "This cannot be checked right now. Send the same again in a moment.",
            ),
            Self::Rejected(rejection, _) => {
                let ours = rejection.is_ours();
                let status = if ours { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST };
                (status, rejection.name(), sentence(*rejection))
            }
        };
        (status, code, detail.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What an answer can be called, with its status. Waits and third parties are the interstitial's.
    fn every_code() -> BTreeSet<(u16, String)> {
        let rejections = [
            Rejection::Malformed,
            Rejection::UnknownVersion,
            Rejection::UnknownKey,
            Rejection::Forged,
            Rejection::Expired,
            Rejection::Stale,
            Rejection::OtherContext,
            Rejection::OtherNetwork,
            Rejection::TooEarly,
            Rejection::Wrong,
            Rejection::Replay,
            Rejection::Unavailable,
            Rejection::Busy,
        ];
        let of_calls = [
            Trouble::Malformed(""),
            Trouble::ProtocolUnsupported,
            Trouble::SiteKeyUnknown,
            Trouble::HostNotAllowed(String::new()),
            Trouble::ActionMalformed,
            Trouble::DataTooLong,
            Trouble::ServerTokenInvalid,
            Trouble::PressMissing(Value::Null),
            Trouble::Restricted(DecisionId([0; 10]), None),
            Trouble::Throttled(None),
            Trouble::NoFallback,
            Trouble::TooOften,
            Trouble::Unavailable,
        ];
        let all = rejections.map(|why| Trouble::Rejected(why, None)).into_iter().chain(of_calls);
        all.map(|trouble| trouble.told())
            .map(|(status, code, _)| (status.as_u16(), code.to_owned()))
            .collect()
    }

    #[test]
    fn each_code_is_documented_with_its_status_and_no_other_is() {
        let page = include_str!("../../../../../docs/widget-protocol.md");
        let (_, table) = page.split_once("| code | status |").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let told: BTreeSet<_> = rows
            .flat_map(|row| {
                let (codes, status) = row.trim_matches('|').split_once('|').unwrap();
                let status: u16 = status.trim()[..3].parse().unwrap();
                codes.split('`').skip(1).step_by(2).map(move |code| (status, code.to_owned()))
            })
            .collect();
        assert_eq!(told, every_code(), "docs/widget-protocol.md");
        let document: Value =
            serde_json::from_str(include_str!("../../../../../docs/openapi/service.json")).unwrap();
        let codes = &document["components"]["schemas"]["WidgetProblem"]["properties"]["code"]["enum"];
        let documented: BTreeSet<_> =
            codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        let all: BTreeSet<_> = every_code().into_iter().map(|(_, code)| code).collect();
        assert_eq!(documented, all, "docs/openapi/service.json");
    }
}
