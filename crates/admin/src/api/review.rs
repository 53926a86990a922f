//! The weekly review: the last one at once, and a fresh one with its progress. It is stopped by not asking on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::operation::Operation;
use super::problem::Problem;
use crate::review::{Job, Known, Review};
use crate::staff::Need;

pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation::get(
        "review.show",
        "/api/review",
        Need::Read,
        "The last weekly review; with `fresh` a new one is made as long as somebody asks for its progress.",
        show,
    )]
}

/// What is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewQuery {
    /// Make a new one, of the seven days until now.
    fresh: Option<bool>,
}

/// The last review, and the one at work.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Reviewed {
    review: Option<Review>,
    working: Option<Working>,
}

/// How far the one at work is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Working {
    /// Events read.
    read: u64,
    /// Of its time, 0 to 1.
    fraction: f64,
}

fn show(call: &Call<'_>, query: &ReviewQuery) -> Result<Reviewed, Problem> {
    let job = &call.api.review;
    if let Some(error) = job.failed() {
        return Err(Problem::ours(error));
    }
    if query.fresh == Some(true) && job.wait(call.now).is_none() {
        let known = Known::of(call.live().policy(), &call.settings()?, call.now).map_err(Problem::ours)?;
        let live = call.api.live.clone();
        job.start(call.folder().to_owned(), known, move || live.now()).map_err(Problem::ours)?;
    }
    let working = job.wait(call.now);
    Ok(Reviewed {
        review: Job::last(call.folder()),
        working: working.map(|progress| Working { read: progress.read, fraction: progress.fraction }),
    })
}
