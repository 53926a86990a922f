//! A process that is killed while it writes loses nothing that was flushed, and corrupts nothing.

#![allow(clippy::unwrap_used, reason = "a test's helpers are outside of its test functions")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use spigot_event::{Query, Recorder, RecorderSettings, Retention, SqliteSink, open_readonly};
use support::{Folder, event, policy};

/// Flushes that are waited for before the kill. The child keeps writing meanwhile, so that the kill comes in the midst.
const FLUSHES: usize = 20;

#[test]
fn kill_9_keeps_what_was_flushed() {
    for _ in 0..3 {
        check();
    }
}

fn check() {
    let folder = Folder::new();
    // This very test program, asked for `child` only.
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", folder.0.display()).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let flushed: usize = lines
        .filter_map(|line| line.strip_prefix("flushed ").and_then(|count| count.parse().ok()))
        .nth(FLUSHES)
        .expect("the child flushes until it is killed");
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();

    let database = rusqlite::Connection::open(folder.0.join("events.sqlite")).unwrap();
    let found: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
    let sums: (i64, i64) = database
        .query_row("SELECT (SELECT count(*) FROM event), (SELECT sum(events) FROM slice WHERE span = 1 AND dimension = 0)", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(sums.0, sums.1, "events and their sums are of one transaction");
    drop(database);
    let stored = open_readonly(&folder.0).unwrap().events(&Query::default()).map(Result::unwrap).count();
    assert!(stored >= flushed, "{stored} of {flushed} flushed");
    // The lock died with its holder.
    SqliteSink::open(&folder.0, Retention::default()).unwrap();
}

/// Not a test but the process that is killed: without a folder on standard input it does nothing.
#[test]
#[ignore = "the other test starts it"]
fn child() {
    let mut folder = String::new();
    std::io::stdin().read_line(&mut folder).unwrap();
    if folder.trim().is_empty() {
        return;
    }
    let sink = SqliteSink::open(folder.trim().as_ref(), Retention::default()).unwrap();
    let (recorder, _handle) = Recorder::start(sink, RecorderSettings::default());
    let policy = policy();
    println!();
    for number in 0.. {
        recorder.record(event(&policy, number));
        if number % 500 == 499 {
            recorder.flush().unwrap();
            println!("flushed {}", recorder.written());
        }
    }
}
