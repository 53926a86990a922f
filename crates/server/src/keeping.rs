//! What has to survive a restart is written each second. When the data folder does not take it, serving goes on: it is
//! said once, counted, and written as soon as the folder takes it again.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use spigot_admin::{KnownStore, PolicyStore};
use spigot_decision::Millis;
use spigot_event::Recorder;
use spigot_state::{Changes, Memory, Restricted};

use crate::alerts::Alerts;
use crate::clock::now;

/// How keeping went, for the admin port.
#[derive(Default)]
pub(crate) struct Keeping {
    /// Attempts that failed.
    failed: AtomicU64,
    /// Why the last one failed; `None` once one succeeds.
    last_error: ArcSwapOption<String>,
}

impl Keeping {
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        self.last_error.load_full().map(|error| (*error).clone())
    }

    /// Writes what has changed since the last time.
    pub(crate) fn keep(&self, store: &mut PolicyStore, known: Option<&mut KnownStore>, state: &Memory) {
        state.hours.running(now());
        // First who is known: a lock that is kept without would meet its owner at home after a crash.
        let known = known.map_or(Ok(()), |known| {
            let acquainted = state.accounts.successes.take_changed(now());
            known.keep(&acquainted, now()).inspect_err(|_| state.accounts.successes.not_kept(&acquainted))
        });
        let (hours, mut restrictions) = (state.hours.take_changed(), state.restrictions.take_changed());
        if known.is_err() {
            state.restrictions.not_kept(&restrictions);
            restrictions = Changes::default();
        }
        let kept = store.keep(&hours, &restrictions);
        if kept.is_err() {
            state.hours.not_kept(hours);
            state.restrictions.not_kept(&restrictions);
        }
        match kept.and(known) {
            Ok(()) => self.last_error.store(None),
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                self.last_error.store(Some(error.to_string().into()));
            }
        }
    }
}

/// Takes back who is known for an account, and restrictions that were kept. A file that cannot be used is no reason not to
/// start: it is said, and everybody is a stranger until they have logged in; locks end then.
pub(crate) fn open_known(
    folder: &Path,
    state: &Memory,
    restrictions: Vec<(u64, Restricted)>,
    now: Millis,
) -> Option<KnownStore> {
    let opened = KnownStore::open(folder).and_then(|store| Ok((store.kept(now)?, store)));
    match opened {
        Ok((kept, store)) => {
            state.accounts.successes.restore(kept);
            state.restrictions.restore(restrictions);
            Some(store)
        }
        Err(error) => {
            crate::log::line("accounts_unread", &[("error", &error.to_string())]);
            state.restrictions.restore_without_locks(restrictions);
            None
        }
    }
}

/// What was said about the data folder: a fault is a line when it begins and a line when it is over, not one a second.
#[derive(Default)]
pub(crate) struct Said {
    keeping: bool,
    recording: bool,
}

impl Said {
    pub(crate) fn about(&mut self, keeping: &Keeping, recorder: &Recorder, alerts: &Alerts) {
        let once = |fails: &mut bool, error: Option<String>, [failed, works_again]: [&str; 2], what: &str| {
            match error {
                Some(error) if !std::mem::replace(fails, true) => {
                    alerts.tell(
                        failed,
                        &[("error", &error)],
                        &format!("Spigot: {what} cannot be written to the data folder: {error}"),
                    );
                }
                None if std::mem::take(fails) => {
                    alerts.tell(
                        works_again,
                        &[],
                        &format!("Spigot: {what} can be written to the data folder again"),
                    );
                }
                _ => {}
            }
        };
        let names = ["keeping_failed", "keeping_works_again"];
        once(&mut self.keeping, keeping.last_error(), names, "what is known of clients");
        let error = recorder.last_error().map(|error| error.to_string());
        let names = ["recording_failed", "recording_works_again"];
        once(&mut self.recording, error, names, "events");
    }
}
