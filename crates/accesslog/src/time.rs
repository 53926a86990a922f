//! Times as logs write them, to Unix milliseconds. By hand, because it is a tenth of the cost of a line otherwise.
//!
//! Every function refuses what is not a real instant: an unknown month, 30 February, minute 60, an offset of a day
//! or more. Second 60 is accepted only where a leap second can be (23:59:60 UTC) and counts as the next second, as in
//! POSIX time. A fraction is cut to milliseconds, not rounded. A time without offset is refused: it names no instant.

const DAY_SECONDS: i64 = 86_400;

/// `10/Oct/2000:13:55:36 -0700`, the common log format's, at the start of `text`: Unix milliseconds and how many
/// bytes it took. A fraction after the seconds (`36.123`) is accepted.
#[inline]
pub fn clf(text: &[u8]) -> Option<(i64, usize)> {
    let fixed: &[u8; 20] = text.first_chunk()?;
    if fixed[2] != b'/' || fixed[6] != b'/' || fixed[11] != b':' || fixed[14] != b':' || fixed[17] != b':' {
        return None;
    }
    let days = days(
        year(fixed[7..11].try_into().ok()?)?,
        month([fixed[3], fixed[4], fixed[5]])?,
        two(fixed[0], fixed[1])?,
    )?;
    let clock = clock([fixed[12], fixed[13], fixed[15], fixed[16], fixed[18], fixed[19]])?;
    let (millis, fraction_length) = fraction(&text[20..]);
    let zone: &[u8; 6] = text[20 + fraction_length..].first_chunk()?;
    if zone[0] != b' ' {
        return None;
    }
    let offset = offset(zone[1], [zone[2], zone[3], zone[4], zone[5]])?;
    Some((instant(days, clock, offset, millis)?, 26 + fraction_length))
}

/// `2000-10-10T13:55:36.123456-07:00` (RFC 3339), the whole of `text`. `t`, a space for `T`, `z` and an offset
/// without colon are accepted.
pub fn rfc3339(text: &[u8]) -> Option<i64> {
    let fixed: &[u8; 19] = text.first_chunk()?;
    if fixed[4] != b'-'
        || fixed[7] != b'-'
        || !matches!(fixed[10], b'T' | b't' | b' ')
        || fixed[13] != b':'
        || fixed[16] != b':'
    {
        return None;
    }
    let days = days(year(fixed[0..4].try_into().ok()?)?, two(fixed[5], fixed[6])?, two(fixed[8], fixed[9])?)?;
    let clock = clock([fixed[11], fixed[12], fixed[14], fixed[15], fixed[17], fixed[18]])?;
    let (millis, fraction_length) = fraction(&text[19..]);
    let offset = match text[19 + fraction_length..] {
        [b'Z' | b'z'] => 0,
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => offset(sign, [h1, h2, m1, m2])?,
        _ => return None,
    };
    instant(days, clock, offset, millis)
}

/// `1700000000.123`, seconds since 1970 (nginx `$msec`, Caddy `ts`), the whole of `text`. An integer of 12 digits or
/// more is taken as milliseconds, 15 microseconds, 18 nanoseconds: as seconds they would lie after the year 5000.
pub fn epoch(text: &[u8]) -> Option<i64> {
    let (mut whole, mut length) = (0i64, 0);
    for &byte in text.iter().take_while(|byte| byte.is_ascii_digit()) {
        whole = whole.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
        length += 1;
    }
    if length == 0 {
        return None;
    }
    let (millis, fraction_length) = fraction(&text[length..]);
    match &text[length + fraction_length..] {
        [] => {}
        [b'e' | b'E', ..] => return scientific(text),
        _ => return None,
    }
    match whole {
        0..100_000_000_000 => Some(whole * 1000 + millis),
        100_000_000_000..100_000_000_000_000 => Some(whole),
        100_000_000_000_000..100_000_000_000_000_000 => Some(whole / 1000),
        _ => Some(whole / 1_000_000),
    }
}

/// Any of the three notations, the whole of `text`.
pub fn any(text: &[u8]) -> Option<i64> {
    match text.get(2)? {
        b'/' => clf(text).filter(|&(_, length)| length == text.len()).map(|(millis, _)| millis),
        _ => rfc3339(text).or_else(|| epoch(text)),
    }
}

fn scientific(text: &[u8]) -> Option<i64> {
    let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (0.0..100_000_000_000.0).contains(&seconds).then_some((seconds * 1000.0) as i64)
}

/// Puts the pieces together; `second` is 60 only for a leap second, which must end the UTC day.
#[inline]
fn instant(days: i64, clock: Clock, offset_seconds: i64, millis: i64) -> Option<i64> {
    let seconds = days * DAY_SECONDS + i64::from(clock.minute_of_day * 60 + clock.second) - offset_seconds;
    if clock.second == 60 && seconds % DAY_SECONDS != 0 {
        return None;
    }
    Some(seconds * 1000 + millis)
}

#[derive(Clone, Copy)]
struct Clock {
    minute_of_day: u32,
    second: u32,
}

#[inline]
fn clock(digits: [u8; 6]) -> Option<Clock> {
    let [h1, h2, m1, m2, s1, s2] = digits;
    let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    (hour < 24 && minute < 60 && second <= 60).then_some(Clock { minute_of_day: hour * 60 + minute, second })
}

