//! Users of the panel, and tokens of programs.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spigot_decision::Millis;

use super::call::{Call, Caller};
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::resources::check_resources;
use super::settings::ahead;
use crate::staff::{LINK_MILLIS, Need, Role, Token};

pub(crate) fn operations() -> Vec<Operation> {
    let (users, user) = ("/api/users", "/api/users/{user}");
    let (tokens, token) = ("/api/tokens", "/api/tokens/{token}");
    vec![
        Operation::get("users.list", users, Need::Administer, "Everybody who may sign in.", list),
        Operation::send(
            "users.add",
            Method::POST,
            users,
            Need::Administer,
            "Adds a user, and a one-time link for them.",
            add,
        ),
        Operation::send(
            "users.role",
            Method::PUT,
            user,
            Need::Administer,
            "Gives a user another role.",
            change_role,
        ),
        Operation::send(
            "users.link",
            Method::POST,
            "/api/users/{user}/link",
            Need::Administer,
            "A one-time link for a user who cannot sign in.",
            |call, _: &Nothing| link(call, call.name("user")),
        ),
        Operation::send(
            "users.state",
            Method::PUT,
            "/api/users/{user}/state",
            Need::Administer,
            "Keeps a user out, or lets them in again.",
            change_state,
        ),
        Operation::send(
            "users.identity",
            Method::PUT,
            "/api/users/{user}/identity",
            Need::Administer,
            "Ties a user to an identity of the provider, or unties them.",
            change_identity,
        ),
        Operation::send(
            "users.remove",
            Method::DELETE,
            user,
            Need::Administer,
            "Removes a user.",
            remove_user,
        ),
        Operation::get("tokens.list", tokens, Need::Administer, "The tokens of programs.", list_tokens),
        Operation::send(
            "tokens.add",
            Method::POST,
            tokens,
            Need::Administer,
            "Makes a token, shown once.",
            add_token,
        ),
        Operation::send("tokens.revoke", Method::DELETE, token, Need::Administer, "Revokes a token.", revoke),
    ]
}

/// Everybody who may sign in.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Users {
    users: Vec<UserShown>,
}

/// A user.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UserShown {
    name: String,
    role: Role,
    created: String,
    last_seen: Option<String>,
    has_password: bool,
    has_totp: bool,
    passkeys: u32,
    has_identity: bool,
    /// Issuer and subject, by which the identity provider knows them.
    identity: Option<String>,
    /// They are kept out.
    is_disabled: bool,
}

/// A user to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserWanted {
    name: String,
    role: Role,
}

/// Another role.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleWanted {
    role: Role,
}

/// In or out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateWanted {
    /// They are kept out.
    is_disabled: bool,
}

/// Who they are at the identity provider.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityWanted {
    /// Issuer and subject with a space between; absent to untie them.
    identity: Option<String>,
}

/// A one-time link: what follows the panel's address.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OneTimeLink {
    path: String,
    until: String,
}

/// Tokens.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tokens {
    tokens: Vec<TokenShown>,
    /// What a token can be restricted to.
    resources: Vec<&'static str>,
}

/// A token, without its secret.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TokenShown {
    name: String,
    role: Role,
    resources: Vec<String>,
    creator: String,
    created: String,
    until: Option<String>,
    used: Option<String>,
}

/// A token to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenWanted {
    name: String,
    role: Role,
    /// The resources that it is for; all when empty.
    #[serde(default)]
    resources: Vec<String>,
    /// Without end when absent.
    until: Option<String>,
}

/// A fresh token.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FreshToken {
    /// Shown this once.
    secret: String,
}

fn list(call: &Call<'_>, _: &Nothing) -> Result<Users, Problem> {
    let users = call.staff()?.users()?.into_iter().map(|user| UserShown {
        name: user.name,
        role: user.role,
        created: user.created.to_string(),
        last_seen: user.last_seen.map(|seen| seen.to_string()),
        has_password: user.has_password,
        has_totp: user.has_totp,
        passkeys: user.passkeys,
        has_identity: user.oidc.is_some(),
        identity: user.oidc,
        is_disabled: user.is_disabled,
    });
    Ok(Users { users: users.collect() })
}

