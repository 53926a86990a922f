use super::*;
use crate::sink::{Retention, Sink, SqliteSink};
use crate::support::{Folder, START, decided, event, fingerprints, policy, reason};
use crate::{ChallengeStep, Event};
use spigot_decision::policy::Trigger;
use spigot_decision::{Evidence, ReasonKind, Source};

fn stored(events: &[Event]) -> (Folder, SqliteSink, Reader) {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(&folder.0, Retention::default()).unwrap();
    sink.write(events).unwrap();
    let reader = open_readonly(&folder.0).unwrap();
    (folder, sink, reader)
}

/// Ten events: even ones pass from 192.0.2.x, odd ones are challenged from IPv6 on another route.
fn mixed() -> Vec<Event> {
    let policy = policy();
    let frequent = reason(
        Source::Trigger(Trigger::HighFrequency),
        ReasonKind::Asks(Action::Challenge),
        Evidence::Word("[\"nothing_such\","),
    );
    (0..10)
        .map(|number| {
            if number % 2 == 0 {
                return Event { fingerprints: fingerprints(), ..event(&policy, number) };
            }
            let mut odd = decided(&policy, number, Action::Challenge, 0, &[frequent]);
            odd.decision.route = 1;
            odd.fingerprints.tls = Some("t12i_".into());
            odd.client = format!("2001:db8:{number}::1").parse().unwrap();
            odd
        })
        .collect()
}

/// The numbers of the events that a query finds, in its order.
fn check(query: &Query, expected: &[i64]) {
    let (_folder, _sink, reader) = stored(&mixed());
    let found: Vec<i64> = reader.events(query).map(|record| record.unwrap().time_millis - START.0).collect();
    assert_eq!(found, expected, "{query:?}");
}

