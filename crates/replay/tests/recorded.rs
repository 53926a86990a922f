//! Spigot's own events: replayed as they are read, with all that they tell.

use std::cell::Cell;
use std::fmt::Write;
use std::io::Cursor;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use spigot_decision::policy::{self, Policy};
use spigot_decision::{Level, Millis, Sender};
use spigot_replay::{Given, Log, Options, Recorded, Report, Treatment, render_text, replay, replay_each};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
const START: i64 = 1_795_248_000_000;

fn policy_of(text: &str) -> Arc<Policy> {
    Arc::new(policy::load("test.toml", text).expect("the policy is valid"))
}

fn visit(millis: i64, client: &str, path: &str) -> Recorded {
    Recorded {
        time: Millis(START + millis),
        client: Some(client.parse().expect("an address")),
        host: "shop.example".to_owned(),
        method: "GET".to_owned(),
        path: path.to_owned(),
        user_agent: FIREFOX.to_owned(),
        sender: None,
        device: None,
        network: None,
        country: None,
        fingerprint: None,
        clearance: None,
        given: None,
        status: Some(200),
    }
}

fn report_of(policy: &str, events: Vec<Recorded>) -> Report {
    let logs = vec![Log::Recorded(Box::new(events.into_iter().map(Ok)))];
    replay(policy_of(policy), logs, &Options::default(), &mut |_| ()).expect("memory can be read")
}

/// Which of the requests were treated how.
fn treatments(policy: &str, events: Vec<Recorded>) -> Vec<Treatment> {
    let logs = vec![Log::Recorded(Box::new(events.into_iter().map(Ok)))];
    let mut found = Vec::new();
    replay_each(policy_of(policy), logs, &Options::default(), &mut |_| (), &mut |judged| {
        found.push(judged.treatment);
    })
    .expect("memory can be read");
    found
}

/// Numbers that look drawn, the same in each run (xorshift, Marsaglia 2003).
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Answered requests of all kinds, none of which tells more than a log would.
fn plain(seed: u64, count: i64) -> Vec<Recorded> {
    let mut drawn = Drawn(seed);
    let clients =
        ["192.0.2.1", "192.0.2.77", "198.51.100.7", "2001:db8::5", "2001:db8:0:1::9", "203.0.113.9"];
    let paths = ["/", "/login", "/products/1", "/logo.png", "/api/items", "/.git/config", "/a%20b", "/é"];
    let agents = [FIREFOX, "curl/8.5.0", "sqlmap/1.8", "", "Mozilla/5.0 (iPhone; like Mac OS X) Mobile"];
    let mut time = 0;
    let mut events = Vec::new();
    for _ in 0..count {
        // A clock that is set back now and then.
        time += if drawn.below(50) == 0 { -700 } else { drawn.below(400) as i64 };
        let path = drawn.of(&paths);
        events.push(Recorded {
            method: drawn.of(&["GET", "GET", "POST", "HEAD", "CONNECT"]).to_owned(),
            user_agent: drawn.of(&agents).to_owned(),
            host: drawn.of(&["shop.example", ""]).to_owned(),
            status: Some([200, 200, 302, 401, 404, 500][drawn.below(6)]),
            ..visit(time, drawn.of(&clients), path)
        });
    }
    events
}

/// An event as a line that any web server could have written.
fn line(event: &Recorded) -> String {
    let object = serde_json::json!({
        "remote_addr": event.client.map(|client| client.to_string()), "time_iso8601": event.time.to_string(),
        "request_method": event.method, "uri": event.path, "status": event.status.map(|status| status.to_string()),
        "body_bytes_sent": "0", "http_user_agent": event.user_agent, "host": event.host,
    });
    format!("{object}\n")
}

#[test]
fn what_tells_no_more_than_a_log_gives_the_same_report_byte_for_byte() {
    for seed in [1, 0x5eed, 77] {
        println!("seed {seed}");
        let events = plain(seed, 5000);
        let lines = events.iter().fold(String::new(), |mut text, event| {
            let _ = write!(text, "{}", line(event));
            text
        });
        let logs = vec![Log::Reader(Box::new(Cursor::new(lines)))];
        let of_lines = replay(policy_of(policy::DEFAULT), logs, &Options::default(), &mut |_| ())
            .expect("memory can be read");
        let of_events = report_of(policy::DEFAULT, events);
        assert!(of_lines.treatments.stopped() > 100 && of_lines.malformed > 100, "{of_lines:?}");
        assert_eq!(render_text(&of_events), render_text(&of_lines));
        let json = |report| serde_json::to_string_pretty(report).expect("a report is JSON");
        assert_eq!(json(&of_events), json(&of_lines));
    }
}

