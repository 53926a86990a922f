use super::*;
use crate::sink::{Retention, Sink, SqliteSink};
use crate::support::{Folder, START, decided, event, fingerprints, policy, reason};
use crate::{Event, open_readonly};
use spigot_decision::policy::Trigger;
use spigot_decision::{Action, Evidence, Millis, Prefix, ReasonKind, Source};

const EVENTS: u64 = 20_000;

/// Enough for some blocks. Around 10,000 and at 19,999 there is something rare.
fn many() -> Vec<Event> {
    let policy = policy();
    let frequent = Source::Trigger(Trigger::HighFrequency);
    let asks = [reason(frequent, ReasonKind::Asks(Action::Challenge), Evidence::None)];
    let one = |number: u64| {
        if !(10_000..10_003).contains(&number) && number != EVENTS - 1 {
            return Event {
                client: std::net::Ipv4Addr::from_bits(0x0a00_0000 | number as u32).into(),
                ..event(&policy, number)
            };
        }
        Event {
            client: "203.0.113.9".parse().unwrap(),
            network: Some(65_001),
            country: Some(*b"NZ"),
            account: Some(u64::MAX - 7),
            fingerprints: fingerprints(),
            path: "/rare%_way".into(),
            device: Some("phone"),
            ..decided(&policy, number, Action::Challenge, 0, &asks)
        }
    };
    (0..EVENTS).map(one).collect()
}

fn stored(batches: &[&[Event]]) -> (Folder, SqliteSink, Reader) {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(&folder.0, Retention::default()).unwrap();
    batches.iter().for_each(|batch| sink.write(batch).unwrap());
    sink.settle();
    let reader = open_readonly(&folder.0).unwrap();
    (folder, sink, reader)
}

/// Everything that a search finds, by its milliseconds, and how many rows it read and passed over. It is left after each
/// step and taken up anew.
fn found(reader: &Reader, query: &Query) -> (Vec<i64>, u64, u64) {
    let (mut all, mut read, mut passed) = (Vec::new(), 0, 0);
    let mut query = query.clone();
    let mut before = 0.0;
    loop {
        let mut search = reader.search(&query).unwrap();
        let step = search.step().unwrap();
        // Whoever asks is answered between two steps only.
        assert!(step.read <= 512 && step.passed <= 16 * 4_096, "{query:?}: {} {}", step.read, step.passed);
        all.extend(step.found.iter().map(|(_, record)| record.time_millis - START.0));
        (read, passed) = (read + step.read, passed + step.passed);
        assert!(search.fraction() >= before && search.fraction() <= 1.0, "{query:?}");
        before = search.fraction();
        query.limit = query.limit.map(|limit| limit - step.found.len());
        query.after = Some(search.place());
        if step.done {
            return (all, read, passed);
        }
    }
}

#[test]
fn what_is_rare_is_found_without_reading_the_rest() {
    let (_folder, _sink, reader) = stored(&[&many()]);
    let check = |query: Query, fast: bool| {
        let query = Query { until: Some(START.plus(EVENTS as i64)), ..query };
        let (all, read, passed) = found(&reader, &query);
        assert_eq!(all, [19_999, 10_002, 10_001, 10_000], "{query:?}");
        assert_eq!(read + passed, EVENTS, "{query:?} looks at everything once");
        // One block, and the rows at the end that fill none.
        assert!(!fast || read <= 2 * 4_096, "{query:?} read {read} of {EVENTS}");
    };
    let all = Query::default();
    check(Query { ip: Prefix::parse("203.0.113.9"), ..all.clone() }, true);
    check(Query { ip: Prefix::parse("203.0.113.0/28"), ..all.clone() }, true);
    check(Query { ip: Prefix::parse("203.0.96.0/19"), ..all.clone() }, true);
    check(Query { ip: Prefix::parse("192.0.0.0/4"), ..all.clone() }, false);
    check(Query { network: Some(65_001), ..all.clone() }, true);
    check(Query { country: Some(*b"NZ"), ..all.clone() }, true);
    check(Query { account: Some(u64::MAX - 7), ..all.clone() }, true);
    check(Query { reason: Some("high_frequency".to_owned()), ..all.clone() }, true);
    check(Query { action: Some(Action::Challenge), ..all.clone() }, true);
    check(Query { fingerprint: fingerprints().tls.map(|tls| tls.to_string()), ..all.clone() }, true);
    check(Query { fingerprint: Some("0123456789abcdef".to_owned()), ..all.clone() }, true);
    check(Query { fingerprint: Some("1:65536".to_owned()), ..all.clone() }, false);
    check(Query { path: Some("/rare%_".to_owned()), ..all.clone() }, true);
    check(Query { path: Some("/ra".to_owned()), ..all.clone() }, false);
    check(Query { device: Some("phone".to_owned()), ..all }, false);
}

#[test]
fn blocks_of_older_versions_say_nothing_of_paths() {
    let (folder, _sink, reader) = stored(&[&many()]);
    let file = rusqlite::Connection::open(folder.0.join(crate::store::FILE)).unwrap();
    file.execute("UPDATE block SET knows = 0, rest = zeroblob(64)", []).unwrap();
    let rare = Query { path: Some("/rare%_".to_owned()), ..Query::default() };
    assert_eq!(found(&reader, &rare).0, [19_999, 10_002, 10_001, 10_000]);
}

