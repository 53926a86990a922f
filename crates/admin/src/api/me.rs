//! One's own account: password, authenticator app, sessions.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::{Call, Caller};
use super::guard::header_text;
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::throttle::Attempt;
use crate::staff::{Need, PasswordCheck, Role, Session, StaffStore, base32, otpauth};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("me.show", "/api/me", Need::Own, "One's own account.", show),
        Operation::send(
            "me.password",
            Method::PUT,
            "/api/me/password",
            Need::Own,
            "Changes one's password; other sessions end.",
            change_password,
        ),
        Operation::send(
            "me.propose_totp",
            Method::POST,
            "/api/me/totp",
            Need::Own,
            "A secret for an authenticator app, which counts once a code of it was shown.",
            propose_totp,
        ),
        Operation::send(
            "me.confirm_totp",
            Method::PUT,
            "/api/me/totp",
            Need::Own,
            "Asks for a code at every sign-in from now on.",
            confirm_totp,
        ),
        Operation::send(
            "me.remove_totp",
            Method::DELETE,
            "/api/me/totp",
            Need::Own,
            "Asks for no code any more.",
            remove_totp,
        ),
        Operation::send(
            "me.end_session",
            Method::DELETE,
            "/api/me/sessions/{session}",
            Need::Own,
            "Ends one of one's other sessions, or `all` of them.",
            end_session,
        ),
    ]
}

/// One's own account.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Me {
    name: String,
    role: Role,
    has_password: bool,
    has_totp: bool,
    /// They come by the identity provider, and by nothing else.
    has_identity: bool,
    sessions: Vec<MySession>,
}

/// One of one's sessions.
#[derive(Serialize, JsonSchema)]
pub(crate) struct MySession {
    id: String,
    /// It is the one that asks.
    is_this: bool,
    created: String,
    seen: String,
    method: String,
    agent: String,
}

/// The old password and the new one.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// Absent when one has none yet.
    old: Option<String>,
    new: String,
}

/// A password, to be sure that it is still them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordAgain {
    pub(crate) password: Option<String>,
}

/// What an app is set up with.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TotpProposal {
    /// To be typed in.
    secret: String,
    /// To be shown as a picture, or opened on the same device.
    link: String,
}

/// A code that the app shows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    code: String,
}

fn show(call: &Call<'_>, _: &Nothing) -> Result<Me, Problem> {
    let mine = own(call)?;
    let sessions = call.staff()?.sessions_of(&mine.user.name, call.now)?;
    let sessions = sessions.into_iter().map(|session| MySession {
        id: session.id(),
        is_this: session.digest == mine.digest,
        created: session.created.to_string(),
        seen: session.seen.to_string(),
        method: session.method,
        agent: session.agent,
    });
    Ok(Me {
        name: mine.user.name.clone(),
        role: mine.user.role,
        has_password: mine.user.has_password,
        has_totp: mine.user.has_totp,
        has_identity: mine.user.oidc.is_some(),
        sessions: sessions.collect(),
    })
}

fn change_password(call: &Call<'_>, wanted: &PasswordChange) -> Result<Nothing, Problem> {
    let mine = own(call)?;
    let mut staff = call.staff()?;
    still_them(call, &mut staff, mine, wanted.old.as_deref())?;
    staff.set_password(&mine.user.name, &wanted.new, Some(&mine.digest))?;
    call.audit(&mut staff, "user.password", &mine.user.name, &json!({}))?;
    Ok(Nothing {})
}

fn propose_totp(call: &Call<'_>, again: &PasswordAgain) -> Result<TotpProposal, Problem> {
    let mine = own(call)?;
    let mut staff = call.staff()?;
    still_them(call, &mut staff, mine, again.password.as_deref())?;
    let secret = staff.propose_totp(&mine.user.name)?;
    let host = header_text(call.headers, "host").unwrap_or("panel");
    let host = host.split(':').next().unwrap_or(host);
    Ok(TotpProposal { secret: base32(&secret), link: otpauth(&secret, &mine.user.name, host) })
}

fn confirm_totp(call: &Call<'_>, shown: &TotpCode) -> Result<Nothing, Problem> {
    let mine = own(call)?;
    let mut staff = call.staff()?;
    if !staff.confirm_totp(&mine.user.name, &shown.code, call.now)? {
        return Err(Problem::refused(
            "That is not the code of this moment. Is the clock of your device right?",
        ));
    }
    call.audit(&mut staff, "user.totp", &mine.user.name, &json!({ "asked": true }))?;
    Ok(Nothing {})
}

fn remove_totp(call: &Call<'_>, again: &PasswordAgain) -> Result<Nothing, Problem> {
    let mine = own(call)?;
    let mut staff = call.staff()?;
    still_them(call, &mut staff, mine, again.password.as_deref())?;
    staff.remove_totp(&mine.user.name)?;
    call.audit(&mut staff, "user.totp", &mine.user.name, &json!({ "asked": false }))?;
    Ok(Nothing {})
}

fn end_session(call: &Call<'_>, _: &Nothing) -> Result<Nothing, Problem> {
    let mine = own(call)?;
    let mut staff = call.staff()?;
    let id = Some(call.name("session")).filter(|id| *id != "all");
    let ended = staff.end_sessions(&mine.user.name, id, Some(&mine.digest))?;
    call.audit(&mut staff, "session.end", &mine.user.name, &json!({ "sessions": ended }))?;
    Ok(Nothing {})
}

/// The caller's session; the table lets nobody else come here.
pub(crate) fn own<'c>(call: &'c Call<'_>) -> Result<&'c Session, Problem> {
    match &call.caller {
        Caller::Person(session) => Ok(session),
        _ => Err(Problem::forbidden("That is for people who are signed in")),
    }
}

/// Asks for the password again, where there is one: a device that was left alone must not change how its owner signs in.
pub(crate) fn still_them(
    call: &Call<'_>,
    staff: &mut StaffStore,
    mine: &Session,
    password: Option<&str>,
) -> Result<(), Problem> {
    let name = &mine.user.name;
    if mine.user.oidc.is_some() {
        return Err(Problem::refused(
            "You sign in by the identity provider: change there how. An admin can end that on the command line, with spigot admin identity",
        ));
    }
    if !mine.user.has_password {
        return Ok(());
    }
    // Who is signed in waits for their own mistakes, and not for strangers'.
    let attempt = Attempt::of_known(name, &mine.id(), call.peer);
    if call.api.throttle.wait_millis(&attempt, call.now) > 0 {
        return Err(Problem::refused("Too many attempts. Wait a moment"));
    }
    match staff.check_password(name, password.unwrap_or_default(), None, call.now)? {
        PasswordCheck::Right(_) | PasswordCheck::CodeNeeded => Ok(()),
        PasswordCheck::Wrong => {
            call.api.throttle.failed(&attempt, call.now);
            Err(Problem::refused("That is not your password"))
        }
    }
}
