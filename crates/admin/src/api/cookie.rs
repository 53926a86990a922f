//! The session's cookie. `SameSite=Strict` keeps every other site from using it; `HttpOnly` keeps it from scripts.

use http::HeaderMap;

use crate::staff::{SESSION_MILLIS, digest};

const NAME: &str = "spigot_session";

/// The header that carries [`csrf`]: no form and no other origin can set it.
pub(crate) const CSRF_HEADER: &str = "x-spigot-csrf";

/// The secret that a request brings.
pub(crate) fn secret(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME).then_some(value)
    })
}

/// What sets it. `Secure` where the page came by TLS, which the browser's `Origin` says: on the loopback there is none.
pub(crate) fn setting(secret: &str, headers: &HeaderMap) -> String {
    let seconds = SESSION_MILLIS / 1000;
    format!("{NAME}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{}", secure(headers))
}

/// What takes it away.
pub(crate) fn ending(headers: &HeaderMap) -> String {
    format!("{NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{}", secure(headers))
}

/// What a page that may read our answers sends along with each change.
pub(crate) fn csrf(secret: &str) -> String {
    let bytes = digest(&format!("csrf {secret}"));
    bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn secure(headers: &HeaderMap) -> &'static str {
    let origin = headers.get(http::header::ORIGIN).and_then(|value| value.to_str().ok());
    if origin.is_some_and(|origin| origin.starts_with("https://")) { "; Secure" } else { "" }
}
