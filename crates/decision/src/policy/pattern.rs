//! Which requests a route is for: methods and a path pattern.

use crate::path::{Understood, folded};

/// `GET|POST /products/{id}`: methods (all when none are named) and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    methods: Vec<String>,
    path: PathPattern,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PathPattern {
    /// No wildcard.
    Exact(String),
    /// `/api/**`: everything below, and `/api` itself.
    Below(String),
    /// `/**/*.css`: everything that ends so.
    Suffix(String),
    /// Anything else, segment by segment.
    Segments(Vec<Segment>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// `{name}` or `*`: one segment that is not empty.
    One,
    /// `a*b` inside a segment.
    Glob(String, String),
    /// `**`: any number of segments, also none.
    Any,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The help text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (methods, path) = match text.trim().rsplit_once(' ') {
            Some((methods, path)) => (methods.trim(), path),
            None => ("", text.trim()),
        };
        let methods: Vec<String> = methods
            .split('|')
            .map(str::trim)
            .filter(|m| !m.is_empty() && *m != "*")
            .map(str::to_owned)
            .collect();
        if let Some(bad) = methods.iter().find(|m| !m.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')) {
            return Err(format!("\"{bad}\" is no method; write for example \"GET|POST /login\""));
        }
        if !path.starts_with('/') {
            return Err(
                "write the path with its first slash, for example \"POST /login\" or \"/api/**\"".to_owned()
            );
        }
        check_normal(path)?;
        Ok(Self { methods, path: PathPattern::parse(path)?, text: text.trim().to_owned() })
    }

    /// Whether it is for this method and normalised path, whose case and final slash do not count.
    #[must_use]
    pub fn matches(&self, method: &str, path: &str) -> bool {
        self.fits(method, &folded(path))
    }

    /// The same of a path that is [`folded`].
    pub(super) fn fits(&self, method: &str, path: &str) -> bool {
        (self.methods.is_empty() || self.methods.iter().any(|m| m == method)) && self.path.matches(path)
    }

    /// A piece that every path it matches has when it is folded.
    pub(super) fn piece(&self) -> Piece<'_> {
        match &self.path {
            PathPattern::Exact(path) => Piece::Path(path),
            PathPattern::Below(base) => match base[1.min(base.len())..].split('/').next() {
                Some(first) if !first.is_empty() => Piece::FirstSegment(first),
                _ => Piece::Nothing,
            },
            PathPattern::Suffix(suffix) => {
                suffix.rsplit_once('.').map_or(Piece::Nothing, |(_, extension)| Piece::Extension(extension))
            }
            PathPattern::Segments(segments) => match (segments.first(), segments.last()) {
                (_, Some(Segment::Literal(last))) => Piece::LastSegment(last),
                (Some(Segment::Literal(first)), _) => Piece::FirstSegment(first),
                _ => Piece::Nothing,
            },
        }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A piece of a path, by which a pattern that needs it is found.
pub(super) enum Piece<'a> {
    /// All of it.
    Path(&'a str),
    /// What stands between the first slash and the second.
    FirstSegment(&'a str),
    /// What follows the last slash.
    LastSegment(&'a str),
    /// What follows the last dot of the last segment.
    Extension(&'a str),
    /// Such a pattern has to be tried for every path.
    Nothing,
}

impl PathPattern {
    fn parse(path: &str) -> Result<Self, String> {
        if let Some(suffix) = path.strip_prefix("/**/*")
            && !suffix.is_empty()
            && !suffix.contains(['*', '/', '{'])
        {
            return Ok(Self::Suffix(suffix.to_ascii_lowercase()));
        }
        if let Some(base) = path.strip_suffix("/**")
            && !base.contains(['*', '{'])
        {
            return Ok(Self::Below(canonical(base)?));
        }
        if !path.contains(['*', '{']) {
            return Ok(Self::Exact(canonical(path)?));
        }
        let segments = folded(path)[1..].split('/').map(Segment::parse).collect::<Result<Vec<_>, _>>()?;
        if segments.iter().filter(|s| **s == Segment::Any).count() > 1 {
            // Bounds matching to one linear pass from both ends.
            return Err("use ** at most once in a pattern".to_owned());
        }
        Ok(Self::Segments(segments))
    }

    fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::Below(base) => {
                path.strip_prefix(base.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Suffix(suffix) => path.ends_with(suffix.as_str()),
            Self::Segments(pattern) => match pattern.iter().position(|s| *s == Segment::Any) {
                None => {
                    let mut found = path[1..].split('/');
                    pattern.iter().all(|segment| found.next().is_some_and(|text| segment.matches(text)))
                        && found.next().is_none()
                }
                Some(any) => {
                    let mut found = path[1..].split('/');
                    pattern[..any]
                        .iter()
                        .all(|segment| found.next().is_some_and(|text| segment.matches(text)))
                        && pattern[any + 1..]
                            .iter()
                            .rev()
                            .all(|segment| found.next_back().is_some_and(|text| segment.matches(text)))
                }
            },
        }
    }
}

/// Refuses what no normalised path can look like, also between wildcards.
fn check_normal(path: &str) -> Result<(), String> {
    if path.contains('?') {
        return Err(
            "a pattern has no query; write the path alone, and ask for request.query in a rule".to_owned()
        );
    }
    if path.contains(';') {
        return Err(
            "requests are matched without the parameters of their path; write it without ;".to_owned()
        );
    }
    if !path.is_ascii() {
        let sent = percent_encoding::utf8_percent_encode(path, percent_encoding::CONTROLS);
        return Err(format!("programs send this path as \"{sent}\"; write it so"));
    }
    if !path.contains(['*', '{']) {
        return Ok(()); // checked as it stands, with the path to write instead
    }
    let probe: Vec<&str> = path
        .split('/')
        .map(|segment| if segment.starts_with('{') && segment.ends_with('}') { "x" } else { segment })
        .collect();
    let probe = probe.join("/").replace("**", "x").replace('*', "x");
    match Understood::read(&probe) {
        Ok(read) if read.matched() == probe => Ok(()),
        Ok(_) => {
            Err("requests are matched after normalisation; write the path without //, without . and .. \
                      segments, and with %XX only for what needs it"
                .to_owned())
        }
        Err(ambiguous) => {
            Err(format!("{}; such requests are refused before any route is chosen", ambiguous.message()))
        }
    }
}

/// Patterns are compared with normalised paths, so a literal part must be normal itself. Folded.
fn canonical(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    match Understood::read(path) {
        Ok(read) if read.matched() == path => Ok(folded(path).into_owned()),
        Ok(read) => Err(format!("requests are matched after normalisation; write \"{}\"", read.matched())),
        Err(ambiguous) => {
            Err(format!("{}; such requests are refused before any route is chosen", ambiguous.message()))
        }
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "**" {
            return Ok(Self::Any);
        }
        if text == "*" || (text.starts_with('{') && text.ends_with('}')) {
            return Ok(Self::One);
        }
        if text.contains(['{', '}']) {
            return Err("write {name} as a whole segment, for example \"/products/{id}\"".to_owned());
        }
        match text.split_once('*') {
            None => Ok(Self::Literal(text.to_owned())),
            Some((before, after)) if !after.contains('*') => {
                Ok(Self::Glob(before.to_owned(), after.to_owned()))
            }
            Some(_) => Err("use one * in a segment, ** for any number of segments".to_owned()),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => text == literal,
            Self::One => !text.is_empty(),
            Self::Glob(before, after) => {
                text.len() >= before.len() + after.len()
                    && text.starts_with(before.as_str())
                    && text.ends_with(after.as_str())
            }
            Self::Any => true,
        }
    }
}

/// A host pattern: `shop.example`, `*.example` or `*`; compared without case and port.
#[must_use]
pub(crate) fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some("") => true,
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => pattern == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let parsed = Pattern::parse(pattern).unwrap();
        for (requests, expected) in [(yes, true), (no, false)] {
            for request in requests {
                let (method, path) = request.split_once(' ').unwrap();
                assert_eq!(parsed.matches(method, path), expected, "{pattern} on {request}");
            }
        }
    }

    #[test]
    fn patterns() {
        check("/login", &["GET /login", "POST /login"], &["GET /login/x", "GET /logins", "GET /"]);
        check("/login", &["GET /login/", "GET /Login", "POST /LOGIN/"], &["GET /LOGINS"]);
        check("/Login/", &["GET /login", "GET /Login/"], &["GET /"]);
        check("/**/Admin/", &["GET /admin", "GET /a/ADMIN/"], &["GET /a/admin/b"]);
        check("/Products/*-Sale", &["GET /products/x-sale"], &["GET /products/sale"]);
        check("/", &["GET /"], &["GET /a"]);
        check("/caf%C3%A9", &["GET /caf%C3%A9", "GET /CAF%C3%A9/"], &["GET /cafe"]);
        check("GET|POST /login", &["GET /login"], &["PUT /login"]);
        check(
            "/products/{id}",
            &["GET /products/1"],
            &["GET /products/", "GET /products/1/2", "GET /products"],
        );
        check("/api/**", &["GET /api", "GET /api/", "GET /API/a/b"], &["GET /apis", "GET /"]);
        check("/**", &["GET /", "GET /a/b"], &[]);
        check("/**/*.css", &["GET /a.css", "GET /x/y.css"], &["GET /a.css/b"]);
        check(
            "/shop/*/reviews/**",
            &["GET /shop/a/reviews", "GET /shop/a/reviews/1/2"],
            &["GET /shop/reviews", "GET /shop/a/b/reviews"],
        );
        check(
            "/**/wp-login.php",
            &["POST /wp-login.php", "POST /blog/wp-login.php"],
            &["POST /wp-login.php/x"],
        );
        check("/a-*.html", &["GET /a-1.html", "GET /a-.html"], &["GET /a.html"]);
    }

    #[test]
    fn refused_patterns() {
        for bad in ["login", "get /login", "/a/%2e%2e/b", "/a%2fb", "//x", "/**/a/**", "/p{id}", "/a**b*c"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
