use std::sync::mpsc;

use super::*;
use crate::Maintained;
use crate::support::{event, policy};

/// What a test's sink does, and what it has got.
#[derive(Default)]
struct Script {
    written: Vec<u64>,
    batches: usize,
    fails: bool,
    panics: bool,
    maintained: Vec<Millis>,
    pieces: usize,
}

struct Scripted(Arc<Mutex<Script>>);

impl Sink for Scripted {
    fn write(&mut self, batch: &[Event]) -> Result<(), SinkError> {
        let mut script = self.0.lock();
        assert!(!script.panics, "as the test asked");
        if script.fails {
            return Err(SinkError { kind: SinkErrorKind::Full, message: "full".to_owned() });
        }
        script.batches += 1;
        let start = crate::support::START;
        script.written.extend(batch.iter().map(|event| event.time.since(start).unsigned_abs()));
        Ok(())
    }

    fn maintain(&mut self, now: Millis) -> Result<Maintained, SinkError> {
        let mut script = self.0.lock();
        script.maintained.push(now);
        script.pieces = script.pieces.saturating_sub(1);
        Ok(Maintained { removed: 1, truncated: 0, more: script.pieces > 0 })
    }
}

/// An hour: in these tests only flushes, full queues and stops wake the writer.
const NEVER: u64 = 3_600_000;

fn check(settings: RecorderSettings, test: impl FnOnce(&Recorder, &Mutex<Script>)) -> (Recorder, Script) {
    let script = Arc::new(Mutex::new(Script::default()));
    let (recorder, handle) = Recorder::start(Scripted(script.clone()), settings);
    test(&recorder, &script);
    handle.stop();
    let script = std::mem::take(&mut *script.lock());
    (recorder, script)
}

fn settings() -> RecorderSettings {
    RecorderSettings { commit_millis: NEVER, ..RecorderSettings::default() }
}

#[test]
fn everything_arrives_once_in_order_of_time() {
    let policy = policy();
    let (recorder, script) = check(settings(), |recorder, _| {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let policy = &policy;
                scope.spawn(move || {
                    for number in 0..1000 {
                        recorder.record(event(policy, thread * 1000 + number));
                    }
                });
            }
        });
        recorder.flush().unwrap();
        assert_eq!(recorder.stats(), Stats { waiting: 0, written: 4000, dropped: 0, failed: 0 });
        recorder.record(event(&policy, 4000));
    });
    let mut sorted = script.written;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..=4000).collect::<Vec<_>>(), "the last one by stop()");
    assert_eq!(recorder.written(), 4001);
    recorder.record(event(&policy, 5000));
    assert_eq!(recorder.dropped(), 1, "after stop()");
    assert!(recorder.flush().is_err());
}

#[test]
fn commits_by_themselves_after_the_interval() {
    struct Tells(mpsc::Sender<usize>);
    impl Sink for Tells {
        fn write(&mut self, batch: &[Event]) -> Result<(), SinkError> {
            let _ = self.0.send(batch.len());
            Ok(())
        }
        fn maintain(&mut self, _: Millis) -> Result<Maintained, SinkError> {
            Ok(Maintained::default())
        }
    }
    let (sender, receiver) = mpsc::channel();
    let settings = RecorderSettings { commit_millis: 1, ..settings() };
    let (recorder, handle) = Recorder::start(Tells(sender), settings);
    recorder.record(event(&policy(), 0));
    assert_eq!(receiver.recv(), Ok(1));
    handle.stop();
}

#[test]
fn batches_are_bounded() {
    let policy = policy();
    let (_, script) = check(RecorderSettings { commit_rows: 10, ..settings() }, |recorder, _| {
        for number in 0..95 {
            recorder.record(event(&policy, number));
        }
        recorder.flush().unwrap();
    });
    assert_eq!(script.written, (0..95).collect::<Vec<_>>());
    assert!(script.batches >= 10);
}

#[test]
fn a_failing_sink_costs_no_more_than_the_queue_holds() {
    let policy = policy();
    let settings = RecorderSettings { capacity: 80, commit_rows: 10, attempts: 1000, ..settings() };
    let (recorder, script) = check(settings, |recorder, script| {
        script.lock().fails = true;
        for number in 0..1000 {
            recorder.record(event(&policy, number));
        }
        assert_eq!(recorder.flush().unwrap_err().kind, SinkErrorKind::Full);
        assert!(recorder.failed() > 0);
        assert_eq!(recorder.last_error().unwrap().message, "full");
        let dropped = recorder.dropped();
        assert!((840..=920).contains(&dropped), "{dropped} of 1000; the queue and the writer have 80 each");
        script.lock().fails = false;
        recorder.flush().unwrap();
        assert_eq!(recorder.last_error(), None);
        assert_eq!(recorder.written() + recorder.dropped(), 1000);
        recorder.record(event(&policy, 1000));
    });
    assert_eq!(script.written.last(), Some(&1000));
    assert_eq!(recorder.stats().waiting, 0);
}

#[test]
fn a_batch_is_given_up_after_its_attempts() {
    let policy = policy();
    let (recorder, script) = check(RecorderSettings { attempts: 3, ..settings() }, |recorder, script| {
        script.lock().fails = true;
        recorder.record(event(&policy, 0));
        for attempt in 0..3 {
            assert_eq!(recorder.dropped(), 0, "before attempt {attempt}");
            recorder.flush().unwrap_err();
        }
        assert_eq!(recorder.dropped(), 1);
        script.lock().panics = true;
        recorder.record(event(&policy, 1));
        assert_eq!(recorder.flush().unwrap_err().message, "the sink panicked");
    });
    assert_eq!(recorder.stats(), Stats { waiting: 0, written: 0, dropped: 2, failed: recorder.failed() });
    assert!(script.written.is_empty());
}

#[test]
fn retention_runs_by_the_events_times_and_when_asked() {
    let policy = policy();
    let start = crate::support::START;
    let (_, script) = check(settings(), |recorder, script| {
        let flushed = |number| {
            recorder.record(event(&policy, number));
            recorder.flush().unwrap();
            script.lock().maintained.len()
        };
        assert_eq!(flushed(0), 1, "at first");
        assert_eq!(flushed(59_999), 1);
        assert_eq!(flushed(60_000), 2);
        script.lock().pieces = 3;
        recorder.maintain(start.plus(1));
    });
    let asked = script.maintained.iter().filter(|now| **now == start.plus(1)).count();
    assert!((1..=3).contains(&asked), "pieces follow each other until stop()");
}
