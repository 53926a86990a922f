//! Signing in by the identity provider: the page is told where to go, and brings back what the provider gave it.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::Call;
use super::guard::header_text;
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::session::{SessionState, start};
use crate::oidc::{Identity, Provider, SignInError};
use crate::staff::{IdentityCheck, Need, StaffStore};

/// How a session of theirs began.
const METHOD: &str = "identity provider";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::send(
            "session.identity_question",
            Method::POST,
            "/api/session/identity/question",
            Need::Nobody,
            "Where a browser goes to sign in by the identity provider.",
            question,
        ),
        Operation::send(
            "session.identity",
            Method::POST,
            "/api/session/identity",
            Need::Nobody,
            "Signs in with what the identity provider sent back.",
            sign_in,
        ),
    ]
}

/// Where to go.
#[derive(Serialize, JsonSchema)]
pub(crate) struct IdentityQuestion {
    url: String,
}

/// What came back with the browser.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentitySignIn {
    code: String,
    state: String,
    /// The provider's name, where it sent it.
    iss: Option<String>,
}

fn question(call: &Call<'_>, _: &Nothing) -> Result<IdentityQuestion, Problem> {
    let provider = provider(call)?;
    let origin = header_text(call.headers, "origin").unwrap_or_default();
    if !origin.eq_ignore_ascii_case(provider.origin()) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "elsewhere",
            format!("The identity provider sends people back to {}. Open the panel there", provider.origin()),
        ));
    }
    let begun = provider.begin(call.cookies().browser(), call.now).map_err(|error| told(&error))?;
    call.set_cookie(&call.cookies().remembering(&begun.browser))?;
    Ok(IdentityQuestion { url: begun.url })
}

fn sign_in(call: &Call<'_>, brought: &IdentitySignIn) -> Result<SessionState, Problem> {
    let (provider, browser) = (provider(call)?, call.cookies().browser());
    let ended = provider.end(&brought.code, &brought.state, brought.iss.as_deref(), browser, call.now);
    let mut staff = call.staff()?;
    let identity = match ended {
        Ok(identity) => identity,
        Err(error) => {
            // What was never begun here is anybody's invention, and fills no log.
            if let SignInError::Refused(why) = &error {
                let detail = json!({ "method": METHOD, "from": call.peer.to_string(), "why": why });
                call.audit_as(&mut staff, "nobody", "session.refused", provider.label(), &detail)?;
            }
            return Err(told(&error));
        }
    };
    match staff.user_of(&identity, call.now)? {
        IdentityCheck::Right(user) => {
            let detail = json!({ "role": user.role, "identity": identity.id });
            if user.last_seen.is_none() {
                call.audit_as(&mut staff, &user.name, "user.come", &user.name, &detail)?;
            }
            start(call, &mut staff, &user.name, METHOD)
        }
        IdentityCheck::Unmapped => refused(
            call,
            &mut staff,
            &identity,
            "no_role",
            "The identity provider knows you, but nothing there gives you a role here. Ask an admin to add one of your groups to [panel.oidc.roles], or you to a group",
        ),
        IdentityCheck::Disabled => {
            refused(call, &mut staff, &identity, "disabled", "An admin keeps you out. Ask one of them")
        }
        IdentityCheck::NameTaken => refused(
            call,
            &mut staff,
            &identity,
            "name_taken",
            &format!(
                "Somebody who does not come by the identity provider is called \"{0}\" here. If that is you, an admin ties them to your identity: spigot admin identity {0} --id '{1}'",
                identity.name, identity.id
            ),
        ),
    }
}

fn refused(
    call: &Call<'_>,
    staff: &mut StaffStore,
    identity: &Identity,
    code: &'static str,
    why: &str,
) -> Result<SessionState, Problem> {
    let from = call.peer.to_string();
    let detail = json!({ "method": METHOD, "from": from, "why": code, "identity": identity.id });
    call.audit_as(staff, &identity.name, "session.refused", &identity.name, &detail)?;
    Err(Problem::new(StatusCode::FORBIDDEN, code, why))
}

fn provider<'c>(call: &'c Call<'_>) -> Result<&'c Provider, Problem> {
    call.api.identity.as_ref().ok_or_else(|| {
        Problem::absent("No identity provider is configured; see [panel.oidc] in the documentation")
    })
}

fn told(error: &SignInError) -> Problem {
    match error {
        SignInError::Away(why) => Problem::new(
            StatusCode::BAD_GATEWAY,
            "provider_away",
            format!("The identity provider cannot be asked: {why}. Try again, or sign in in another way"),
        ),
        SignInError::Busy => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Others are signing in at this moment. Try again",
        ),
        SignInError::NotBegun => Problem::new(
            StatusCode::UNAUTHORIZED,
            "not_begun",
            "This sign-in was not begun in this browser, or more than ten minutes ago. Begin again",
        ),
        SignInError::Refused(why) => Problem::new(
            StatusCode::UNAUTHORIZED,
            "provider_refused",
            format!(
                "The identity provider's answer does not hold: {why}. Begin again; an admin finds this in the audit log"
            ),
        ),
    }
}
