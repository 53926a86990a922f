//! Signing in by an identity provider: OpenID Connect Core 1.0, the authorization code flow, with PKCE (RFC 7636), state,
//! nonce and, where the provider sends it, its name in the answer (RFC 9207). Nothing here opens a connection: the
//! [`Courier`] does, which is wired where sockets are known.
//!
//! The signatures are checked by `spigot-proof` with `ring`, which is in the program already; the libraries for this
//! bring an RSA that has an open advisory (RUSTSEC-2023-0071), or a second C library of cryptography.

mod claims;
mod keys;
mod provider;
mod token;

pub use claims::{Identity, RoleRules};
pub use provider::{Begun, Provider, SignInError};

/// What is known of a provider from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcSettings {
    /// Its name, which is an address: what its discovery document and every token of its begin with.
    pub issuer: String,
    /// How it calls this panel.
    pub client_id: String,
    /// What proves to it that this panel asks; none for a public client.
    pub client_secret: Option<ClientSecret>,
    /// What stands on the button.
    pub label: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Where it sends people back to.
    pub redirect: String,
    /// Who is let in, and as what.
    pub rules: RoleRules,
}

/// A client's secret. It is not printed, not by accident either.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// Brings questions to the provider and answers back, within bounds of time and size. It may be waited for.
pub trait Courier: Send + Sync {
    /// What is published at an address.
    ///
    /// # Errors
    /// Why there is nothing, in words for people.
    fn get(&self, url: &str) -> Result<Vec<u8>, String>;

    /// Posts a form, and returns the status and what was answered. `authorization` goes into the field of that name.
    ///
    /// # Errors
    /// Why there is no answer, in words for people.
    fn post(&self, url: &str, form: String, authorization: Option<String>) -> Result<(u16, Vec<u8>), String>;
}

/// Whether an address may be asked: by TLS, or on this machine, where trials are.
#[must_use]
pub fn is_safe_address(url: &str) -> bool {
    if url.starts_with("https://") {
        return true;
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address.is_ok_and(|address| address.is_loopback()) || host == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_asked() {
        let check = |url: &str, safe: bool| assert_eq!(is_safe_address(url), safe, "{url}");
        check("https://login.example", true);
        check("http://127.0.0.1:9000/realm", true);
        check("http://[::1]:9000", true);
        check("http://localhost/x", true);
        check("http://login.example", false);
        check("http://127.0.0.1.login.example/", false);
        check("http://localhost@login.example/", false);
        check("ftp://127.0.0.1", false);
        check("", false);
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", ClientSecret::new("hush".to_owned())).contains("hush"));
    }
}
