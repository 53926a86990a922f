use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use spigot_decision::policy::Trigger;
use spigot_decision::{Action, Evidence, Level, ReasonKind, Source};

use super::*;
use crate::support::{Folder, START, decided, event, fingerprints, policy, reason};
use crate::{
    ChallengeStep, DecisionId, Dimension, ProviderStep, Query, Record, Recorder, RecorderSettings,
    SinkErrorKind, Span, open_readonly,
};

fn sink(folder: &Folder) -> SqliteSink {
    SqliteSink::open(&folder.0, Retention::default()).unwrap()
}

fn full(number: u64) -> Event {
    let evidence = Evidence::Count { count: 501, limit: 500, window_millis: 1000 };
    let reasons = [
        reason(Source::Trigger(Trigger::HighFrequency), ReasonKind::Asks(Action::Challenge), evidence),
        reason(Source::Signal(0), ReasonKind::Adds(15), Evidence::Word("a \"quoted\" \\ word\n")),
        reason(Source::Rule(u16::MAX), ReasonKind::Tells, Evidence::None),
    ];
    let mut event = decided(&policy(), number, Action::Challenge, 15, &reasons);
    event.clearance = Some(Level::Low);
    event.client = "2001:db8::1".parse().unwrap();
    event.fingerprints = fingerprints();
    event.trickled = true;
    event.path = "/ü\0".into();
    event.challenge = Some(Box::new(ChallengeStep {
        kind: "cachewalk",
        log2_work: 12,
        result: "solved",
        solve_millis: Some(900),
        claimed_millis: Some(850),
        provider: (number > 2).then(|| ProviderStep {
            index: 0,
            answer: (number > 3).then_some("too_risky"),
            millis: (number > 3).then_some(120),
            risk: (number > 4).then_some(90),
        }),
    }));
    event
}

/// Writes the events, closes the file, opens it again and holds what is read against what was recorded.
fn check(events: &[Event]) {
    let folder = Folder::new();
    sink(&folder).write(events).unwrap();
    let reader = open_readonly(&folder.0).unwrap();
    let mut read: Vec<Record> = reader.events(&Query::default()).map(Result::unwrap).collect();
    read.reverse();
    assert_eq!(read, events.iter().map(Record::from).collect::<Vec<_>>());
    let json = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Record>>(&json).unwrap(), read);
}

#[test]
fn what_is_read_is_what_was_recorded() {
    let policy = policy();
    check(&[]);
    check(&[event(&policy, 0), full(1), event(&policy, 2), full(3), full(4), full(5)]);
    let mut bare = event(&policy, 0);
    (bare.network, bare.country, bare.device, bare.upstream_status) = (None, None, None, None);
    (bare.decision.effective, bare.decision.risk) = (Action::Block, 255);
    (bare.user_agent, bare.country) = ("".into(), Some([0xff, b'"']));
    bare.client = "::ffff:192.0.2.1".parse().unwrap();
    check(&[bare]);
}

#[test]
fn one_millisecond_holds_many_events_also_when_the_clock_is_set_back() {
    let folder = Folder::new();
    let same_time = || {
        let mut events: Vec<Event> = (0..50).map(|number| event(&policy(), number)).collect();
        events.iter_mut().for_each(|event| event.time = START);
        events
    };
    sink(&folder).write(&same_time()).unwrap();
    let mut again = sink(&folder);
    again.place.sequence = 0;
    again.write(&same_time()).unwrap();
    let reader = open_readonly(&folder.0).unwrap();
    assert_eq!(reader.events(&Query::default()).count(), 100);
}

#[test]
fn batches_of_any_length_are_stored_whole_and_once() {
    let policies = [policy(), policy()];
    for length in [1, 31, 32, 33, 64, 100] {
        let mut events: Vec<Event> =
            (0..length).map(|number| event(&policies[number as usize / 40 % 2], number)).collect();
        check(&events);
        // A busy millisecond has many, whose row ids follow each other.
        events.iter_mut().for_each(|event| event.time = START.plus(event.time.since(START) / 20));
        check(&events);
    }
    // The numbers within a millisecond begin anew in the middle of a batch.
    let folder = Folder::new();
    let mut sink = sink(&folder);
    sink.place.sequence = rows::SEQUENCE_MASK - 40;
    sink.write(&(0..100).map(|number| event(&policies[0], number)).collect::<Vec<_>>()).unwrap();
    assert_eq!(open_readonly(&folder.0).unwrap().events(&Query::default()).count(), 100);
}

