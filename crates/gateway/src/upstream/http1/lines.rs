//! Lines of fields that answers had before. Applications say nearly the same with every answer, so that most lines need not
//! be read: they are compared with one that was, and share its name and its value.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};

use super::answer::number;

/// How many are known at once, a power of two. An application's answers have some ten to twenty that stay.
const PLACES: usize = 64;

/// How many lines are remembered as having come once, a power of two.
const SEEN: usize = 256;

/// Longer ones are read each time: together they take 128 KiB a thread at most.
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

/// One thread's known lines.
#[derive(Debug)]
pub(super) struct Lines {
    /// Each line has two places, so that two that meet do not push each other out.
    known: [Option<Line>; PLACES],
    /// A line is kept when it comes a second time, and nothing else that is remembered here in the same place has come
    /// between. What is said once pushes nothing out, and does not stay.
    seen: [u64; SEEN],
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { known: [const { None }; PLACES], seen: [0; SEEN] }
    }

    /// The line and its place, when it is known; `line` is without its end.
    pub(super) fn find(&self, line: &[u8]) -> Option<(usize, &Line)> {
        let first = place(line);
        [first, first ^ 1].into_iter().find_map(|place| {
            let known = self.known[place].as_ref()?;
            (known.text == line).then_some((place, known))
        })
    }

    /// The line that stands there.
    pub(super) fn at(&self, place: usize) -> Option<&Line> {
        self.known.get(place)?.as_ref()
    }

    /// Hears of a line that was not known; `name` and `value` are its parts.
    pub(super) fn miss(&mut self, line: &[u8], name: &HeaderName, value: &[u8], says: Says) {
        let hash = hash(line);
        let seen = &mut self.seen[hash as usize % SEEN];
        if *seen != hash {
            *seen = hash;
            return;
        }
        // What it sets is one visitor's, and stays nowhere longer than it has to.
        if line.len() > LINE_MAX || *name == header::SET_COOKIE {
            return;
        }
        // Of its own: what it came in is to be used again.
        let Ok(value) = HeaderValue::from_bytes(value) else { return };
        let line = Line { text: Bytes::copy_from_slice(line), name: name.clone(), value, says };
        let places = [place(&line.text), place(&line.text) ^ 1];
        let free = places.into_iter().find(|place| self.known[*place].is_none());
        self.known[free.unwrap_or(places[(hash >> 63) as usize])] = Some(line);
    }
}

/// Where a line stands: from its ends, because it is asked for each line that comes. Those that differ in between have the
/// same place.
fn place(line: &[u8]) -> usize {
    let (first, last) = match (line.first_chunk::<8>(), line.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (line.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(23) ^ line.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The upper bits are the ones that depend on all others.
    (mixed >> (u64::BITS - PLACES.ilog2())) as usize
}

/// Of all of a line. Lines that meet are kept after one of them came, or read each time: nothing worse follows.
fn hash(line: &[u8]) -> u64 {
    line.chunks(8).fold(line.len() as u64, |hash, piece| {
        let piece = piece.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
        let mixed = (hash ^ piece).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 32
    })
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

    /// Tells a line once; returns whether it was known.
    fn tell(lines: &mut Lines, text: &str) -> bool {
        let (line, (name, value)) = (text.as_bytes(), text.split_once(": ").unwrap());
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        if let Some((place, known)) = lines.find(line) {
            assert_eq!(lines.at(place).unwrap().text, known.text);
            assert_eq!((&known.name, known.value.as_bytes()), (&name, value.as_bytes()), "{text}");
            assert_eq!(known.says, Says::of(&name, value.as_bytes()));
            return true;
        }
        lines.miss(line, &name, value.as_bytes(), Says::of(&name, value.as_bytes()));
        false
    }

    #[test]
    fn lines_are_known_from_the_third_time_on() {
        let mut lines = Lines::new();
        let mut check = |line: &str, known: [bool; 4]| {
            assert_eq!([(); 4].map(|()| tell(&mut lines, line)), known, "{line}");
        };
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
    fn two_lines_of_one_place_are_both_known() {
        let [one, other] = ["Server: nginx", "X-DNS-Prefetch-Control: off"];
        assert_eq!(place(one.as_bytes()), place(other.as_bytes()), "else this shows nothing");
        let mut lines = Lines::new();
        let told = [(); 3].map(|()| [one, other].map(|line| tell(&mut lines, line)));
        assert_eq!(told, [[false; 2], [false; 2], [true; 2]]);
    }

    #[test]
    fn what_differs_each_time_pushes_nothing_out_and_does_not_stay() {
        let mut lines = Lines::new();
        let mut check = |line: &dyn Fn(u32) -> String| {
            assert!((0..9_000).all(|number| !tell(&mut lines, &line(number))), "{}", line(0));
        };
        check(&|number| format!("x-request-id: {number}"));
        // Its ends and its length are always the same.
        check(&|number| {
            format!("content-security-policy: script-src 'nonce-{number:08}'; object-src 'none'")
        });
        assert!(lines.known.iter().all(Option::is_none));
        assert_eq!([(); 3].map(|()| tell(&mut lines, "x-request-id: 7")), [false, false, true]);
    }
}
