//! Where a chunked body ends (RFC 9112, section 7.1), read strictly: whoever reads it behind us ends it there too.

/// More than any sender's extensions or trailers; they are bytes that nobody looks at.
const BESIDE_BYTES: u32 = 16 << 10;
/// Hexadecimal digits of a chunk's size: 2^60 bytes are no honest chunk.
const SIZE_DIGITS: u32 = 15;

/// A place within a chunked body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunks {
    part: Part,
    /// Bytes of extensions and trailers so far.
    beside: u32,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Size { size: u64, digits: u32 },
    Extension { size: u64 },
    SizeEnd { size: u64 },
    Data { left: u64 },
    DataReturn,
    DataEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastEnd,
}

/// It is not a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl Chunks {
    pub(crate) const START: Self = Self { part: Part::Size { size: 0, digits: 0 }, beside: 0 };

    /// Follows the next bytes: how many belong to the body, and whether it ends with them.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> Result<(usize, bool), Broken> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if let Part::Data { left } = self.part {
                let here = left.min((bytes.len() - at) as u64);
                at += usize::try_from(here).unwrap_or(usize::MAX);
                let left = left - here;
                self.part = if left == 0 { Part::DataReturn } else { Part::Data { left } };
                continue;
            }
            at += 1;
            if matches!(self.part, Part::LastEnd) {
                return if *byte == b'\n' { Ok((at, true)) } else { Err(Broken) };
            }
            self.part = self.next(*byte)?;
        }
        Ok((at, false))
    }

    fn next(&mut self, byte: u8) -> Result<Part, Broken> {
        Ok(match (self.part, byte) {
            (Part::Size { size, digits: 1.. }, b'\r') => Part::SizeEnd { size },
            (Part::Size { size, digits: 1.. }, b';') => Part::Extension { size },
            (Part::Size { size, digits: 0..SIZE_DIGITS }, byte) => {
                let digit = char::from(byte).to_digit(16).ok_or(Broken)?;
                let Part::Size { digits, .. } = self.part else { return Err(Broken) };
                Part::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (Part::Extension { size }, b'\r') => Part::SizeEnd { size },
            (Part::Extension { .. } | Part::Trailer, byte) if !matches!(byte, b'\n' | b'\r' | 0) => {
                self.beside()?;
                self.part
            }
            (Part::SizeEnd { size: 0 }, b'\n') => Part::TrailerStart,
            (Part::SizeEnd { size }, b'\n') => Part::Data { left: size },
            (Part::DataReturn, b'\r') => Part::DataEnd,
            (Part::DataEnd, b'\n') => Part::Size { size: 0, digits: 0 },
            (Part::TrailerStart, b'\r') => Part::LastEnd,
            (Part::TrailerStart, byte) if !matches!(byte, b'\n' | b' ' | b'\t' | 0) => {
                self.beside()?;
                Part::Trailer
            }
            (Part::Trailer, b'\r') => Part::TrailerEnd,
            (Part::TrailerEnd, b'\n') => Part::TrailerStart,
            _ => return Err(Broken),
        })
    }

    fn beside(&mut self) -> Result<(), Broken> {
        self.beside += 1;
        if self.beside > BESIDE_BYTES { Err(Broken) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows it whole and byte by byte; `Some` is what is left behind its end.
    fn check(body: &str, expected: Result<Option<&str>, Broken>) {
        let mut at_once = Chunks::START;
        let found = at_once.follow(body.as_bytes()).map(|(at, end)| end.then(|| &body[at..]));
        assert_eq!(found, expected, "{body:?}");
        let mut chunks = Chunks::START;
        let mut bytewise = Ok(None);
        for at in 0..body.len() {
            match chunks.follow(&body.as_bytes()[at..=at]) {
                Ok((_, false)) => {}
                Ok((_, true)) => bytewise = Ok(Some(&body[at + 1..])),
                Err(broken) => bytewise = Err(broken),
            }
            if bytewise != Ok(None) {
                break;
            }
        }
        assert_eq!(bytewise, expected, "byte by byte: {body:?}");
    }

    #[test]
    fn ends() {
        check("0\r\n\r\nGET", Ok(Some("GET")));
        check("1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n", Ok(Some("")));
        check("3;name=value\r\nabc\r\n000\r\nTrailer: x\r\nOther: y\r\n\r\nrest", Ok(Some("rest")));
        check("5\r\nabc", Ok(None));
        check("0\r\n", Ok(None));
        for broken in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "0x1\r\n",
            "1 \r\na\r\n",
            "1\na\r\n",
            "1\r\nab\r\n",
            "1\r\na\n0\r\n\r\n",
            "1;a\nb\r\n",
            "1;a\rb\r\n",
            "0\r\n\n",
            "0\r\na: b\n\r\n",
            "0\r\n folded\r\n\r\n",
            "0000000000000001\r\n",
        ] {
            check(broken, Err(Broken));
        }
        check(&format!("1;{}\r\n", "a".repeat(16 << 10)), Ok(None));
        check(&format!("1;{}", "a".repeat((16 << 10) + 1)), Err(Broken));
        check(&format!("0\r\n{}", "a: b\r\n".repeat(4100)), Err(Broken));
    }
}