#[test]
fn no_more_is_read_ahead_than_is_held_to_be_put_in_order() {
    let options = Options { held_max: 100, ..Options::default() };
    let taken = Arc::new(AtomicU64::new(0));
    let counted = taken.clone();
    let events = (0..20_000).map(move |n| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(visit(n, "192.0.2.1", "/"))
    });
    let (judged, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let logs = vec![Log::Recorded(Box::new(events))];
    replay_each(policy_of(""), logs, &options, &mut |_| (), &mut |_| {
        most.set(most.get().max(taken.load(Ordering::Relaxed) - judged.get()));
        judged.set(judged.get() + 1);
    })
    .expect("memory can be read");
    assert_eq!(judged.get(), 20_000);
    assert_eq!(most.get(), 101, "the one that is judged and those held");
}

#[test]
fn what_events_tell_decides() {
    let check = |policy: &str, event: Recorded, expected: Treatment| {
        assert_eq!(treatments(policy, vec![event.clone()]), [expected], "{event:?}");
    };
    let on = |when: &str| format!("[[rule]]\nname = \"it\"\nwhen = '{when}'\naction = \"block\"\n");
    let plain = visit(0, "192.0.2.1", "/");
    // A page by its address, but a script asked for it.
    let sender = on("request.sender == \"fetch\"");
    check(&sender, plain.clone(), Treatment::Allow);
    check(&sender, Recorded { sender: Some(Sender::Fetch), ..plain.clone() }, Treatment::Block);
    // The event's user agent is cut; the device was read before.
    let device = on("client.device == \"phone\"");
    check(&device, plain.clone(), Treatment::Allow);
    check(&device, Recorded { device: Some("phone"), ..plain.clone() }, Treatment::Block);
    let network = on("client.network == 64500 && client.country == \"DE\"");
    check(&network, plain.clone(), Treatment::Allow);
    let known = Recorded { network: Some(64500), country: Some(*b"DE"), ..plain.clone() };
    check(&network, known, Treatment::Block);
    let host = "[[route]]\nname = \"admin\"\nhost = \"admin.example\"\nmatch = \"/**\"\nask = \"always\"\n";
    check(host, plain.clone(), Treatment::Allow);
    check(host, Recorded { host: "admin.example".to_owned(), ..plain.clone() }, Treatment::Standing);
    let level = on("clearance.level == 2");
    check(&level, plain.clone(), Treatment::Allow);
    check(&level, Recorded { clearance: Some(Level::Medium), ..plain }, Treatment::Block);
}

/// Everybody is asked; with a clearance of the level nobody is.
#[test]
fn a_clearance_answers_what_it_answered() {
    let policy = "[[route]]\nname = \"all\"\nmatch = \"/**\"\nask = \"always\"\nlevel = \"medium\"\n";
    let with = |clearance| Recorded { clearance, ..visit(0, "192.0.2.1", "/") };
    let events = [None, Some(Level::Low), Some(Level::Medium), Some(Level::High)].map(with).to_vec();
    let expected = [Treatment::Standing, Treatment::Standing, Treatment::Allow, Treatment::Allow];
    assert_eq!(treatments(policy, events.clone()), expected);
    let report = report_of(policy, events);
    assert_eq!(report.input.with_clearance, 3);
    let text = render_text(&report);
    assert!(
        text.contains("3 records came with a clearance") && !text.contains("nobody presents one"),
        "{text}"
    );
}

/// Its own count is a reason to ask the holder again, and what is given then begins a count of its own.
#[test]
fn the_next_clearance_of_a_holder_is_another_one() {
    let policy = "[[route]]\nname = \"all\"\nmatch = \"/**\"\n[route.triggers]\nhigh_frequency = { more_than = 3, window = \"1h\" }\n";
    let held = |millis| Recorded { clearance: Some(Level::Low), ..visit(millis, "192.0.2.1", "/") };
    let mut events: Vec<_> = (0..4).map(held).collect();
    events.push(Recorded { given: Some(Given::Puzzle), status: None, ..held(4) });
    events.extend((5..8).map(held));
    // Another browser behind the address has counts of its own.
    events.push(Recorded { user_agent: "Mozilla/5.0 another".to_owned(), ..held(9) });
    let (allow, ask) = (Treatment::Allow, Treatment::Challenge);
    assert_eq!(treatments(policy, events), [allow, allow, allow, ask, ask, allow, allow, allow, allow]);
}

#[test]
fn where_the_application_was_not_asked_nothing_failed() {
    let policy = "[restrict]\nslow_from = 3\nrestrict_from = 100\n[[route]]\nname = \"all\"\nmatch = \"/**\"\nfailure_status = [403]\n";
    let posts = |status| (0..5).map(|n| Recorded { status, ..visit(n, "192.0.2.1", "/login") }).collect();
    assert!(treatments(policy, posts(Some(403))).contains(&Treatment::Throttle));
    assert_eq!(treatments(policy, posts(None)), [Treatment::Allow; 5]);
}

#[test]
fn an_event_without_an_address_is_counted_and_left_out() {
    let nobody = Recorded { client: None, ..visit(0, "192.0.2.1", "/") };
    let report = report_of("", vec![nobody, visit(1, "192.0.2.1", "/")]);
    assert_eq!((report.input.lines, report.input.records, report.requests), (2, 1, 1));
    assert_eq!(report.input.rejects.get("no_client"), Some(&1));
}
