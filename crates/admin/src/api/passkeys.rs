//! Passkeys: made on one's own account, and signed in with.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::Call;
use super::guard::header_text;
use super::me::{PasswordAgain, own, still_them};
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use super::session::{SessionState, refused_sign_in, start};
use super::throttle::Attempt;
use crate::staff::passkey::{self, Asked, EDDSA, ES256};
use crate::staff::{Need, Passkey, digest};

/// How long a browser may take to ask its owner.
const LIFE_MILLIS: i64 = 5 * 60_000;
/// Hands out a challenge, for this user or for anybody.
fn ask(call: &Call<'_>, user: Option<&str>) -> Result<String, Problem> {
    let secret = crate::staff::fresh_secret("").map_err(Problem::ours)?;
    let challenge = passkey::text(&digest(&secret));
    let end = call.now.plus(LIFE_MILLIS);
    call.api.questions.ask(challenge.clone(), user.map(str::to_owned), end, call.now);
    Ok(challenge)
}

/// Whether a challenge was handed out for this user, or for anybody; each is answered once.
fn was_asked(call: &Call<'_>, challenge: &str, user: Option<&str>) -> bool {
    call.api.questions.answered(challenge, call.now).is_some_and(|of| of.as_deref() == user)
}

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::send(
            "session.passkey_question",
            Method::POST,
            "/api/session/passkey/question",
            Need::Nobody,
            "What a browser asks its authenticator for, to sign in.",
            question_anybody,
        ),
        Operation::send(
            "session.passkey",
            Method::POST,
            "/api/session/passkey",
            Need::Nobody,
            "Signs in with a passkey.",
            sign_in,
        ),
        Operation::get("me.passkeys", "/api/me/passkeys", Need::Own, "One's passkeys.", list),
        Operation::send(
            "me.passkey_question",
            Method::POST,
            "/api/me/passkeys/question",
            Need::Own,
            "What a browser asks its authenticator for, to make a passkey.",
            question_me,
        ),
        Operation::send(
            "me.add_passkey",
            Method::POST,
            "/api/me/passkeys",
            Need::Own,
            "Adds a passkey.",
            add,
        ),
        Operation::send(
            "me.remove_passkey",
            Method::DELETE,
            "/api/me/passkeys/{passkey}",
            Need::Own,
            "Removes one of one's passkeys.",
            remove,
        ),
    ]
}

/// What a browser asks its authenticator for.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PasskeyQuestion {
    /// base64url.
    challenge: String,
    /// The relying party's id.
    host: String,
    /// Of a new one: whom it is for, in base64url, and how they are called.
    user: Option<String>,
    name: Option<String>,
    /// Of a new one: the COSE algorithms that are known here.
    algorithms: Vec<i64>,
    /// Of a new one: the ids of those that there are, in base64url.
    known: Vec<String>,
}

/// What an authenticator brought to sign in; all of it base64url.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeySignIn {
    challenge: String,
    id: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
}

/// What an authenticator brought of a new passkey; all of it base64url.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyMade {
    challenge: String,
    client_data: String,
    authenticator_data: String,
    /// A SubjectPublicKeyInfo.
    public_key: String,
    algorithm: i64,
    /// How its user calls it; no base64url.
    label: String,
}

/// One's passkeys.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Passkeys {
    passkeys: Vec<PasskeyShown>,
}

/// A passkey.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PasskeyShown {
    id: String,
    label: String,
    created: String,
    used: Option<String>,
}

fn question_anybody(call: &Call<'_>, _: &Nothing) -> Result<PasskeyQuestion, Problem> {
    let challenge = ask(call, None)?;
    let (_, host) = page(call)?;
    Ok(PasskeyQuestion { challenge, host, user: None, name: None, algorithms: Vec::new(), known: Vec::new() })
}

fn question_me(call: &Call<'_>, again: &PasswordAgain) -> Result<PasskeyQuestion, Problem> {
    let (mine, mut staff) = (own(call)?, call.staff()?);
    still_them(call, &mut staff, mine, again.password.as_deref())?;
    let (_, host) = page(call)?;
    let known = staff.passkeys_of(&mine.user.name)?;
    Ok(PasskeyQuestion {
        challenge: ask(call, Some(&mine.user.name))?,
        host,
        user: Some(passkey::text(&mine.user.handle)),
        name: Some(mine.user.name.clone()),
        algorithms: vec![ES256, EDDSA],
        known: known.iter().map(|known| passkey::text(&known.id)).collect(),
    })
}

