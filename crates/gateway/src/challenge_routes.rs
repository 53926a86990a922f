//! `/.spigot/…`: the files of the interstitial, the submission of proofs, and the way without JavaScript. And the
//! issuing of challenges for requests that are asked for one.

use std::cell::RefCell;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};
use spigot_challenge::{
    Binding, Challenge, Kind, Rejection, Solved, Submission, Terms, Workspace, clearance, from_text, issue,
    kind, to_text, verify,
};
use spigot_decision::policy::ChallengeSettings;
use spigot_decision::{Demand, Keys, Millis, Sender, Subject};
use spigot_event::{ChallengeStep, DecisionId};
use spigot_state::{Spend, State};

use crate::body::{Through, inspect};
use crate::entropy::random;
use crate::metrics::Metrics;
use crate::pages;
use crate::pipeline::{COOKIE, Decided, End, Gateway, Seen, Snapshot};
use crate::respond::{REASON, page, plain, problem, refusal};

/// Everything of ours lies below this path.
pub(crate) const BELOW: &str = "/.spigot/";

/// A submission is a challenge of 126 letters, a proof of at most some kilobytes, and two numbers.
const SUBMISSION_BYTES: u64 = 64 << 10;

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

/// What the interstitial needs to know of the request that it stands for.
pub(crate) struct Errand<'a> {
    pub(crate) return_to: &'a str,
    pub(crate) method: &'a str,
    pub(crate) stash: Option<[u8; 16]>,
    pub(crate) too_large: bool,
}

#[derive(Deserialize)]
struct Posted {
    challenge: String,
    proof: String,
    #[serde(default)]
    millis: u32,
}

impl<S: State> Gateway<S> {
    /// The answer to a request that is asked for a challenge.
    pub(crate) fn challenged(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        decided: &Decided,
        demand: Demand,
        errand: &Errand<'_>,
    ) -> (Response<Through>, ChallengeStep) {
        let settings = &snapshot.policy.challenge;
        let route = snapshot.policy.route(decided.decision.route);
        let terms = terms(settings, demand);
        let challenge = self.issue(snapshot, seen, &terms);
        let reason = decided
            .decision
            .deciding()
            .map_or("challenge", |reason| snapshot.policy.source_name(reason.source))
            .to_owned();
        let decision = decided.id.to_string();
        let described =
            describe(&challenge, &decision, errand, snapshot.settings.bounds.stash_bytes, seen.now);
        let mut response = match decided.sender {
            Sender::Navigation => {
                let wait =
                    settings.wait_millis.filter(|_| route.settings.wait_accepted && demand.level as u8 == 1);
                let without_script = wait.map_or("<p>This page needs JavaScript.</p>".to_owned(), |millis| {
                    self.plain_way(snapshot, seen, millis, &decision, errand)
                });
                page(
                    StatusCode::FORBIDDEN,
                    pages::challenge(seen.host, &decision, &described.to_string(), &without_script),
                )
            }
            Sender::Fetch | Sender::Api => problem(
                StatusCode::FORBIDDEN,
                "challenge",
                "A challenge has to be solved first",
                "Solve the challenge, post the proof to solve_url, and send this request again with the cookie that you get.",
                json!({ "decision": decision, "reason": reason, "challenge": described }),
            ),
            sender => refusal(
                sender,
                StatusCode::FORBIDDEN,
                "challenge",
                "A challenge has to be solved first",
                "Open this address in a browser.",
                &decision,
            ),
        };
        if let Ok(reason) = HeaderValue::from_str(&reason) {
            response.headers_mut().insert(REASON, reason);
        }
        Metrics::one(&self.metrics.challenges_issued);
        (
            response,
            ChallengeStep {
                kind: terms.kind.name(),
                log2_work: terms.kind.log2_work(),
                result: "issued",
                solve_millis: None,
            },
        )
    }

    fn issue(&self, snapshot: &Snapshot, seen: &Seen<'_>, terms: &Terms) -> Challenge {
        let binding = Binding { host: seen.host, user_agent: seen.user_agent, client: seen.client };
        issue(&snapshot.keyring, terms, &binding.context(), random(), seen.now.0)
    }