#[test]
fn what_came_after_a_place() {
    let (_folder, _sink, reader) = stored(&[&many()]);
    let rare = Query { country: Some(*b"NZ"), limit: Some(9), ..Query::default() };
    let beyond = |place: Option<Cursor>| {
        let mut search = reader.search(&rare).unwrap();
        search = if let Some(place) = place { search.beyond(place) } else { search };
        let mut all = Vec::new();
        loop {
            let step = search.step().unwrap();
            all.extend(step.found.iter().map(|(place, record)| (*place, record.time_millis - START.0)));
            if step.done {
                assert_eq!(search.fraction(), 1.0);
                return all;
            }
        }
    };
    let places: Vec<Cursor> = beyond(None).iter().map(|(place, _)| *place).collect();
    let check = |place: Cursor, expected: &[i64]| {
        let found: Vec<i64> = beyond(Some(place)).iter().map(|(_, millis)| *millis).collect();
        assert_eq!(found, expected);
    };
    check(places[2], &[19_999, 10_002]);
    check(places[1], &[19_999]);
    check(places[0], &[]);
    check(reader.search(&rare).unwrap().newest(), &[]);
}

#[test]
fn limits_places_and_ids() {
    let events = many();
    let (_folder, _sink, reader) = stored(&[&events]);
    let rare = Query { country: Some(*b"NZ"), ..Query::default() };
    assert_eq!(found(&reader, &Query { limit: Some(2), ..rare.clone() }).0, [19_999, 10_002]);
    assert_eq!(found(&reader, &Query { limit: Some(0), ..rare.clone() }).0, [0; 0]);
    let within = Query { since: Some(START.plus(10_001)), until: Some(START.plus(10_003)), ..rare.clone() };
    assert_eq!(found(&reader, &within).0, [10_002, 10_001]);
    assert_eq!(found(&reader, &Query { until: Some(START), ..rare.clone() }).0, [0; 0]);
    let by_id = |number: usize| Query { id: Some(events[number].id), ..rare.clone() };
    assert_eq!(found(&reader, &by_id(10_001)).0, [10_001]);
    assert_eq!(found(&reader, &by_id(10_005)).0, [0; 0], "held against the rest of the query");
    let all = found(&reader, &Query { limit: Some(10_000), ..Query::default() }).0;
    assert_eq!(all, (10_000..20_000).rev().collect::<Vec<_>>());
    let (_folder, _sink, reader) = stored(&[]);
    assert_eq!(found(&reader, &rare), (Vec::new(), 0, 0));
}

#[test]
fn a_clock_that_is_set_back_hides_nothing() {
    let events = many();
    let policy = policy();
    // Among rows of a finished block, of one that is open, and before everything.
    for at in [-5, 4_100, 9_000, 19_990] {
        let late = Event {
            time: START.plus(at),
            client: "198.51.100.1".parse().unwrap(),
            ..event(&policy, 1_000_000)
        };
        let (_folder, mut sink, reader) = stored(&[&events, &[late]]);
        let query = Query { ip: Prefix::parse("198.51.100.1"), ..Query::default() };
        assert_eq!(found(&reader, &query).0, [at]);
        // And so many more that blocks are finished after it.
        let later: Vec<Event> =
            (0..10_000).map(|number| Event { time: START.plus(5_000), ..event(&policy, number) }).collect();
        sink.write(&later).unwrap();
        let query = Query { ip: Prefix::parse("192.0.2.0/24"), ..Query::default() };
        assert_eq!(found(&reader, &query).0.len(), 10_000, "set back to {at}");
        assert_eq!(found(&reader, &Query { country: Some(*b"NZ"), ..Query::default() }).0.len(), 4);
    }
}

#[test]
fn rows_that_come_late_leave_their_blocks_standing() {
    let policy = policy();
    let slow = |at: i64| Event {
        time: START.plus(at),
        client: "198.51.100.1".parse().unwrap(),
        ..event(&policy, 1_000_000)
    };
    let late: Vec<Event> = (0..20).map(|number| slow(1_000 * number)).collect();
    let (_folder, _sink, reader) = stored(&[&many(), &late]);
    let query = |ip: &str| Query { ip: Prefix::parse(ip), ..Query::default() };
    assert_eq!(found(&reader, &query("198.51.100.1")).0.len(), 20, "they are found");
    let (all, read, passed) = found(&reader, &query("203.0.113.9"));
    assert_eq!((all.len(), read + passed), (4, EVENTS + 20));
    assert!(read <= 2 * 4_096 + 20, "and hide nobody else's block: {read}");
}

#[test]
fn whole_addresses_leave_filters_when_they_leave_rows() {
    let folder = Folder::new();
    let retention = Retention { truncate_addresses_after: Some(1), ..Retention::default() };
    let mut sink = SqliteSink::open(&folder.0, retention).unwrap();
    sink.write(&many()).unwrap();
    sink.settle();
    while sink.maintain(Millis(START.0 + 3 * 86_400_000)).unwrap().more {}
    let reader = open_readonly(&folder.0).unwrap();
    let kept: i64 = reader
        .connection
        .query_row("SELECT count(*) FROM block WHERE addresses IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 0);
    let (all, read, passed) =
        found(&reader, &Query { ip: Prefix::parse("203.0.113.0/24"), ..Query::default() });
    assert_eq!((all.len(), read + passed), (4, EVENTS));
    assert!(read <= 2 * 4_096, "the network is still found without reading the rest: {read}");
}
