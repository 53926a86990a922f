//! Fills a store with a month of varied events and measures what the panel's pages ask of it.
//! `cargo run --release -p spigot-event --example volume -- FOLDER [EVENTS] [BYTES_MAX] [NOW_MILLIS]`
//!
//! The folder is made, and removed in the end. It stops filling at `BYTES_MAX`, and says how many there were. With
//! `NOW_MILLIS` the month ends there and the folder stays, so that the panel itself can be measured over it
//! (`web/admin/volume.mjs`).

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spigot_decision::policy::Trigger;
use spigot_decision::{Action, Evidence, Millis, Policy, Prefix, ReasonKind, Source};
use spigot_event::{
    ChallengeStep, DecisionId, Dimension, Event, Query, Reader, Retention, Sink, Span, SqliteSink,
    open_readonly,
};
use support::{START, event, policy, reason};

const DAY_MILLIS: i64 = 86_400_000;
const DAYS: i64 = 30;
const BATCH: u64 = 10_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("name a folder that does not exist yet");
        return;
    };
    let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok());
    let (events, bytes) = (number().unwrap_or(50_000_000), number().unwrap_or(16 << 30));
    let now = number().map(|millis| Millis(millis.cast_signed()));
    let month = Month { policy: policy(), begin: now.unwrap_or(START).plus(-DAYS * DAY_MILLIS), events };
    let folder = Path::new(&folder);
    std::fs::create_dir(folder).expect("the folder does not exist yet and can be made");
    let filled = fill(folder, &month, bytes);
    let reader = open_readonly(folder).expect("it was just written");
    let end = month.begin.plus(DAYS * DAY_MILLIS * filled as i64 / events as i64);
    pages(&reader, end, month.one(filled / 2).id);
    searches(&reader, end);
    println!("resident at most: {}", status("VmHWM:"));
    if now.is_none() {
        let _ = std::fs::remove_dir_all(folder);
    }
}

fn fill(folder: &Path, month: &Month, bytes: u64) -> u64 {
    let retention = Retention { bytes: u64::MAX, days: 10_000, ..Retention::default() };
    let mut sink = SqliteSink::open(folder, retention).expect("the folder is new");
    let size = || std::fs::metadata(folder.join("events.sqlite")).map_or(0, |file| file.len());
    let (mut writing, mut filled) = (Duration::ZERO, 0);
    while filled < month.events && size() < bytes {
        let batch: Vec<Event> = (filled..filled + BATCH).map(|number| month.one(number)).collect();
        let start = Instant::now();
        sink.write(&batch).expect("there is room");
        writing += start.elapsed();
        filled += BATCH;
    }
    let rate = filled as f64 / writing.as_secs_f64();
    println!("{filled} events, {} bytes each, {rate:.0} written per second", size() / filled);
    filled
}