#[test]
fn row_ids_do_not_depend_on_how_many_rows_are_written_at_once() {
    let ids = |pieces: usize| {
        let folder = Folder::new();
        let mut sink = sink(&folder);
        let mut events: Vec<Event> = (0..100).map(|number| event(&policy(), number)).collect();
        events.iter_mut().for_each(|event| event.time = START.plus(event.time.since(START) / 20));
        events.chunks(pieces).for_each(|piece| sink.write(piece).unwrap());
        let mut select = sink.connection.prepare("SELECT at FROM event ORDER BY at").unwrap();
        let ids = select.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(Result::unwrap);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(100), ids(1));
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let mut sink = sink(&folder);
    sink.write(&[full(0)]).unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder.0).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["events.lock", "events.sqlite", "events.sqlite-shm", "events.sqlite-wal"]);
}

#[test]
fn one_writer_and_any_number_of_readers() {
    let folder = Folder::new();
    let mut first = sink(&folder);
    let second = SqliteSink::open(&folder.0, Retention::default()).unwrap_err();
    assert!(second.to_string().starts_with("another Spigot writes events in"), "{second}");
    let readers = [open_readonly(&folder.0).unwrap(), open_readonly(&folder.0).unwrap()];
    first.write(&[full(0)]).unwrap();
    assert!(readers.iter().all(|reader| reader.events(&Query::default()).count() == 1));
    drop(first);
    sink(&folder).write(&[full(1)]).unwrap();
}

#[test]
fn files_of_others_are_refused() {
    let refused = |prepare: &str, message: &str| {
        let folder = Folder::new();
        Connection::open(folder.0.join(store::FILE)).unwrap().execute_batch(prepare).unwrap();
        for error in [
            SqliteSink::open(&folder.0, Retention::default()).map(drop).unwrap_err(),
            open_readonly(&folder.0).map(drop).unwrap_err(),
        ] {
            assert!(error.to_string().contains(message), "{error}");
        }
    };
    refused("PRAGMA user_version = 99", "has version 99 and this Spigot knows up to 6: use the newer Spigot");
    refused("CREATE TABLE other (a)", "holds no events of Spigot");
    let absent = Folder::new();
    let error = SqliteSink::open(&absent.0.join("absent"), Retention::default()).unwrap_err();
    assert!(error.to_string().contains("check that it exists and who owns it"), "{error}");
}

#[test]
fn an_older_file_is_brought_up_to_date_by_who_writes() {
    older_file("");
    older_file("ALTER TABLE event ADD COLUMN claimed_millis INTEGER; PRAGMA user_version = 2");
    older_file(
        "ALTER TABLE event ADD COLUMN claimed_millis INTEGER; ALTER TABLE event ADD COLUMN fingerprints TEXT; \
         PRAGMA user_version = 3",
    );
}

#[test]
fn sums_by_minute_of_an_older_file_become_sums_of_every_span() {
    let folder = Folder::new();
    let old = Connection::open(folder.0.join(store::FILE)).unwrap();
    old.execute_batch(include_str!("version_1.sql")).unwrap();
    old.execute_batch("INSERT INTO minute VALUES (29920861, 2, 3, 0, 4, 1, 1, 1, 100)").unwrap();
    drop(old);
    sink(&folder);
    let reader = open_readonly(&folder.0).unwrap();
    let check = |span, expected: &[(u64, u64, u64)]| {
        for dimension in [Dimension::Total, Dimension::Route] {
            let slices = reader.slices(dimension, span, 1, (Millis(0), START.plus(86_400_000))).unwrap();
            let found: Vec<_> =
                slices.iter().map(|s| (s.sums.events, s.sums.monitored, s.sums.issued)).collect();
            assert_eq!(found, expected, "{dimension:?} {span:?}");
            let key = if dimension == Dimension::Total { "all" } else { "search" };
            assert!(slices.iter().all(|slice| slice.key == key), "{slices:?}");
        }
    };
    check(Span::Minute, &[(1, 0, 0), (4, 4, 1)]);
    check(Span::Hour, &[(1, 0, 0), (4, 4, 1)]);
    check(Span::Day, &[(5, 4, 1)]);
}

