//! Entries that end by themselves, as CrowdSec's decisions do: written behind them, so that what is kept of a list ends in
//! time also when nobody can be asked any more.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use spigot_decision::Millis;

use super::Entries;

/// Behind it stands the end, in milliseconds; for whoever reads a list of text it is a comment.
const UNTIL: &str = " # until ";

/// When entries end, by how they are written. Those that are not named stay until somebody takes them away.
pub type Ends = BTreeMap<String, Millis>;

/// Entries as text, each with its end where it has one.
#[must_use]
pub fn dated(entries: &Entries, ends: &Ends) -> String {
    let text = entries.text();
    if ends.is_empty() {
        return text;
    }
    let mut dated = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        dated.push_str(line);
        if let Some(end) = ends.get(line) {
            // Writing into memory does not fail.
            let _ = write!(dated, "{UNTIL}{}", end.0);
        }
        dated.push('\n');
    }
    dated
}

/// What has not ended of such a text.
#[must_use]
pub fn in_force(text: &str, now: Millis) -> Cow<'_, str> {
    if !text.contains(UNTIL) {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive('\n').filter(|line| end(line).is_none_or(|end| now < end));
    Cow::Owned(lines.collect())
}

/// When the next of its entries ends.
#[must_use]
pub fn next_end(text: &str, now: Millis) -> Option<Millis> {
    text.lines().filter_map(end).filter(|end| now < *end).min()
}

fn end(line: &str) -> Option<Millis> {
    line.rsplit_once(UNTIL)?.1.trim_end().parse().ok().map(Millis)
}

/// Reads a duration as Go writes it (`time.Duration.String`), such as `3h59m41.5s` or `-2m0s`, in milliseconds.
pub(super) fn go_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let mut millis = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let (number, behind) = rest.split_at(digits);
        let unit = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let factor = match &behind[..unit] {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1000.0,
            "ms" => 1.0,
            "us" | "µs" => 1e-3,
            "ns" => 1e-6,
            _ => return None,
        };
        millis += number.parse::<f64>().ok()? * factor;
        rest = &behind[unit..];
    }
    #[allow(clippy::cast_possible_truncation)] // saturates
    let millis = (sign * millis) as i64;
    Some(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::Span;

    #[test]
    fn durations_of_go() {
        let check = |text: &str, millis: Option<i64>| assert_eq!(go_duration(text), millis, "{text}");
        check("4h", Some(14_400_000));
        check("3h59m41.5s", Some(14_381_500));
        check("1.5h0m0s", Some(5_400_000));
        check("-2m0s", Some(-120_000));
        check("250ms", Some(250));
        check("900µs", Some(0));
        check("0s", Some(0));
        check("9999999999999999999999h", Some(i64::MAX));
        for wrong in ["", "-", "4", "h", "4d", "4 h", "1..5h", "forever"] {
            check(wrong, None);
        }
    }

    #[test]
    fn what_has_ended_is_left_out() {
        let mut entries = Entries::default();
        (1..=3).for_each(|n| entries.push(Span::V4(n, n)));
        let ends = Ends::from([("0.0.0.1".to_owned(), Millis(1000)), ("0.0.0.2".to_owned(), Millis(2000))]);
        let text = dated(&entries, &ends);
        assert_eq!(dated(&entries, &Ends::new()), entries.text());
        let check = |now: i64, left: &[&str], next: Option<i64>| {
            let read =
                crate::lists::read(in_force(&text, Millis(now)).as_bytes(), &Default::default(), 9).unwrap();
            assert_eq!(read.text().lines().collect::<Vec<_>>(), left, "at {now}");
            assert_eq!(next_end(&text, Millis(now)), next.map(Millis), "at {now}");
        };
        check(999, &["0.0.0.1", "0.0.0.2", "0.0.0.3"], Some(1000));
        check(1000, &["0.0.0.2", "0.0.0.3"], Some(2000));
        check(2000, &["0.0.0.3"], None);
    }
}