#[test]
fn conditions() {
    let all = Query { order: Order::OldestFirst, ..Query::default() };
    let odd = [1, 3, 5, 7, 9];
    check(&Query::default(), &[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    check(&all, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    check(&Query { limit: Some(0), ..all.clone() }, &[]);
    check(&Query { limit: Some(2), ..Query::default() }, &[9, 8]);
    check(&Query { since: Some(START.plus(3)), until: Some(START.plus(6)), ..all.clone() }, &[3, 4, 5]);
    check(&Query { route: Some(policy().route(1).name.clone()), ..all.clone() }, &odd);
    check(&Query { route: Some("absent".to_owned()), ..all.clone() }, &[]);
    check(&Query { reason: Some("high_frequency".to_owned()), ..all.clone() }, &odd);
    check(&Query { reason: Some("frequency".to_owned()), ..all.clone() }, &[]);
    check(&Query { reason: Some("nothing_such".to_owned()), ..all.clone() }, &[]);
    check(&Query { action: Some(Action::Challenge), ..all.clone() }, &odd);
    let prefix = |text| Query { ip: Prefix::parse(text), ..all.clone() };
    check(&prefix("192.0.2.4"), &[4]);
    check(&prefix("192.0.2.0/29"), &[0, 2, 4, 6]);
    check(&prefix("0.0.0.0/0"), &[0, 2, 4, 6, 8]);
    check(&prefix("::/0"), &odd);
    check(&prefix("2001:db8:5::/48"), &[5]);
    check(&prefix("2001:db8:4::/46"), &[5, 7]);
    let fingerprint = |text: &str| Query { fingerprint: Some(text.to_owned()), ..all.clone() };
    for beginning in ["t13d", "1:65536;4:131072|12517377|0|m,p,a,s", "0123456789abcdef"] {
        check(&fingerprint(beginning), &[0, 2, 4, 6, 8]);
    }
    check(&fingerprint("t12"), &odd);
    check(&fingerprint("13d"), &[]);
    let id = Some(mixed()[4].id);
    check(&Query { id, ..all.clone() }, &[4]);
    check(&Query { id, action: Some(Action::Block), ..all.clone() }, &[]);
    check(&Query { id: Some(DecisionId([9; 10])), ..all }, &[]);
}

#[test]
fn pages_continue_where_the_last_ended() {
    let policy = policy();
    let many: Vec<Event> = (0..2500).map(|number| event(&policy, number)).collect();
    let (_folder, mut sink, reader) = stored(&many);
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut query = Query { order, limit: Some(1200), ..Query::default() };
        let mut seen = Vec::new();
        loop {
            let mut page = reader.events(&query);
            let before = seen.len();
            seen.extend(page.by_ref().map(|record| record.unwrap().time_millis - START.0));
            query.after = page.cursor().map(|cursor| cursor.to_string().parse().unwrap());
            if seen.len() == before {
                break;
            }
        }
        if order == Order::NewestFirst {
            seen.reverse();
        }
        assert_eq!(seen, (0..2500).collect::<Vec<_>>());
        if order == Order::OldestFirst {
            sink.write(&[event(&policy, 2500)]).unwrap();
            assert_eq!(reader.events(&query).count(), 1, "following what arrives");
        }
    }
}

#[test]
fn finds_by_id_within_its_time() {
    let policy = policy();
    let mut events: Vec<Event> = (0..300).map(|number| event(&policy, number * 100_000)).collect();
    // Neighbours in one millisecond.
    for _ in 0..50 {
        let mut neighbour = event(&policy, 1);
        neighbour.id = DecisionId::new(neighbour.time, [0, 0, 0, 0, events.len() as u8]);
        events.push(neighbour);
    }
    events.sort_by_key(|event| event.time);
    let (_folder, _sink, reader) = stored(&events);
    for event in &events {
        assert_eq!(reader.find(event.id).unwrap(), Some(Record::from(event)));
    }
    assert_eq!(reader.find(DecisionId([9; 10])).unwrap(), None);
    assert_eq!(reader.find(DecisionId::new(START, [1; 5])).unwrap(), None);
}

#[test]
fn results_of_challenges_are_found_as_reasons_are() {
    let policy = policy();
    let about = |number: u64, kind, result| {
        let mut about = event(&policy, number);
        let step = ChallengeStep {
            kind,
            log2_work: 0,
            result,
            solve_millis: None,
            claimed_millis: None,
            provider: None,
        };
        about.challenge = Some(Box::new(step));
        about
    };
    let events = [
        event(&policy, 0),
        about(1, "cachewalk", "solved"),
        about(2, "token", "token_spent"),
        about(3, "cachewalk", "issued"),
        about(4, "token", "token_spent"),
    ];
    let (_folder, _sink, reader) = stored(&events);
    let found = |query: Query| -> Vec<i64> {
        let query = Query { order: Order::OldestFirst, ..query };
        reader.events(&query).map(|record| record.unwrap().time_millis - START.0).collect()
    };
    let reason = |name: &str| found(Query { reason: Some(name.to_owned()), ..Query::default() });
    assert_eq!(reason("solved"), [1]);
    assert_eq!(reason("token_spent"), [2, 4]);
    assert_eq!(reason("token"), [0; 0]);
    // Tokens of no site are the service's, too.
    assert_eq!(found(Query { route: Some(crate::SERVICE_ROUTE.to_owned()), ..Query::default() }), [2, 4]);
}

#[test]
fn an_absent_file_says_what_to_do() {
    let folder = Folder::new();
    let error = open_readonly(&folder.0).unwrap_err().to_string();
    assert!(error.starts_with("there is no ") && error.contains("name the data folder"), "{error}");
}

#[test]
fn what_a_later_version_wrote_does_not_panic() {
    let (folder, sink, reader) = stored(&mixed()[..1]);
    drop(sink);
    let writer = Connection::open(folder.0.join(store::FILE)).unwrap();
    writer
        .execute_batch(
            "UPDATE event SET action = 77, route = 999, client = x'01', reasons = '{', id = x'', packed = \
             '[1,77,0,0,0,1,40,\"h\",\"GET\",\"/\",\"\",200,999,9,null,null,0,[999,1,2,3,4],[999,null,null,200],\"later\",null,{}]'",
        )
        .unwrap();
    let record = reader.events(&Query::default()).next().unwrap().unwrap();
    assert_eq!(
        (&*record.action, record.clearance.as_deref(), &*record.route, &*record.reasons[0].name),
        ("unknown", Some("unknown"), "unknown", "unreadable")
    );
    assert!(!record.story().is_empty());
    writer.execute_batch("UPDATE event SET packed = '[1,1,999]'").unwrap();
    let read: Vec<_> = reader.events(&Query::default()).collect();
    assert!(matches!(read[..], [Err(StoreError::Database { .. })]), "an error, once");
}
