//! Measures what recording costs the request path, and how many events a processor second stores.
//! `cargo run --release -p spigot-event --example ingest`

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Instant;

use spigot_decision::policy::Trigger;
use spigot_decision::{Action, Evidence, Policy, ReasonKind, Source};
use spigot_event::{
    DecisionId, Event, Maintained, Query, Recorder, RecorderSettings, Retention, Sink, SinkError, SqliteSink,
    open_readonly,
};
use support::{Folder, START, decided, event, policy, reason};

const EVENTS: u64 = 1_000_000;

fn main() {
    println!("an event takes {} bytes in the queue", size_of::<Event>());
    for threads in [1, 2, 4] {
        record(threads);
    }
    ingest("all pass", event);
    ingest("all challenged, two reasons", challenged);
}

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &[Event]) -> Result<(), SinkError> {
        Ok(())
    }
    fn maintain(&mut self, _: spigot_decision::Millis) -> Result<Maintained, SinkError> {
        Ok(Maintained::default())
    }
}

/// Processor time per call of `record`, the event being there already. Far more arrives than any gateway serves, so that
/// threads meet as often as they can.
fn record(threads: u64) {
    let policy = policy();
    let (recorder, handle) = Recorder::start(Nowhere, RecorderSettings::default());
    let nanos: u64 = std::thread::scope(|scope| {
        let one = |thread: u64| {
            let (policy, recorder) = (policy.clone(), recorder.clone());
            scope.spawn(move || {
                let mut nanos = 0;
                for round in 0..50 {
                    let events: Vec<Event> =
                        (0..2_000).map(|n| event(&policy, (thread * 50 + round) * 2_000 + n)).collect();
                    let start = thread_nanos();
                    events.into_iter().for_each(|event| recorder.record(event));
                    nanos += thread_nanos() - start;
                }
                nanos
            })
        };
        let running: Vec<_> = (0..threads).map(one).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    });
    let calls = threads * 100_000;
    println!("record, {threads} threads: {} ns a call, {} dropped", nanos / calls, recorder.dropped());
    handle.stop();
}

fn challenged(policy: &Arc<Policy>, number: u64) -> Event {
    let evidence = Evidence::Count { count: 501, limit: 500, window_millis: 1_200_000 };
    let reasons = [
        reason(Source::Trigger(Trigger::HighFrequency), ReasonKind::Asks(Action::Challenge), evidence),
        reason(Source::Signal(1), ReasonKind::Adds(15), Evidence::Word("curl")),
    ];
    decided(policy, number, Action::Challenge, 15, &reasons)
}

/// Twenty events a millisecond, as from a gateway that has all it can do.
fn hurried(mut event: Event) -> Event {
    event.time = START.plus(event.time.since(START) / 20);
    let [.., a, b, c, d, e] = event.id.0;
    event.id = DecisionId::new(event.time, [a, b, c, d, e]);
    event
}

/// Rows per processor second of the writer alone, the size of a row, and what look-ups take.
fn ingest(name: &str, make: impl Fn(&Arc<Policy>, u64) -> Event) {
    let folder = Folder::new();
    let policy = policy();
    let mut sink = SqliteSink::open(&folder.0, Retention::default()).expect("the folder is new");
    let (mut processor, mut wall) = (0.0, 0.0);
    for batch in 0..EVENTS / 10_000 {
        let events: Vec<Event> = (0..10_000).map(|n| hurried(make(&policy, batch * 10_000 + n))).collect();
        let start = (Instant::now(), processor_seconds());
        sink.write(&events).expect("there is room");
        wall += start.0.elapsed().as_secs_f64();
        processor += processor_seconds() - start.1;
    }
    drop(sink);
    let bytes = std::fs::metadata(folder.0.join("events.sqlite")).map_or(0, |file| file.len());
    println!(
        "{name}: {:.0} rows per processor second, {:.0} per second, {} bytes a row",
        EVENTS as f64 / processor,
        EVENTS as f64 / wall,
        bytes / EVENTS
    );
    let reader = open_readonly(&folder.0).expect("it was just written");
    let start = Instant::now();
    let found = reader.find(hurried(make(&policy, 10)).id).expect("it can be read").is_some();
    println!("  find one of the oldest: {:?} ({found})", start.elapsed());
    let start = Instant::now();
    let read = reader.events(&Query::default()).count();
    println!("  read {read}: {:.0} rows per second", read as f64 / start.elapsed().as_secs_f64());
}

/// User and system time of this process, from `/proc`, which counts in hundredths; 0 elsewhere.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Time that this thread has run, from `/proc`, without what others ran on its processor meanwhile; 0 elsewhere.
fn thread_nanos() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}
