use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use spigot_decision::Millis;

use crate::writer::Writer;
use crate::{Event, Sink, SinkError, SinkErrorKind};

/// Queues, so that threads which record at the same moment do not meet: more than the worker threads of most machines.
const SHARDS: usize = 8;

/// How events wait and are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecorderSettings {
    /// How many events may wait for the writer; the next ones are dropped and counted. The default, 65,536, is six
    /// seconds of 10,000 requests a second, longer than a checkpoint on a slow disk takes, in about 40 MB. While a
    /// sink fails, the writer holds as many again.
    pub capacity: usize,
    /// How many events one commit has at most. The default is 10,000, from where on larger commits are no faster.
    pub commit_rows: usize,
    /// After how many milliseconds waiting events are committed at the latest: what a crash may lose. Default 500.
    pub commit_millis: u64,
    /// How often a batch that fails is tried, once per commit interval, before its events are given up and counted as
    /// dropped. The default, 120, is a minute: then newer events are worth more than those.
    pub attempts: u32,
}

impl Default for RecorderSettings {
    fn default() -> Self {
        Self { capacity: 65_536, commit_rows: 10_000, commit_millis: 500, attempts: 120 }
    }
}

/// Takes events from the request path and never waits. Clones record to the same sink.
#[derive(Clone, Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
}

/// What became of events so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Events that wait for the writer.
    pub waiting: u64,
    /// Events committed.
    pub written: u64,
    /// Events that will never be stored: the queue was full, or their batch was given up.
    pub dropped: u64,
    /// Attempts to write or to maintain that failed.
    pub failed: u64,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) shards: [Shard; SHARDS],
    pub(crate) shard_capacity: usize,
    pub(crate) wake_at: usize,
    pub(crate) settings: RecorderSettings,
    pub(crate) closed: AtomicBool,
    pub(crate) written: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) last_error: Mutex<Option<SinkError>>,
    pub(crate) control: Mutex<Control>,
    /// The writer waits here.
    pub(crate) wake: Condvar,
    /// Whoever flushes waits here.
    pub(crate) flushed: Condvar,
}

/// On cache lines of its own, so that neighbours do not slow each other down.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard(pub(crate) Mutex<Vec<Event>>);

#[derive(Debug, Default)]
pub(crate) struct Control {
    /// Something wants the writer's attention before its time-out.
    pub(crate) called: bool,
    pub(crate) stop: bool,
    pub(crate) stopped: bool,
    pub(crate) flush_asked: u64,
    pub(crate) flush_done: u64,
    /// How the flush that was done last ended.
    pub(crate) flush_error: Option<SinkError>,
    pub(crate) maintain: Option<Millis>,
}

impl Recorder {
    /// Starts the writer thread over `sink`.
    ///
    /// # Panics
    /// When the operating system gives no thread; that is at start-up, before there is anything to lose.
    pub fn start(sink: impl Sink, settings: RecorderSettings) -> (Self, WriterHandle) {
        let shard_capacity = settings.capacity.div_ceil(SHARDS).max(1);
        let shared = Arc::new(Shared {
            shards: std::array::from_fn(|_| Shard(Mutex::new(Vec::with_capacity(shard_capacity)))),
            shard_capacity,
            wake_at: (settings.commit_rows / 2).clamp(1, shard_capacity.div_ceil(2)),
            settings,
            closed: AtomicBool::new(false),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            last_error: Mutex::default(),
            control: Mutex::default(),
            wake: Condvar::new(),
            flushed: Condvar::new(),
        });
        let writer = Writer::new(shared.clone(), Box::new(sink));
        let thread = std::thread::Builder::new()
            .name("events".to_owned())
            .spawn(move || {
                give_way();
                writer.run();
            })
            .expect("the operating system gives a thread at start-up");
        (Self { shared: shared.clone() }, WriterHandle { shared, thread: Some(thread) })
    }

