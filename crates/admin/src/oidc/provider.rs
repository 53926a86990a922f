use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64URL};
use parking_lot::Mutex;
use serde_json::Value;
use spigot_decision::Millis;
use subtle::ConstantTimeEq;

use super::claims::Identity;
use super::keys::Keys;
use super::token::{Expected, Unbelieved, checked};
use super::{Courier, OidcSettings, is_safe_address};
use crate::open::Open;
use crate::staff::{digest, fresh_secret};

/// How long somebody may take at the provider: a password, a second factor, a phone that has to be found.
pub(crate) const BEGUN_MILLIS: i64 = 10 * 60_000;
/// For so long what the provider has published is taken as it was.
const FRESH_MILLIS: i64 = 3_600_000;
/// After a failure it is not asked again for so long, however many come.
const AWAY_MILLIS: i64 = 5_000;
/// Questions to the provider at once: each holds one of the admin port's threads.
const AT_ONCE: usize = 2;
/// Characters of what a provider says of a failure.
const SAID_MAX: usize = 200;

/// An identity provider, with the sign-ins that have begun there.
pub struct Provider {
    settings: OidcSettings,
    courier: Box<dyn Courier>,
    known: Mutex<Known>,
    begun: Open<Started>,
    at_work: AtomicUsize,
}

/// A sign-in that has begun.
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What the browser keeps, so that nobody ends in another one what was begun in this one.
    pub browser: String,
}

/// Why somebody did not get in, as far as the provider is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// It cannot be asked; in words for people.
    Away(String),
    /// Too many ask at once.
    Busy,
    /// It was not begun here, not in this browser, or too long ago.
    NotBegun,
    /// What it answered does not hold; in words for people.
    Refused(String),
}

struct Started {
    nonce: String,
    /// The verifier of PKCE.
    verifier: String,
    /// The digest of what the browser keeps.
    browser: Vec<u8>,
}

/// What the provider has published, and when that was asked for.
#[derive(Default)]
struct Known {
    endpoints: Option<(Millis, Arc<Endpoints>)>,
    keys: Option<(Millis, Arc<Keys>)>,
    away: Option<(Millis, String)>,
}

struct Endpoints {
    authorization: String,
    token: String,
    keys: String,
    /// It takes name and secret in a header; in the form otherwise.
    takes_basic: bool,
}

impl Provider {
    /// A provider, of which nothing is asked before somebody signs in.
    #[must_use]
    pub fn new(settings: OidcSettings, courier: Box<dyn Courier>) -> Self {
        Self {
            settings,
            courier,
            known: Mutex::default(),
            begun: Open::default(),
            at_work: AtomicUsize::new(0),
        }
    }

