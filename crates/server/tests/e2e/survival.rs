//! What a crash must not take away: hours of earlier days, this hour's count, and restrictions.

use spigot_admin::{KnownStore, PolicyStore};
use spigot_decision::Millis;
use spigot_state::{Changes, HourChanges, HourCount};

use super::client::{Answer, Connection};
use super::demo::Demo;

const POLICY: &str = "[restrict]\nslow_from = 100\nrestrict_from = 3\nsteps = \"1h\"\n[[route]]\nname = \"login\"\nmatch = \"/login\"\n[route.triggers]\ntraffic_anomaly = false\n[[route]]\nname = \"all\"\nmatch = \"/**\"\n[route.triggers]\ntraffic_anomaly = { times = 2, at_least = 1 }\n";
/// A mean of 10 requests in the hour.
const PAST: u32 = 10;

fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Millis(i64::try_from(since.as_millis()).unwrap())
}

fn get(demo: &Demo) -> Answer {
    demo.connect().get("/")
}

/// Fourteen days in which Spigot ran and the route had [`PAST`] requests, in this hour and in the next.
fn past(folder: &std::path::Path, hour: i64) {
    let hours = (1..=14).flat_map(|day| [hour - day * 24, hour - day * 24 + 1]);
    let set = hours.flat_map(|hour| {
        [("", 0), ("all", PAST)].map(|(route, count)| HourCount { route: route.to_owned(), hour, count })
    });
    let changes = HourChanges { set: set.collect(), removed: Vec::new() };
    PolicyStore::open(folder).unwrap().keep(&changes, &Changes::default()).unwrap();
}

/// Waits until what a crash must leave is on disk: it is kept each second.
fn until_kept(demo: &Demo, hour: i64, count: u32) {
    let store = PolicyStore::open(demo.folder.path()).unwrap();
    let begun = std::time::Instant::now();
    while begun.elapsed().as_secs() < 20 {
        let (hours, restrictions) = store.kept().unwrap();
        let counted =
            hours.iter().any(|kept| kept.route == "all" && kept.hour >= hour && kept.count == count);
        if counted && restrictions.len() == 1 {
            return;
        }
        std::thread::yield_now();
    }
    panic!("never kept: {:?}", store.kept().unwrap());
}

#[test]
fn hours_and_restrictions_survive_a_kill() {
    // The clock is the real one. When its hour ends meanwhile the counts begin anew, and so does the test.
    while !survives_within_an_hour() {
        println!("the hour ended meanwhile: once more");
    }
}

fn survives_within_an_hour() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let hour = now().hour();
    past(folder.path(), hour);
    let demo = Demo::start_with(folder, Some(POLICY));
    let mut guesser = demo.connect_from(9);
    for n in 0..3 {
        let body = format!("email=ada%40example.org&password={n}");
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        assert_eq!(guesser.request("POST", "/login", &form, body.as_bytes()).status, 401);
    }
    let seconds = |answer: &Answer| answer.header("retry-after").unwrap().parse::<u32>().unwrap();
    let before = guesser.get("/login");
    assert_eq!(before.status, 403);
    for n in 1..=12 {
        assert_eq!(get(&demo).status, 200, "request {n}");
    }
    if now().hour() != hour {
        return false;
    }
    until_kept(&demo, hour, 12);
    let demo = Demo::start_with(demo.kill(), Some(POLICY));
    let statuses: Vec<_> = (13..=22).map(|_| get(&demo)).collect();
    let after = demo.connect_from(9).get("/login");
    if now().hour() != hour {
        return false;
    }
    assert_eq!(after.status, 403, "still restricted");
    assert!(seconds(&after) <= seconds(&before) && seconds(&after) > 3500, "{before:?} {after:?}");
    for (n, answer) in (13..).zip(&statuses) {
        let (status, reason) = if n <= 2 * PAST { (200, None) } else { (403, Some("traffic_anomaly")) };
        assert_eq!((answer.status, answer.header("x-captcha-reason")), (status, reason), "request {n}");
    }
    true
}

const ACCOUNTS: &str = "[accounts]\nchallenge_after = 1000\nstuffing_from = 1000\nlock_from = 3\nlock_steps = \"15m\"\n[[route]]\nname = \"login\"\nmatch = \"POST /login\"\naccount_fields = \"email\"\nweights = { failures_behind = 0 }\n";

fn log_in(demo: &Demo, from: [u8; 4], password: &str) -> u16 {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = format!("email=demo%40example.org&password={password}");
    Connection::open_in(demo.address, from).request("POST", "/login", &form, body.as_bytes()).status
}

#[test]
fn a_lock_survives_a_kill_and_so_does_who_is_known() {
    const RIGHT: &str = "brass+kettle+morning+rain";
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(ACCOUNTS));
    assert_eq!(log_in(&demo, [127, 77, 0, 1], RIGHT), 303);
    for n in 0..3 {
        assert_eq!(log_in(&demo, [127, 10, n, 1], "guess"), 401, "guess {n}");
    }
    assert_eq!(log_in(&demo, [127, 10, 9, 1], RIGHT), 403, "locked");
    demo.until("both are kept", |_| {
        let known = KnownStore::open(demo.folder.path()).unwrap().kept(now()).unwrap();
        let (_, locks) = PolicyStore::open(demo.folder.path()).unwrap().kept().unwrap();
        known.len() == 2 && locks.len() == 1
    });
    let demo = Demo::start_with(demo.kill(), Some(ACCOUNTS));
    assert_eq!(log_in(&demo, [127, 10, 9, 1], RIGHT), 403, "still locked to strangers");
    assert_eq!(log_in(&demo, [127, 77, 0, 200], RIGHT), 303, "and not at home");
    // A file that cannot be read keeps nobody out.
    let folder = demo.kill();
    for name in ["accounts.sqlite", "accounts.sqlite-wal", "accounts.sqlite-shm"] {
        let _ = std::fs::remove_file(folder.path().join(name));
    }
    std::fs::write(folder.path().join("accounts.sqlite"), [b'x'; 4096]).unwrap();
    let demo = Demo::start_with(folder, Some(ACCOUNTS));
    demo.until_said("accounts_unread");
    assert_eq!(log_in(&demo, [127, 77, 0, 1], RIGHT), 303);
}
