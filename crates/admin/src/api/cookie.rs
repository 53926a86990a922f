//! Cookies. `SameSite=Strict` keeps every other site from using them; `HttpOnly` keeps them from scripts; `__Host-`, where
//! the page came by TLS, keeps other names of the domain from putting theirs in their place.

use http::HeaderMap;

use super::guard::header_text;
use crate::staff::{BROWSER_MILLIS, SESSION_MILLIS, digest};

/// Who is signed in.
pub(crate) const SESSION: &str = "spigot_session";
/// Which browser it is: of a sign-in that began at the identity provider, and of those that somebody has signed in with.
pub(crate) const BROWSER: &str = "spigot_browser";

/// The header that carries [`csrf`]: no form and no other origin can set it.
pub(crate) const CSRF_HEADER: &str = "x-spigot-csrf";

/// The cookies of one call.
#[derive(Clone, Copy)]
pub(crate) struct Cookies<'h> {
    headers: &'h HeaderMap,
    /// The page came by TLS.
    is_secure: bool,
}

impl<'h> Cookies<'h> {
    /// Of a request. The panel's own origin, where one is configured, says whether there is TLS; the browser's `Origin`
    /// does otherwise, which questions have that change something.
    pub(crate) fn new(headers: &'h HeaderMap, own_origin: Option<&str>) -> Self {
        let host = header_text(headers, http::header::HOST.as_str()).unwrap_or_default();
        let is_own =
            |origin: &str| origin.strip_prefix("https://").is_some_and(|own| own.eq_ignore_ascii_case(host));
        let sent = header_text(headers, http::header::ORIGIN.as_str());
        let is_secure =
            own_origin.is_some_and(is_own) || sent.is_some_and(|sent| sent.starts_with("https://"));
        Self { headers, is_secure }
    }

    /// The value that a request brings.
    pub(crate) fn value(&self, name: &str) -> Option<&'h str> {
        let prefixed = self.find(&format!("__Host-{name}"));
        // Without TLS there is no prefix; with it, a cookie without one may be anybody's of the domain.
        prefixed.or_else(|| if self.is_secure { None } else { self.find(name) })
    }

    fn find(&self, wanted: &str) -> Option<&'h str> {
        let lines = self.headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        lines.flat_map(|line| line.split(';')).find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == wanted && !value.is_empty()).then_some(value)
        })
    }

    /// The browser's own secret, where it has one of ours.
    pub(crate) fn browser(&self) -> Option<&'h str> {
        let is_ours =
            |secret: &&str| secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.value(BROWSER).filter(is_ours)
    }

    /// What sets the session's cookie.
    pub(crate) fn session(&self, secret: &str) -> String {
        self.setting(SESSION, secret, SESSION_MILLIS)
    }

    /// What sets the browser's.
    pub(crate) fn remembering(&self, secret: &str) -> String {
        self.setting(BROWSER, secret, BROWSER_MILLIS)
    }

    /// What takes the session's away.
    pub(crate) fn ending(&self) -> String {
        self.setting(SESSION, "", 0)
    }

    fn setting(&self, name: &str, value: &str, life_millis: i64) -> String {
        let (prefix, secure) = if self.is_secure { ("__Host-", "; Secure") } else { ("", "") };
        let seconds = life_millis / 1000;
        format!("{prefix}{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }
}

/// What a page that may read our answers sends along with each change.
pub(crate) fn csrf(secret: &str) -> String {
    let bytes = digest(&format!("csrf {secret}"));
    bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_tls_only_our_own_name_counts() {
        let check = |origin: Option<&str>,
                     own: Option<&str>,
                     cookie: &str,
                     found: Option<&str>,
                     set: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("host", "spigot.example".parse().unwrap());
            headers.insert("cookie", cookie.parse().unwrap());
            headers.extend(origin.map(|origin| (http::header::ORIGIN, origin.parse().unwrap())));
            let cookies = Cookies::new(&headers, own);
            assert_eq!(cookies.value(SESSION), found, "{cookie} {origin:?} {own:?}");
            let setting = cookies.session("s");
            assert!(setting.starts_with(set) && setting.contains("HttpOnly; SameSite=Strict"), "{setting}");
            assert_eq!(setting.ends_with("; Secure"), set.starts_with("__Host-"), "{setting}");
        };
        let (plain, host) = ("spigot_session=a", "__Host-spigot_session=b");
        let own = Some("https://spigot.example");
        check(None, None, plain, Some("a"), "spigot_session=s;");
        check(Some("http://spigot.example"), None, plain, Some("a"), "spigot_session=s;");
        check(Some("https://spigot.example"), None, plain, None, "__Host-spigot_session=s;");
        check(None, own, plain, None, "__Host-spigot_session=s;");
        check(None, own, &format!("{plain}; {host}"), Some("b"), "__Host-spigot_session=s;");
        check(None, None, &format!("{plain}; {host}"), Some("b"), "spigot_session=s;");
        check(None, Some("https://other.example"), plain, Some("a"), "spigot_session=s;");
    }
}
