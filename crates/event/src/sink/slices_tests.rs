use super::*;
use crate::sink::{Retention, Sink, SqliteSink};
use crate::support::{Folder, START, decided, event, policy, reason};
use crate::{Asked, ChallengeStep, Reader, Slice, open_readonly};
use spigot_decision::policy::Trigger;
use spigot_decision::{Action, Evidence, Millis, ReasonKind, Source};

fn text(slices: &[Slice]) -> Vec<String> {
    let line = |slice: &Slice| {
        let Sums { events, issued, solved, failed, added_micros, .. } = slice.sums;
        let minute = slice.start.since(START) / 60_000;
        format!("{minute} {} {events}: {issued} {solved} {failed}, {added_micros}", slice.key)
    };
    // Keys come in the order in which they were first seen; that of a batch is no matter.
    let mut lines: Vec<String> = slices.iter().map(line).collect();
    lines.sort();
    lines
}

fn slices(reader: &Reader, dimension: Dimension, span: Span) -> Vec<Slice> {
    reader.slices(dimension, span, 1, (START.plus(-86_400_000), START.plus(86_400_000))).unwrap()
}

fn step(number: u64, result: &'static str) -> Event {
    let mut about = event(&policy(), number);
    about.challenge = Some(Box::new(ChallengeStep {
        kind: "sha256",
        log2_work: 1,
        result,
        solve_millis: None,
        claimed_millis: None,
        provider: None,
    }));
    about
}

#[test]
fn events_are_in_a_minute_an_hour_and_a_day() {
    let policy = policy();
    let folder = Folder::new();
    let mut sink = SqliteSink::open(&folder.0, Retention::default()).unwrap();
    let frequent = Source::Trigger(Trigger::HighFrequency);
    let asks = reason(frequent, ReasonKind::Asks(Action::Challenge), Evidence::None);
    let mut asked = decided(&policy, 5, Action::Challenge, 0, &[asks, asks]);
    (asked.decision.route, asked.country, asked.device) = (1, Some(*b"FR"), None);
    let mut events = vec![event(&policy, 1), asked];
    let results =
        ["issued", "solved", "expired", "solved", "given_again", "more_asked", "redeemed", "waited"];
    events.extend(results.into_iter().enumerate().map(|(index, name)| step(60_000 + index as u64, name)));
    sink.write(&events).unwrap();
    sink.write(&[event(&policy, 60_100)]).unwrap();
    let reader = open_readonly(&folder.0).unwrap();
    let check = |dimension, span, expected: &[&str]| {
        assert_eq!(text(&slices(&reader, dimension, span)), expected, "{dimension:?} {span:?}");
    };
    check(Dimension::Total, Span::Minute, &["0 all 2: 0 0 0, 80", "1 all 9: 1 2 1, 360"]);
    check(Dimension::Total, Span::Hour, &["0 all 11: 1 2 1, 440"]);
    check(Dimension::Total, Span::Day, &["-480 all 11: 1 2 1, 440"]);
    check(Dimension::Country, Span::Hour, &["0 DE 10: 1 2 1, 400", "0 FR 1: 0 0 0, 40"]);
    check(Dimension::Device, Span::Hour, &["0 desktop 10: 1 2 1, 400", "0 unknown 1: 0 0 0, 40"]);
    check(Dimension::Reason, Span::Hour, &["0 high_frequency 1: 0 0 0, 40"]);
    let routes = ["0 default 1: 0 0 0, 40", "0 search 1: 0 0 0, 40", "1 search 9: 1 2 1, 360"];
    check(Dimension::Route, Span::Minute, &routes);
    let total = &slices(&reader, Dimension::Total, Span::Day)[0].sums;
    assert_eq!((total.done(Action::Challenge), total.done(Action::Allow)), (1, 10));
    assert_eq!(
        reader.slices(Dimension::Total, Span::Minute, 60, (START, START.plus(60_000))).unwrap().len(),
        1
    );
    assert_eq!(
        reader.slices(Dimension::Total, Span::Minute, 1, (START.plus(120_000), START.plus(600_000))).unwrap(),
        []
    );
}