    fn plain_way(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        millis: u32,
        decision: &str,
        errand: &Errand<'_>,
    ) -> String {
        // The wait and then as long again as a puzzle may take.
        let life_millis = millis.saturating_add(snapshot.policy.challenge.life_millis);
        let wait = self.issue(snapshot, seen, &Terms { kind: Kind::Wait { millis }, level: 1, life_millis });
        let stash = errand.stash.map(|id| to_text(&id)).unwrap_or_default();
        let hidden = [("to", errand.return_to), ("stash", stash.as_str()), ("decision", decision)];
        pages::plain("/.spigot/wait", &to_text(&wait.bytes), &hidden, millis.div_ceil(1000))
    }

    /// A request below [`BELOW`].
    pub(crate) async fn own_route(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        request: Request<Incoming>,
    ) -> Response<Through> {
        let name = seen.path.strip_prefix(BELOW).unwrap_or_default();
        if let Some((media_type, bytes)) = pages::file(name) {
            return file(&request, media_type, bytes);
        }
        match (name, request.method()) {
            ("solve", &Method::POST) => {
                let body = inspect(
                    request.into_body(),
                    Bytes::new(),
                    SUBMISSION_BYTES,
                    snapshot.settings.bounds.inspect_time,
                )
                .await;
                if !body.complete {
                    return problem(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "malformed",
                        "The submission is too large",
                        "A submission has at most 64 KiB.",
                        json!({}),
                    );
                }
                self.solve(snapshot, seen, &body.bytes).await
            }
            ("wait", &Method::GET) => self.wait(snapshot, seen).await,
            ("solve" | "wait", _) => {
                let mut response = problem(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method",
                    "This method is not for this address",
                    "Proofs are posted to solve; wait is got.",
                    json!({}),
                );
                response.headers_mut().insert(
                    header::ALLOW,
                    HeaderValue::from_static(if name == "solve" { "POST" } else { "GET" }),
                );
                response
            }
            _ => problem(
                StatusCode::NOT_FOUND,
                "not_found",
                "There is nothing here",
                "Addresses below /.spigot/ belong to the gateway.",
                json!({}),
            ),
        }
    }

    async fn solve(&self, snapshot: &Snapshot, seen: &Seen<'_>, body: &[u8]) -> Response<Through> {
        let posted = serde_json::from_slice::<Posted>(body).ok();
        let bytes = posted
            .as_ref()
            .and_then(|posted| Some((from_text(&posted.challenge)?, from_text(&posted.proof)?)));
        let (challenge, proof) = bytes.unwrap_or_default();
        let solved = self.verify_and_spend(snapshot, seen, &challenge, &proof).await;
        match solved {
            Ok(solved) => {
                let mut response =
                    plain(StatusCode::OK, "application/json", json!({ "ok": true }).to_string());
                self.give_clearance(snapshot, seen, &solved, &mut response);
                self.record_step(snapshot, seen, solved.challenge().kind, "solved", posted.map(|p| p.millis))
                    .await;
                response
            }
            Err(rejection) => {
                self.record_step(
                    snapshot,
                    seen,
                    Kind::Wait { millis: 0 },
                    rejection.name(),
                    posted.map(|p| p.millis),
                )
                .await;
                let status = if rejection == Rejection::Unavailable {
                    StatusCode::SERVICE_UNAVAILABLE
                } else {
                    StatusCode::BAD_REQUEST
                };
                let mut more = json!({});
                if rejection.is_honest() {
                    // The same again; one whose terms cannot be read any more gets the hardest, never an easier one.
                    let hardest = Demand { level: spigot_decision::Level::High, doublings: 0 };
                    let again = spigot_challenge::terms_of(&snapshot.keyring, &challenge)
                        .unwrap_or_else(|| terms(&snapshot.policy.challenge, hardest));
                    let fresh = self.issue(snapshot, seen, &again);
                    let errand = Errand { return_to: "/", method: "GET", stash: None, too_large: false };
                    more = json!({ "challenge": describe(&fresh, "", &errand, 0, seen.now) });
                }
                problem(status, rejection.name(), "The proof is not accepted", sentence(rejection), more)
            }
        }
    }

