//! Which routes a forced endpoint touches: by requests that fit both, made of their patterns.

use spigot_decision::policy::{Forced, Pattern, Policy};

/// What stands for anything; no route is likely to be called so.
const ANY: &str = "zz9q";

/// Methods that stand for all of them, where neither pattern names one.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Paths that are tried for two patterns; each pattern has one `**` at most, so there are few.
const PATHS_MAX: usize = 16;

/// Whether some request that the endpoint is for falls into the route, and into none before it.
pub(super) fn touches(policy: &Policy, index: usize, forced: &Forced) -> bool {
    let route = &policy.routes[index];
    let hosts: Vec<String> = match &forced.host {
        Some(host) => vec![host.clone()],
        None if route.hosts.is_empty() => vec![String::new()],
        None => route.hosts.iter().map(|host| host.replace('*', ANY)).collect(),
    };
    let falls = |method: &str, path: &str| {
        forced.pattern.matches(method, path)
            && hosts.iter().any(|host| usize::from(policy.route_for(host, method, path)) == index)
    };
    let (own_methods, own_path) = parts(&forced.pattern);
    // The last one is for whatever is left.
    let anything = Pattern::parse("/**").into_iter().filter(|_| route.patterns.is_empty());
    let anything: Vec<Pattern> = anything.collect();
    route.patterns.iter().chain(&anything).any(|pattern| {
        let (methods, path) = parts(pattern);
        let methods =
            [own_methods.clone(), methods, METHODS.to_vec()].into_iter().find(|some| !some.is_empty());
        let mut paths = Vec::new();
        meet(&own_path, &path, &mut Vec::new(), &mut paths);
        methods.iter().flatten().any(|method| paths.iter().any(|path| falls(method, path)))
    })
}

/// Methods, none for all, and the path's segments.
fn parts(pattern: &Pattern) -> (Vec<&str>, Vec<&str>) {
    let (methods, path) = pattern.text().rsplit_once(' ').unwrap_or(("", pattern.text()));
    let methods = methods.split('|').map(str::trim).filter(|method| !matches!(*method, "" | "*"));
    (methods.collect(), path.trim_start_matches('/').split('/').collect())
}

/// Paths that fit both.
fn meet(one: &[&str], other: &[&str], so_far: &mut Vec<String>, paths: &mut Vec<String>) {
    if paths.len() == PATHS_MAX {
        return;
    }
    match (one, other) {
        ([], []) => paths.push(format!("/{}", so_far.join("/"))),
        (["**", one_rest @ ..], ["**", other_rest @ ..]) => {
            so_far.push(ANY.to_owned());
            meet(one_rest, other_rest, so_far, paths);
            so_far.pop();
            meet(one_rest, other, so_far, paths);
            meet(one, other_rest, so_far, paths);
        }
        (["**", rest @ ..], _) => many(rest, one, other, so_far, paths),
        (_, ["**", rest @ ..]) => many(rest, other, one, so_far, paths),
        ([first, one_rest @ ..], [second, other_rest @ ..]) => {
            let Some(segment) = segment(first, second) else { return };
            so_far.push(segment);
            meet(one_rest, other_rest, so_far, paths);
            so_far.pop();
        }
        _ => {}
    }
}

/// `**` is for no segment, or for the next one of the other.
fn many(rest: &[&str], all: &[&str], other: &[&str], so_far: &mut Vec<String>, paths: &mut Vec<String>) {
    meet(rest, other, so_far, paths);
    let [first, other_rest @ ..] = other else { return };
    so_far.extend(segment("*", first));
    meet(all, other_rest, so_far, paths);
    so_far.pop();
}

/// A segment that fits both.
fn segment(one: &str, other: &str) -> Option<String> {
    // What stands before and behind the star, if there is one.
    let cut = |text: &'_ str| match (text.starts_with('{'), text.split_once('*')) {
        (true, _) => (String::new(), Some(String::new())),
        (false, Some((before, behind))) => (before.to_owned(), Some(behind.to_owned())),
        (false, None) => (text.to_owned(), None),
    };
    match (cut(one), cut(other)) {
        ((one, None), (other, None)) => (one == other).then_some(one),
        ((exact, None), (before, Some(behind))) | ((before, Some(behind)), (exact, None)) => {
            let fits = exact.strip_prefix(&before).is_some_and(|rest| rest.ends_with(&behind));
            fits.then_some(exact)
        }
        ((before, Some(behind)), (other_before, Some(other_behind))) => {
            let longer = |one: String, other: String| if one.len() < other.len() { other } else { one };
            let fits = (before.starts_with(&other_before) || other_before.starts_with(&before))
                && (behind.ends_with(&other_behind) || other_behind.ends_with(&behind));
            let (before, behind) = (longer(before, other_before), longer(behind, other_behind));
            fits.then(|| format!("{before}{ANY}{behind}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use spigot_decision::policy::load;

    use super::*;

    const POLICY: &str = r#"
extends = "nothing"
[[route]]
name = "files"
match = ["GET|HEAD /**/*.css", "GET /robots.txt"]
[[route]]
name = "api-login"
match = "/api/**/login"
[[route]]
name = "login"
match = ["/**/login", "/**/*login.php"]
[[route]]
name = "signup"
match = "POST /signup"
[[route]]
name = "shop"
host = "*.shop.example"
match = ["/shop/**", "/s/{id}"]
[[route]]
name = "api"
match = "/api/**"
"#;

    #[test]
    fn an_endpoint_touches_what_its_requests_fall_into() {
        let policy = load("test.toml", POLICY).unwrap_or_else(|problems| panic!("{problems}"));
        let check = |host: Option<&str>, pattern: &str, expected: &[&str]| {
            let forced = Forced {
                pattern: Pattern::parse(pattern).unwrap(),
                host: host.map(str::to_owned),
                until: None,
                author: "ada".to_owned(),
                reason: "a test".to_owned(),
            };
            let touched = (0..policy.routes.len()).filter(|index| touches(&policy, *index, &forced));
            let touched: Vec<_> = touched.map(|index| policy.routes[index].name.as_str()).collect();
            assert_eq!(touched, expected, "{host:?} {pattern}");
        };
        let all = ["files", "api-login", "login", "signup", "shop", "api", "default"];
        check(None, "/**", &all);
        check(None, "POST /**", &all[1..]);
        check(Some("other.example"), "/**", &["files", "api-login", "login", "signup", "api", "default"]);
        check(Some("a.shop.example"), "/shop/**", &["files", "login", "shop"]);
        check(None, "POST /signup", &["signup"]);
        // No method is each of them; only a POST is a sign-up.
        check(None, "/signup", &["signup", "default"]);
        check(None, "GET /signup", &["default"]);
        check(None, "/api/v1/login", &["api-login"]);
        check(None, "/api/*", &["files", "api-login", "login", "api"]);
        check(None, "/*/login", &["api-login", "login"]);
        check(None, "/old-*", &["files", "login", "default"]);
        check(None, "/*.php", &["login", "default"]);
        check(None, "/s/7", &["shop", "default"]);
        check(None, "/contact", &["default"]);
    }
}