fn add(call: &Call<'_>, wanted: &UserWanted) -> Result<OneTimeLink, Problem> {
    let mut staff = call.staff()?;
    staff.add_user(&wanted.name, wanted.role, call.now)?;
    call.audit(&mut staff, "user.add", &wanted.name, &json!({ "role": wanted.role }))?;
    link(call, &wanted.name)
}

fn link(call: &Call<'_>, name: &str) -> Result<OneTimeLink, Problem> {
    let mut staff = call.staff()?;
    let secret = staff.add_link(name, call.now)?;
    call.audit(&mut staff, "user.link", name, &json!({}))?;
    Ok(OneTimeLink { path: format!("/#/welcome/{secret}"), until: call.now.plus(LINK_MILLIS).to_string() })
}

fn change_role(call: &Call<'_>, wanted: &RoleWanted) -> Result<Nothing, Problem> {
    let (mut staff, name) = (call.staff()?, call.name("user"));
    known(staff.user(name)?.is_some(), name)?;
    staff.set_role(name, wanted.role)?;
    call.audit(&mut staff, "user.role", name, &json!({ "role": wanted.role }))?;
    Ok(Nothing {})
}

fn change_state(call: &Call<'_>, wanted: &StateWanted) -> Result<Nothing, Problem> {
    let (mut staff, name) = (call.staff()?, call.name("user"));
    known(staff.user(name)?.is_some(), name)?;
    staff.set_disabled(name, wanted.is_disabled)?;
    let what = if wanted.is_disabled { "user.disable" } else { "user.enable" };
    call.audit(&mut staff, what, name, &json!({}))?;
    Ok(Nothing {})
}

fn change_identity(call: &Call<'_>, wanted: &IdentityWanted) -> Result<Nothing, Problem> {
    let (mut staff, name) = (call.staff()?, call.name("user"));
    known(staff.user(name)?.is_some(), name)?;
    staff.set_identity(name, wanted.identity.as_deref())?;
    call.audit(&mut staff, "user.identity", name, &json!({ "identity": wanted.identity }))?;
    Ok(Nothing {})
}

fn remove_user(call: &Call<'_>, _: &Nothing) -> Result<Nothing, Problem> {
    let (mut staff, name) = (call.staff()?, call.name("user"));
    known(staff.user(name)?.is_some(), name)?;
    staff.remove_user(name)?;
    call.audit(&mut staff, "user.remove", name, &json!({}))?;
    Ok(Nothing {})
}

fn known(is_known: bool, name: &str) -> Result<(), Problem> {
    if is_known { Ok(()) } else { Err(Problem::absent(format!("There is no \"{name}\""))) }
}

fn list_tokens(call: &Call<'_>, _: &Nothing) -> Result<Tokens, Problem> {
    let tokens = call.staff()?.tokens()?.into_iter().map(|token| TokenShown {
        name: token.name,
        role: token.role,
        resources: token.resources,
        creator: token.creator,
        created: token.created.to_string(),
        until: token.end.map(|end| end.to_string()),
        used: token.used.map(|used| used.to_string()),
    });
    Ok(Tokens { tokens: tokens.collect(), resources: super::resources::resources() })
}

fn add_token(call: &Call<'_>, wanted: &TokenWanted) -> Result<FreshToken, Problem> {
    check_resources(&wanted.resources).map_err(Problem::refused)?;
    let mut staff = call.staff()?;
    let end = wanted.until.as_deref().map(|until| ahead(until, call.now)).transpose()?;
    let secret = staff.add_token(&Token {
        name: wanted.name.clone(),
        role: wanted.role,
        resources: wanted.resources.clone(),
        creator: answerable(call),
        created: call.now,
        end: end.map(Millis),
        used: None,
    })?;
    let detail = json!({ "role": wanted.role, "resources": wanted.resources });
    call.audit(&mut staff, "token.add", &wanted.name, &detail)?;
    Ok(FreshToken { secret })
}

/// The person behind a call: a token that a token makes ends with the one who made the first.
fn answerable(call: &Call<'_>) -> String {
    match &call.caller {
        Caller::Program(token) => token.creator.clone(),
        caller => caller.name(),
    }
}

fn revoke(call: &Call<'_>, _: &Nothing) -> Result<Nothing, Problem> {
    let (mut staff, name) = (call.staff()?, call.name("token"));
    known(staff.remove_token(name)?, name)?;
    call.audit(&mut staff, "token.revoke", name, &json!({}))?;
    Ok(Nothing {})
}