/// Seconds east of Greenwich.
#[inline]
fn offset(sign: u8, digits: [u8; 4]) -> Option<i64> {
    let [h1, h2, m1, m2] = digits;
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    let seconds = i64::from(hours * 3600 + minutes * 60);
    match sign {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// Milliseconds of an optional fraction at the start of `text`, and how many bytes it took.
#[inline]
fn fraction(text: &[u8]) -> (i64, usize) {
    let [b'.' | b',', digits @ ..] = text else { return (0, 0) };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return (0, 0);
    }
    let padded = digits[..length].iter().chain(b"00").take(3);
    (padded.fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0')), length + 1)
}

/// Days since 1970-01-01 of a proleptic Gregorian date. Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `days_from_civil`: the year is taken to begin in March, so that the leap day ends it. One cycle of
/// 400 years is added first and its 146,097 days taken off at the end, so that nothing is negative.
#[inline]
fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > month_days(year, month) {
        return None;
    }
    let march_year = year + 400 - u32::from(month <= 2);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400 + day_of_year;
    Some(i64::from(days) - 719_468 - 146_097)
}

#[inline]
fn month_days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// English month names, as both servers write them whatever the locale.
#[inline]
fn month(name: [u8; 3]) -> Option<u32> {
    Some(match &name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

#[inline]
fn year(digits: [u8; 4]) -> Option<u32> {
    Some(two(digits[0], digits[1])? * 100 + two(digits[2], digits[3])?)
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(cases: &[(&str, Option<i64>)]) {
        for (text, expected) in cases {
            assert_eq!(super::any(text.as_bytes()), *expected, "{text}");
        }
    }

    #[test]
    fn common_log_times() {
        check(&[
            ("10/Oct/2000:13:55:36 -0700", Some(971_211_336_000)),
            ("01/Jan/1970:00:00:00 +0000", Some(0)),
            ("01/Jan/1970:05:30:00 +0530", Some(0)),
            ("31/Dec/1969:23:59:59 +0000", Some(-1000)),
            ("29/Feb/2000:00:00:00 +0000", Some(951_782_400_000)),
            ("29/Feb/2024:12:00:00 +0000", Some(1_709_208_000_000)),
            ("31/Dec/2016:23:59:60 +0000", Some(1_483_228_800_000)),
            ("01/Jan/2017:00:59:60 +0100", Some(1_483_228_800_000)),
            ("10/Oct/2000:13:55:36.25 -0700", Some(971_211_336_250)),
        ]);
    }

    #[test]
    fn impossible_times_are_refused() {
        check(&[
            ("29/Feb/1900:00:00:00 +0000", None),
            ("29/Feb/2023:00:00:00 +0000", None),
            ("31/Apr/2023:00:00:00 +0000", None),
            ("00/Jan/2023:00:00:00 +0000", None),
            ("10/Okt/2000:13:55:36 -0700", None),
            ("10/oct/2000:13:55:36 -0700", None),
            ("10/Oct/2000:24:00:00 -0700", None),
            ("10/Oct/2000:13:60:00 -0700", None),
            ("10/Oct/2000:13:59:60 +0000", None),
            ("10/Oct/2000:13:55:61 +0000", None),
            ("10/Oct/2000:13:55:36 -2400", None),
            ("10/Oct/2000:13:55:36 -0760", None),
            ("10/Oct/2000:13:55:36 00700", None),
            ("10/Oct/2000:13:55:36", None),
            ("10/Oct/2000:13:55:36 -07000", None),
            ("2000-10-10T13:55:36", None),
            ("2000-13-10T13:55:36Z", None),
            ("2000-10-10T13:55:36.Z", None),
            ("1700000000x", None),
            ("-1700000000", None),
            ("99999999999999999999", None),
            ("", None),
            ("-", None),
        ]);
    }

    #[test]
    fn iso_and_epoch_times() {
        check(&[
            ("2000-10-10T13:55:36-07:00", Some(971_211_336_000)),
            ("2000-10-10 13:55:36-0700", Some(971_211_336_000)),
            ("2021-12-08T14:02:43.464763557Z", Some(1_638_972_163_464)),
            ("2021-12-08t14:02:43,9z", Some(1_638_972_163_900)),
            ("1700758468.384019", Some(1_700_758_468_384)),
            ("1700758468", Some(1_700_758_468_000)),
            ("1.7007584683e9", Some(1_700_758_468_300)),
            ("1700758468384", Some(1_700_758_468_384)),
            ("1700758468384019", Some(1_700_758_468_384)),
            ("1700758468384019123", Some(1_700_758_468_384)),
        ]);
    }

    proptest! {
        #[test]
        fn never_panics(text in proptest::collection::vec(any_byte(), 0..40)) {
            let _ = (super::any(&text), clf(&text), rfc3339(&text), epoch(&text));
        }

        /// Walking every day: the calendar has no holes and no overlaps.
        #[test]
        fn consecutive_days(year in 0u32..9999, month in 1u32..=12) {
            let last = days(year, month, month_days(year, month)).unwrap();
            let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
            prop_assert_eq!(next, Some(last + 1));
            prop_assert_eq!(days(year, month, month_days(year, month) + 1), None);
        }
    }

    fn any_byte() -> impl Strategy<Value = u8> {
        prop_oneof![
            Just(b'0'),
            Just(b'1'),
            Just(b':'),
            Just(b'/'),
            Just(b'-'),
            Just(b'.'),
            proptest::num::u8::ANY
        ]
    }
}
