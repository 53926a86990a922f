//! What comes back for a challenge: read, verified cheapest check first, spent, and answered.

use http::{HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use spigot_challenge::{
    Challenge, Kind, Rejection, Solved, Submission, Terms, Unspent, Verified, Workspace, admit, from_text,
    genuine, genuine_here,
};
use spigot_decision::{Behaviour, Count, CountKind, Demand, Ending, Level, Millis, Subject};
use spigot_state::{Spend, State};

use super::ask::{Errand, describe};
use super::breaking::DOUBLINGS_MAX;
use super::grant::Step;
use super::terms::{again, instead, own, provider_of};
use crate::body::Through;
use crate::pipeline::{Decided, Gateway, Seen, Snapshot};
use crate::provider::{Heard, Visit, vouch};
use crate::purpose::Purpose;
use crate::respond::{plain, problem};
use crate::verifier::Busy;

#[derive(Deserialize)]
struct Posted {
    challenge: String,
    proof: String,
    /// How long the browser says that it took. Its own word; what counts is the time between issue and submission.
    #[serde(default)]
    millis: u32,
    /// Marks of the browser that the page ran in, and what a widget saw besides. The client's own word, which can only
    /// add to the risk.
    #[serde(default)]
    seen: Option<Behaviour>,
}

/// Seconds after which a submission that could not be looked at may be sent again.
pub(super) const AGAIN_SECONDS: u32 = 1;
/// Questions to a third party about one challenge: the first, and two more for widgets that time out or are mistaken.
const ASKS_MAX: u32 = 3;

impl<S: State> Gateway<S> {
    /// Answers a posted submission.
    pub(super) async fn solve(&self, snapshot: &Snapshot, seen: &Seen<'_>, body: &[u8]) -> Response<Through> {
        let posted = serde_json::from_slice::<Posted>(body).ok();
        let bytes = posted
            .as_ref()
            .and_then(|posted| Some((from_text(&posted.challenge)?, from_text(&posted.proof)?)));
        let (challenge, proof) = bytes.unwrap_or_default();
        let claimed_millis = posted.as_ref().map(|posted| posted.millis);
        let behaviour = posted.as_ref().and_then(|posted| posted.seen.as_ref());
        let decided = self.decide_own(snapshot, &Seen { behaviour, ..*seen }).await;
        if let Some(refused) = self.refused_for_risk(&decided) {
            self.record_step(snapshot, seen, decided, Step::refused());
            return refused;
        }
        if let Some(refused) = self.refused_for_restriction(&decided) {
            self.record_step(snapshot, seen, decided, Step::restricted());
            return refused;
        }
        let mut heard = None;
        // Steps of a wait are taken where they are counted.
        let taken = |kind: &Kind| !matches!(kind, Kind::Wait(_));
        match self.verify_and_spend(snapshot, seen, &challenge, proof, taken, &mut heard).await {
            Ok(solved) => {
                let mut response =
                    plain(StatusCode::OK, "application/json", json!({ "ok": true }).to_string());
                self.give_clearance(snapshot, seen, &solved, &mut response);
                self.state.solved(decided.plan.own_subjects(), seen.now).await;
                let challenge = Some(solved.challenge());
                let step = Step::of(challenge, "solved", seen.now, claimed_millis);
                let step = step.told(snapshot, challenge, heard.as_ref());
                self.record_step(snapshot, seen, decided, step);
                response
            }
            Err(rejection) => {
                let issued = genuine(&snapshot.keyring, &challenge);
                if !rejection.is_honest() {
                    self.report(snapshot, seen, &decided, Ending::Refused).await;
                }
                let step = Step::of(issued.as_ref(), rejection.name(), seen.now, claimed_millis);
                let step = step.told(snapshot, issued.as_ref(), heard.as_ref());
                let fresh = self.fresh(snapshot, seen, &decided, rejection, &challenge, heard.as_ref());
                self.record_step(snapshot, seen, decided, step);
                rejected(rejection, fresh)
            }
        }
    }

    /// The fresh challenge that goes with a refusal, where an honest client needs one.
    pub(super) fn fresh(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        decided: &Decided,
        rejection: Rejection,
        challenge: &[u8],
        heard: Option<&Heard>,
    ) -> Value {
        // What nobody looked at yet can be sent again as it is.
        if !rejection.is_honest() || rejection.is_ours() {
            return json!({});
        }
        let issued = genuine_here(&snapshot.keyring, challenge, &seen.binding());
        let held = self.with_held(Demand { level: Level::Low, doublings: 0 }, seen, decided).doublings;
        let Some(terms) = fresh_terms(snapshot, seen, issued.as_ref(), heard, held) else {
            return json!({});
        };
        let fresh = self.issue(snapshot, seen, &terms);
        self.holds(seen, decided, &fresh);
        if let Some(issued) = &issued {
            self.open.follow(&issued.id, &fresh, seen.now);
        }
        let errand = Errand::to("/", "GET");
        json!({ "challenge": describe(snapshot, &fresh, "", &errand, seen.now) })
    }

    /// Lengths, signature, times, context and network, and whether its kind is `taken` here; then whether it was spent; then the proof, on threads of its own when it
    /// is costly; then it is spent, and only a first spend solves.
    pub(super) async fn verify_and_spend(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        challenge: &[u8],
        proof: Vec<u8>,
        taken: fn(&Kind) -> bool,
        heard: &mut Option<Heard>,
    ) -> Result<Solved, Rejection> {
        let submission = Submission { challenge, proof: &proof };
        let admitted = admit(&snapshot.keyring, submission, &seen.binding(), self.start.0, seen.now.0)?;
        if !taken(&admitted.challenge().kind) {
            return Err(Rejection::Wrong);
        }
        let spent = self.state.is_spent(&admitted.challenge().id, seen.now).await;
        let unspent = admitted.unspent(spent.map_err(|_| Rejection::Unavailable)?)?;
        let now_millis = seen.now.0;
        let verified: Verified = if matches!(unspent.challenge().kind, Kind::Provider(_)) {
            // In a box, as everything rare is.
            Box::pin(self.vouched(snapshot, seen, unspent, proof, heard)).await?
        } else if unspent.is_costly() {
            let job = move |workspace: &mut Workspace| unspent.verify(&proof, workspace, now_millis);
            self.verifier.run(job).await.map_err(|Busy| Rejection::Busy)??
        } else {
            unspent.verify(&proof, &mut Workspace::default(), now_millis)?
        };
        let (id, end) = verified.to_spend();
        self.held.spent(id);
        match self.state.spend(id, Millis(end), seen.now).await {
            Ok(spend) => verified.spent(spend == Spend::First),
            Err(_) => Err(Rejection::Unavailable),
        }
    }

    /// Asks the third party that the challenge names, a few times at most for each challenge: otherwise one would do for
    /// any number of questions.
    async fn vouched(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        unspent: Unspent,
        token: Vec<u8>,
        heard: &mut Option<Heard>,
    ) -> Result<Verified, Rejection> {
        let challenge = unspent.challenge();
        // One that was taken out of the configuration since: what takes its place needs a new page.
        let provider = provider_of(snapshot, challenge).ok_or(Rejection::Stale)?;
        let life_millis = challenge.expires_millis.saturating_sub(challenge.issued_millis);
        let count = Count {
            key: self.keys.hash(Purpose::ProviderQuestion.counter(), &[Subject::Text(&challenge.id)]),
            window_millis: u64::try_from(life_millis).unwrap_or(0),
            limit: ASKS_MAX,
            kind: CountKind::Trickle,
            add: true,
        };
        match self.state.count(&count, seen.now).await {
            Some(count) if count <= ASKS_MAX => {}
            Some(_) => return Err(Rejection::Replay),
            None => return Err(Rejection::Unavailable),
        }
        let visit = Visit { host: seen.host, client: seen.client, now: seen.now };
        let asked = vouch(provider, &self.asker, &self.verifier, visit, unspent, token).await;
        *heard = asked.1;
        asked.0
    }
}

/// The refusal of a submission, with a fresh challenge where there is one.
fn rejected(rejection: Rejection, fresh: Value) -> Response<Through> {
    let ours = rejection.is_ours() || rejection == Rejection::ProviderAway;
    let status = if ours { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST };
    let mut response =
        problem(status, rejection.name(), "The proof is not accepted", sentence(rejection), fresh);
    if ours {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(AGAIN_SECONDS));
    }
    response
}

