use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use spigot_decision::Millis;

use crate::recorder::Shared;
use crate::{Event, Sink, SinkError, SinkErrorKind};

/// Retention runs when events are this much later than at its last run, in milliseconds.
const MAINTAIN_EVERY_MILLIS: i64 = 60_000;

/// How many failed attempts in a row a stopping writer makes before it gives up.
const ATTEMPTS_AT_STOP: u32 = 3;

/// The writer thread's own side.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    /// Taken from the queues and not committed yet, in the order of their times.
    pending: Vec<Event>,
    /// What a shard gets in exchange for its full queue, so that queues never grow while they are locked.
    spare: Vec<Event>,
    attempts: u32,
    newest: Millis,
    maintain_at: Option<Millis>,
    maintained: Millis,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, sink: Box<dyn Sink>) -> Self {
        let (pending, spare) =
            (Vec::with_capacity(shared.shard_capacity), Vec::with_capacity(shared.shard_capacity));
        Self {
            shared,
            sink,
            pending,
            spare,
            attempts: 0,
            newest: Millis(i64::MIN),
            maintain_at: None,
            maintained: Millis(i64::MIN),
        }
    }

    pub(crate) fn run(mut self) {
        loop {
            let (stop, flush) = self.wait();
            let mut error = self.write_all();
            while stop && error.is_some() && self.attempts < ATTEMPTS_AT_STOP {
                error = self.write_all();
            }
            self.maintain();
            let mut control = self.shared.control.lock();
            control.flush_done = flush;
            control.flush_error = error;
            if stop {
                control.stopped = true;
                let late: usize = self.shared.shards.iter().map(|shard| shard.0.lock().len()).sum();
                self.shared.dropped.fetch_add((self.pending.len() + late) as u64, Ordering::Relaxed);
            }
            self.shared.flushed.notify_all();
            if stop {
                return;
            }
        }
    }

    /// Waits for the commit interval or a call. Returns whether to stop, and which flush has been asked for: whatever
    /// was recorded before that is in the queues by now.
    fn wait(&mut self) -> (bool, u64) {
        let mut control = self.shared.control.lock();
        // Pieces of retention follow each other at once, with what arrived meanwhile between them.
        let busy = self.maintain_at.is_some() && self.attempts == 0;
        if !control.called && !busy {
            let interval = Duration::from_millis(self.shared.settings.commit_millis);
            self.shared.wake.wait_for(&mut control, interval);
        }
        control.called = false;
        self.maintain_at = control.maintain.take().or(self.maintain_at);
        (control.stop, control.flush_asked)
    }

    /// Commits until nothing waits; what fails stays for the next time.
    fn write_all(&mut self) -> Option<SinkError> {
        let rows = self.shared.settings.commit_rows.max(1);
        let mut taken = false;
        loop {
            // Once only: under constant load this would never end.
            if !taken && self.pending.len() < rows {
                self.take_queues();
                taken = true;
            }
            if self.pending.is_empty() {
                return None;
            }
            let batch = rows.min(self.pending.len());
            let result = guarded(|| self.sink.write(&self.pending[..batch]));
            if let Err(error) = result {
                self.note_failure(&error);
                self.attempts += 1;
                if self.attempts >= self.shared.settings.attempts.max(1) {
                    self.shared.dropped.fetch_add(batch as u64, Ordering::Relaxed);
                    self.pending.drain(..batch);
                    self.attempts = 0;
                }
                return Some(error);
            }
            self.attempts = 0;
            self.newest = self.newest.max(self.pending[batch - 1].time);
            self.pending.drain(..batch);
            self.shared.written.fetch_add(batch as u64, Ordering::Release);
            *self.shared.last_error.lock() = None;
        }
    }

    fn take_queues(&mut self) {
        for shard in &self.shared.shards {
            let mut queue = shard.0.lock();
            if queue.is_empty() {
                continue;
            }
            std::mem::swap(&mut *queue, &mut self.spare);
            drop(queue);
            // Where one thread serves, its events are never copied. What has grown stays here.
            if self.pending.is_empty() && self.pending.capacity() <= self.spare.capacity() {
                std::mem::swap(&mut self.pending, &mut self.spare);
            } else {
                self.pending.append(&mut self.spare);
            }
        }
        // Each queue is in order, so this merges a few runs.
        self.pending.sort_by_key(|event| event.time);
    }

    /// Runs one piece of retention when it is due.
    fn maintain(&mut self) {
        let due = self.newest.since(self.maintained) >= MAINTAIN_EVERY_MILLIS;
        let Some(now) = self.maintain_at.or(due.then_some(self.newest)) else { return };
        match guarded(|| self.sink.maintain(now)) {
            Ok(done) => {
                self.maintain_at = done.more.then_some(now);
                if !done.more {
                    self.maintained = now.max(self.newest);
                }
            }
            Err(error) => {
                self.note_failure(&error);
                self.maintain_at = None;
                self.maintained = self.newest;
            }
        }
    }

    fn note_failure(&self, error: &SinkError) {
        self.shared.failed.fetch_add(1, Ordering::Relaxed);
        *self.shared.last_error.lock() = Some(error.clone());
    }
}

/// A sink that panics has failed, no more: the thread that everybody's events go through lives on.
fn guarded<T>(act: impl FnOnce() -> Result<T, SinkError>) -> Result<T, SinkError> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| {
        Err(SinkError { kind: SinkErrorKind::Other, message: "the sink panicked".to_owned() })
    })
}
