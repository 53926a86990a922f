//! Sends the weekly review where `[review]` says, on a thread of its own. What does not arrive is sent again, later and
//! later, until the next one is due.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use spigot_admin::review::{Known, keep, read, text};
use spigot_admin::{PolicyStore, review::Review};
use spigot_decision::Millis;
use spigot_gateway::{Gateway, Posted, post};
use spigot_state::Memory;
use tokio::sync::watch;

use crate::clock::now;
use crate::config::ReviewSection;
use crate::kept_json;

const WEEK_MILLIS: i64 = 7 * 86_400_000;
/// Between two looks at the clock; also how long an end may wait for this thread.
const TICK: Duration = Duration::from_secs(1);
/// A report has some kilobytes; slow servers get a while.
const TIME: Duration = Duration::from_secs(30);
/// After a first failure; doubled with each.
const AGAIN_MILLIS: i64 = 60_000;
const AGAIN_MILLIS_MAX: i64 = 6 * 3_600_000;

const FILE: &str = "review-sent.json";
const VERSION: u32 = 1;
/// It holds one number.
const FILE_BYTES_MAX: u64 = 4_096;

/// What is remembered over a restart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Sent {
    /// The time that the last one was due at.
    due_millis: i64,
}

/// When to send.
#[derive(Debug)]
struct Schedule {
    /// Within a week.
    offset_millis: i64,
    /// The time that the last one was due at which needs no more sending.
    done: i64,
    failures: u32,
    not_before: i64,
}

impl Schedule {
    /// Who starts for the first time waits for the next one.
    fn new(offset_millis: i64, sent: Option<Sent>, now: Millis) -> Self {
        let done = sent.map_or_else(|| last_due(offset_millis, now), |sent| sent.due_millis);
        Self { offset_millis, done, failures: 0, not_before: i64::MIN }
    }

    /// The time for which one has to be sent now.
    fn due(&self, now: Millis) -> Option<i64> {
        let due = last_due(self.offset_millis, now);
        (due > self.done && now.0 >= self.not_before).then_some(due)
    }

    fn sent(&mut self, due: i64) {
        (self.done, self.failures, self.not_before) = (due, 0, i64::MIN);
    }

    fn failed(&mut self, now: Millis) {
        let pause = AGAIN_MILLIS.saturating_mul(1 << self.failures.min(20)).min(AGAIN_MILLIS_MAX);
        self.failures += 1;
        self.not_before = now.0 + pause;
    }
}

/// The last time that one was due at.
fn last_due(offset_millis: i64, now: Millis) -> i64 {
    now.0 - (now.0 - offset_millis).rem_euclid(WEEK_MILLIS)
}

/// What is posted. `text` is where chat servers look for what they show.
#[derive(Serialize)]
struct Report<'a> {
    text: String,
    review: &'a Review,
}

/// Starts the thread; it ends with `stopped`.
pub(crate) fn start(
    section: ReviewSection,
    data: PathBuf,
    gateway: Arc<Gateway<Memory>>,
    stopped: watch::Receiver<bool>,
) -> Result<(), String> {
    let sender = Sender { section, data, gateway, stopped };
    let run = move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
        if let Ok(runtime) = runtime {
            tokio::task::LocalSet::new().block_on(&runtime, sender.run());
        }
    };
    let thread = std::thread::Builder::new().name("spigot-review-sender".to_owned()).spawn(run);
    thread.map(drop).map_err(|error| format!("a thread cannot be started: {error}"))
}

struct Sender {
    section: ReviewSection,
    data: PathBuf,
    gateway: Arc<Gateway<Memory>>,
    stopped: watch::Receiver<bool>,
}

