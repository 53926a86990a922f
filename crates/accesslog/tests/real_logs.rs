//! Every line of real logs, where they are at hand: they hold real addresses and are no part of this repository.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking; helpers here are no #[test]")]

use spigot_accesslog::{Format, Lines, Reject, Reorder, ReorderStats, Scratch, discover};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the data, or a clear word that it is absent.
fn data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if !path.is_dir() {
        eprintln!("SKIPPED: no ../shared/data/{folder} beside the workspace");
        return None;
    }
    Some(path)
}

#[derive(Default)]
struct Tally {
    records: u64,
    malformed: u64,
    rejects: BTreeMap<&'static str, u64>,
    /// Rejected lines that are not blank.
    examples: Vec<String>,
}

fn tally(path: &Path) -> Tally {
    let format = discover(&[path], None).unwrap()[0].format.clone().unwrap_or_default();
    let mut lines = Lines::open(path).unwrap();
    let (mut tally, mut scratch) = (Tally::default(), Scratch::default());
    while let Some(line) = lines.next_line().unwrap() {
        match format.parse(line, &mut scratch) {
            Ok(record) => {
                tally.records += 1;
                tally.malformed += u64::from(record.request_malformed);
                assert!(record.time_millis > 946_684_800_000, "{record:?}");
                assert!(record.status < 600, "{record:?}");
                assert_eq!(record.request_malformed, record.method.is_empty(), "{record:?}");
            }
            Err(reject) => {
                *tally.rejects.entry(reject.name()).or_default() += 1;
                if reject != Reject::Empty && tally.examples.len() < 3 {
                    tally.examples.push(String::from_utf8_lossy(&line[..line.len().min(160)]).into_owned());
                }
            }
        }
    }
    assert_eq!(lines.stats().too_long, 0);
    println!(
        "{:<50} {:<13} {:>7} records {:>6} malformed {:?}",
        path.file_name().unwrap_or_default().to_string_lossy(),
        format.name(),
        tally.records,
        tally.malformed,
        tally.rejects,
    );
    for example in &tally.examples {
        println!("    {example}");
    }
    tally
}

#[test]
fn access_logs_are_records_to_the_last_line() {
    let Some(folder) = data("access-logs") else { return };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "gz") {
            let tally = tally(&path);
            assert!(tally.rejects.keys().all(|reason| *reason == "empty"), "{path:?}: {:?}", tally.rejects);
        }
    }
}

/// The one log among the scenarios that is no access log holds the messages of a firewall inside Caddy.
#[test]
fn scenario_logs_are_records_except_other_messages() {
    let Some(folder) = data("scenarios") else { return };
    for entry in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(entry.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "log") {
                let tally = tally(&path);
                let is_other = path.ends_with("coraza.log");
                assert_eq!(tally.examples.is_empty(), !is_other, "{path:?}: {:?}", tally.rejects);
            }
        }
    }
}

/// The order in which a buffer gives the lines of a file, by number, and what the ordering came to.
fn order(path: &Path, mut reorder: Reorder<usize>) -> (Vec<(i64, usize)>, ReorderStats) {
    let mut lines = Lines::open(path).unwrap();
    let (mut given, mut scratch, mut number) = (Vec::new(), Scratch::default(), 0);
    while let Some(line) = lines.next_line().unwrap() {
        let record = Format::auto().parse(line, &mut scratch).unwrap();
        reorder.push(record.time_millis, number);
        number += 1;
        given.extend(std::iter::from_fn(|| reorder.pop()));
    }
    reorder.finish();
    given.extend(std::iter::from_fn(|| reorder.pop()));
    assert_eq!(given.len(), number);
    assert!(given.is_sorted_by_key(|(time_millis, _)| *time_millis));
    (given, reorder.stats())
}

/// Where nothing is later than the window, the window gives what a sort of the whole gives.
#[test]
fn the_window_is_enough_unless_it_says_otherwise() {
    let Some(folder) = data("access-logs") else { return };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let (whole, stats) = order(&path, Reorder::whole(1_000_000));
        assert!(whole.is_sorted(), "equal times keep the order of the file");
        assert_eq!(stats.clamped, 0);
        let (within, stats) = order(&path, Reorder::within(60_000, 100_000));
        println!("{:<30} {stats:?}", path.file_name().unwrap_or_default().to_string_lossy());
        assert_eq!(within == whole, stats.clamped == 0);
    }
}

/// Named formats read what detection reads.
#[test]
fn names_read_the_same() {
    let Some(folder) = data("access-logs") else { return };
    let path = folder.join("shop-2019-01.log.gz");
    let (auto, combined) = (Format::auto(), Format::from_name("combined").unwrap());
    let main = Format::nginx(
        "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
         \"$http_user_agent\" \"$http_x_forwarded_for\"",
    );
    let main = main.unwrap();
    let mut lines = Lines::open(path).unwrap();
    let [mut a, mut b, mut c] = [const { None }; 3].map(|_: Option<()>| Scratch::default());
    while let Some(line) = lines.next_line().unwrap() {
        let expected = auto.parse(line, &mut a);
        assert_eq!(expected, combined.parse(line, &mut b));
        let text = String::from_utf8_lossy(line);
        if text.ends_with("\"-\"") {
            assert_eq!(expected, main.parse(line, &mut c), "{text}");
        }
    }
}