    async fn verify_and_spend(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        challenge: &[u8],
        proof: &[u8],
    ) -> Result<Solved, Rejection> {
        let binding = Binding { host: seen.host, user_agent: seen.user_agent, client: seen.client };
        let verified = WORKSPACE.with_borrow_mut(|workspace| {
            verify(
                &snapshot.keyring,
                Submission { challenge, proof },
                &binding.context(),
                self.start.0,
                workspace,
                seen.now.0,
            )
        })?;
        let (id, end) = verified.to_spend();
        match self.state.spend(id, Millis(end), seen.now).await {
            Ok(spend) => verified.spent(spend == Spend::First),
            Err(_) => Err(Rejection::Unavailable),
        }
    }

    fn give_clearance(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        solved: &Solved,
        response: &mut Response<Through>,
    ) {
        let settings = &snapshot.policy.challenge;
        let binding = Binding { host: seen.host, user_agent: seen.user_agent, client: seen.client };
        let (value, _) = clearance::seal(
            &snapshot.keyring,
            solved,
            &binding,
            settings.clearance_millis,
            settings.clearance_quota,
            random(),
            seen.now.0,
        );
        let secure = if seen.secure { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            settings.clearance_millis / 1000
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }

    /// A submission is an event too; one that no honest client makes is a failure of its sender.
    async fn record_step(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        kind: Kind,
        result: &'static str,
        solve_millis: Option<u32>,
    ) {
        let refused = result != "solved";
        Metrics::one(if refused {
            &self.metrics.challenges_refused
        } else {
            &self.metrics.challenges_solved
        });
        let clearance = self.clearance(snapshot, seen);
        let decided = self
            .decide(snapshot, seen, Default::default(), Default::default(), Sender::Fetch, clearance)
            .await;
        if matches!(result, "wrong" | "forged" | "malformed") {
            self.report(snapshot, seen, &decided, 0, true).await;
        }
        let (kind, log2_work) = if refused { ("unknown", 0) } else { (kind.name(), kind.log2_work()) };
        let step = ChallengeStep { kind, log2_work, result, solve_millis };
        self.record(snapshot, seen, decided, End { challenge: Some(step), ..End::default() });
    }

    /// The way without JavaScript: early visitors are told to wait, others get their clearance.
    async fn wait(&self, snapshot: &Snapshot, seen: &Seen<'_>) -> Response<Through> {
        let value = |name: &str| {
            let pairs = seen.query.split('&').filter_map(|pair| pair.split_once('='));
            let found = pairs
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value.replace('+', " "))
                .next()
                .unwrap_or_default();
            percent_encoding::percent_decode_str(&found).decode_utf8_lossy().into_owned()
        };
        let decision = DecisionId::parse(&value("decision")).map(|id| id.to_string()).unwrap_or_default();
        let to = value("to");
        let to = if is_return_address(&to) { to } else { "/".to_owned() };
        let challenge = from_text(&value("c")).unwrap_or_default();
        match self.verify_and_spend(snapshot, seen, &challenge, &[]).await {
            Ok(solved) => {
                let stash = value("stash");
                let mut response = if from_text(&stash).is_some_and(|id| id.len() == 16) {
                    let form = format!(
                        "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"spigot-stash\" value=\"{}\"><button>Send my form</button></form>",
                        pages::escape(&to),
                        pages::escape(&stash)
                    );
                    page(
                        StatusCode::OK,
                        pages::step(
                            "Your form was kept",
                            "Thank you for waiting. Press the button to send what you had filled in.",
                            &form,
                            &decision,
                        ),
                    )
                } else {
                    let mut response = page(
                        StatusCode::SEE_OTHER,
                        pages::step("Go on", "You can go on now.", "", &decision),
                    );
                    response.headers_mut().insert(
                        header::LOCATION,
                        HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/")),
                    );
                    response
                };
                self.give_clearance(snapshot, seen, &solved, &mut response);
                self.record_step(snapshot, seen, solved.challenge().kind, "solved", None).await;
                response
            }
            Err(Rejection::TooEarly) => {
                let here = pages::escape(&format!("{}?{}", seen.path, seen.query));
                let form = format!("<p><a href=\"{here}\">Go on</a></p>");
                page(
                    StatusCode::OK,
                    pages::step(
                        "One moment",
                        "Please wait a few seconds more, then go on.",
                        &form,
                        &decision,
                    ),
                )
            }
            Err(rejection) => {
                self.record_step(snapshot, seen, Kind::Wait { millis: 0 }, rejection.name(), None).await;
                let form = format!("<p><a href=\"{}\">Start again</a></p>", pages::escape(&to));
                page(
                    StatusCode::BAD_REQUEST,
                    pages::step("This did not work", sentence(rejection), &form, &decision),
                )
            }
        }
    }
}

