//! The answer to a request that is asked for a challenge: a page, a problem, or a line, with the challenge in it.

use std::sync::Arc;

use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use spigot_challenge::{Challenge, Kind, Terms, issue, to_text};
use spigot_decision::{Demand, Millis, Sender};
use spigot_event::{Asked, ChallengeStep};
use spigot_state::State;

use super::fallback::offered;
use super::grant::told;
use super::terms::{provider_of, terms};
use super::wait::texts;
use crate::body::Through;
use crate::entropy::random;
use crate::metrics::Metrics;
use crate::pages;
use crate::pipeline::{Decided, Gateway, Seen, Snapshot};
use crate::provider::{Provider, ProviderKind, content_policy};
use crate::respond::{REASON, page, problem, refusal};

/// What the interstitial needs to know of the request that it stands for.
pub(crate) struct Errand<'a> {
    pub(crate) return_to: &'a str,
    pub(crate) method: &'a str,
    pub(crate) stash: Option<[u8; 16]>,
    pub(crate) too_large: bool,
    /// The form itself, for its page to send again where nothing can be put into its place.
    pub(crate) form: Option<Vec<(String, String)>>,
}

impl<'a> Errand<'a> {
    /// One that brings nothing.
    pub(crate) fn to(return_to: &'a str, method: &'a str) -> Self {
        Self { return_to, method, stash: None, too_large: false, form: None }
    }
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
        let route = snapshot.policy.route(decided.decision.route);
        let demand = self.with_held(demand, seen, decided);
        let terms = terms(snapshot, route, demand, seen.software.device, seen.now);
        let challenge = self.issue(snapshot, seen, &terms);
        self.holds(seen, decided, &challenge);
        self.asked_for(snapshot, seen, decided, &challenge);
        let asked = asked(snapshot, decided);
        self.open.open(&challenge, asked.clone(), seen.now);
        let reason = decided
            .decision
            .deciding()
            .map_or("challenge", |reason| snapshot.policy.source_name(reason.source))
            .to_owned();
        let decision = decided.id.to_string();
        let described = describe(snapshot, &challenge, &decision, errand, seen.now);
        let provider = provider_of(snapshot, &challenge);
        let mut response = match decided.sender {
            Sender::Navigation => {
                // Where a third party is asked for, a wait in its place would be the client's choice.
                let accepted =
                    provider.is_none() && route.settings.wait.is_some_and(|highest| demand.level <= highest);
                let without_script =
                    self.plain_way(snapshot, seen, demand, accepted.then_some(asked), &decision, errand);
                let html = pages::challenge(
                    texts(seen),
                    seen.host,
                    &decision,
                    &described.to_string(),
                    &without_script,
                );
                let mut response = page(StatusCode::FORBIDDEN, html);
                if let Some(provider) = provider {
                    allow_widgets(snapshot, provider, &mut response);
                }
                response
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
        self.offer_tokens(snapshot, seen, route, &mut response);
        Metrics::one(&self.metrics.challenges_issued);
        (
            response,
            ChallengeStep {
                kind: terms.kind.name(),
                log2_work: terms.kind.log2_work(),
                result: "issued",
                solve_millis: None,
                claimed_millis: None,
                provider: told(snapshot, Some(&challenge), None),
            },
        )
    }

    pub(super) fn issue(&self, snapshot: &Snapshot, seen: &Seen<'_>, terms: &Terms) -> Challenge {
        issue(&snapshot.keyring, terms, &seen.binding(), random(), seen.now.0)
    }
}

/// Reasons of one challenge that are counted; a decision seldom has half as many.
const REASONS_MAX: usize = 16;

fn asked(snapshot: &Snapshot, decided: &Decided) -> Arc<Asked> {
    let reasons = decided.decision.reasons.iter().take(REASONS_MAX).map(|reason| reason.source).collect();
    Arc::new(Asked { policy: snapshot.policy.clone(), route: decided.decision.route, reasons })
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
        "form": errand.form,
        "max_upload_bytes": snapshot.settings.bounds.stash_bytes,
    });
    if let (Some(object), Value::Object(parameters)) =
        (described.as_object_mut(), parameters(snapshot, challenge))
    {
        object.extend(parameters);
        if offered(snapshot, challenge) {
            object.insert("fallback_url".to_owned(), "/.spigot/fallback".into());
        }
    }
    described
}

/// What the page needs to show a third party's widget.
fn widget(provider: &Provider, challenge: &Challenge) -> Value {
    let settings = &provider.settings;
    let site_key = settings.kind.has_site_key().then_some(&settings.site_key);
    let altcha = (settings.kind == ProviderKind::Altcha)
        .then(|| format!("/.spigot/altcha?challenge={}", to_text(&challenge.bytes)));
    // Its widget has to come from where its tokens are asked about.
    let endpoint = settings.base.as_ref().filter(|_| settings.kind == ProviderKind::Friendly);
    let endpoint = endpoint.map(|base| base.origin());
    let carry: String = challenge.id.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "name": settings.kind.name(),
        "title": settings.kind.title(),
        "script": settings.script,
        "style": settings.style,
        "site_key": site_key,
        "action": settings.action,
        "carry": carry,
        "altcha_url": altcha,
        "endpoint": endpoint,
    })
}

/// Lets the page load a provider's widget, and those of the providers that may take its place without a new page.
fn allow_widgets(snapshot: &Snapshot, provider: &Arc<Provider>, response: &mut Response<Through>) {
    let policy = content_policy(snapshot.settings.in_turn(provider).map(|provider| &**provider));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// What a solver has to know of a challenge.
pub(super) fn parameters(snapshot: &Snapshot, challenge: &Challenge) -> Value {
    match challenge.kind {
        Kind::Cachewalk(params) | Kind::Pbkdf2(params) => {
            json!({ "log2_n": params.log2_n(), "grind": params.grind(), "open": params.open() })
        }
        Kind::Sha256 { bits } => json!({ "bits": bits }),
        Kind::Wait(wait) => json!({ "wait_millis": wait.millis }),
        Kind::Provider(_) => {
            json!({ "provider": provider_of(snapshot, challenge).map(|of| widget(of, challenge)) })
        }
    }
}
