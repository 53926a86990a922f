//! Files: gzip in every state, long lines, rotated sets.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking; helpers here are no #[test]")]

use flate2::Compression;
use flate2::write::GzEncoder;
use spigot_accesslog::{Format, LINE_BYTES_MAX, Lines, ReadStats, Reorder, Scratch, discover};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// All lines of `bytes`, and what the reading came to.
fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, ReadStats) {
    let mut lines = Lines::new(bytes).unwrap();
    let mut given = Vec::new();
    while let Some(line) = lines.next_line().unwrap() {
        given.push(line.to_vec());
    }
    assert_eq!(lines.next_line().unwrap(), None, "the end stays the end");
    (given, lines.stats())
}

#[track_caller]
fn check(bytes: &[u8], expected: &[&str], damaged: bool) {
    let (given, stats) = read(bytes);
    assert_eq!(given, expected.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>());
    assert_eq!((stats.lines, stats.gzip_damaged), (expected.len() as u64, damaged));
}

#[test]
fn line_ends() {
    check(b"", &[], false);
    check(b"\n", &[""], false);
    check(b"a\nb", &["a", "b"], false);
    check(b"a\r\n\r\nb\r\n", &["a", "", "b"], false);
    check(b"a\rb\n", &["a\rb"], false);
    check(b"a\r", &["a"], false);
}

#[test]
fn gzip_whole_and_in_several_members() {
    check(&gzip(b""), &[], false);
    check(&gzip(b"a\nb\n"), &["a", "b"], false);
    check(&[gzip(b"a\nb"), gzip(b"c\n"), gzip(b"d")].concat(), &["a", "bc", "d"], false);
}

#[test]
fn damaged_gzip_gives_its_whole_lines() {
    let text: String =
        (0..20_000).map(|number| format!("line {number} {}\n", number * 7919 % 104_729)).collect();
    let whole = gzip(text.as_bytes());
    let (lines, stats) = read(&whole[..whole.len() / 2]);
    assert!(stats.gzip_damaged);
    assert!(lines.len() > 1000, "{}", lines.len());
    let expected: Vec<&[u8]> = text.lines().map(str::as_bytes).take(lines.len()).collect();
    assert_eq!(lines, expected);

    check(&gzip(b"a\n")[..5], &[], true);
    check(&[gzip(b"a\n"), b"garbage that is no member".to_vec()].concat(), &["a"], true);
    let mut flipped = gzip(b"a\nb\n");
    let checksum = flipped.len() - 6;
    flipped[checksum] ^= 1;
    check(&flipped, &["a", "b"], true);
}

#[test]
fn too_long_lines_are_skipped_and_counted() {
    let limit = "x".repeat(LINE_BYTES_MAX);
    for long in [LINE_BYTES_MAX + 2, 3 * LINE_BYTES_MAX, 40 * LINE_BYTES_MAX] {
        let long = "y".repeat(long);
        let text = format!("a\n{long}\n{limit}\r\nb\n{long}\n{long}\nc\n{long}");
        let (given, stats) = read(text.as_bytes());
        assert_eq!(given, [b"a", limit.as_bytes(), b"b", b"c"]);
        assert_eq!(stats.too_long, 4);
        assert_eq!(read(&gzip(text.as_bytes())).0, given);
    }
}