#[test]
fn what_becomes_of_a_challenge_is_counted_where_it_was_asked_for() {
    let policy = policy();
    let folder = Folder::new();
    let mut sink = SqliteSink::open(&folder.0, Retention::default()).unwrap();
    let frequent = Source::Trigger(Trigger::HighFrequency);
    let asks = reason(frequent, ReasonKind::Asks(Action::Challenge), Evidence::None);
    let mut asked = decided(&policy, 5, Action::Challenge, 0, &[asks]);
    asked.decision.route = 1;
    asked.challenge = step(5, "issued").challenge;
    let of = |result, number| {
        let about = Asked { policy: policy.clone(), route: 1, reasons: vec![frequent, frequent] };
        let mut about = Event { asked: Some(about.into()), ..step(number, result) };
        about.decision.route = 0;
        about
    };
    sink.write(&[asked, of("expired", 6), of("solved", 7)]).unwrap();
    let reader = open_readonly(&folder.0).unwrap();
    let check = |dimension, expected: &[&str]| {
        assert_eq!(text(&slices(&reader, dimension, Span::Hour)), expected, "{dimension:?}");
    };
    check(Dimension::Total, &["0 all 3: 1 1 1, 120"]);
    let names = [&policy.route(0).name, &policy.route(1).name];
    let mut routes = [format!("0 {} 2: 0 0 0, 80", names[0]), format!("0 {} 1: 1 1 1, 40", names[1])];
    routes.sort();
    check(Dimension::Route, &[&routes[0], &routes[1]]);
    check(Dimension::Country, &["0 DE 3: 1 1 1, 120"]);
    check(Dimension::Reason, &["0 high_frequency 1: 1 1 1, 40"]);
}

#[test]
fn keys_beyond_the_bound_are_others_also_after_a_restart() {
    let folder = Folder::new();
    let policy = policy();
    let countries = |from: u16, to: u16| -> Vec<Event> {
        let code = |number: u16| [b'A' + (number / 26) as u8, b'A' + (number % 26) as u8];
        (from..to)
            .map(|number| Event { country: Some(code(number)), ..event(&policy, number.into()) })
            .collect()
    };
    let mut sink = SqliteSink::open(&folder.0, Retention::default()).unwrap();
    sink.write(&countries(0, 200)).unwrap();
    drop(sink);
    let mut sink = SqliteSink::open(&folder.0, Retention::default()).unwrap();
    sink.write(&countries(150, 400)).unwrap();
    let reader = open_readonly(&folder.0).unwrap();
    let found = slices(&reader, Dimension::Country, Span::Hour);
    assert_eq!(found.len(), KEYS_MAX + 1);
    let others = found.iter().find(|slice| slice.key == "others").unwrap();
    assert_eq!(others.sums.events, 100);
    assert_eq!(found.iter().map(|slice| slice.sums.events).sum::<u64>(), 450);
}

#[test]
fn longer_spans_are_kept_longer_than_events() {
    let folder = Folder::new();
    let day = 86_400_000;
    let mut sink = SqliteSink::open(&folder.0, Retention::default()).unwrap();
    let policy = policy();
    let events: Vec<Event> =
        (0..500).map(|number| Event { time: START.plus(number * day), ..event(&policy, 0) }).collect();
    sink.write(&events).unwrap();
    let now = Millis(START.0 + 500 * day);
    while sink.maintain(now).unwrap().more {}
    let reader = open_readonly(&folder.0).unwrap();
    let kept = |span| reader.slices(Dimension::Total, span, 1, (START, now)).unwrap().len();
    assert_eq!(reader.events(&crate::Query::default()).count(), 30);
    assert_eq!((kept(Span::Minute), kept(Span::Hour), kept(Span::Day)), (3, 62, 400));
}
