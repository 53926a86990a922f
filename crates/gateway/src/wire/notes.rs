use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::interim::Interim;
use crate::marks::Mark;

/// What is noted of a connection besides its requests. Of its own thread alone; the atomics are there because hyper may
/// tell of interim answers from any, and cost no more than plain numbers.
#[derive(Default)]
pub(crate) struct Notes {
    in_flight: AtomicU32,
    waiting: AtomicU32,
    progress: AtomicU64,
    http2: OnceLock<Mark>,
    pub(crate) interim: Interim,
}

impl Notes {
    pub(super) fn fingerprinted(&self, text: &str) {
        if let Some(mark) = Mark::new(text) {
            let _ = self.http2.set(mark);
        }
    }

    /// The HTTP/2 fingerprint: settings, window, priorities, order of pseudo-fields.
    pub(crate) fn http2(&self) -> Option<&Mark> {
        self.http2.get()
    }

    /// Requests whose answers have not been handed over whole.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Answers of which the client has not taken what it was offered, and a number that changes whenever it does.
    pub(crate) fn owed(&self) -> (u32, u64) {
        (self.waiting.load(Ordering::Relaxed), self.progress.load(Ordering::Relaxed))
    }
}

/// An HTTP/2 request in progress, from its head to the end of its answer's body.
pub(crate) struct Busy {
    notes: Arc<Notes>,
    offered: bool,
}

impl Busy {
    pub(crate) fn new(notes: &Arc<Notes>) -> Self {
        notes.in_flight.fetch_add(1, Ordering::Relaxed);
        notes.progress.fetch_add(1, Ordering::Relaxed);
        Self { notes: notes.clone(), offered: false }
    }

    /// Some of the answer was handed over (`true`), or the client asked for more and there is none yet (`false`).
    pub(crate) fn offered(&mut self, offered: bool) {
        self.notes.progress.fetch_add(1, Ordering::Relaxed);
        if offered != self.offered {
            self.offered = offered;
            if offered {
                self.notes.waiting.fetch_add(1, Ordering::Relaxed);
            } else {
                self.notes.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.offered(false);
        self.notes.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
