//! Signing in and out.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::{Call, Caller};
use super::cookie::{self, SESSION};
use super::guard::header_text;
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::puzzle::Solution;
use super::throttle::Attempt;
use crate::staff::{Need, PasswordCheck, Role, StaffStore};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "session.state",
            "/api/session",
            Need::Nobody,
            "Whether anybody is signed in, and who.",
            state,
        ),
        Operation::send(
            "session.password",
            Method::POST,
            "/api/session/password",
            Need::Nobody,
            "Signs in with name and password, and a code where one is needed.",
            with_password,
        ),
        Operation::send(
            "session.link",
            Method::POST,
            "/api/session/link",
            Need::Nobody,
            "Signs in with a one-time link and sets a password.",
            with_link,
        ),
        // In a body and not in the query: addresses end up in logs.
        Operation::send(
            "session.link_of",
            Method::POST,
            "/api/session/link/owner",
            Need::Nobody,
            "Whose one-time link it is.",
            link_of,
        ),
        Operation::send("session.end", Method::DELETE, "/api/session", Need::Own, "Signs out.", end),
    ]
}

/// Who is signed in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionState {
    /// Absent when nobody is.
    person: Option<Person>,
    /// Somebody can sign in at all; otherwise the command line has to make an admin first.
    is_set_up: bool,
    /// What stands on the button for signing in by the identity provider, where there is one.
    identity_provider: Option<String>,
    /// The version of the program.
    version: &'static str,
}

/// Somebody signed in, as their own page needs it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Person {
    name: String,
    role: Role,
    /// Goes back with every change in `X-Spigot-Csrf`.
    csrf: String,
}

/// Name and password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordSignIn {
    name: String,
    password: String,
    /// The code of the authenticator app, where it is needed.
    code: Option<String>,
    /// Of the puzzle that was asked for.
    solution: Option<Solution>,
}

/// A one-time link, used.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkSignIn {
    link: String,
    /// The new password.
    password: String,
}

/// A one-time link, looked at.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkQuery {
    link: String,
}

/// Whose link it is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LinkOwner {
    name: String,
    role: Role,
}

fn state(call: &Call<'_>, _: &Nothing) -> Result<SessionState, Problem> {
    let person = match (&call.caller, call.cookies().value(SESSION)) {
        (Caller::Person(session), Some(secret)) => Some(Person {
            name: session.user.name.clone(),
            role: session.user.role,
            csrf: cookie::csrf(secret),
        }),
        _ => None,
    };
    let is_set_up = person.is_some() || call.api.identity.is_some() || call.staff()?.is_set_up()?;
    Ok(shown(call, person, is_set_up))
}

fn shown(call: &Call<'_>, person: Option<Person>, is_set_up: bool) -> SessionState {
    let identity_provider = call.api.identity.as_ref().map(|provider| provider.label().to_owned());
    SessionState { person, is_set_up, identity_provider, version: env!("CARGO_PKG_VERSION") }
}

fn with_password(call: &Call<'_>, wanted: &PasswordSignIn) -> Result<SessionState, Problem> {
    let (throttle, name) = (&call.api.throttle, wanted.name.as_str());
    let mut staff = call.staff()?;
    let browser = call.cookies().browser();
    let known = match browser {
        Some(browser) if staff.knows_browser(name, browser, call.now)? => Some(browser),
        _ => None,
    };
    let attempt = match known {
        Some(browser) => Attempt::of_known(name, browser, call.peer),
        None => Attempt::of_stranger(name, call.peer),
    };
    let wait_millis = throttle.wait_millis(&attempt, call.now);
    if wait_millis > 0 {
        let seconds = (wait_millis + 999) / 1000;
        let mut problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "wait",
            format!("Too many attempts. Try again in {seconds} seconds"),
        );
        problem.more = json!({ "seconds": seconds });
        return Err(problem);
    }
    let failures = throttle.failures(&attempt, call.now);
    if failures > 0 {
        let is_solved = match &wanted.solution {
            Some(solution) => call.api.puzzles.solved(call, name, solution)?,
            None => false,
        };
        if !is_solved {
            return Err(call.api.puzzles.asked(call, name, failures)?);
        }
    }
    match staff.check_password(name, &wanted.password, wanted.code.as_deref(), call.now)? {
        PasswordCheck::Right(user) => {
            throttle.succeeded(&attempt);
            let method = if user.has_totp { "password and code" } else { "password" };
            start(call, &mut staff, &user.name, method)
        }
        PasswordCheck::CodeNeeded => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "code_needed",
            "Enter the code that your authenticator app shows",
        )),
        PasswordCheck::Wrong => {
            throttle.failed(&attempt, call.now);
            // Names that nobody has are not written down: they may be passwords in the wrong field.
            if staff.user(name)?.is_some() {
                refused_sign_in(call, &mut staff, name, "password")?;
            }
            Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong", "Name, password or code is wrong"))
        }
    }
}