fn terms(settings: &ChallengeSettings, demand: Demand) -> Terms {
    let kind = match settings.kind {
        "sha256" => Kind::Sha256 { bits: demand.log2_work(settings.log2_work, 24) },
        _ => kind::cachewalk::of_log2(demand.log2_work(settings.log2_work, 17)),
    };
    Terms { kind, level: demand.level as u8, life_millis: settings.life_millis }
}

fn describe(
    challenge: &Challenge,
    decision: &str,
    errand: &Errand<'_>,
    stash_bytes: u64,
    now: Millis,
) -> Value {
    let mut described = json!({
        "challenge": to_text(&challenge.bytes),
        "kind": challenge.kind.name(),
        "expires_in_millis": challenge.expires_millis - now.0,
        "solve_url": "/.spigot/solve",
        "return_to": errand.return_to,
        "method": errand.method,
        "stash": errand.stash.map(|id| to_text(&id)),
        "decision": decision,
        "too_large": errand.too_large,
        "max_upload_bytes": stash_bytes,
    });
    let parameters = match challenge.kind {
        Kind::Cachewalk(params) => {
            json!({ "log2_n": params.log2_n(), "grind": params.grind(), "open": params.open() })
        }
        Kind::Sha256 { bits } => json!({ "bits": bits }),
        Kind::Wait { millis } => json!({ "wait_millis": millis }),
    };
    if let (Some(object), Value::Object(parameters)) = (described.as_object_mut(), parameters) {
        object.extend(parameters);
    }
    described
}

/// Whether an address lies on this origin, whatever a browser makes of it: one slash, then no slash or backslash, and
/// no control character anywhere.
pub(crate) fn is_return_address(to: &str) -> bool {
    to.starts_with('/') && !to[1..].starts_with(['/', '\\']) && to.bytes().all(|b| (0x21..0x7f).contains(&b))
}

fn sentence(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::Malformed => "The submission is not complete.",
        Rejection::UnknownVersion | Rejection::UnknownKey | Rejection::Stale => {
            "The challenge is from before a restart. Solve the new one."
        }
        Rejection::Forged => "The challenge was not issued here.",
        Rejection::Expired => "The challenge has expired. Solve the new one.",
        Rejection::OtherContext => "The challenge was issued for another browser or site.",
        Rejection::TooEarly => "The wait is not over yet.",
        Rejection::Wrong => "The proof is wrong.",
        Rejection::Replay => "The challenge was used already. Solve the new one.",
        Rejection::Unavailable => "The proof cannot be checked right now. Try again in a moment.",
    }
}

fn file(request: &Request<Incoming>, media_type: &'static str, bytes: &'static [u8]) -> Response<Through> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            "This method is not for this address",
            "Files are got.",
            json!({}),
        );
    }
    // A new version of Spigot brings new files under the same names: kept, but asked for each time.
    let tag = format!("\"{:016x}\"", Keys(0, 0).hash(0, &[Subject::Text(bytes)]));
    let known =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        let mut response = Response::new(Through::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        plain(StatusCode::OK, media_type, Bytes::from_static(bytes))
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_addresses() {
        for good in ["/", "/a", "/a/b?c=//x", "/%5Cevil"] {
            assert!(is_return_address(good), "{good}");
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nb",
            "/\t/evil",
            "a",
            "/a b",
        ] {
            assert!(!is_return_address(bad), "{bad}");
        }
    }
}
