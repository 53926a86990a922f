//! One normalisation of paths, the same for matching and for forwarding, so that a rule and the application never
//! disagree about what was asked for.
//!
//! `%xx` of unreserved characters is decoded (RFC 3986, section 6.2.2.2), other escapes get upper-case digits and stay
//! escaped, `.` and `..` segments are resolved (also when written `%2e`), empty segments are merged. Refused: an
//! incomplete escape, a raw or escaped NUL, and escaped slashes or backslashes, raw backslashes and segments that are
//! empty, `.` or `..` before a semicolon, over whose meaning servers differ: whoever sends one is told 400.

use std::borrow::Cow;

/// A path in its one reading, and what of it rules are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood<'p> {
    whole: Cow<'p, str>,
    matched: Option<String>,
}

impl<'p> Understood<'p> {
    /// Reads a path (without query).
    ///
    /// # Errors
    /// As [`normalise`].
    pub fn read(path: &'p str) -> Result<Self, Ambiguous> {
        let whole = normalise(path)?;
        let usual = whole.is_ascii() && memchr::memchr2(b';', b'%', whole.as_bytes()).is_none();
        let matched = (!usual).then(|| matched(&whole)).filter(|matched| *matched != *whole);
        Ok(Self { whole, matched })
    }

    /// As it is forwarded, shown and recorded.
    #[must_use]
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// As it is matched: without the parameters of its segments (RFC 3986, section 3.3), and with escapes only where they
    /// cannot be left out. To servers in Java `/admin;x=1/users` is `/admin/users`, and to those that know no parameters
    /// it is no path that they have; to most frameworks `/v1/people%3Aadd` is `/v1/people:add`.
    #[must_use]
    pub fn matched(&self) -> &str {
        self.matched.as_deref().unwrap_or(&self.whole)
    }
}

/// As patterns compare it: in lower case and without a final slash. Many servers and frameworks give `/Login` and `/login/`
/// the same answer as `/login`, so whoever writes one of these meets what stands before the log-in; where they are
/// something else, too much is asked and not too little.
#[must_use]
pub fn folded(path: &str) -> Cow<'_, str> {
    let kept = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
    if kept.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(kept.to_ascii_lowercase())
    } else {
        Cow::Borrowed(kept)
    }
}

/// What a normal path is matched as. It stays normal: no segment begins with a semicolon, nor is `.` or `..` before one.
fn matched(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        at += 1;
        let byte = match first {
            b';' => {
                at += bytes[at..].iter().position(|byte| *byte == b'/').unwrap_or(bytes.len() - at);
                continue;
            }
            b'%' => {
                let escaped = bytes.get(at..at + 2).and_then(byte_of);
                at += 2;
                escaped.unwrap_or(first)
            }
            _ => first,
        };
        match byte {
            // These would begin something else: an escape, a parameter, a query.
            b'%' | b';' | b'?' | b'#' => out.push_str(escape(byte)),
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(escape(byte)),
        }
    }
    out
}

/// Why a path cannot be understood in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguous {
    /// It does not start with `/`.
    NotAbsolute,
    /// A `%` without two hexadecimal digits.
    BadEscape,
    /// A NUL or other control character, raw or escaped.
    Control,
    /// An escaped `/`, a backslash, raw or escaped, or a semicolon behind an empty, `.` or `..` segment.
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
            Self::Separator => "the path has an escaped slash, a backslash, or parameters of no name",
            Self::Fragment => "the path has a number sign",
        }
    }
}

/// Whether a segment of a path (without query) is `.` or `..`, also written `%2e`. What is forwarded has none; whoever
/// describes a request serves what it received, where frameworks take such a segment for a name.
#[must_use]
pub fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| {
        let dots = segment.to_ascii_lowercase().replace("%2e", ".");
        dots == "." || dots == ".."
    })
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
            // What follows the semicolon is a parameter to some, and the segment before it is then empty.
            b';' if previous == b'/' => return Err(Ambiguous::Separator),
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
            // Java servers drop what follows the semicolon and then stay or climb; others do not.
            _ if segment.starts_with("..;") || segment.starts_with(".;") => return Err(Ambiguous::Separator),
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
        let byte = bytes.get(at + 1..at + 3).and_then(byte_of).ok_or(Ambiguous::BadEscape)?;
        match byte {
            b'/' | b'\\' => return Err(Ambiguous::Separator),
            0..=0x1f | 0x7f => return Err(Ambiguous::Control),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            _ => out.extend_from_slice(escape(byte).as_bytes()),
        }
        at += 3;
    }
    // Only ASCII was replaced by ASCII, so valid UTF-8 stays valid.
    Ok(String::from_utf8(out).expect("escapes decode to ASCII only"))
}

