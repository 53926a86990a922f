//! One normalisation of paths, the same for matching and for forwarding, so that a rule and the application never
//! disagree about what was asked for.
//!
//! `%xx` of unreserved characters is decoded (RFC 3986, section 6.2.2.2), other escapes get upper-case digits and stay
//! escaped, `.` and `..` segments are resolved (also when written `%2e`), empty segments are merged. Refused: an
//! incomplete escape, a raw or escaped NUL, and escaped slashes or backslashes, raw backslashes and `..;`-style
//! segments, over whose meaning servers differ: whoever sends one is told 400.

use std::borrow::Cow;

/// Why a path cannot be understood in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguous {
    /// It does not start with `/`.
    NotAbsolute,
    /// A `%` without two hexadecimal digits.
    BadEscape,
    /// A NUL or other control character, raw or escaped.
    Control,
    /// An escaped `/` or a backslash, raw or escaped.
    Separator,
    /// A `#`, which ends a path in some parsers and not in others.
    Fragment,
}

impl Ambiguous {
    /// A sentence for the person who sent it.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NotAbsolute => "the path must start with a slash",
            Self::BadEscape => "the path has a percent sign that is not followed by two hexadecimal digits",
            Self::Control => "the path has a control character",
            Self::Separator => "the path has an escaped slash or a backslash",
            Self::Fragment => "the path has a number sign",
        }
    }
}

/// Normalises a path (without query). Borrowed when it already is normal, which is the usual case and costs one scan.
///
/// # Errors
/// [`Ambiguous`] names what servers would read in different ways.
pub fn normalise(path: &str) -> Result<Cow<'_, str>, Ambiguous> {
    if !path.starts_with('/') {
        return Err(Ambiguous::NotAbsolute);
    }
    let bytes = path.as_bytes();
    let mut previous = 0;
    let mut plain = true;
    for &byte in bytes {
        match byte {
            b'\\' => return Err(Ambiguous::Separator),
            b'#' => return Err(Ambiguous::Fragment),
            0..=0x1f | 0x7f => return Err(Ambiguous::Control),
            b'%' => plain = false,
            b'/' | b'.' if previous == b'/' => plain = false,
            _ => {}
        }
        previous = byte;
    }
    if plain { Ok(Cow::Borrowed(path)) } else { rewrite(bytes).map(Cow::Owned) }
}

fn rewrite(bytes: &[u8]) -> Result<String, Ambiguous> {
    let decoded = decode_unreserved(bytes)?;
    let mut out = String::with_capacity(decoded.len());
    let ends_in_folder = matches!(decoded.rsplit('/').next(), Some("" | "." | ".."));
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            // Java servers drop what follows the semicolon and then climb; others do not.
            _ if segment.starts_with("..;") => return Err(Ambiguous::Separator),
            _ => {
                out.push('/');
                out.push_str(segment);
            }
        }
    }
    if out.is_empty() || ends_in_folder {
        out.push('/');
    }
    Ok(out)
}

fn decode_unreserved(bytes: &[u8]) -> Result<String, Ambiguous> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let digit = |i: usize| bytes.get(i).and_then(|b| (*b as char).to_digit(16));
        let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) else {
            return Err(Ambiguous::BadEscape);
        };
        let byte = u8::try_from(high * 16 + low).expect("two hexadecimal digits fit a byte");
        match byte {
            b'/' | b'\\' => return Err(Ambiguous::Separator),
            0..=0x1f | 0x7f => return Err(Ambiguous::Control),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            _ => out.extend([b'%', bytes[at + 1].to_ascii_uppercase(), bytes[at + 2].to_ascii_uppercase()]),
        }
        at += 3;
    }
    // Only ASCII was replaced by ASCII, so valid UTF-8 stays valid.
    Ok(String::from_utf8(out).expect("escapes decode to ASCII only"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reading() {
        let check = |path: &str, expected: Result<&str, Ambiguous>| {
            assert_eq!(normalise(path).as_deref().map_err(|e| *e), expected, "{path}");
        };
        check("/", Ok("/"));
        check("/login", Ok("/login"));
        check("/%6cogin", Ok("/login"));
        check("//login", Ok("/login"));
        check("/a/../login", Ok("/login"));
        check("/a/%2e%2E/login", Ok("/login"));
        check("/./login/.", Ok("/login/"));
        check("/../../x", Ok("/x"));
        check("/a/..", Ok("/"));
        check("/caf%c3%a9", Ok("/caf%C3%A9"));
        check("/a%20b;v=1", Ok("/a%20b;v=1"));
        check("/.well-known/x", Ok("/.well-known/x"));
        check("/a.../b", Ok("/a.../b"));
        check("/a%2flogin", Err(Ambiguous::Separator));
        check("/a%5Clogin", Err(Ambiguous::Separator));
        check("/a\\login", Err(Ambiguous::Separator));
        check("/a/..;/login", Err(Ambiguous::Separator));
        check("/a%00", Err(Ambiguous::Control));
        check("/a%0d%0a", Err(Ambiguous::Control));
        check("/a%zz", Err(Ambiguous::BadEscape));
        check("/a%2", Err(Ambiguous::BadEscape));
        check("/a#b", Err(Ambiguous::Fragment));
        check("login", Err(Ambiguous::NotAbsolute));
    }

    proptest::proptest! {
        #[test]
        fn normal_is_a_fixed_point(path in "/[a-z%2./5eE~ü]{0,24}") {
            if let Ok(once) = normalise(&path) {
                let again = normalise(&once).expect("normal paths are accepted");
                assert_eq!(again, once);
            }
        }
    }
}
