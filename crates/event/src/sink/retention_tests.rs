use super::*;
use crate::sink::{Sink, SqliteSink};
use crate::support::{Folder, START, decided, event, policy, reason};
use crate::{Event, Order, Query, Record, open_readonly};
use spigot_decision::{Action, Evidence, ReasonKind, Source};

/// Writes `events`, maintains at `now` until there is nothing more to do, and returns what is left, oldest first.
fn check(retention: Retention, events: &[Event], now: Millis) -> (Vec<Record>, Vec<Maintained>, u64) {
    let folder = Folder::new();
    let mut sink = SqliteSink::open(&folder.0, retention).unwrap();
    sink.write(events).unwrap();
    let mut pieces = Vec::new();
    loop {
        let piece = sink.maintain(now).unwrap();
        pieces.push(piece);
        if !piece.more {
            break;
        }
    }
    let used = used_bytes(&sink.connection).unwrap();
    assert_eq!(pragma(&sink.connection, "freelist_count").unwrap(), 0, "the file is as small as it may be");
    let reader = open_readonly(&folder.0).unwrap();
    let query = Query { order: Order::OldestFirst, ..Query::default() };
    (reader.events(&query).map(Result::unwrap).collect(), pieces, used)
}

fn daily(days: i64) -> Vec<Event> {
    let policy = policy();
    let at = |day| {
        let mut event = event(&policy, 0);
        event.time = START.plus(day * DAY_MILLIS);
        event
    };
    (0..days).map(at).collect()
}

#[test]
fn by_age() {
    let (left, pieces, _) = check(Retention::default(), &daily(40), START.plus(40 * DAY_MILLIS));
    assert_eq!(left.len(), 30);
    assert_eq!(left[0].time_millis, START.plus(10 * DAY_MILLIS).0);
    assert_eq!(pieces, [Maintained { removed: 10, truncated: 0, more: false }]);
    let none = Retention { days: 0, ..Retention::default() };
    assert_eq!(check(none, &daily(3), START.plus(3 * DAY_MILLIS)).0, []);
}

#[test]
fn by_size_in_pieces() {
    let policy = policy();
    let events: Vec<Event> = (0..30_000).map(|number| event(&policy, number)).collect();
    let bytes = 3 << 20;
    let (left, pieces, used) = check(Retention { bytes, ..Retention::default() }, &events, START);
    assert!(used <= bytes, "{used}");
    assert!(!left.is_empty() && left.len() < 30_000);
    assert_eq!(left.last().unwrap().time_millis, START.0 + 29_999, "the newest stay");
    assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.removed <= REMOVED_PER_PIECE.unsigned_abs()));
    let tiny = Retention { bytes: 1, ..Retention::default() };
    assert_eq!(check(tiny, &events, START).0, [], "ends when there is nothing left to remove");
}

#[test]
fn addresses() {
    let listed = |address: &str| {
        let address = address.parse().unwrap();
        let evidence = |length| Evidence::Prefix(Prefix::of(address, length));
        let reasons = [
            reason(Source::OperatorAllows, ReasonKind::Softens, evidence(128)),
            reason(Source::OperatorAllows, ReasonKind::Softens, evidence(16)),
        ];
        let mut event = decided(&policy(), 0, Action::Allow, 0, &reasons);
        event.client = address;
        event
    };
    let mut events = vec![listed("192.0.2.77"), listed("2001:db8:1:2::3"), listed("192.0.2.78")];
    events[2].time = START.plus(DAY_MILLIS);
    let retention = Retention { truncate_addresses_after: Some(7), ..Retention::default() };
    let (left, pieces, _) = check(retention, &events, START.plus(7 * DAY_MILLIS + 1));
    let clients: Vec<_> = left.iter().map(|record| record.client.as_str()).collect();
    assert_eq!(clients, ["192.0.2.0", "2001:db8:1::", "192.0.2.78"]);
    let evidence =
        |record: &Record| record.reasons.iter().map(|r| r.evidence.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(evidence(&left[0]), ["192.0.2.0/24", "192.0.0.0/16"]);
    assert_eq!(evidence(&left[1]), ["2001:db8:1::/48", "2001::/16"]);
    assert_eq!(evidence(&left[2])[0], "192.0.2.78");
    assert_eq!(pieces, [Maintained { removed: 0, truncated: 2, more: false }]);
}