impl Sender {
    async fn run(mut self) {
        let path = self.data.join(FILE);
        let sent = kept_json::read(&path, VERSION, FILE_BYTES_MAX).unwrap_or_else(|error| {
            crate::log::line("review_time_unread", &[("error", &error.to_string())]);
            None
        });
        let mut schedule = Schedule::new(self.section.due_millis, sent, now());
        remember(&path, schedule.done);
        while !*self.stopped.borrow() {
            if let Some(due) = schedule.due(now()) {
                match self.send(Millis(due)).await {
                    Ok(()) => {
                        schedule.sent(due);
                        remember(&path, due);
                        crate::log::line("review_sent", &[]);
                    }
                    Err(error) => {
                        schedule.failed(now());
                        crate::log::line("review_unsent", &[("error", &error)]);
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                changed = self.stopped.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Makes the review of the week that ended at `until`, and posts it.
    async fn send(&self, until: Millis) -> Result<(), String> {
        let store = PolicyStore::open(&self.data).map_err(|error| error.to_string())?;
        let marks = store.marks(now()).map_err(|error| error.to_string())?;
        let known = Known { policy: self.gateway.snapshot.load().policy.clone(), marks };
        let mut go_on = |_, _| !*self.stopped.borrow();
        let made = read(&self.data, until, &known, &mut go_on)?;
        let made = made.ok_or("it was stopped before it was made")?;
        keep(&self.data, &made).map_err(|error| format!("it cannot be kept: {error}"))?;
        let body = serde_json::to_vec(&Report { text: text(&made), review: &made });
        let posted = Posted {
            to: &self.section.to.to,
            body: body.map_err(|error| error.to_string())?.into(),
            key: self.section.to.key.as_ref(),
            time: TIME,
        };
        post(&posted).await
    }
}

/// A folder that cannot be written to is no reason not to send; the same week may then be sent again after a restart.
fn remember(path: &Path, due_millis: i64) {
    if let Err(error) = kept_json::write(path, VERSION, Sent { due_millis }) {
        crate::log::line("review_time_unkept", &[("error", &error.to_string())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    /// Monday at six.
    const OFFSET: i64 = (4 * 24 + 6) * HOUR;
    /// Monday, 2 November 2026, 06:00 UTC.
    const DUE: Millis = Millis(1_793_599_200_000);

    #[test]
    fn once_a_week() {
        assert_eq!(last_due(OFFSET, DUE), DUE.0);
        assert_eq!(last_due(OFFSET, DUE.plus(-1)), DUE.0 - WEEK_MILLIS);
        let mut schedule = Schedule::new(OFFSET, None, DUE.plus(-HOUR));
        assert_eq!(schedule.due(DUE.plus(-1)), None, "the first start waits");
        assert_eq!(schedule.due(DUE), Some(DUE.0));
        schedule.sent(DUE.0);
        assert_eq!(schedule.due(DUE.plus(WEEK_MILLIS - 1)), None);
        assert_eq!(schedule.due(DUE.plus(WEEK_MILLIS)), Some(DUE.0 + WEEK_MILLIS));
        // What was due while nothing ran is sent once, and for the last week alone.
        let sent = Some(Sent { due_millis: DUE.0 });
        let schedule = Schedule::new(OFFSET, sent, DUE.plus(3 * WEEK_MILLIS + HOUR));
        assert_eq!(schedule.due(DUE.plus(3 * WEEK_MILLIS + HOUR)), Some(DUE.0 + 3 * WEEK_MILLIS));
    }

    #[test]
    fn what_fails_is_sent_later_and_later() {
        let mut schedule = Schedule::new(OFFSET, Some(Sent { due_millis: 0 }), DUE);
        let mut now = DUE;
        let mut pauses = Vec::new();
        for _ in 0..12 {
            schedule.failed(now);
            let pause = schedule.not_before - now.0;
            pauses.push(pause / 60_000);
            assert_eq!(schedule.due(now.plus(pause - 1)), None);
            assert!(schedule.due(now.plus(pause)).is_some());
            now = now.plus(pause);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
        schedule.sent(schedule.due(now).unwrap());
        assert_eq!((schedule.due(now), schedule.failures), (None, 0));
    }
}
