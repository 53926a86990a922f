//! What comes back for a challenge: read, verified cheapest check first, spent, and answered.

use http::{HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use spigot_challenge::{
    Challenge, Rejection, Solved, Submission, Verified, Workspace, admit, from_text, genuine,
};
use spigot_decision::{Demand, Level, Millis};
use spigot_state::{Spend, State};

use super::ask::{Errand, describe, terms};
use super::grant::Step;
use crate::body::Through;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::respond::{plain, problem};
use crate::verifier::Busy;

#[derive(Deserialize)]
struct Posted {
    challenge: String,
    proof: String,
    /// How long the browser says that it took. Its own word; what counts is the time between issue and submission.
    #[serde(default)]
    millis: u32,
}

/// Seconds after which a submission that could not be looked at may be sent again.
const AGAIN_SECONDS: u32 = 1;

impl<S: State> Gateway<S> {
    /// Answers a posted submission.
    pub(super) async fn solve(&self, snapshot: &Snapshot, seen: &Seen<'_>, body: &[u8]) -> Response<Through> {
        let posted = serde_json::from_slice::<Posted>(body).ok();
        let bytes = posted
            .as_ref()
            .and_then(|posted| Some((from_text(&posted.challenge)?, from_text(&posted.proof)?)));
        let (challenge, proof) = bytes.unwrap_or_default();
        let claimed_millis = posted.map(|posted| posted.millis);
        let decided = self.decide_own(snapshot, seen).await;
        if let Some(refused) = self.refused_for_restriction(&decided) {
            self.record_step(snapshot, seen, decided, Step::restricted());
            return refused;
        }
        match self.verify_and_spend(snapshot, seen, &challenge, proof).await {
            Ok(solved) => {
                let mut response =
                    plain(StatusCode::OK, "application/json", json!({ "ok": true }).to_string());
                self.give_clearance(snapshot, seen, &solved, &mut response);
                let step = Step::of(Some(solved.challenge()), "solved", seen.now, claimed_millis);
                self.record_step(snapshot, seen, decided, step);
                response
            }
            Err(rejection) => {
                let issued = genuine(&snapshot.keyring, &challenge);
                if !rejection.is_honest() {
                    self.report(snapshot, seen, &decided, 0, true).await;
                }
                let step = Step::of(issued.as_ref(), rejection.name(), seen.now, claimed_millis);
                self.record_step(snapshot, seen, decided, step);
                self.rejected(snapshot, seen, rejection, issued.as_ref())
            }
        }
    }

    /// The refusal of a submission, with a fresh challenge where an honest client needs one.
    fn rejected(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        rejection: Rejection,
        issued: Option<&Challenge>,
    ) -> Response<Through> {
        let status =
            if rejection.is_ours() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST };
        let more = self.fresh(snapshot, seen, rejection, issued);
        let mut response =
            problem(status, rejection.name(), "The proof is not accepted", sentence(rejection), more);
        if rejection.is_ours() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(AGAIN_SECONDS));
        }
        response
    }

    /// The fresh challenge that goes with a refusal, where an honest client needs one.
    pub(super) fn fresh(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        rejection: Rejection,
        issued: Option<&Challenge>,
    ) -> Value {
        // What nobody looked at yet can be sent again as it is.
        if !rejection.is_honest() || rejection.is_ours() {
            return json!({});
        }
        // The same again; one whose terms cannot be read any more gets the hardest, never an easier one.
        let hardest = Demand { level: Level::High, doublings: 0 };
        let again = issued.map_or_else(|| terms(&snapshot.policy.challenge, hardest, None), Challenge::terms);
        let fresh = self.issue(snapshot, seen, &again);
        let errand = Errand { return_to: "/", method: "GET", stash: None, too_large: false };
        json!({ "challenge": describe(snapshot, &fresh, "", &errand, seen.now) })
    }

    /// Lengths, signature, times, context and network; then whether it was spent; then the proof, on threads of its own when it
    /// is costly; then it is spent, and only a first spend solves.
    pub(super) async fn verify_and_spend(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        challenge: &[u8],
        proof: Vec<u8>,
    ) -> Result<Solved, Rejection> {
        let submission = Submission { challenge, proof: &proof };
        let admitted = admit(&snapshot.keyring, submission, &seen.binding(), self.start.0, seen.now.0)?;
        let spent = self.state.is_spent(&admitted.challenge().id, seen.now).await;
        let unspent = admitted.unspent(spent.map_err(|_| Rejection::Unavailable)?)?;
        let now_millis = seen.now.0;
        let verified: Verified = if unspent.is_costly() {
            let job = move |workspace: &mut Workspace| unspent.verify(&proof, workspace, now_millis);
            self.verifier.run(job).await.map_err(|Busy| Rejection::Busy)??
        } else {
            unspent.verify(&proof, &mut Workspace::default(), now_millis)?
        };
        let (id, end) = verified.to_spend();
        match self.state.spend(id, Millis(end), seen.now).await {
            Ok(spend) => verified.spent(spend == Spend::First),
            Err(_) => Err(Rejection::Unavailable),
        }
    }
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
        Rejection::Replay => "The challenge was used already. Solve the new one.",
        Rejection::Unavailable => "The proof cannot be checked right now. Send the same again in a moment.",
        Rejection::Busy => "Too many proofs are being checked. Send the same again in a moment.",
    }
}
