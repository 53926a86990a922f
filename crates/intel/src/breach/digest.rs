use std::fmt::Write;

use sha1::Digest as _;
use sha1::Sha1;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A password's SHA-1. Corpora of breached passwords are handed out by it, which is the only reason for SHA-1 here;
/// nothing rests on its strength. As good as the password to whoever gets hold of it, so it cannot be printed and is
/// overwritten in the end.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Digest([u8; 20]);

impl Digest {
    /// Of a password.
    #[must_use]
    pub fn of(password: &[u8]) -> Self {
        Self(Sha1::digest(password).into())
    }

    /// From 40 hexadecimal digits.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 20];
        let digit = |byte: u8| char::from(byte).to_digit(16);
        if text.len() != 40 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_chunks::<2>().0) {
            *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
        }
        Some(Self(bytes))
    }

    pub(super) fn first(&self) -> u8 {
        self.0[0]
    }

    /// What filters are asked for: bits enough that no two of a billion passwords share them by chance (one in forty).
    pub(super) fn key(&self) -> u64 {
        let [_, a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// The first five hexadecimal digits, which a range is asked for by, and the other 35.
    #[must_use]
    pub fn range(&self) -> (String, Zeroizing<String>) {
        let mut text = Zeroizing::new(String::with_capacity(40));
        for byte in self.0 {
            let _ = write!(text, "{byte:02X}");
        }
        let rest = Zeroizing::new(text.split_off(5));
        (text.to_string(), rest)
    }
}

/// Whether a range, as the service of Have I Been Pwned writes it (`SUFFIX:COUNT` by line), holds a password. Lines with
/// a count of zero are padding.
#[must_use]
pub fn range_holds(range: &[u8], suffix: &str) -> bool {
    range.split(|byte| *byte == b'\n').any(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (found, count) = line.split_at_checked(suffix.len()).unwrap_or_default();
        found.eq_ignore_ascii_case(suffix.as_bytes())
            && count.strip_prefix(b":").is_some_and(|count| count.iter().any(|digit| *digit != b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        // SHA-1 of "password", as FIPS 180 has it.
        let (prefix, suffix) = Digest::of(b"password").range();
        assert_eq!((prefix.as_str(), suffix.as_str()), ("5BAA6", "1E4C9B93F3F0682250B6CF8331B7EE68FD8"));
        let check = |range: &str, expected: bool| {
            assert_eq!(range_holds(range.as_bytes(), &suffix), expected, "{range:?}");
        };
        check("1E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n", true);
        check("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n1e4c9b93f3f0682250b6cf8331b7ee68fd8:2", true);
        check("1E4C9B93F3F0682250B6CF8331B7EE68FD8:0\r\n", false);
        check("1E4C9B93F3F0682250B6CF8331B7EE68FD8", false);
        check("1E4C9B93F3F0682250B6CF8331B7EE68FD9:7", false);
        check("", false);
    }
}
