//! What a site's server may ask for before a challenge: leave for one visitor to earn a token for one action, bound to
//! an address or an account, for a number of uses. The page hands it to the widget.

use std::net::IpAddr;

use crate::keyring::Keyring;
use crate::sealed::{Reader, Seal, Writer};

/// The longest account, in bytes: no log-in name is longer.
pub const ACCOUNT_BYTES: usize = 320;

const VERSION: u8 = 1;
const SEAL: Seal = Seal { prefix: "sct_", cipher: |key| &key.server_token, most: 2048 };

/// A server token as its sealed fields say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerToken {
    /// Its id, which uses are counted by.
    pub id: [u8; 16],
    /// The public site key.
    pub site: String,
    /// The action that it is for; empty for any.
    pub action: String,
    /// Whom it is for; empty when nobody was named.
    pub account: String,
    /// The visitor's address, when it is for one.
    pub client: Option<IpAddr>,
    /// How often it may be used.
    pub uses: u32,
    /// When it was issued, Unix milliseconds.
    pub issued_millis: i64,
    /// When it expires, Unix milliseconds.
    pub expires_millis: i64,
}

/// Seals it; `nonce` is random.
#[must_use]
pub fn seal(keys: &Keyring, token: &ServerToken, nonce: [u8; 24]) -> String {
    let mut plain = Writer::default();
    plain.bytes(&[VERSION]);
    plain.bytes(&token.id);
    plain.bytes(&token.uses.to_le_bytes());
    plain.bytes(&token.issued_millis.to_le_bytes());
    plain.bytes(&token.expires_millis.to_le_bytes());
    for text in [&token.site, &token.action, &token.account] {
        plain.text(text);
    }
    plain.text(&token.client.map(|client| client.to_string()).unwrap_or_default());
    SEAL.close(keys, &plain.0, &nonce)
}

/// Reads one that is ours and in its time.
#[must_use]
pub fn open(keys: &Keyring, text: &str, now_millis: i64) -> Option<ServerToken> {
    let plain = SEAL.open(keys, text)?;
    let mut fields = Reader(&plain);
    let [version] = fields.bytes()?;
    if version != VERSION {
        return None;
    }
    let id = fields.bytes()?;
    let uses = u32::from_le_bytes(fields.bytes()?);
    let issued_millis = i64::from_le_bytes(fields.bytes()?);
    let expires_millis = i64::from_le_bytes(fields.bytes()?);
    let mut text = || fields.text().map(str::to_owned);
    let (site, action, account, client) = (text()?, text()?, text()?, text()?);
    let client = if client.is_empty() { None } else { Some(client.parse().ok()?) };
    let token = ServerToken { id, site, action, account, client, uses, issued_millis, expires_millis };
    (fields.is_empty() && now_millis < expires_millis).then_some(token)
}
