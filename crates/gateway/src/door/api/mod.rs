//! The service beside an application: the widget's calls and files, and the verification of tokens in the dialects that
//! client libraries speak, one file each.
//!
//! What a site's server asks is never challenged and counts towards no trigger: it stands for many visitors. Whoever
//! asks with secrets that are none is slowed.

mod captchala;
mod captchala_issue;
mod decide;
mod described;
mod direct;
mod enterprise;
mod fields;
mod friendly;
mod hcaptcha;
mod kratos;
mod outcome;
mod recaptcha;
mod record;
mod refused;
mod turnstile;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

use std::cell::RefCell;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use spigot_challenge::token::Token;
use spigot_decision::policy::app_package;
use spigot_intel::Agents;
use spigot_state::State;

use self::fields::Fields;
use self::refused::Unheard;
use crate::body::{Incoming, Through, inspect};
use crate::challenge_routes::{BELOW, SUBMISSION_BYTES};
use crate::door::turn::UNCLEAR;
use crate::files;
use crate::in_box::in_box;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::respond::{Refusal, plain, problem};
use crate::site_keys::NO_HOST;

const OPENAPI: &str = include_str!("../../../../../docs/openapi/service.json");

/// Where pages written for other services look for a script: it is ours that takes their markup.
const SCRIPTS: [&str; 6] = [
    "/turnstile/v0/api.js",
    "/1/api.js",
    "/recaptcha/api.js",
    "/recaptcha/enterprise.js",
    "/api.js",
    "/widget.js",
];

/// What a path answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Turnstile,
    Hcaptcha,
    Recaptcha,
    Enterprise,
    Friendly,
    Captchala,
    CaptchalaIssue,
    Outcome,
    Kratos(kratos::Hook),
    Decide,
}

/// The paths of the dialects. GET with a query is what one old client sends.
static ROUTES: [(&str, Dialect); 12] = [
    ("/turnstile/v0/siteverify", Dialect::Turnstile),
    ("/siteverify", Dialect::Hcaptcha),
    ("/recaptcha/api/siteverify", Dialect::Recaptcha),
    ("/api/v2/captcha/siteverify", Dialect::Friendly),
    ("/v1/validate", Dialect::Captchala),
    ("/v1/server/challenge/issue", Dialect::CaptchalaIssue),
    ("/v1/outcome", Dialect::Outcome),
    ("/v1/kratos/registration/before", Dialect::Kratos(kratos::Hook::Before)),
    ("/v1/kratos/registration/after", Dialect::Kratos(kratos::Hook::Registered)),
    ("/v1/kratos/login/before", Dialect::Kratos(kratos::Hook::Before)),
    ("/v1/kratos/login/after", Dialect::Kratos(kratos::Hook::LoggedIn)),
    ("/v1/decide", Dialect::Decide),
];

/// A question of a site's server.
struct Call<'a, S> {
    gateway: &'a Gateway<S>,
    snapshot: &'a Snapshot,
    seen: &'a Seen<'a>,
    /// What was read of user agents on this thread; `None` without a connection.
    agents: Option<&'a RefCell<Agents>>,
}

impl<S> Clone for Call<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Call<'_, S> {}

impl<S: State> Gateway<S> {
    /// A request at the service's address.
    pub(crate) async fn service(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        agents: &RefCell<Agents>,
        request: Request<Incoming>,
    ) -> Response<Through> {
        if seen.path.starts_with(BELOW) {
            return self.own_route(snapshot, seen, request).await;
        }
        if SCRIPTS.contains(&seen.path)
            && let Some(file) = files::of_widget("compat.js")
        {
            return file.answer_everybody(&request);
        }
        match (seen.path, request.method()) {
            ("/openapi.json", &Method::GET | &Method::HEAD) => {
                return plain(StatusCode::OK, "application/json", OPENAPI);
            }
            ("/health", &Method::GET | &Method::HEAD) => {
                return plain(StatusCode::OK, "application/json", "{\"status\":\"serving\"}");
            }
            _ => {}
        }
        let Some(dialect) = dialect(seen.path) else {
            return problem(
                StatusCode::NOT_FOUND,
                "not_found",
                "There is nothing here",
                "The service's paths are in /openapi.json.",
                json!({}),
            );
        };
        if !dialect.takes(request.method()) {
            return Unheard::Method.answer(dialect);
        }
        let time = snapshot.settings.bounds.inspect_time;
        let most = dialect.bytes_max();
        let body = inspect(request.into_body(), Bytes::new(), most, time).await;
        let Some(bytes) = body.whole(most) else {
            return Unheard::TooLarge.answer(dialect);
        };
        Call { gateway: self, snapshot, seen, agents: Some(agents) }.answer(dialect, bytes).await
    }
}

