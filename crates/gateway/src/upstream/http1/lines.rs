//! Lines of fields that answers had before. Applications say nearly the same with every answer, so that most lines need not
//! be read: they are compared with one that was, and share its name and its value.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};

use super::answer::number;

/// How many are known at once. An application's answers have some ten to twenty that stay.
const SLOTS: usize = 64;

/// Longer ones are read each time: together they take 64 KiB a thread at most.
const LINE_MAX: usize = 1 << 10;

/// What a line says of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    KeepAlive,
    Close,
    Length(u64),
    Chunked,
    /// Something of its framing that is less simple.
    More,
}

/// A line that was read.
#[derive(Debug)]
pub(super) struct Line {
    text: Bytes,
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    pub(super) says: Says,
}

/// A line's place, and what tells it from most others that have the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u32);

/// One thread's known lines.
#[derive(Debug)]
pub(super) struct Lines {
    known: [Option<Line>; SLOTS],
    /// What was looked for last in each place in vain. A line is kept when it comes twice without another one between:
    /// those that always differ push nothing out.
    missed: [Mark; SLOTS],
}

impl Mark {
    /// `line` is without its end.
    pub(super) fn of(line: &[u8]) -> Self {
        let (first, last) = match (line.first_chunk::<8>(), line.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => (line.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0),
        };
        // Who chooses lines that meet makes them be read each time, and nothing else.
        let mixed = (first ^ last.rotate_left(23) ^ line.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self((mixed >> 32) as u32)
    }

    fn place(self) -> usize {
        self.0 as usize >> 26
    }
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { known: [const { None }; SLOTS], missed: [Mark(0); SLOTS] }
    }

    /// The line and its place, when it is known.
    pub(super) fn find(&self, mark: Mark, line: &[u8]) -> Option<(usize, &Line)> {
        let place = mark.place();
        self.known[place].as_ref().filter(|known| known.text == line).map(|known| (place, known))
    }

    /// The line that stands there.
    pub(super) fn at(&self, place: usize) -> Option<&Line> {
        self.known.get(place)?.as_ref()
    }

    /// Hears of a line that was not known; `name` and `value` are its parts.
    pub(super) fn miss(&mut self, mark: Mark, line: &[u8], name: &HeaderName, value: &[u8], says: Says) {
        let place = mark.place();
        if self.missed[place] != mark {
            self.missed[place] = mark;
            return;
        }
        // What it sets is one visitor's, and stays nowhere longer than it has to.
        if line.len() > LINE_MAX || *name == header::SET_COOKIE {
            return;
        }
        // Of its own: what it came in is to be used again.
        let Ok(value) = HeaderValue::from_bytes(value) else { return };
        self.known[place] =
            Some(Line { text: Bytes::copy_from_slice(line), name: name.clone(), value, says });
    }
}

impl Says {
    pub(super) fn of(name: &HeaderName, value: &[u8]) -> Self {
        if *name == header::CONNECTION {
            return match value {
                word if word.eq_ignore_ascii_case(b"keep-alive") => Self::KeepAlive,
                word if word.eq_ignore_ascii_case(b"close") => Self::Close,
                _ => Self::More,
            };
        }
        if *name == header::CONTENT_LENGTH {
            return number(value).map_or(Self::More, Self::Length);
        }
        if *name == header::TRANSFER_ENCODING {
            return if value.eq_ignore_ascii_case(b"chunked") { Self::Chunked } else { Self::More };
        }
        Self::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_from_the_third_time_on() {
        let mut lines = Lines::new();
        let mut tell = |text: &str| {
            let (line, (name, value)) = (text.as_bytes(), text.split_once(": ").unwrap());
            let (mark, name) = (Mark::of(line), HeaderName::from_bytes(name.as_bytes()).unwrap());
            if let Some((place, known)) = lines.find(mark, line) {
                assert_eq!(lines.at(place).unwrap().text, known.text);
                assert_eq!((&known.name, known.value.as_bytes()), (&name, value.as_bytes()), "{text}");
                assert_eq!(known.says, Says::of(&name, value.as_bytes()));
                return true;
            }
            lines.miss(mark, line, &name, value.as_bytes(), Says::of(&name, value.as_bytes()));
            false
        };
        let mut check =
            |line: &str, known: [bool; 4]| assert_eq!([(); 4].map(|()| tell(line)), known, "{line}");
        let later = [false, false, true, true];
        check("Server: shop", later);
        check("X: 1", later);
        check("x: 1", later);
        check("Connection: keep-alive", later);
        check("content-length: 12", later);
        check("Set-Cookie: a=1", [false; 4]);
        check(&format!("X-Long: {}", "x".repeat(LINE_MAX)), [false; 4]);
        check("Server: shop", [true; 4]);
    }

    #[test]
    fn lines_that_always_differ_push_nothing_out() {
        let mut lines = Lines::new();
        let name = HeaderName::from_static("x-request-id");
        let mut tell = |number: u32| {
            let value = number.to_string();
            let line = format!("x-request-id: {value}").into_bytes();
            let mark = Mark::of(&line);
            let known = lines.find(mark, &line).is_some();
            if !known {
                lines.miss(mark, &line, &name, value.as_bytes(), Says::Nothing);
            }
            known
        };
        assert_eq!([(); 3].map(|()| tell(7)), [false, false, true]);
        assert!((1000..9000).all(|number| !tell(number)));
        assert!(tell(7));
    }
}
