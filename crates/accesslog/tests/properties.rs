//! What holds for every line.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking; helpers here are no #[test]")]

use proptest::prelude::*;
use spigot_accesslog::{Format, Lines, Reorder, Scratch};
use std::io::Read;
use std::net::{IpAddr, Ipv6Addr};

/// What a combined line can say.
#[derive(Debug, Clone)]
struct Told {
    seconds: i64,
    offset_minutes: i64,
    client: IpAddr,
    user: String,
    method: String,
    target: String,
    status: u16,
    bytes: u64,
    referer: String,
    user_agent: String,
}

fn told() -> impl Strategy<Value = Told> {
    let client =
        prop_oneof![any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())), any::<u128>().prop_map(v6)];
    let text = "[ -~é😀\\x00-\\x1f\"\\\\]{0,30}";
    (
        (
            -62_135_596_800i64 + 90_000..253_402_300_799 - 90_000,
            -1439i64..=1439,
            client,
            "[a-z \"\\\\]{0,12}[a-z]",
        ),
        ("[A-Z]{1,10}", "/[ -~é\"\\\\]{0,40}", 100u16..600, any::<u32>(), text, text),
    )
        .prop_map(
            |(
                (seconds, offset_minutes, client, user),
                (method, target, status, bytes, referer, user_agent),
            )| {
                let bytes = u64::from(bytes);
                Told {
                    seconds,
                    offset_minutes,
                    client,
                    user,
                    method,
                    target,
                    status,
                    bytes,
                    referer,
                    user_agent,
                }
            },
        )
}

fn v6(bits: u128) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from(bits)).to_canonical()
}

/// As nginx writes it, or as Apache does.
fn escape(text: &str, apache: bool) -> String {
    let one = |byte: u8| match byte {
        b'"' | b'\\' if apache => format!("\\{}", char::from(byte)),
        b'\n' if apache => "\\n".to_owned(),
        b'"' | b'\\' | 0..0x20 | 0x7F.. => format!("\\x{byte:02X}"),
        _ => char::from(byte).to_string(),
    };
    text.bytes().map(one).collect()
}

