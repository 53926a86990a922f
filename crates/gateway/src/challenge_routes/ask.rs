//! The answer to a request that is asked for a challenge: a page, a problem, or a line, with the challenge in it.

use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use spigot_challenge::{Challenge, Kind, Terms, issue, kind, to_text};
use spigot_decision::policy::ChallengeSettings;
use spigot_decision::{Demand, Millis, Sender};
use spigot_event::ChallengeStep;
use spigot_state::State;

use super::fallback::offered;
use super::wait::texts;
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
        let terms = terms(settings, demand, seen.software.device);
        let challenge = self.issue(snapshot, seen, &terms);
        let reason = decided
            .decision
            .deciding()
            .map_or("challenge", |reason| snapshot.policy.source_name(reason.source))
            .to_owned();
        let decision = decided.id.to_string();
        let described = describe(snapshot, &challenge, &decision, errand, seen.now);
        let mut response = match decided.sender {
            Sender::Navigation => {
                let accepted = route.settings.wait.is_some_and(|highest| demand.level <= highest);
                let without_script = self.plain_way(snapshot, seen, demand, accepted, &decision, errand);
                page(
                    StatusCode::FORBIDDEN,
                    pages::challenge(
                        texts(seen),
                        seen.host,
                        &decision,
                        &described.to_string(),
                        &without_script,
                    ),
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
                claimed_millis: None,
            },
        )
    }

    pub(super) fn issue(&self, snapshot: &Snapshot, seen: &Seen<'_>, terms: &Terms) -> Challenge {
        issue(&snapshot.keyring, terms, &seen.binding(), random(), seen.now.0)
    }
}

/// What a demand comes to. The device is the client's own word, so a phone's work is not much less, and there is no
/// other word by which a client makes its work smaller.
pub(super) fn terms(settings: &ChallengeSettings, demand: Demand, device: Option<&str>) -> Terms {
    let work = work(settings, device);
    let kind = match settings.kind {
        "sha256" => Kind::Sha256 { bits: demand.log2_work(work, 24) },
        _ => kind::cachewalk::of_log2(demand.log2_work(work, 17)),
    };
    Terms { kind, level: demand.level as u8, life_millis: settings.life_millis }
}

/// Work per level for a class of devices.
pub(super) fn work(settings: &ChallengeSettings, device: Option<&str>) -> [u8; 3] {
    if device == Some("phone") { settings.phone_log2_work } else { settings.log2_work }
}

pub(super) fn describe(
    snapshot: &Snapshot,
    challenge: &Challenge,
    decision: &str,
    errand: &Errand<'_>,
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
        "max_upload_bytes": snapshot.settings.bounds.stash_bytes,
    });
    let parameters = match challenge.kind {
        Kind::Cachewalk(params) | Kind::Pbkdf2(params) => {
            json!({ "log2_n": params.log2_n(), "grind": params.grind(), "open": params.open() })
        }
        Kind::Sha256 { bits } => json!({ "bits": bits }),
        Kind::Wait(wait) => json!({ "wait_millis": wait.millis }),
    };
    if let (Some(object), Value::Object(parameters)) = (described.as_object_mut(), parameters) {
        object.extend(parameters);
        if offered(&snapshot.policy.challenge, challenge) {
            object.insert("fallback_url".to_owned(), "/.spigot/fallback".into());
        }
    }
    described
}
