//! The puzzle before a sign-in. After a failure under a name, or from an address, the next password is looked at only with
//! a solution of the kind that Spigot asks visitors for: guessing costs those who guess, and their addresses do not help.

use std::sync::OnceLock;

use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use spigot_challenge::{
    Binding, Errand, Keyring, Kind, Rejection, Secret, Submission, Terms, Workspace, admit, from_text, issue,
    kind::cachewalk::of_log2, to_text,
};
use spigot_decision::Millis;
use spigot_state::{Claim, NOBODY, Spends};

use super::call::Call;
use super::guard::header_text;
use super::problem::Problem;

/// What a first failure asks for: about a second of a phone.
const LOG2_N: u8 = 13;
/// What many ask for: eight times that. More would keep out the owner of the name before those who rent machines.
const LOG2_N_MAX: u8 = 16;
/// Failures that make it twice as hard.
const FAILURES_PER_STEP: u32 = 5;
/// How long it may be solved: as long as somebody looks for their password.
const LIFE_MILLIS: u32 = 5 * 60_000;
/// Solutions that are remembered at most; beyond it none is taken. Each cost whoever brought it a second.
const SPENT_MAX: usize = 50_000;

/// Issues puzzles and takes solutions, each once. Its keys are of this process: what was solved for the site's pages does
/// not count here, nor the other way round.
pub(crate) struct Puzzles {
    keys: OnceLock<Keyring>,
    spent: Spends,
}

impl Default for Puzzles {
    fn default() -> Self {
        Self { keys: OnceLock::new(), spent: Spends::new(SPENT_MAX) }
    }
}

/// A solved puzzle.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Solution {
    /// The puzzle, as it was given.
    challenge: String,
    /// base64url.
    proof: String,
}

impl Puzzles {
    fn keys(&self) -> Result<&Keyring, Problem> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let keys = Keyring::new(&[(1, Secret::new(random()?))]);
        Ok(self.keys.get_or_init(|| keys))
    }

    /// What has to be solved after so many failures, as the problem that asks for it.
    pub(crate) fn asked(&self, call: &Call<'_>, name: &str, failures: u32) -> Result<Problem, Problem> {
        let harder = u8::try_from(failures / FAILURES_PER_STEP).unwrap_or(u8::MAX);
        let kind = of_log2(LOG2_N.saturating_add(harder).min(LOG2_N_MAX));
        let Kind::Cachewalk(params) = kind else { return Err(Problem::ours("there is no puzzle")) };
        let terms = Terms { kind, level: 1, life_millis: LIFE_MILLIS };
        let challenge = issue(self.keys()?, &terms, &binding(call, name), random()?, call.now.0);
        let mut problem = Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "puzzle",
            "A sign-in failed before. Solve the puzzle in `more` and send its solution along; the panel does so by itself",
        );
        problem.more = json!({
            "kind": kind.name(), "challenge": to_text(&challenge.bytes),
            "log2_n": params.log2_n(), "grind": params.grind(), "open": params.open(),
        });
        Ok(problem)
    }

    /// Whether a solution is one, for this name, brought for the first time.
    pub(crate) fn solved(&self, call: &Call<'_>, name: &str, solution: &Solution) -> Result<bool, Problem> {
        let (Some(challenge), Some(proof)) = (from_text(&solution.challenge), from_text(&solution.proof))
        else {
            return Ok(false);
        };
        let submission = Submission { challenge: &challenge, proof: &proof };
        let checked = admit(self.keys()?, submission, &binding(call, name), 0, call.now.0)
            .and_then(|admitted| {
                let is_spent = self.spent.is_spent(&admitted.challenge().id, call.now);
                admitted.unspent(is_spent)
            })
            .and_then(|unspent| unspent.verify(&proof, &mut Workspace::default(), call.now.0))
            .and_then(|verified| {
                let (id, end) = verified.to_spend();
                let claimed = self.spent.claim(id, NOBODY, Millis(end), call.now);
                let first = claimed.map_err(|_| Rejection::Unavailable)? == Claim::First;
                verified.spent(first)
            });
        match checked {
            Ok(_) => Ok(true),
            Err(Rejection::Unavailable) => {
                Err(Problem::ours("Too many sign-ins were tried lately. Try again in five minutes"))
            }
            Err(_) => Ok(false),
        }
    }
}

/// A solution is for one name, from one browser and network.
fn binding<'c>(call: &'c Call<'_>, name: &'c str) -> Binding<'c> {
    Binding {
        host: header_text(call.headers, "host").unwrap_or_default(),
        user_agent: header_text(call.headers, "user-agent").unwrap_or_default(),
        client: call.peer,
        errand: Some(Errand { site: "panel", action: "sign-in", data: name, press: false }),
    }
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], Problem> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Problem::ours(format!("the system has no randomness: {error}")))?;
    Ok(bytes)
}