impl<S: State> Call<'_, S> {
    async fn answer(self, dialect: Dialect, body: &[u8]) -> Response<Through> {
        let fields = || Fields::read(self.seen.query, content_type(self.seen.headers), body);
        match dialect {
            Dialect::Turnstile => turnstile::answer(self, fields()).await,
            Dialect::Hcaptcha => hcaptcha::answer(self, fields()).await,
            Dialect::Recaptcha => recaptcha::answer(self, fields()).await,
            Dialect::Enterprise => enterprise::answer(self, body).await,
            Dialect::Friendly => friendly::answer(self, fields()).await,
            Dialect::Captchala => captchala::answer(self, fields()).await,
            Dialect::CaptchalaIssue => captchala_issue::answer(self, fields()).await,
            Dialect::Outcome => outcome::answer(self, fields()).await,
            Dialect::Decide => decide::answer(self, body).await,
            // In a box: it judges another request, and every question's future would hold that.
            Dialect::Kratos(hook) => in_box(|| kratos::answer(self, hook, body)).await,
        }
    }
}

impl Dialect {
    fn takes(self, method: &Method) -> bool {
        *method == Method::POST || (*method == Method::GET && self.methods() != "POST")
    }

    /// What is read of a question.
    fn bytes_max(self) -> u64 {
        if self == Self::Decide { decide::QUESTION_BYTES } else { SUBMISSION_BYTES }
    }

    fn methods(self) -> &'static str {
        match self {
            Self::Turnstile | Self::Hcaptcha | Self::Recaptcha => "GET, POST",
            Self::Enterprise
            | Self::Friendly
            | Self::Captchala
            | Self::CaptchalaIssue
            | Self::Outcome
            | Self::Decide
            | Self::Kratos(_) => "POST",
        }
    }
}

/// The answer to a request at the service's address that could be read in two ways; in its dialect, when its path is one's.
pub(super) fn unclear(path: &str, why: &'static str) -> Response<Through> {
    match dialect(path) {
        Some(dialect) => Unheard::Unclear(why).answer(dialect),
        None => Refusal { detail: why, ..UNCLEAR }.undecided(),
    }
}

fn dialect(path: &str) -> Option<Dialect> {
    if let Some(project) =
        path.strip_prefix("/v1/projects/").and_then(|rest| rest.strip_suffix("/assessments"))
    {
        return (!project.is_empty() && !project.contains('/')).then_some(Dialect::Enterprise);
    }
    ROUTES.iter().find(|(known, _)| *known == path).map(|(_, dialect)| *dialect)
}

fn content_type(headers: &HeaderMap) -> &[u8] {
    headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes)
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty())
}

/// An answer as JSON.
fn json_answer(status: StatusCode, body: &Value) -> Response<Through> {
    plain(status, "application/json", body.to_string())
}

/// The page's origin. Of a page a token knows the host; widgets stand on `https`, but for a developer's machine. A
/// file has none, and the original says nothing then.
fn origin(host: &str) -> String {
    match host {
        NO_HOST => String::new(),
        app if app_package(app).is_some() => app.to_owned(),
        host => format!("https://{host}"),
    }
}

/// Says where a token is from, as reCAPTCHA does: the page's host, or the app's package under `package`.
fn tell_place(told: &mut Value, host: &str, package: &str) {
    match app_package(host) {
        Some(app) => told[package] = app.into(),
        None => told["hostname"] = host.into(),
    }
}

/// How likely a person sent it, for dialects that want a number from 0 to 1 (higher is better): what was solved, less
/// what was suspicious about it. With a risk of 50, from where a challenge is asked for, it is at most 0.5.
fn score(token: &Token) -> f64 {
    score_of(token.level, token.risk)
}

fn score_of(level: u8, risk: u8) -> f64 {
    let solved: u8 = match level {
        0 | 1 => 7,
        2 => 8,
        _ => 9,
    };
    let suspected = risk.min(100) / 10 * 8 / 10;
    f64::from(solved - suspected.min(solved - 1)) / 10.0
}