/// A file of version 1, with what later ones made of it.
fn older_file(later: &str) {
    let folder = Folder::new();
    let old = || Connection::open(folder.0.join(store::FILE)).unwrap();
    old().execute_batch(include_str!("version_1.sql")).unwrap();
    old().execute_batch(later).unwrap();
    // Who only reads changes nothing and says what to do.
    let error = open_readonly(&folder.0).map(drop).unwrap_err().to_string();
    assert!(error.contains("written by an older Spigot: start this one on the folder once"), "{error}");

    sink(&folder).write(&[full(1)]).unwrap();
    let reader = open_readonly(&folder.0).unwrap();
    let check = |record: &Record, expected: (&str, Option<u32>, Option<u32>)| {
        let step = record.challenge.as_ref().unwrap();
        assert_eq!((record.path.as_str(), step.solve_millis, step.claimed_millis), expected);
    };
    let read: Vec<Record> = reader.events(&Query::default()).map(Result::unwrap).collect();
    assert_eq!(read.len(), 2, "{read:?}");
    check(&read[0], ("/ü\0", Some(900), Some(850)));
    check(&read[1], ("/search", Some(480), None));
    let was = &read[1];
    assert_eq!(was.fingerprints.known().count(), 0);
    assert_eq!(read[0].fingerprints.known().count(), 3);
    assert_eq!(
        (was.route.as_str(), was.client.as_str(), was.risk, was.clearance.as_deref(), was.reasons.len()),
        ("search", "192.0.2.1", 60, Some("low"), 1)
    );
    assert!(was.story().contains("high_frequency"), "{}", was.story());
    assert_eq!(
        (was.user_agent.as_str(), was.device.as_deref(), was.country.as_deref(), was.network),
        ("Mozilla/5.0", Some("desktop"), Some("DE"), Some(64_500))
    );
    // Its id does not begin with its time, and finds it all the same.
    for record in &read {
        assert_eq!(reader.find(DecisionId::parse(&record.id).unwrap()).unwrap().as_ref(), Some(record));
    }
    drop(reader);
    // The second time there is nothing to do.
    sink(&folder).write(&[full(2)]).unwrap();
    assert_eq!(open_readonly(&folder.0).unwrap().events(&Query::default()).count(), 3);
}

/// Bounds the file as a full disk would; 0 is no bound.
struct Bounded(SqliteSink, Arc<AtomicI64>);

impl Sink for Bounded {
    fn write(&mut self, batch: &[Event]) -> Result<(), SinkError> {
        let pages = match self.1.load(Ordering::SeqCst) {
            0 => i64::from(u32::MAX) - 1,
            pages => pages,
        };
        self.0.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        self.0.write(batch)
    }
    fn maintain(&mut self, now: Millis) -> Result<Maintained, SinkError> {
        self.0.maintain(now)
    }
}

#[test]
fn a_full_disk_is_counted_and_survived() {
    let folder = Folder::new();
    let policy = policy();
    let pages = Arc::new(AtomicI64::new(1));
    let settings = RecorderSettings { commit_millis: 3_600_000, ..RecorderSettings::default() };
    let (recorder, handle) = Recorder::start(Bounded(sink(&folder), pages.clone()), settings);
    for number in 0..2000 {
        recorder.record(event(&policy, number));
    }
    let error = recorder.flush().unwrap_err();
    assert_eq!(error.kind, SinkErrorKind::Full, "{error}");
    assert_eq!(recorder.last_error(), Some(error));
    assert_eq!((recorder.written(), recorder.dropped()), (0, 0));
    assert!(recorder.failed() > 0);
    let reader = open_readonly(&folder.0).unwrap();
    assert_eq!(reader.events(&Query::default()).count(), 0, "a batch is stored wholly or not at all");
    pages.store(0, Ordering::SeqCst);
    recorder.record(event(&policy, 2000));
    recorder.flush().unwrap();
    assert_eq!((recorder.written(), recorder.last_error()), (2001, None));
    handle.stop();
    let read: Vec<Record> = reader.events(&Query::default()).map(Result::unwrap).collect();
    assert_eq!(read.len(), 2001);
    assert!(
        read.iter().all(|record| record.route == policy.route(0).name),
        "words of failed batches are forgotten"
    );
}
