//! Finds a request's route without trying all of them. Every pattern is filed under a piece that a fitting path must
//! have; a request looks only under its own pieces. What has no such piece is tried for every request.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::Route;
use super::pattern::{self, Piece};
use crate::path::folded;

/// Only the operator's texts are keys, so nobody outside can make them collide: a fast hash without a secret will do.
type Filed = HashMap<Box<str>, Vec<Candidate>, FixedState>;

/// Where to look for the first route that fits.
#[derive(Debug, Default)]
pub(super) struct Routing {
    by_path: Filed,
    by_first_segment: Filed,
    by_last_segment: Filed,
    by_extension: Filed,
    otherwise: Vec<Candidate>,
}

/// A pattern of a route; in each place in the order of the routes. `None` is a route for every path.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    route: u16,
    pattern: Option<u16>,
}

impl Routing {
    pub(super) fn new(routes: &[Route]) -> Self {
        let mut routing = Self::default();
        for (index, route) in (0..).zip(routes) {
            if route.patterns.is_empty() {
                routing.otherwise.push(Candidate { route: index, pattern: None });
            }
            for (number, pattern) in (0..).zip(&route.patterns) {
                let candidate = Candidate { route: index, pattern: Some(number) };
                let (filed, key) = match pattern.piece() {
                    Piece::Path(key) => (&mut routing.by_path, key),
                    Piece::FirstSegment(key) => (&mut routing.by_first_segment, key),
                    Piece::LastSegment(key) => (&mut routing.by_last_segment, key),
                    Piece::Extension(key) => (&mut routing.by_extension, key),
                    Piece::Nothing => {
                        routing.otherwise.push(candidate);
                        continue;
                    }
                };
                filed.entry(key.into()).or_default().push(candidate);
            }
        }
        routing
    }

    /// The first of the routes that fits, `None` when none does.
    pub(super) fn find(&self, routes: &[Route], host: &str, method: &str, path: &str) -> Option<u16> {
        let path = &*folded(path);
        let mut best = None;
        let mut look = |candidates: &[Candidate]| {
            for candidate in candidates {
                if best.is_some_and(|best| best <= candidate.route) {
                    return;
                }
                let route = &routes[usize::from(candidate.route)];
                let fits = candidate
                    .pattern
                    .is_none_or(|number| route.patterns[usize::from(number)].fits(method, path));
                let here = route.hosts.is_empty()
                    || route.hosts.iter().any(|wanted| pattern::host_matches(wanted, host));
                if fits && here {
                    best = Some(candidate.route);
                    return;
                }
            }
        };
        let inner = path.strip_prefix('/').unwrap_or(path);
        let first = memchr::memchr(b'/', inner.as_bytes()).map_or(inner, |end| &inner[..end]);
        let last = memchr::memrchr(b'/', path.as_bytes()).map_or(path, |slash| &path[slash + 1..]);
        let extension = memchr::memrchr(b'.', last.as_bytes()).map(|dot| &last[dot + 1..]);
        for (filed, key) in [
            (&self.by_path, Some(path)),
            (&self.by_first_segment, Some(first)),
            (&self.by_last_segment, Some(last)),
            (&self.by_extension, extension),
        ] {
            if let Some(key) = key
                && !filed.is_empty()
                && let Some(candidates) = filed.get(key)
            {
                look(candidates);
            }
        }
        look(&self.otherwise);
        best
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::load;

    /// The plain reading of "first match wins", to compare with.
    fn one_by_one(policy: &crate::Policy, host: &str, method: &str, path: &str) -> u16 {
        let fits = |route: &crate::policy::Route| {
            (route.hosts.is_empty()
                || route.hosts.iter().any(|wanted| super::pattern::host_matches(wanted, host)))
                && (route.patterns.is_empty() || route.patterns.iter().any(|p| p.matches(method, path)))
        };
        u16::try_from(policy.routes.iter().position(fits).unwrap()).unwrap()
    }

    const PIECES: [&str; 14] = [
        "a", "b", "api", "v1", "login", "x.css", "Y.tar.gz", "css", ".css", "A.b", "{id}", "*", "a-*", "*-Z",
    ];

    #[test]
    fn the_shipped_routes_hold_however_a_path_is_written() {
        let policy = load("default.toml", crate::policy::DEFAULT).unwrap();
        let check = |path: &str, route: &str| {
            assert_eq!(policy.route(policy.route_for("shop.example", "POST", path)).name, route, "{path}");
        };
        check("/login", "login");
        check("/LogIn", "login");
        check("/blog/login/", "login");
        check("/wp-login.PHP", "login");
        check("/signup/", "signup");
        check("/Users/Sign_Up/", "signup");
        check("/api/v1/Login/", "api-login");
        check("/CHECKOUT/pay", "checkout");
        check("/loginx", "default");
        check("/", "default");
    }

    proptest::proptest! {
        #[test]
        fn the_same_route_as_one_by_one(
            routes in proptest::collection::vec(
                (proptest::collection::vec((0..14usize, proptest::bool::ANY), 0..4), 0..6u8, 0..3u8),
                1..12,
            ),
            asked in proptest::collection::vec((proptest::collection::vec(0..10usize, 0..4), proptest::bool::ANY), 1..20),
        ) {
            let mut text = String::new();
            for (number, (segments, shape, method)) in routes.iter().enumerate() {
                let path: String = segments.iter().map(|(piece, _)| format!("/{}", PIECES[*piece])).collect();
                let path = match shape {
                    0 | 1 => format!("{path}{}", if path.is_empty() { "/" } else { "" }),
                    2 => format!("{path}/**"),
                    3 => format!("/**{path}"),
                    4 => "/**/*.css".to_owned(),
                    _ => "/**/*b.gz".to_owned(),
                };
                let method = ["", "GET ", "POST|PUT "][usize::from(*method)];
                let host = if segments.len() == 3 { "host = [\"b.example\"]\n" } else { "" };
                text.push_str(&format!("[[route]]\nname = \"r{number}\"\nmatch = [\"{method}{path}\"]\n{host}\n"));
            }
            // Some made-up patterns are refused; those policies say nothing.
            if let Ok(policy) = load("made.toml", &text) {
                for (segments, trailing) in &asked {
                    let path: String = segments.iter().map(|piece| format!("/{}", PIECES[*piece])).collect();
                    let path = format!("{path}{}", if *trailing || path.is_empty() { "/" } else { "" });
                    for (host, method) in [("a.example", "GET"), ("b.example", "POST")] {
                        proptest::prop_assert_eq!(
                            policy.route_for(host, method, &path),
                            one_by_one(&policy, host, method, &path),
                            "{} {} {} under\n{}", method, host, path, text
                        );
                    }
                }
            }
        }
    }
}