fn link_of(call: &Call<'_>, query: &LinkQuery) -> Result<LinkOwner, Problem> {
    let staff = call.staff()?;
    let name = staff.link(&query.link, call.now)?.ok_or_else(spent_link)?;
    let user = staff.user(&name)?.ok_or_else(spent_link)?;
    Ok(LinkOwner { name: user.name, role: user.role })
}

fn with_link(call: &Call<'_>, wanted: &LinkSignIn) -> Result<SessionState, Problem> {
    let mut staff = call.staff()?;
    let name = staff.link(&wanted.link, call.now)?.ok_or_else(spent_link)?;
    // Only the first who comes gets on; a password that will not do leaves the link as it is.
    crate::staff::check_password_is_good(&wanted.password, &name).map_err(Problem::refused)?;
    let name = staff.use_link(&wanted.link, call.now)?.ok_or_else(spent_link)?;
    staff.set_password(&name, &wanted.password, None)?;
    // Whoever holds the link is them; an app that they lost must not keep them out.
    staff.remove_totp(&name)?;
    call.audit_as(&mut staff, &name, "user.password", &name, &json!({ "by": "one-time link" }))?;
    start(call, &mut staff, &name, "one-time link")
}

fn spent_link() -> Problem {
    Problem::absent("This link has been used, or is over. `spigot admin link NAME` makes another one")
}

fn end(call: &Call<'_>, _: &Nothing) -> Result<Nothing, Problem> {
    let mut staff = call.staff()?;
    if let Some(secret) = call.cookies().value(SESSION) {
        staff.end_session(secret)?;
    }
    call.audit(&mut staff, "session.end", &call.caller.name(), &json!({}))?;
    call.set_cookie(&call.cookies().ending())?;
    Ok(Nothing {})
}

/// Writes down that somebody did not get in under a user's name.
pub(crate) fn refused_sign_in(
    call: &Call<'_>,
    staff: &mut StaffStore,
    name: &str,
    method: &str,
) -> Result<(), Problem> {
    let detail = json!({ "method": method, "from": call.peer.to_string() });
    call.audit_as(staff, name, "session.refused", name, &detail)
}

/// Starts a session for somebody who has proven to be them.
pub(crate) fn start(
    call: &Call<'_>,
    staff: &mut StaffStore,
    name: &str,
    method: &str,
) -> Result<SessionState, Problem> {
    let agent = header_text(call.headers, "user-agent").unwrap_or_default();
    let secret = staff.start_session(name, method, agent, call.now)?;
    let detail = json!({ "method": method, "from": call.peer.to_string() });
    call.audit_as(staff, name, "session.start", name, &detail)?;
    call.set_cookie(&call.cookies().session(&secret))?;
    remember(call, staff, name)?;
    let user = staff.user(name)?.ok_or_else(|| Problem::absent("This user was removed"))?;
    let person = Person { name: user.name, role: user.role, csrf: cookie::csrf(&secret) };
    Ok(shown(call, Some(person), true))
}

/// Remembers the browser, so that strangers who try the name do not make its owner wait here.
fn remember(call: &Call<'_>, staff: &mut StaffStore, name: &str) -> Result<(), Problem> {
    let browser = match call.cookies().browser() {
        Some(browser) => browser.to_owned(),
        None => crate::staff::fresh_secret("").map_err(Problem::ours)?,
    };
    staff.remember_browser(name, &browser, call.now)?;
    call.set_cookie(&call.cookies().remembering(&browser))
}
