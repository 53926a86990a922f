//! A crash takes the events of its last second with it, and no more.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::demo::{Demo, OPEN, command};

/// What may be lost.
const LAST: Duration = Duration::from_secs(1);

/// Asks for four seconds, kills, and tells how long before its end the oldest lost event was answered.
fn oldest_lost() -> Option<Duration> {
    // One client asks far more often than one may.
    let config = format!("{OPEN}triggers = {{ high_frequency = false }}\n");
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&config));
    let mut answered = Vec::new();
    let begun = Instant::now();
    let mut connection = demo.connect();
    while begun.elapsed() < 4 * LAST {
        let answer = connection.get("/whoami").json();
        let headers = answer["headers"].as_array().unwrap();
        let id = headers.iter().find(|pair| pair[0] == "x-spigot-decision").unwrap()[1].as_str().unwrap();
        answered.push((Instant::now(), id.to_owned()));
    }
    let killed = Instant::now();
    let folder = demo.kill();
    let limit = (answered.len() + 1).to_string();
    let kept = command(folder.path(), &["events", "--format", "json", "--limit", &limit]);
    assert!(kept.status.success(), "{kept:?}");
    let kept = String::from_utf8(kept.stdout).unwrap();
    let kept: HashSet<String> = kept
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    println!("{} answered, {} kept", answered.len(), kept.len());
    assert!(!kept.is_empty(), "nothing at all is kept");
    answered.iter().find(|(_, id)| !kept.contains(id)).map(|(at, _)| killed.duration_since(*at))
}

/// The clock is the real one, and a machine may leave any process without its processor for a second: what fails every
/// time is no such accident.
#[test]
fn a_kill_loses_at_most_the_last_second() {
    let mut seen = Vec::new();
    for _ in 0..5 {
        match oldest_lost() {
            Some(age) if age > LAST => seen.push(age),
            _ => return,
        }
    }
    panic!("lost what was answered so long before: {seen:?}");
}
