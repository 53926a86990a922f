//! Who calls, and whether the call comes from our own page.

use std::net::IpAddr;

use http::{HeaderMap, Method, StatusCode, header};
use spigot_decision::Millis;
use subtle::ConstantTimeEq;

use super::call::Caller;
use super::cookie::{self, CSRF_HEADER, Cookies, SESSION};
use super::operation::Operation;
use super::problem::Problem;
use crate::staff::{Need, StaffStore};

/// The names under which the panel may be reached: addresses and `localhost` always, others when they are configured.
/// Otherwise a page of any name that resolves to this address could talk to the panel as its own (DNS rebinding).
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// The names.
    pub names: Vec<String>,
    /// Scheme, host and port of the panel behind a proxy of its own.
    pub origin: Option<String>,
}

impl Hosts {
    /// Checks a request's host.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let host = header_text(headers, header::HOST.as_str()).unwrap_or_default();
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name).to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        if address || name == "localhost" || name.ends_with(".localhost") || self.names.contains(&name) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host",
            format!(
                "The panel does not answer under the name \"{name}\". Write [panel] with origin = \"https://{name}\" into the configuration"
            ),
        ))
    }
}

/// What a page sends along with what it asks by itself, while nobody has touched it.
const UNATTENDED: &str = "x-spigot-unattended";

/// Who calls, by token or by session. A call that brings neither, or one that ended, is nobody's.
pub(crate) fn caller(
    staff: &mut StaffStore,
    headers: &HeaderMap,
    cookies: Cookies<'_>,
    now: Millis,
) -> Result<Caller, Problem> {
    if let Some(bearer) =
        header_text(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "))
    {
        let token = staff.token(bearer.trim(), now).map_err(Problem::ours)?;
        return token.map(Caller::Program).ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED, "token", "This token is unknown, revoked or at its end")
        });
    }
    let Some(secret) = cookies.value(SESSION) else { return Ok(Caller::Nobody) };
    let session = staff.session(secret, headers.contains_key(UNATTENDED), now).map_err(Problem::ours)?;
    Ok(session.map_or(Caller::Nobody, |session| Caller::Person(Box::new(session))))
}

/// Whether the caller may.
pub(crate) fn may(caller: &Caller, operation: &Operation) -> Result<(), Problem> {
    if operation.need == Need::Nobody {
        return Ok(());
    }
    let Some(role) = caller.role() else {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "signed_out", "Sign in first"));
    };
    if let Caller::Program(token) = caller {
        let resource = operation.resource();
        if operation.need == Need::Own {
            return Err(Problem::forbidden("That is for people who are signed in, and not for tokens"));
        }
        if !token.resources.is_empty() && !token.resources.iter().any(|allowed| allowed == resource) {
            return Err(Problem::forbidden(format!("The token \"{}\" is not for {resource}", token.name)));
        }
    }
    if !role.may(operation.need) {
        return Err(Problem::forbidden(format!("The role {} may not do this. Ask an admin", role.name())));
    }
    Ok(())
}

/// Whether a call that changes something was made by our own page. Programs with a token are asked nothing: no browser
/// sends that by itself.
pub(crate) fn own_page(
    caller: &Caller,
    method: &Method,
    headers: &HeaderMap,
    cookies: Cookies<'_>,
) -> Result<(), Problem> {
    if method.is_safe() || matches!(caller, Caller::Program(_)) {
        return Ok(());
    }
    let foreign = |why: &str| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_page",
            format!("This call did not come from the panel: {why}"),
        )
    };
    if let Some(origin) = header_text(headers, header::ORIGIN.as_str()) {
        let host = header_text(headers, header::HOST.as_str()).unwrap_or_default();
        if origin.split_once("://").is_none_or(|(_, of)| !of.eq_ignore_ascii_case(host)) {
            return Err(foreign("Origin and Host differ. Does a proxy in front of the panel change Host?"));
        }
    }
    if header_text(headers, "sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Err(foreign("Sec-Fetch-Site is not same-origin"));
    }
    if let (Caller::Person(_), Some(secret)) = (caller, cookies.value(SESSION)) {
        let given = header_text(headers, CSRF_HEADER).unwrap_or_default();
        if !bool::from(given.as_bytes().ct_eq(cookie::csrf(secret).as_bytes())) {
            return Err(foreign("X-Spigot-Csrf is missing or of another session. Load the page again"));
        }
    }
    Ok(())
}

pub(crate) fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
