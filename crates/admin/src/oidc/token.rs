//! An ID token, checked as OpenID Connect Core 1.0, section 3.1.3.7, has it. What is not shown to be right is wrong.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;
use spigot_decision::Millis;
use subtle::ConstantTimeEq;

use super::keys::{Keys, NotSigned};

/// Bytes of a token at most: people in many groups have long ones.
const TOKEN_BYTES_MAX: usize = 64 << 10;
/// A subject has at most 255 characters (section 2).
const SUBJECT_MAX: usize = 255;
/// How far the provider's clock may be from ours.
const SKEW_SECONDS: i64 = 60;

/// What a token has to be for.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: Millis,
}

/// Why it is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unbelieved {
    /// By a key that is not known: the provider may have a new one.
    UnknownKey,
    /// In words that follow "its token".
    Wrong(&'static str),
}

/// A checked token. Only [`checked`] makes one.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) subject: String,
    pub(crate) claims: Value,
}

/// Checks a token.
///
/// # Errors
/// Why it is not believed; every path that does not prove it right is one.
pub(crate) fn checked(text: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Checked, Unbelieved> {
    let wrong = |why: &'static str| Err(Unbelieved::Wrong(why));
    if text.len() > TOKEN_BYTES_MAX {
        return wrong("is longer than any that is read here");
    }
    let Some((signed, signature)) = text.rsplit_once('.') else { return wrong("is none") };
    let Some((head, body)) = signed.split_once('.') else { return wrong("is none") };
    let (Some(head), Ok(signature)) = (json(head), BASE64URL.decode(signature)) else {
        return wrong("cannot be read");
    };
    // What somebody says must be understood, and is not, makes it void (RFC 7515, section 4.1.11).
    if head.get("crit").is_some() {
        return wrong("asks for something that is not known here");
    }
    let algorithm = head["alg"].as_str().unwrap_or_default();
    match keys.signed(head["kid"].as_str(), algorithm, signed.as_bytes(), &signature) {
        Ok(()) => {}
        Err(NotSigned::UnknownKey) => return Err(Unbelieved::UnknownKey),
        Err(NotSigned::Wrong) => return wrong("is not signed by the provider's key"),
    }
    let Some(claims) = json(body).filter(Value::is_object) else { return wrong("cannot be read") };
    if let Some(why) = unfit(&claims, expected) {
        return wrong(why);
    }
    let subject = claims["sub"].as_str().unwrap_or_default().to_owned();
    if subject.is_empty() || subject.len() > SUBJECT_MAX {
        return wrong("names nobody");
    }
    Ok(Checked { subject, claims })
}

fn unfit(claims: &Value, expected: &Expected<'_>) -> Option<&'static str> {
    if claims["iss"].as_str() != Some(expected.issuer) {
        return Some("is of another issuer");
    }
    let (is_ours, is_for_others) = match &claims["aud"] {
        Value::String(one) => (one == expected.client_id, false),
        Value::Array(several) => {
            let ours = |audience: &Value| audience.as_str() == Some(expected.client_id);
            (several.iter().any(ours), !several.iter().all(ours))
        }
        _ => (false, true),
    };
    if !is_ours {
        return Some("is for another client");
    }
    // Whom it was made for, where it is for several: another client must not hand on what it was given.
    let party = claims.get("azp");
    if (is_for_others || party.is_some()) && party.and_then(Value::as_str) != Some(expected.client_id) {
        return Some("was made for another client");
    }
    let seconds = |claim: &str| claims[claim].as_f64().filter(|time| time.is_finite());
    #[allow(clippy::cast_precision_loss)] // seconds
    let now = (expected.now.0 / 1000) as f64;
    #[allow(clippy::cast_precision_loss)]
    let skew = SKEW_SECONDS as f64;
    match seconds("exp") {
        Some(end) if now < end + skew => {}
        Some(_) => return Some("is over. Are the clocks of both machines right?"),
        None => return Some("has no end"),
    }
    match seconds("iat") {
        Some(made) if made <= now + skew => {}
        Some(_) => return Some("is of a time to come. Are the clocks of both machines right?"),
        None => return Some("does not say when it was made"),
    }
    if claims.get("nbf").is_some() && seconds("nbf").is_none_or(|from| from > now + skew) {
        return Some("does not count yet. Are the clocks of both machines right?");
    }
    let nonce = claims["nonce"].as_str().unwrap_or_default();
    if nonce.is_empty() || !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Some("answers another sign-in");
    }
    None
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64URL.decode(part).ok()?).ok()
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
