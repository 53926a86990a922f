//! The hot path allocates nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking; helpers here are no #[test]")]

use spigot_accesslog::{Format, Lines, Scratch};

const PLAIN: &str = r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 200 5 "https://example.com/" "Mozilla/5.0""#;
const MALFORMED: &str = r#"2001:db8::1 - jane [10/Oct/2000:13:55:36 -0700] "-" 400 0 "-" "-""#;
const ESCAPED: &str = r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /\x22 HTTP/1.1" 200 5 "-" "\x22""#;
const JSON: &str = r#"{"msec":1.5,"remote_addr":"192.0.2.1","request":"GET /\"a HTTP/1.1","status":200}"#;

fn allocations(line: &str, format: &Format, scratch: &mut Scratch) -> u64 {
    let info = allocation_counter::measure(|| {
        for _ in 0..100 {
            assert!(format.parse(line.as_bytes(), scratch).is_ok());
        }
    });
    info.count_total
}

#[test]
fn parsing_allocates_nothing() {
    let format = Format::auto();
    for line in [PLAIN, MALFORMED] {
        assert_eq!(allocations(line, &format, &mut Scratch::default()), 0, "{line}");
    }
}

#[test]
fn unescaping_allocates_nothing_once_the_scratch_has_grown() {
    let format = Format::auto();
    let mut scratch = Scratch::default();
    for line in [ESCAPED, JSON] {
        allocations(line, &format, &mut scratch);
        assert_eq!(allocations(line, &format, &mut scratch), 0, "{line}");
    }
}

#[test]
fn reading_lines_allocates_nothing_per_line() {
    let count = |lines: usize| {
        let text = format!("{PLAIN}\n").repeat(lines);
        let info = allocation_counter::measure(|| {
            let mut lines = Lines::new(text.as_bytes()).unwrap();
            while lines.next_line().unwrap().is_some() {}
        });
        info.count_total
    };
    assert_eq!(count(10), count(10_000));
}
