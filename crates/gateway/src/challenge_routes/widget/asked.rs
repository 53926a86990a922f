//! What a widget asks for, read and checked before anything is counted or computed.

use std::sync::Arc;

use serde::Deserialize;
use spigot_challenge::server_token::{self, ServerToken};
use spigot_challenge::token::{ACTION_LETTERS, DATA_BYTES, DATA_CHARACTERS};
use spigot_challenge::{Errand, from_text};
use spigot_decision::behaviour::Pressed;
use spigot_decision::{Behaviour, Prefix};

use super::PROTOCOL;
use super::trouble::Trouble;
use crate::pipeline::{Seen, Snapshot};
use crate::site_keys::{NO_HOST, SiteKey};

#[derive(Deserialize)]
pub(super) struct Asked {
    pub(super) site_key: String,
    action: Option<String>,
    data: Option<String>,
    #[serde(default)]
    pub(super) interactive: bool,
    pub(super) again: Option<String>,
    server_token: Option<String>,
    #[serde(default)]
    challenge: String,
    #[serde(default)]
    proof: String,
    #[serde(default)]
    millis: f64,
    pressed: Option<Pressed>,
    /// The client's own word, like `pressed`: it can add to the risk and never take from it.
    seen: Option<Behaviour>,
}

/// Whom and what a token is for. The strings are the call's own.
pub(super) struct For<'a> {
    pub(super) site: Arc<SiteKey>,
    pub(super) host: &'a str,
    pub(super) action: &'a str,
    pub(super) data: &'a str,
    pub(super) server_token: Option<ServerToken>,
}

impl Asked {
    pub(super) fn read(body: &[u8]) -> Result<Self, Trouble> {
        #[derive(Deserialize)]
        struct Version {
            protocol: u32,
        }
        // The version first: another one may have other members.
        let version = serde_json::from_slice::<Version>(body)
            .map_err(|_| Trouble::Malformed("The body is no JSON object with the number `protocol`."))?;
        if version.protocol != PROTOCOL {
            return Err(Trouble::ProtocolUnsupported);
        }
        serde_json::from_slice(body)
            .map_err(|_| Trouble::Malformed("A member is missing or of another type; `site_key` is a text, `by` of `pressed` is `pointer`, `key` or `other`, and numbers in it and in `seen` are whole."))
    }

    /// Checks it against the site.
    pub(super) fn checked<'a>(
        &'a self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        host: Option<&'a str>,
    ) -> Result<For<'a>, Trouble> {
        let site = snapshot.service.sites.site(&self.site_key).ok_or(Trouble::SiteKeyUnknown)?;
        let host = host.ok_or(Trouble::Malformed("The Origin cannot be read."))?;
        if !site.allows(host) {
            let named = if host == NO_HOST { "no host (an app or a file)" } else { host };
            return Err(Trouble::HostNotAllowed(named.to_owned()));
        }
        let action = self.action.as_deref().unwrap_or_default();
        let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if action.len() > ACTION_LETTERS || !action.bytes().all(is_letter) {
            return Err(Trouble::ActionMalformed);
        }
        let data = self.data.as_deref().unwrap_or_default();
        if data.len() > DATA_BYTES || data.chars().count() > DATA_CHARACTERS {
            return Err(Trouble::DataTooLong);
        }
        let granted = |text: &String| {
            let token = server_token::open(&snapshot.keyring, text, seen.now.0)?;
            let here = Prefix::client(seen.client);
            let fits = token.site == site.key
                && (token.action.is_empty() || token.action == action)
                && token.client.is_none_or(|client| Prefix::client(client) == here);
            fits.then_some(token)
        };
        let server_token = match &self.server_token {
            Some(text) => Some(granted(text).ok_or(Trouble::ServerTokenInvalid)?),
            None => None,
        };
        Ok(For { site: site.clone(), host, action, data, server_token })
    }

    pub(super) fn challenge(&self) -> Vec<u8> {
        from_text(&self.challenge).unwrap_or_default()
    }

    pub(super) fn proof(&self) -> Vec<u8> {
        from_text(&self.proof).unwrap_or_default()
    }

    /// How long the browser says that it took.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped, and it is only told
    pub(super) fn claimed_millis(&self) -> u32 {
        self.millis.clamp(0.0, 1e9) as u32
    }

    /// Whether the widget shows a button, or did.
    pub(super) fn wants_press(&self) -> bool {
        self.interactive || self.is_pressed()
    }

    fn is_pressed(&self) -> bool {
        self.pressed.is_some()
    }

    /// Whether somebody pressed the button: no script, and not before it could be seen.
    pub(super) fn answers_press(&self, errand: &For<'_>) -> bool {
        self.pressed_at(errand.host).is_some_and(Pressed::is_an_answer)
    }

    /// What the client says was seen, the press included.
    pub(super) fn behaviour(&self, errand: &For<'_>) -> Option<Behaviour> {
        let pressed = self.pressed_at(errand.host);
        (self.seen.is_some() || pressed.is_some())
            .then(|| Behaviour { pressed, ..self.seen.unwrap_or_default() })
    }

    /// A call of no page comes from an app.
    fn pressed_at(&self, host: &str) -> Option<Pressed> {
        self.pressed.map(|pressed| Pressed { in_app: host == NO_HOST, ..pressed })
    }
}

impl For<'_> {
    /// The request as its challenge sees it: of the page's host, for this errand.
    pub(super) fn seen<'b>(&'b self, seen: &Seen<'b>, press: bool) -> Seen<'b> {
        let errand = Errand { site: &self.site.key, action: self.action, data: self.data, press };
        Seen { host: self.host, errand: Some(errand), ..*seen }
    }

    /// Whom the site's server says that it is for.
    pub(super) fn account(&self) -> &str {
        self.server_token.as_ref().map_or("", |token| &token.account)
    }
}
