use std::fmt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Millis {
    /// The moment `millis` later; saturates.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this; negative when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The day it lies in, counted from the epoch (UTC); 0 before it.
    #[must_use]
    pub fn day(self) -> u32 {
        u32::try_from(self.0.div_euclid(86_400_000)).unwrap_or(0)
    }

    /// The clock hour it lies in, counted from the epoch (UTC).
    #[must_use]
    pub fn hour(self) -> i64 {
        self.0.div_euclid(3_600_000)
    }

    /// Reads an RFC 3339 time with `Z` or an offset; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> {
            let part = bytes.get(from..to)?;
            part.iter()
                .all(u8::is_ascii_digit)
                .then(|| part.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let separators = [bytes[4], bytes[7], bytes[13], bytes[16]];
        if separators != *b"--::" || !matches!(bytes[10], b'T' | b't' | b' ') {
            return None;
        }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + i64::from(leap),
            _ => return None,
        };
        if day < 1 || day > length || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let mut at = 19;
        let mut millis = 0;
        if bytes.get(at) == Some(&b'.') {
            let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            for place in 0..3 {
                let digit = if place < digits { i64::from(bytes[at + 1 + place] - b'0') } else { 0 };
                millis = millis * 10 + digit;
            }
            at += 1 + digits;
        }
        let offset_minutes = match bytes.get(at)? {
            b'Z' | b'z' if bytes.len() == at + 1 => 0,
            sign @ (b'+' | b'-') if bytes.len() == at + 6 && bytes[at + 3] == b':' => {
                let (hours, minutes) = (number(at + 1, at + 3)?, number(at + 4, at + 6)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let minutes = hours * 60 + minutes;
                if *sign == b'+' { minutes } else { -minutes }
            }
            _ => return None,
        };
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(Self((seconds - offset_minutes * 60) * 1000 + millis))
    }
}

/// RFC 3339 in UTC with milliseconds, `2026-11-21T08:00:00.000Z`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, millis) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
        let (second, milli) = (millis / 1000 % 60, millis % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Counting years from March puts the leap day last, so
/// that month lengths follow one linear formula (E. G. Richards, "Calendars", 2013).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, millis: Option<i64>) {
        assert_eq!(Millis::parse(text).map(|t| t.0), millis, "{text}");
    }

    #[test]
    fn rfc_3339() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("2026-11-21T08:00:00.250Z", Some(1_795_248_000_250));
        check("2026-11-21T09:00:00+01:00", Some(1_795_248_000_000));
        check("2024-02-29T23:59:59.9999Z", Some(1_709_251_199_999));
        check("2026-11-21T08:00:00+23:59", Some(1_795_161_660_000));
        check("1969-12-31T23:59:59Z", Some(-1000));
        for bad in [
            "",
            "2026-11-21",
            "2023-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21T08:00:00",
            "2026-11-21T08:00:00+99:99",
            "2026-11-21T08:00:00+24:00",
            "2026-11-21T08:00:00-01:60",
            "é026-11-21T08:00:00Z",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn display_reads_back() {
        for millis in [0, 1_795_248_000_250, 951_782_399_001, -1, 4_102_444_800_000] {
            assert_eq!(Millis::parse(&Millis(millis).to_string()), Some(Millis(millis)));
        }
    }
}
