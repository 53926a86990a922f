//! What has to survive a restart is written each second. When the data folder does not take it, serving goes on: it is
//! said once, counted, and written as soon as the folder takes it again.

use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use spigot_admin::PolicyStore;
use spigot_event::Recorder;
use spigot_state::Memory;

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
    pub(crate) fn keep(&self, store: &mut PolicyStore, state: &Memory) {
        state.hours.running(now());
        let (hours, restrictions) = (state.hours.take_changed(), state.restrictions.take_changed());
        match store.keep(&hours, &restrictions) {
            Ok(()) => self.last_error.store(None),
            Err(error) => {
                state.hours.not_kept(hours);
                state.restrictions.not_kept(&restrictions);
                self.failed.fetch_add(1, Ordering::Relaxed);
                self.last_error.store(Some(error.to_string().into()));
            }
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
    pub(crate) fn about(&mut self, keeping: &Keeping, recorder: &Recorder) {
        once(&mut self.keeping, keeping.last_error(), "keeping_failed", "keeping_works_again");
        let error = recorder.last_error().map(|error| error.to_string());
        once(&mut self.recording, error, "recording_failed", "recording_works_again");
    }
}

fn once(fails: &mut bool, error: Option<String>, failed: &str, works_again: &str) {
    match error {
        Some(error) if !std::mem::replace(fails, true) => crate::log::line(failed, &[("error", &error)]),
        None if std::mem::take(fails) => crate::log::line(works_again, &[]),
        _ => {}
    }
}
