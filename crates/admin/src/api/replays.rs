//! What a draft would have done: one replay at a time, with its progress, which can be stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use spigot_decision::Millis;

use super::live::Live;
use super::problem::Problem;
use crate::review::guarded;

/// How a replay goes on, between the thread that does it and whoever asks.
#[derive(Default)]
pub struct ReplayProgress {
    /// Somebody wants it to end.
    pub stop: Arc<AtomicBool>,
    /// Events looked at.
    pub events: Arc<AtomicU64>,
}

/// What a draft would have done to recorded requests.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ReplayResult {
    /// Requests that both policies decided.
    pub requests: u64,
    /// Requests that are treated differently.
    pub different: u64,
    /// Requests that only the draft stops.
    pub newly_stopped: u64,
    /// Requests that only the policy in force stops.
    pub no_longer_stopped: u64,
    /// Clients with a request that is treated differently.
    pub clients_different: u64,
    /// Per route.
    pub routes: Vec<ReplayRoute>,
    /// Who is treated differently, most requests first.
    pub examples: Vec<ReplayExample>,
}

/// A route under both policies.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ReplayRoute {
    /// Its name.
    pub route: String,
    /// Requests under the policy in force, and under the draft.
    pub requests: [u64; 2],
    /// Of these challenged.
    pub challenged: [u64; 2],
    /// Of these refused: blocked, shadowed or slowed.
    pub refused: [u64; 2],
}

/// Requests of one client that are treated differently.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReplayExample {
    /// The client's address.
    pub address: String,
    /// The route under the draft.
    pub route: String,
    /// The treatment under the policy in force.
    pub before: String,
    /// The treatment under the draft.
    pub after: String,
    /// How many.
    pub requests: u64,
    /// What stopped them before.
    pub by_before: Vec<String>,
    /// What stops them now.
    pub by_after: Vec<String>,
}

/// The one replay that is running, or was the last.
#[derive(Default)]
pub(crate) struct Replays(Mutex<Option<Running>>);

struct Running {
    number: u64,
    progress: Arc<ReplayProgress>,
    ended: Arc<Mutex<Option<Result<ReplayResult, String>>>>,
}

/// How a replay stands.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ReplayState {
    number: u64,
    /// Events looked at so far.
    events: u64,
    is_running: bool,
    result: Option<ReplayResult>,
    problem: Option<String>,
}

impl Replays {
    /// Starts one, on a thread of its own; one that is still running is stopped.
    pub(crate) fn start(
        &self,
        live: Arc<dyn Live>,
        text: String,
        since: Millis,
    ) -> Result<ReplayState, Problem> {
        let mut running = self.0.lock();
        let number = running.as_ref().map_or(1, |before| before.number + 1);
        if let Some(before) = running.as_ref() {
            before.progress.stop.store(true, Ordering::Relaxed);
        }
        let (progress, ended) = (Arc::<ReplayProgress>::default(), Arc::<Mutex<_>>::default());
        let (of_thread, its_end) = (progress.clone(), ended.clone());
        std::thread::Builder::new()
            .name("spigot-replay".to_owned())
            .spawn(move || {
                let result = guarded(|| live.replay(&text, since, &of_thread));
                *its_end.lock() = Some(result);
            })
            .map_err(Problem::ours)?;
        *running = Some(Running { number, progress, ended });
        Ok(ReplayState { number, events: 0, is_running: true, result: None, problem: None })
    }

    pub(crate) fn state(&self, number: u64) -> Result<ReplayState, Problem> {
        let running = self.0.lock();
        let running = running.as_ref().filter(|running| running.number == number);
        let running = running.ok_or_else(|| Problem::absent("Another replay took its place"))?;
        let ended = running.ended.lock().clone();
        let is_running = ended.is_none();
        let (result, problem) = match ended {
            None => (None, None),
            Some(Ok(result)) => (Some(result), None),
            Some(Err(problem)) => (None, Some(problem)),
        };
        let events = running.progress.events.load(Ordering::Relaxed);
        Ok(ReplayState { number, events, is_running, result, problem })
    }

    pub(crate) fn stop(&self, number: u64) {
        if let Some(running) = self.0.lock().as_ref().filter(|running| running.number == number) {
            running.progress.stop.store(true, Ordering::Relaxed);
        }
    }
}
