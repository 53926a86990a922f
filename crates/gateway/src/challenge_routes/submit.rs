//! What comes back for a challenge: read, verified, spent, and turned into a clearance.

use std::cell::RefCell;

use http::{HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use spigot_challenge::{
    Binding, Kind, Rejection, Solved, Submission, Workspace, clearance, from_text, verify,
};
use spigot_decision::{Demand, Millis, Sender};
use spigot_event::ChallengeStep;
use spigot_state::{Spend, State};

use super::ask::{Errand, describe, terms};
use crate::body::Through;
use crate::entropy::random;
use crate::metrics::Metrics;
use crate::pipeline::{COOKIE, End, Gateway, Seen, Snapshot};
use crate::respond::{plain, problem};

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

#[derive(Deserialize)]
struct Posted {
    challenge: String,
    proof: String,
    #[serde(default)]
    millis: u32,
}

impl<S: State> Gateway<S> {
    pub(super) async fn solve(&self, snapshot: &Snapshot, seen: &Seen<'_>, body: &[u8]) -> Response<Through> {
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

    pub(super) async fn verify_and_spend(
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

    pub(super) fn give_clearance(
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
    pub(super) async fn record_step(
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
}

pub(super) fn sentence(rejection: Rejection) -> &'static str {
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