/// The byte that two hexadecimal digits stand for.
fn byte_of(digits: &[u8]) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(digits[0])? << 4 | digit(digits[1])?)
}

fn escape(byte: u8) -> &'static str {
    percent_encoding::percent_encode_byte(byte)
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
        for path in [
            "/a/..;/login",
            "/a/.%2e;x/login",
            "/a/.;/../login",
            "/a/%2E;/../login",
            "/;/login",
            "/a//;x=1",
            "/;",
        ] {
            check(path, Err(Ambiguous::Separator));
        }
        check("/a%00", Err(Ambiguous::Control));
        check("/a%0d%0a", Err(Ambiguous::Control));
        check("/a%zz", Err(Ambiguous::BadEscape));
        check("/a%2", Err(Ambiguous::BadEscape));
        check("/a#b", Err(Ambiguous::Fragment));
        check("login", Err(Ambiguous::NotAbsolute));
    }

    #[test]
    fn segments_of_dots() {
        for path in ["/.", "/a/..", "/a/../b", "/%2e/b", "/a/.%2E/b", "/%2e%2e", "//../a"] {
            assert!(has_dot_segment(path), "{path}");
        }
        for path in ["/", "/a.b", "/.well-known/x", "/a../b", "/.../b", "/%2e%2e%2e", "/a%2e", "*"] {
            assert!(!has_dot_segment(path), "{path}");
        }
    }

    #[test]
    fn parameters_and_needless_escapes_are_forwarded_and_not_matched() {
        let check = |path: &str, whole: &str, matched: &str| {
            let read = Understood::read(path).expect(path);
            assert_eq!((read.whole(), read.matched()), (whole, matched), "{path}");
        };
        check("/admin/users", "/admin/users", "/admin/users");
        check("/admin;x/users", "/admin;x/users", "/admin/users");
        check("/%61dmin;x=1;y/users;z", "/admin;x=1;y/users;z", "/admin/users");
        check("/admin;a.css", "/admin;a.css", "/admin");
        check("/admin;/", "/admin;/", "/admin/");
        check("/a%3Bb", "/a%3Bb", "/a%3Bb");
        check("/v1/people%3aadd", "/v1/people%3Aadd", "/v1/people:add");
        check("/%40me/%7Bx%7D;y/%2A%2b", "/%40me/%7Bx%7D;y/%2A%2B", "/@me/{x}/*+");
        check("/100%25%3f%23%20", "/100%25%3F%23%20", "/100%25%3F%23%20");
        check("/%253Aadd", "/%253Aadd", "/%253Aadd");
        check("/café", "/café", "/caf%C3%A9");
        check("/caf%c3%a9", "/caf%C3%A9", "/caf%C3%A9");
        assert_eq!(Understood::read("/;/admin"), Err(Ambiguous::Separator));
    }

    proptest::proptest! {
        #[test]
        fn what_is_matched_is_normal(path in "/[a-c%23./5eE~;=ü]{0,24}") {
            if let Ok(read) = Understood::read(&path) {
                let matched = read.matched();
                assert_eq!(Understood::read(matched).as_ref().map(Understood::matched), Ok(matched), "{path}");
                assert_eq!(normalise(matched).as_deref(), Ok(matched), "{path}");
                assert!(!matched.contains(';'), "{path}");
            }
        }

        #[test]
        fn normal_is_a_fixed_point(path in "/[a-z%2./5eE~ü]{0,24}") {
            if let Ok(once) = normalise(&path) {
                let again = normalise(&once).expect("normal paths are accepted");
                assert_eq!(again, once);
            }
        }
    }
}