    /// Queues an event, or drops and counts it when too many wait. Does no I/O and waits for nobody but, rarely and
    /// for nanoseconds, another thread that queues.
    pub fn record(&self, event: Event) {
        let shared = &*self.shared;
        if shared.closed.load(Ordering::Relaxed) {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let home = home_shard();
        // A shard that is taken belongs to a thread that may not be running: the next one is free.
        let mut full = 0;
        for step in 0..SHARDS {
            let Some(mut queue) = shared.shards[(home + step) % SHARDS].0.try_lock() else { continue };
            if queue.len() < shared.shard_capacity {
                return shared.push(&mut queue, event);
            }
            full += 1;
        }
        if full < SHARDS {
            let mut queue = shared.shards[home].0.lock();
            if queue.len() < shared.shard_capacity {
                return shared.push(&mut queue, event);
            }
        }
        shared.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until everything recorded so far is committed. For tests and commands, not for the request path.
    ///
    /// # Errors
    /// What the sink said, when it failed; the events still wait and will be tried again. [`SinkErrorKind::Other`]
    /// when the writer has been stopped.
    pub fn flush(&self) -> Result<(), SinkError> {
        let mut control = self.shared.control.lock();
        control.flush_asked += 1;
        let asked = control.flush_asked;
        self.shared.call(&mut control);
        while control.flush_done < asked && !control.stopped {
            self.shared.flushed.wait(&mut control);
        }
        match &control.flush_error {
            Some(error) => Err(error.clone()),
            None if control.flush_done < asked => Err(SinkError {
                kind: SinkErrorKind::Other,
                message: "the writer has been stopped".to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Has the writer remove what is too old or too much at `now`, in pieces between batches. Returns at once. With
    /// traffic this happens every minute by the events' own times; without, somebody has to call it now and then.
    pub fn maintain(&self, now: Millis) {
        let mut control = self.shared.control.lock();
        control.maintain = Some(now);
        self.shared.call(&mut control);
    }

    /// What became of events so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            waiting: self.shared.shards.iter().map(|shard| shard.0.lock().len() as u64).sum(),
            written: self.written(),
            dropped: self.dropped(),
            failed: self.failed(),
        }
    }

    /// Events that will never be stored: the queue was full, or their batch was given up.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Events committed.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Acquire)
    }

    /// Attempts to write or to maintain that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// What the sink said last, until it writes again.
    #[must_use]
    pub fn last_error(&self) -> Option<SinkError> {
        self.shared.last_error.lock().clone()
    }
}

impl Shared {
    fn push(&self, queue: &mut Vec<Event>, event: Event) {
        queue.push(event);
        // Exactly once per filling, so that the request path seldom pays for waking a thread.
        if queue.len() == self.wake_at {
            // Whoever holds `control` is waking the writer already, or is the writer and awake.
            if let Some(mut control) = self.control.try_lock() {
                self.call(&mut control);
            }
        }
    }

    fn call(&self, control: &mut Control) {
        control.called = true;
        self.wake.notify_one();
    }
}

/// Each thread prefers one shard; threads are dealt out in turn.
fn home_shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static HOME: Cell<Option<usize>> = const { Cell::new(None) });
    HOME.with(|home| {
        home.get().unwrap_or_else(|| {
            let dealt = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
            home.set(Some(dealt));
            dealt
        })
    })
}

/// Holds the writer thread. Dropping it stops the thread as [`WriterHandle::stop`] does.
#[derive(Debug)]
pub struct WriterHandle {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl WriterHandle {
    /// Commits what waits and ends the thread. Events recorded from now on are dropped and counted.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.shared.closed.store(true, Ordering::Relaxed);
            let mut control = self.shared.control.lock();
            control.stop = true;
            self.shared.call(&mut control);
            drop(control);
            // It never panics: whatever a sink throws is caught and counted.
            let _ = thread.join();
        }
    }
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Puts this thread behind those that serve requests: a batch takes tens of milliseconds in one go, and on a machine
/// without a processor to spare requests would wait for it. Priorities are a thread's own on Linux only.
fn give_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(10);
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
