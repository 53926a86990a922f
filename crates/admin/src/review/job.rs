//! A review on a thread of its own, as long as somebody waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use spigot_decision::Millis;
use spigot_decision::policy::Policy;
use spigot_event::{Order, Query, open_readonly};

use super::proposals::proposals;
use super::{Review, Reviewer, Said};
use crate::policy_store::{PolicyStore, StoreError};
use crate::{MarkSetting, MarkedAs};

/// Whoever waits asks every second; a reader that nobody asks for so long ends.
const PATIENCE_MILLIS: i64 = 15_000;

/// Events between two looks at the clock.
pub(super) const PIECE: u64 = 4_096;

/// The last review is kept here, so that the page shows it at once.
const FILE: &str = "review.json";

/// Complaints are looked for in so many days, as long as marks are kept: a review may be of an earlier week.
const KNOWN_DAYS: i64 = 90;

/// How far a review is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Events read.
    pub read: u64,
    /// Of its time, 0 to 1.
    pub fraction: f64,
    asked: Millis,
}

/// At most one review at a time.
#[derive(Clone, Default)]
pub struct Job(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    running: Option<Progress>,
    failed: Option<String>,
}

/// What is known beside the events.
pub struct Known {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// What operators said of decisions.
    pub marks: Vec<MarkSetting>,
    /// Decisions that somebody was helped with.
    pub complained: Vec<String>,
}

impl Known {
    /// What a store holds of it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(policy: Arc<Policy>, store: &PolicyStore, now: Millis) -> Result<Self, StoreError> {
        let since = now.plus(-KNOWN_DAYS * 86_400_000);
        Ok(Self { policy, marks: store.marks(now)?, complained: store.complained(since)? })
    }
}

/// What every event is told to: whether to go on.
pub(super) type GoOn<'a> = &'a mut dyn FnMut(u64, f64) -> bool;

/// Reads a data folder's events into a review; `None` when it was told to end.
///
/// # Errors
/// What reading gave.
pub fn read(folder: &Path, until: Millis, known: &Known, go_on: GoOn<'_>) -> Result<Option<Review>, String> {
    let people = known.marks.iter().filter(|mark| mark.about == MarkedAs::Person);
    let marked = people.map(|mark| mark.decision.clone()).collect();
    let said = Said { marked, complained: known.complained.iter().cloned().collect() };
    let mut reviewer = Reviewer::new(until, said);
    let since = reviewer.wants_from();
    let query =
        Query { since: Some(since), until: Some(until), order: Order::OldestFirst, ..Query::default() };
    let reader = open_readonly(folder).map_err(|error| error.to_string())?;
    let mut count = 0;
    for record in reader.into_events(&query) {
        let record = record.map_err(|error| error.to_string())?;
        reviewer.take(&record);
        count += 1;
        if count % PIECE == 0 {
            let done = (record.time_millis - since.0) as f64 / until.since(since).max(1) as f64;
            if !go_on(count, done / 2.0) {
                return Ok(None);
            }
        }
    }
    let mut review = reviewer.finish();
    // The week twice more: as much as the two weeks until here.
    let mut later = |more, done: f64| go_on(count + more, (1.0 + done) / 2.0);
    let week = (Millis(review.since_millis), until);
    let Some(proposed) = proposals(folder, week, known, &mut later)? else { return Ok(None) };
    review.proposals = proposed;
    Ok(Some(review))
}

impl Job {
    /// The review that was made last.
    #[must_use]
    pub fn last(folder: &Path) -> Option<Review> {
        serde_json::from_str(&std::fs::read_to_string(folder.join(FILE)).ok()?).ok()
    }

    /// How far the one at work is, and notes that somebody waits for it.
    #[must_use]
    pub fn wait(&self, now: Millis) -> Option<Progress> {
        let mut state = self.0.lock();
        let running = state.running.as_mut()?;
        running.asked = now;
        Some(*running)
    }

    /// Why the last one failed, told once.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.0.lock().failed.take()
    }

    /// Begins one, unless one is at work.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        &self,
        folder: PathBuf,
        known: Known,
        clock: impl Fn() -> Millis + Send + 'static,
    ) -> std::io::Result<()> {
        let begun = clock();
        {
            let mut state = self.0.lock();
            if state.running.is_some() {
                return Ok(());
            }
            state.running = Some(Progress { asked: begun, ..Progress::default() });
        }
        let job = self.clone();
        let spawned = std::thread::Builder::new().name("spigot-review".to_owned()).spawn(move || {
            let mut go_on = |read, fraction| {
                let mut state = job.0.lock();
                let Some(progress) = state.running.as_mut() else { return false };
                (progress.read, progress.fraction) = (read, fraction);
                clock().since(progress.asked) < PATIENCE_MILLIS
            };
            let result = guarded(|| {
                read(&folder, begun, &known, &mut go_on).and_then(|review| match review {
                    Some(review) => keep(&folder, &review).map_err(|error| error.to_string()),
                    None => Ok(()),
                })
            });
            let mut state = job.0.lock();
            state.running = None;
            state.failed = result.err();
        });
        if spawned.is_err() {
            self.0.lock().running = None;
        }
        spawned.map(drop)
    }
}

/// A thread that ends without a word would be waited for until a restart.
pub(crate) fn guarded<T>(act: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| {
        Err("this met a mistake in Spigot itself; the log of the server says where. Please report it"
            .to_owned())
    })
}

/// Keeps a review as the last one. Whole at every moment, and its owner's only: it names addresses.
///
/// # Errors
/// What writing gave.
pub fn keep(folder: &Path, review: &Review) -> std::io::Result<()> {
    let fresh = folder.join("review.json.new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    serde_json::to_writer(&mut file, review)?;
    std::fs::rename(fresh, folder.join(FILE))
}