/// What the fresh challenge asks for: the same again, doubled as often as `held` says for whoever holds many, or what
/// stands in for a third party that gave no answer. For one whose terms cannot be read any more, or that was issued for something else, it is the hardest puzzle, never an easier
/// one; unless the policy names third parties, which a puzzle must not take the place of.
fn fresh_terms(
    snapshot: &Snapshot,
    seen: &Seen<'_>,
    issued: Option<&Challenge>,
    heard: Option<&Heard>,
    held: u8,
) -> Option<Terms> {
    let device = seen.software.device;
    let Some(issued) = issued else {
        let hardest = Demand { level: Level::High, doublings: DOUBLINGS_MAX };
        return snapshot.policy.providers.is_empty().then(|| own(&snapshot.policy.challenge, hardest, None));
    };
    if let (Some(provider), Some(heard)) = (provider_of(snapshot, issued), heard)
        && heard.fails_over(provider)
    {
        return Some(instead(snapshot, provider, issued, device, seen.now));
    }
    again(snapshot, issued, device, held, seen.now)
}

/// A rejection for whoever reads the answer.
pub(super) fn sentence(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::Malformed => "The submission is not complete.",
        Rejection::UnknownVersion | Rejection::UnknownKey | Rejection::Stale => {
            "The challenge is from before a restart. Solve the new one."
        }
        Rejection::Forged => "The challenge was not issued here.",
        Rejection::Expired => "The challenge has expired. Solve the new one.",
        Rejection::OtherContext => "The challenge was issued for another browser or site.",
        Rejection::OtherNetwork => "The challenge was issued to another network. Solve the new one.",
        Rejection::TooEarly => "The wait is not over yet.",
        Rejection::Wrong => "The proof is wrong.",
        Rejection::NotVouched => "The check was not passed. Do it again.",
        Rejection::ProviderAway => {
            "The service that does the check gives no answer. Solve the new challenge, or try again in a moment."
        }
        Rejection::Replay => "The challenge was used already. Solve the new one.",
        Rejection::Unavailable => "The proof cannot be checked right now. Send the same again in a moment.",
        Rejection::Busy => "Too many proofs are being checked. Send the same again in a moment.",
    }
}