    /// What stands on the button.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.settings.label
    }

    /// Where the panel has to be open, so that the provider sends people back to where they began.
    #[must_use]
    pub fn origin(&self) -> &str {
        let redirect = &self.settings.redirect;
        let path = redirect.find("://").and_then(|at| redirect[at + 3..].find('/').map(|path| at + 3 + path));
        path.map_or(redirect, |path| &redirect[..path])
    }

    /// Begins a sign-in. `browser` is what this browser keeps already.
    ///
    /// # Errors
    /// When the provider cannot be asked where that is done.
    pub fn begin(&self, browser: Option<&str>, now: Millis) -> Result<Begun, SignInError> {
        let _turn = self.turn()?;
        let endpoints = self.endpoints(now)?;
        let secret = || fresh_secret("").map_err(SignInError::Away);
        let (state, nonce, verifier) = (secret()?, secret()?, secret()?);
        let browser = match browser {
            Some(browser) => browser.to_owned(),
            None => secret()?,
        };
        let scope = std::iter::once("openid").chain(self.settings.scopes.iter().map(String::as_str));
        let asked = serde_urlencoded::to_string([
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.settings.redirect),
            ("scope", &scope.collect::<Vec<_>>().join(" ")),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &BASE64URL.encode(digest(&verifier))),
            ("code_challenge_method", "S256"),
        ]);
        let asked = asked.map_err(|error| SignInError::Away(error.to_string()))?;
        let mark = if endpoints.authorization.contains('?') { '&' } else { '?' };
        let started = Started { nonce, verifier, browser: digest(&browser) };
        self.begun.ask(state, started, now.plus(BEGUN_MILLIS), now);
        Ok(Begun { url: format!("{}{mark}{asked}", endpoints.authorization), browser })
    }

    /// Ends a sign-in: `code` and `state` as the provider sent them back with the browser, and its name where it did.
    ///
    /// # Errors
    /// Why nobody is signed in by it.
    pub fn end(
        &self,
        code: &str,
        state: &str,
        issuer: Option<&str>,
        browser: Option<&str>,
        now: Millis,
    ) -> Result<Identity, SignInError> {
        let _turn = self.turn()?;
        let started = self.begun.answered(state, now).ok_or(SignInError::NotBegun)?;
        let same = browser.is_some_and(|browser| bool::from(digest(browser).ct_eq(&started.browser)));
        if !same {
            return Err(SignInError::NotBegun);
        }
        // Another provider's answer, brought to this one's address (RFC 9207).
        if issuer.is_some_and(|issuer| issuer != self.settings.issuer) {
            return Err(SignInError::Refused("the answer is of another provider".to_owned()));
        }
        let endpoints = self.endpoints(now)?;
        let token = self.exchanged(&endpoints, code, &started.verifier)?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: &started.nonce,
            now,
        };
        let mut found = checked(&token, self.keys(&endpoints, false, now)?.as_ref(), &expected);
        if found.as_ref().is_err_and(|error| *error == Unbelieved::UnknownKey) {
            // It may have a new key. The token came from the provider itself, so nobody makes us ask by guessing.
            found = checked(&token, self.keys(&endpoints, true, now)?.as_ref(), &expected);
        }
        let found = found.map_err(|error| {
            SignInError::Refused(match error {
                Unbelieved::UnknownKey => "its token is signed by a key that it does not publish".to_owned(),
                Unbelieved::Wrong(why) => format!("its token {why}"),
            })
        })?;
        Ok(self.settings.rules.identity(&self.settings.issuer, &found.subject, &found.claims))
    }

    /// The ID token for a code.
    fn exchanged(&self, endpoints: &Endpoints, code: &str, verifier: &str) -> Result<String, SignInError> {
        let OidcSettings { client_id, client_secret, redirect, .. } = &self.settings;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        let mut authorization = None;
        match client_secret {
            Some(secret) if endpoints.takes_basic => {
                authorization = Some(basic(client_id, secret.expose()));
            }
            Some(secret) => {
                form.extend([("client_id", client_id.as_str()), ("client_secret", secret.expose())]);
            }
            None => form.push(("client_id", client_id)),
        }
        let form = serde_urlencoded::to_string(form).map_err(|error| SignInError::Away(error.to_string()))?;
        let (status, answer) =
            self.courier.post(&endpoints.token, form, authorization).map_err(SignInError::Away)?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        match answer["id_token"].as_str() {
            Some(token) if status == 200 => Ok(token.to_owned()),
            _ => {
                let error = answer["error"].as_str().unwrap_or("no reason given");
                Err(SignInError::Refused(format!("it answers with status {status}: {}", said(error))))
            }
        }
    }

    fn endpoints(&self, now: Millis) -> Result<Arc<Endpoints>, SignInError> {
        if let Some((asked, endpoints)) = &self.known.lock().endpoints
            && now.0 < asked.0 + FRESH_MILLIS
        {
            return Ok(endpoints.clone());
        }
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let found = self.asked(now, || endpoints(&self.courier.get(&address)?, issuer))?;
        let endpoints = Arc::new(found);
        self.known.lock().endpoints = Some((now, endpoints.clone()));
        Ok(endpoints)
    }

    fn keys(&self, endpoints: &Endpoints, is_anew: bool, now: Millis) -> Result<Arc<Keys>, SignInError> {
        if let Some((asked, keys)) = &self.known.lock().keys
            && !is_anew
            && now.0 < asked.0 + FRESH_MILLIS
        {
            return Ok(keys.clone());
        }
        let keys = Arc::new(self.asked(now, || Keys::parse(&self.courier.get(&endpoints.keys)?))?);
        self.known.lock().keys = Some((now, keys.clone()));
        Ok(keys)
    }

    /// Asks for what is published, unless that failed a moment ago.
    fn asked<T>(&self, now: Millis, ask: impl FnOnce() -> Result<T, String>) -> Result<T, SignInError> {
        if let Some((failed, why)) = &self.known.lock().away
            && now.0 < failed.0 + AWAY_MILLIS
        {
            return Err(SignInError::Away(why.clone()));
        }
        let found = ask();
        let why = found.as_ref().err().cloned();
        self.known.lock().away = why.map(|why| (now, why));
        found.map_err(SignInError::Away)
    }

    fn turn(&self) -> Result<Turn<'_>, SignInError> {
        let turn = Turn(&self.at_work);
        if self.at_work.fetch_add(1, Ordering::AcqRel) >= AT_ONCE { Err(SignInError::Busy) } else { Ok(turn) }
    }
}

/// One of those who ask at once; given back when it is dropped.
struct Turn<'a>(&'a AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Reads a discovery document (OpenID Connect Discovery 1.0, section 3). It has to be this provider's own (section 4.3).
fn endpoints(text: &[u8], issuer: &str) -> Result<Endpoints, String> {
    let document: Value = serde_json::from_slice(text)
        .map_err(|error| format!("its discovery document is no JSON: {error}"))?;
    let own = document["issuer"].as_str().unwrap_or_default();
    if own != issuer {
        return Err(format!(
            "it calls itself \"{}\"; write `issuer` in [panel.oidc] exactly so, if that is who is meant",
            said(own)
        ));
    }
    let address = |name: &str| match document[name].as_str() {
        Some(address) if is_safe_address(address) => Ok(address.to_owned()),
        _ => Err(format!("its discovery document has no safe address as `{name}`")),
    };
    // Absent, this is what a provider takes (section 3).
    let methods = document["token_endpoint_auth_methods_supported"].as_array();
    let takes_basic =
        methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
    Ok(Endpoints {
        authorization: address("authorization_endpoint")?,
        token: address("token_endpoint")?,
        keys: address("jwks_uri")?,
        takes_basic,
    })
}

/// Name and secret as a header, each encoded as in a form (RFC 6749, section 2.3.1).
fn basic(client_id: &str, secret: &str) -> String {
    let encoded = |text: &str| {
        let pair = serde_urlencoded::to_string([("", text)]).unwrap_or_default();
        pair.trim_start_matches('=').to_owned()
    };
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret))))
}

/// What a provider says, fit for a sentence.
fn said(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(SAID_MAX).collect()
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
