//! The answer to a request that is asked for a challenge: a page, a problem, or a line, with the challenge in it.

use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use spigot_challenge::{Binding, Challenge, Kind, Terms, issue, kind, to_text};
use spigot_decision::policy::ChallengeSettings;
use spigot_decision::{Demand, Millis, Sender};
use spigot_event::ChallengeStep;
use spigot_state::State;

use crate::body::Through;
use crate::entropy::random;
use crate::metrics::Metrics;
use crate::pages;
use crate::pipeline::{Decided, Gateway, Seen, Snapshot};
use crate::respond::{REASON, page, problem, refusal};

/// What the interstitial needs to know of the request that it stands for.
pub(crate) struct Errand<'a> {
    pub(crate) return_to: &'a str,
    pub(crate) method: &'a str,
    pub(crate) stash: Option<[u8; 16]>,
    pub(crate) too_large: bool,
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

    pub(super) fn issue(&self, snapshot: &Snapshot, seen: &Seen<'_>, terms: &Terms) -> Challenge {
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
}

pub(super) fn terms(settings: &ChallengeSettings, demand: Demand) -> Terms {
    let kind = match settings.kind {
        "sha256" => Kind::Sha256 { bits: demand.log2_work(settings.log2_work, 24) },
        _ => kind::cachewalk::of_log2(demand.log2_work(settings.log2_work, 17)),
    };
    Terms { kind, level: demand.level as u8, life_millis: settings.life_millis }
}

pub(super) fn describe(
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
