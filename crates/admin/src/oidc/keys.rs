//! The keys that a provider signs with, as it publishes them (RFC 7517).

use serde_json::Value;
use spigot_proof::PublicKey;

/// Keys of one provider at most: those in use, before and to come.
const KEYS_MAX: usize = 64;

/// A provider's keys. Those of kinds that are not known here are left out: it may have some for other purposes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Vec<SigningKey>);

#[derive(Clone, Debug)]
struct SigningKey {
    key: PublicKey,
    /// The one algorithm that it is for, where it says so.
    algorithm: Option<String>,
}

/// Whose signature it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotSigned {
    /// None of the known keys has this name. The provider may have a new one.
    UnknownKey,
    /// The key that it names did not sign it.
    Wrong,
}

impl Keys {
    /// Reads what is published.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let set: Value =
            serde_json::from_slice(text).map_err(|error| format!("its keys are no JSON: {error}"))?;
        let published = set["keys"].as_array().ok_or("its keys have no `keys`")?;
        if published.len() > KEYS_MAX {
            return Err(format!("it has {} keys; at most {KEYS_MAX} are read", published.len()));
        }
        let for_signatures = published.iter().filter(|key| key["use"].as_str().is_none_or(|of| of == "sig"));
        let keys = for_signatures.filter_map(|jwk| {
            let algorithm = jwk["alg"].as_str().map(str::to_owned);
            PublicKey::from_jwk(jwk).ok().map(|key| SigningKey { key, algorithm })
        });
        Ok(Self(keys.collect()))
    }

    /// Whether the key of this name signed it so. A signature that names no key may be by any of them (OpenID Connect
    /// Core, section 10.1).
    pub(crate) fn signed(
        &self,
        name: Option<&str>,
        algorithm: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), NotSigned> {
        let named: Vec<_> =
            self.0.iter().filter(|known| name.is_none() || known.key.name() == name).collect();
        if named.is_empty() {
            return Err(NotSigned::UnknownKey);
        }
        let fits = |known: &&&SigningKey| known.algorithm.as_deref().is_none_or(|only| only == algorithm);
        let signed = |known: &SigningKey| known.key.signed_token(algorithm, message, signature);
        if named.iter().filter(fits).any(|known| signed(known)) { Ok(()) } else { Err(NotSigned::Wrong) }
    }
}