fn sign_in(call: &Call<'_>, brought: &PasskeySignIn) -> Result<SessionState, Problem> {
    let refused = |why: &str| Problem::new(StatusCode::UNAUTHORIZED, "wrong", why);
    if !was_asked(call, &brought.challenge, None) {
        return Err(refused("That took too long. Try again"));
    }
    let bytes = |text: &str| passkey::bytes(text).map_err(refused);
    let (origin, host) = page(call)?;
    let asked = Asked { challenge: &brought.challenge, origin: &origin, host: &host };
    let mut staff = call.staff()?;
    let known = staff.passkey(&bytes(&brought.id)?)?;
    let known =
        known.ok_or_else(|| refused("This passkey is not known here; sign in another way and add it"))?;
    // No name is guessed here, so nobody's failures under a name keep its owner's passkey out.
    let attempt = Attempt::of_address(call.peer);
    if call.api.throttle.wait_millis(&attempt, call.now) > 0 {
        return Err(refused("Too many attempts. Wait a moment"));
    }
    let count = passkey::asserted(
        &asked,
        &bytes(&brought.client_data)?,
        &bytes(&brought.authenticator_data)?,
        &bytes(&brought.signature)?,
        (known.algorithm, &known.key, known.count),
    );
    let count = match count {
        Ok(count) => count,
        Err(why) => {
            // Passkeys are known by long random ids: who brings one has seen it before.
            call.api.throttle.failed(&attempt, call.now);
            refused_sign_in(call, &mut staff, &known.user, "passkey")?;
            return Err(refused(why));
        }
    };
    if staff.user(&known.user)?.is_none_or(|user| user.is_disabled || user.oidc.is_some()) {
        return Err(refused("This passkey does not count here any more. Ask an admin"));
    }
    staff.passkey_used(&known.id, count, call.now)?;
    start(call, &mut staff, &known.user, "passkey")
}

fn add(call: &Call<'_>, brought: &PasskeyMade) -> Result<Nothing, Problem> {
    let mine = own(call)?;
    if !was_asked(call, &brought.challenge, Some(&mine.user.name)) {
        return Err(Problem::refused("That took too long. Try again"));
    }
    let bytes = |text: &str| passkey::bytes(text).map_err(Problem::refused);
    let (origin, host) = page(call)?;
    let asked = Asked { challenge: &brought.challenge, origin: &origin, host: &host };
    let made = passkey::made(
        &asked,
        &bytes(&brought.client_data)?,
        &bytes(&brought.authenticator_data)?,
        brought.algorithm,
        &bytes(&brought.public_key)?,
    )
    .map_err(Problem::refused)?;
    let label: String = brought.label.trim().chars().take(64).collect();
    let detail = json!({ "added": label });
    let mut staff = call.staff()?;
    staff.add_passkey(&Passkey {
        id: made.id,
        user: mine.user.name.clone(),
        label,
        algorithm: brought.algorithm,
        key: made.key,
        count: made.count,
        created: call.now,
        used: None,
    })?;
    call.audit(&mut staff, "user.passkey", &mine.user.name, &detail)?;
    Ok(Nothing {})
}

fn list(call: &Call<'_>, _: &Nothing) -> Result<Passkeys, Problem> {
    let mine = own(call)?;
    let passkeys = call.staff()?.passkeys_of(&mine.user.name)?.into_iter().map(|known| PasskeyShown {
        id: passkey::text(&known.id),
        label: known.label,
        created: known.created.to_string(),
        used: known.used.map(|used| used.to_string()),
    });
    Ok(Passkeys { passkeys: passkeys.collect() })
}

fn remove(call: &Call<'_>, _: &Nothing) -> Result<Nothing, Problem> {
    let (mine, mut staff) = (own(call)?, call.staff()?);
    let id = passkey::bytes(call.name("passkey")).map_err(Problem::refused)?;
    if !staff.remove_passkey(&mine.user.name, &id)? {
        return Err(Problem::absent("You have no such passkey"));
    }
    call.audit(&mut staff, "user.passkey", &mine.user.name, &json!({ "removed": call.name("passkey") }))?;
    Ok(Nothing {})
}

/// Origin and host of the page that calls. The guard has compared the origin with `Host`, and `Host` with the names that
/// the panel has.
fn page(call: &Call<'_>) -> Result<(String, String), Problem> {
    let origin =
        header_text(call.headers, "origin").ok_or_else(|| Problem::refused("Passkeys are for browsers"))?;
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let host = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    if host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[') {
        return Err(Problem::refused(
            "Browsers keep passkeys for names and not for addresses. Open the panel as localhost",
        ));
    }
    Ok((origin.to_owned(), host.to_owned()))
}
