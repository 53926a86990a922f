use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::interim::Interim;
use super::refusal::Refusal;
use crate::marks::Mark;

/// What the reader of a connection leaves for whoever answers its requests. Both run on one thread; the atomics are
/// there because an HTTP/1.1 connection that may be upgraded has to be `Send`, and cost no more than plain numbers.
///
/// Over HTTP/1.1 there is one note at a time: the reader hands on one head, and the next one only when hyper asks again,
/// which it does after it has called the service for the first.
pub(crate) struct Notes {
    start: Instant,
    /// When no request was in flight any more, in milliseconds from the start.
    rested: AtomicU64,
    /// Of the reader, while it waits for the answer to a switch of protocols.
    reader: Mutex<Option<Waker>>,
    order: AtomicU64,
    refusal: AtomicU8,
    upgrade: AtomicU8,
    late: AtomicU8,
    in_flight: AtomicU32,
    waiting: AtomicU32,
    progress: AtomicU64,
    http2: OnceLock<Mark>,
    cut: AtomicU8,
    pub(crate) interim: Interim,
}

/// How far a switch of protocols has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Upgrade {
    No,
    Asked,
    Done,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            rested: AtomicU64::default(),
            reader: Mutex::default(),
            order: AtomicU64::default(),
            refusal: AtomicU8::default(),
            upgrade: AtomicU8::default(),
            late: AtomicU8::default(),
            in_flight: AtomicU32::default(),
            waiting: AtomicU32::default(),
            progress: AtomicU64::default(),
            http2: OnceLock::default(),
            cut: AtomicU8::default(),
            interim: Interim::default(),
        }
    }
}

impl Notes {
    pub(super) fn head(&self, order: u64, upgrade: bool) {
        self.order.store(order, Ordering::Relaxed);
        if upgrade {
            self.upgrade.store(Upgrade::Asked as u8, Ordering::Relaxed);
        }
    }

    pub(super) fn refuse(&self, refusal: Refusal) {
        self.refusal.store(refusal as u8, Ordering::Relaxed);
    }

    pub(super) fn body_is_late(&self) {
        self.late.store(1, Ordering::Relaxed);
    }

    pub(super) fn upgrade(&self) -> Upgrade {
        match self.upgrade.load(Ordering::Relaxed) {
            0 => Upgrade::No,
            1 => Upgrade::Asked,
            _ => Upgrade::Done,
        }
    }

    /// Wakes the reader when it is known whether protocols are switched.
    pub(super) fn wake_when_answered(&self, waker: &Waker) {
        *self.reader.lock() = Some(waker.clone());
    }

    /// For how long no request has been in flight.
    pub(super) fn resting(&self) -> Duration {
        let rested = Duration::from_millis(self.rested.load(Ordering::Relaxed));
        self.start.elapsed().saturating_sub(rested)
    }

    pub(super) fn fingerprinted(&self, text: &str) {
        if let Some(mark) = Mark::new(text) {
            let _ = self.http2.set(mark);
        }
    }

    /// Order and case of the field names of the request at hand (HTTP/1.1).
    pub(crate) fn header_order(&self) -> u64 {
        self.order.load(Ordering::Relaxed)
    }

    /// Why the request at hand is to be refused.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        Refusal::numbered(self.refusal.load(Ordering::Relaxed))
    }

    /// Whether the body of the request at hand came too slowly.
    pub(crate) fn is_body_late(&self) -> bool {
        self.late.load(Ordering::Relaxed) != 0
    }

    /// Whether an answer was cut off whose end only the connection's end would show.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed) != 0
    }

    /// The service has answered, with 101 or not.
    pub(crate) fn answered(&self, switched: bool) {
        let now = if switched { Upgrade::Done } else { Upgrade::No };
        if self.upgrade.swap(now as u8, Ordering::Relaxed) != Upgrade::No as u8
            && let Some(reader) = self.reader.lock().take()
        {
            reader.wake();
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

/// A request in progress, from its head to the end of its answer's body.
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

    /// The answer breaks off, and nothing but the connection's end would show where it ends.
    pub(crate) fn cut(&self) {
        self.notes.cut.store(1, Ordering::Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.offered(false);
        if self.notes.in_flight.fetch_sub(1, Ordering::Relaxed) == 1 {
            let rested = u64::try_from(self.notes.start.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.notes.rested.store(rested, Ordering::Relaxed);
        }
    }
}