/// The other direction of the calendar, written independently: counting years and months.
fn clf_time(seconds: i64, offset_minutes: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let local = seconds + offset_minutes * 60;
    let (mut day, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970 + day.div_euclid(146_097) * 400;
    day = day.rem_euclid(146_097);
    while day >= 365 + i64::from(is_leap(year)) {
        day -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 0;
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    let (sign, offset) = (if offset_minutes < 0 { '-' } else { '+' }, offset_minutes.abs());
    format!(
        "{:02}/{}/{year:04}:{:02}:{:02}:{:02} {sign}{:02}{:02}",
        day + 1,
        MONTHS[month],
        second / 3600,
        second / 60 % 60,
        second % 60,
        offset / 60,
        offset % 60,
    )
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn absent(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty() && *text != "-")
}

proptest! {
    #[test]
    fn what_is_rendered_is_read(told in told(), apache: bool) {
        let line = format!(
            "{} - {} [{}] \"{} {} HTTP/1.1\" {} {} \"{}\" \"{}\"",
            told.client,
            escape(&told.user, apache),
            clf_time(told.seconds, told.offset_minutes),
            told.method,
            escape(&told.target, apache),
            told.status,
            told.bytes,
            escape(or_dash(&told.referer), apache),
            escape(or_dash(&told.user_agent), apache),
        );
        let mut scratch = Scratch::default();
        let record = Format::auto().parse(line.as_bytes(), &mut scratch).unwrap();
        prop_assert_eq!(record.time_millis, told.seconds * 1000);
        prop_assert_eq!(record.client, told.client);
        prop_assert_eq!(record.user, absent(told.user.trim()));
        prop_assert_eq!((record.method, record.target, record.protocol), (&*told.method, &*told.target, "HTTP/1.1"));
        prop_assert_eq!((record.status, record.bytes), (told.status, told.bytes));
        prop_assert_eq!(record.referer, absent(&told.referer));
        prop_assert_eq!(record.user_agent, absent(&told.user_agent));
        prop_assert!(!record.request_malformed);
    }

    #[test]
    fn no_bytes_panic(line in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "[\\[\\]\"\\\\{}:, /0-9a-f.-]{0,120}".prop_map(String::into_bytes),
    ]) {
        every_format(&line);
    }

    /// Good lines with a few bytes changed, removed or the end cut off reach further into the parsers.
    #[test]
    fn no_damaged_line_panics(
        index in 0..LINES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut: prop::sample::Index,
    ) {
        let mut line = LINES[index].as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(line.len());
            line[place] = byte;
        }
        every_format(&line);
        line.truncate(cut.index(line.len()));
        every_format(&line);
    }

    #[test]
    fn lines_do_not_depend_on_how_they_are_read(
        text in proptest::collection::vec(prop_oneof![4 => Just(b'a'), 1 => Just(b'\n'), 1 => Just(b'\r')], 0..200),
        piece in 1usize..20,
    ) {
        let mut expected: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        if expected.last().is_some_and(|last| last.is_empty()) {
            expected.pop();
        }
        let expected: Vec<&[u8]> = expected.iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
        let mut lines = Lines::new(Pieces(&text, piece)).unwrap();
        let mut given = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            given.push(line.to_vec());
        }
        prop_assert_eq!(given, expected);
    }

    /// Within window and bound the order is that of a stable sort, however the input is cut; nothing is ever lost.
    #[test]
    fn reordering_is_a_stable_sort(times in proptest::collection::vec(0i64..60_000, 0..200), held_max in 1usize..300) {
        for mut reorder in [Reorder::within(60_000, held_max), Reorder::whole(held_max)] {
            let mut given = Vec::new();
            for (index, time) in times.iter().enumerate() {
                reorder.push(*time, index);
                given.extend(std::iter::from_fn(|| reorder.pop()));
                prop_assert!(reorder.len() <= held_max);
            }
            reorder.finish();
            given.extend(std::iter::from_fn(|| reorder.pop()));
            prop_assert!(given.is_sorted_by_key(|(time, _)| *time));
            let clamped = given.iter().filter(|(time, index)| *time != times[*index]).count();
            prop_assert_eq!(reorder.stats().clamped, clamped as u64);
            let order: Vec<usize> = given.iter().map(|(_, index)| *index).collect();
            let mut sorted: Vec<usize> = (0..times.len()).collect();
            sorted.sort_by_key(|index| times[*index]);
            if held_max >= times.len() {
                prop_assert_eq!(order, sorted);
            } else {
                prop_assert_eq!(order.len(), times.len());
            }
        }
    }
}

/// Gives at most so many bytes at once.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

const LINES: [&str; 5] = [
    r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /\x22 HTTP/1.1" 200 5 "-" "a" 500 "web" "http://x" 12ms"#,
    r#"[10/Oct/2000:13:55:36 +0000] - 200 200 - GET https example.com "/a" [Client 192.0.2.1] [Length 150] "c" "-""#,
    r#"{"ts":1646861401.5,"request":{"remote_ip":"192.0.2.1","method":"GET","uri":"/","headers":{"User-Agent":["c\u0041"]}},"duration":"1.5µs","status":308}"#,
    r#"{"ClientHost":"192.0.2.1","DownstreamStatus":404,"Duration":215563,"RequestPath":"/","StartUTC":"2021-12-08T14:02:43.4Z"}"#,
    r#"{"log":"{\"msec\":1.5,\"remote_addr\":\"192.0.2.1\",\"uri\":\"/a\",\"args\":\"b\",\"status\":200}\n"}"#,
];

fn every_format(line: &[u8]) {
    let mut scratch = Scratch::default();
    let nginx = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent"#;
    let named = spigot_accesslog::NAMES.map(|(name, _)| Format::from_name(name).unwrap());
    for format in named.into_iter().chain([Format::nginx(nginx).unwrap()]) {
        let _ = format.parse(line, &mut scratch);
    }
    let _ = Format::nginx(&String::from_utf8_lossy(line));
}