/// Splitmix64, so that each run has the same events.
fn random(number: u64, which: u64) -> u64 {
    let value = (number ^ which << 48).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Few of many are common: the smaller, the more often.
fn skewed(number: u64, which: u64, of: u64) -> u64 {
    let part = (random(number, which) >> 11) as f64 / (1_u64 << 53) as f64;
    (part * part * part * of as f64) as u64
}

/// The events of a month, each by its number.
struct Month {
    policy: Arc<Policy>,
    begin: Millis,
    events: u64,
}

impl Month {
    fn one(&self, number: u64) -> Event {
        let time = self.begin.plus((number as i64).saturating_mul(DAYS * DAY_MILLIS) / self.events as i64);
        one(&self.policy, number, time)
    }
}

fn one(policy: &Arc<Policy>, number: u64, time: Millis) -> Event {
    let mut event = event(policy, 0);
    event.time = time;
    let [.., a, b, c, d, e] = random(number, 1).to_be_bytes();
    event.id = DecisionId::new(event.time, [a, b, c, d, e]);
    let client = skewed(number, 2, 3_000_000);
    event.client = std::net::Ipv4Addr::from_bits(0x0b00_0000 + (client * 37) as u32).into();
    event.network = Some(1_000 + (client % 4_000) as u32);
    let country = client % 4_000 % 180;
    event.country = Some([b'A' + (country / 26) as u8, b'A' + (country % 26) as u8]);
    event.device = Some(["desktop", "phone", "tablet", "bot"][(client % 4) as usize]);
    let print = client % 600;
    event.fingerprints.tls = Some(format!("t13d1715h2_{print:012x}_3d5424432f57").into());
    event.fingerprints.header = Some(random(print, 9));
    event.added_micros = 20 + skewed(number, 3, 400) as u32;
    event.decision.route = u16::from(random(number, 4).is_multiple_of(3));
    event.path = match random(number, 10) % 4 {
        0 => "/".into(),
        1 => "/search".into(),
        _ => format!("/products/{}", skewed(number, 11, 20_000)).into(),
    };
    event.account = random(number, 5).is_multiple_of(40).then(|| random(client, 6));
    if random(number, 7).is_multiple_of(30) {
        let action = if random(number, 8).is_multiple_of(4) { Action::Block } else { Action::Challenge };
        let frequent = Source::Trigger(Trigger::HighFrequency);
        let evidence = Evidence::Count { count: 501, limit: 500, window_millis: 1_200_000 };
        event.decision.reasons = vec![reason(frequent, ReasonKind::Asks(action), evidence)];
        (event.decision.action, event.decision.effective) = (action, action);
        event.challenge = (action == Action::Challenge).then(|| {
            Box::new(ChallengeStep {
                kind: "cachewalk",
                log2_work: 12,
                result: "issued",
                solve_millis: None,
                claimed_millis: None,
                provider: None,
            })
        });
    }
    event
}

fn timed<T>(name: &str, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = act();
    println!("{name}: {:?}", start.elapsed());
    result
}

/// What Overview, Support and the beginning of Activity ask.
fn pages(reader: &Reader, end: Millis, id: DecisionId) {
    let slices = |dimension, span, spans, days: i64| {
        let since = end.plus(-days * DAY_MILLIS);
        reader.slices(dimension, span, spans, (since, end)).map(|slices| slices.len())
    };
    // Charts are of the total and of routes; all else is asked as coarsely as the time allows.
    for dimension in [Dimension::Total, Dimension::Route] {
        timed(&format!("a day by minute, {dimension:?}"), || slices(dimension, Span::Minute, 15, 1)).ok();
        timed(&format!("30 days by hour, {dimension:?}"), || slices(dimension, Span::Hour, 6, 30)).ok();
        timed(&format!("a year by day, {dimension:?}"), || slices(dimension, Span::Day, 7, 365)).ok();
    }
    for dimension in Dimension::ALL {
        timed(&format!("a week together, {dimension:?}"), || slices(dimension, Span::Hour, u32::MAX, 7)).ok();
        timed(&format!("30 days together, {dimension:?}"), || slices(dimension, Span::Day, u32::MAX, 30))
            .ok();
    }
    let found = timed("one decision by its id", || reader.find(id));
    assert!(found.is_ok_and(|found| found.is_some()), "the decision is there");
    first(reader, "the newest 50", &Query { limit: Some(50), ..Query::default() });
}

/// The first answer of a search, which is what a page waits for, and the whole of it.
fn searches(reader: &Reader, end: Millis) {
    let all = Query { until: Some(end), ..Query::default() };
    let rare = 2_999_999 * 37 + 0x0b00_0000_u32;
    let address = Prefix::of(std::net::Ipv4Addr::from_bits(rare).into(), 32);
    let common = Prefix::of(std::net::Ipv4Addr::from_bits(0x0b00_0000 + 37 * 100).into(), 32);
    let named = [
        ("blocked, 50", Query { action: Some(Action::Block), limit: Some(50), ..all.clone() }),
        ("a rare address, all", Query { ip: Some(address), ..all.clone() }),
        ("a rare address' /24, all", Query { ip: Some(Prefix::of(address.base, 24)), ..all.clone() }),
        ("a busy address, 50", Query { ip: Some(common), limit: Some(50), ..all.clone() }),
        ("a network, 50", Query { network: Some(1_234), limit: Some(50), ..all.clone() }),
        ("an account, all", Query { account: Some(random(2_900_000, 6)), ..all.clone() }),
        (
            "a country and blocked, 50",
            Query { country: Some(*b"GS"), action: Some(Action::Block), limit: Some(50), ..all.clone() },
        ),
        ("a network that is not there, all", Query { network: Some(64_500), ..all.clone() }),
        ("a path that is not there, all", Query { path: Some("/absent".to_owned()), ..all.clone() }),
        (
            "a rare path, 50",
            Query { path: Some("/products/19999".to_owned()), limit: Some(50), ..all.clone() },
        ),
        (
            "a beginning that many share, 50",
            Query { path: Some("/products/1".to_owned()), limit: Some(50), ..all },
        ),
    ];
    for (name, query) in named {
        first(reader, name, &query);
    }
}

fn first(reader: &Reader, name: &str, query: &Query) {
    let start = Instant::now();
    let Ok(mut search) = reader.search(query) else { return };
    let (mut found, mut read, mut passed, mut longest) = (0, 0, 0, Duration::ZERO);
    loop {
        let begun = Instant::now();
        let Ok(step) = search.step() else { return };
        longest = longest.max(begun.elapsed());
        (found, read, passed) = (found + step.found.len(), read + step.read, passed + step.passed);
        if step.done {
            break;
        }
    }
    println!(
        "search for {name}: {:?}, longest step {longest:?}; {found} found, {read} rows read, {passed} passed over",
        start.elapsed()
    );
}

fn status(field: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.unwrap_or("not known here").trim().to_owned()
}