#[test]
fn other_compressions_are_named() {
    for (magic, name) in
        [(&b"BZh91AY"[..], "bzip2"), (b"\xFD7zXZ\0", "xz"), (b"\x28\xB5\x2F\xFD\x04", "zstd")]
    {
        let error = Lines::new(magic).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// A fresh folder under the target directory.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn line(minute: u32, second: u32, number: usize) -> String {
    format!(
        "192.0.2.1 - - [10/Oct/2000:13:{minute:02}:{second:02} +0000] \"GET /{number} HTTP/1.1\" 200 5 \"-\" \"a\"\n"
    )
}

fn names(found: &[spigot_accesslog::Discovered]) -> Vec<String> {
    found.iter().map(|file| file.path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn rotated_files_are_read_by_time_and_not_by_name() {
    let folder = folder("rotated");
    fs::write(folder.join("access.log"), line(40, 0, 0)).unwrap();
    fs::write(folder.join("access.log.1"), format!("# comment\n{}", line(30, 0, 0))).unwrap();
    fs::write(folder.join("access.log.2.gz"), gzip(line(20, 0, 0).as_bytes())).unwrap();
    fs::write(folder.join("access.log.10.gz"), gzip(line(10, 0, 0).as_bytes())).unwrap();
    fs::write(folder.join("access.log-20001010"), line(35, 0, 0)).unwrap();
    fs::write(folder.join("empty.log"), "").unwrap();
    fs::write(folder.join("notes.txt"), "not read").unwrap();
    let expected = [
        "access.log.10.gz",
        "access.log.2.gz",
        "access.log.1",
        "access.log-20001010",
        "access.log",
        "empty.log",
    ];
    let found = discover(&[&folder], None).unwrap();
    assert_eq!(names(&found), expected);
    assert_eq!(found[0].format.as_ref().map(Format::name), Some("combined"));
    assert_eq!((found[5].format.as_ref(), found[5].first_millis), (None, None));
    assert_eq!(names(&discover(&[folder.join("access.log"), folder.clone()], None).unwrap()), expected);

    let error = discover(&[folder.join("absent.log")], None).unwrap_err();
    assert!(error.to_string().contains("absent.log"), "{error}");
}

#[test]
fn equal_first_times_follow_the_convention() {
    let folder = folder("equal");
    let names_by_age = ["a.log.10.gz", "a.log.2.gz", "a.log.1", "a.log"];
    for name in names_by_age {
        fs::write(folder.join(name), line(10, 0, 0)).unwrap();
    }
    assert_eq!(names(&discover(&[&folder], None).unwrap()), names_by_age);
}

/// The targets of all records in the order in which the buffer gives them.
fn sequence(paths: &[PathBuf]) -> Vec<String> {
    let mut reorder = Reorder::within(60_000, 10_000);
    let (mut scratch, mut given) = (Scratch::default(), Vec::new());
    for file in discover(paths, None).unwrap() {
        let mut lines = Lines::open(&file.path).unwrap();
        while let Some(line) = lines.next_line().unwrap() {
            let record = Format::auto().parse(line, &mut scratch).unwrap();
            reorder.push(record.time_millis, record.target.to_owned());
            given.extend(std::iter::from_fn(|| reorder.pop()).map(|(_, target)| target));
        }
    }
    reorder.finish();
    given.extend(std::iter::from_fn(|| reorder.pop()).map(|(_, target)| target));
    assert_eq!(reorder.stats().clamped, 0);
    given
}

#[test]
fn one_file_and_its_rotations_give_the_same_sequence() {
    let folder = folder("split");
    // Up to 40 seconds late, as lines of long requests are; many share a second.
    let second = |number: usize| 60 + number / 4 - (number * 7919 % 101 % 41).min(number / 4);
    let lines: Vec<String> = (0..4000)
        .map(|number| line((second(number) / 60) as u32, (second(number) % 60) as u32, number))
        .collect();
    let whole = folder.join("whole.log");
    fs::write(&whole, lines.concat()).unwrap();
    let split = ["s.log.3.gz", "s.log.2.gz", "s.log.1", "s.log"].map(|name| folder.join(name));
    for (path, lines) in split.iter().zip(lines.chunks(1000)) {
        let text = lines.concat().into_bytes();
        fs::write(path, if path.extension().is_some_and(|end| end == "gz") { gzip(&text) } else { text })
            .unwrap();
    }
    let expected = sequence(&[whole]);
    assert_eq!(expected.len(), 4000);
    assert_ne!(expected[100], "/100", "the test's lines are out of order");
    assert_eq!(sequence(&split), expected);
}

#[test]
fn late_items_are_clamped_and_counted() {
    let mut reorder = Reorder::within(1000, 10);
    let mut given = Vec::new();
    for (time, name) in [(10_000, 'a'), (20_000, 'b'), (5_000, 'c'), (19_500, 'd'), (30_000, 'e')] {
        reorder.push(time, name);
        given.extend(std::iter::from_fn(|| reorder.pop()));
    }
    reorder.finish();
    given.extend(std::iter::from_fn(|| reorder.pop()));
    assert_eq!(given, [(10_000, 'a'), (10_000, 'c'), (19_500, 'd'), (20_000, 'b'), (30_000, 'e')]);
    let stats = reorder.stats();
    assert_eq!((stats.pushed, stats.out_of_order, stats.clamped), (5, 2, 1));
    assert!(reorder.is_empty());
}
