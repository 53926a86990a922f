//! Public keys as JSON Web Keys (RFC 7517), named by their thumbprints (RFC 7638).

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::encoding::{base64url, from_base64url};

/// Keys of one set: each signature is looked for among all of them, and nobody rotates through more.
pub const KEYS_MAX: usize = 32;
/// Characters of a key's own name.
const NAME_MAX: usize = 128;
/// Bytes of an RSA modulus: 2048 to 4096 bits. Larger ones cost more to check than they are worth here.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// How a key signs, by RFC 9421's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    Ed25519,
    /// ECDSA over P-256 with SHA-256, `r` and `s` side by side.
    EcdsaP256Sha256,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    RsaPssSha512,
}

impl Algorithm {
    /// Its name in signatures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::RsaPssSha512 => "rsa-pss-sha512",
        }
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// For RSA the modulus.
    bytes: Vec<u8>,
    /// RSA's public exponent, empty otherwise.
    exponent: Vec<u8>,
    thumbprint: String,
    name: Option<String>,
}

impl PublicKey {
    /// Reads a JSON Web Key.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow "a key".
    pub fn from_jwk(jwk: &Value) -> Result<Self, String> {
        let text = |member: &str| jwk[member].as_str().unwrap_or_default();
        let bytes = |member: &str| {
            from_base64url(text(member)).ok_or_else(|| format!("has a `{member}` that is no base64url"))
        };
        if jwk.get("d").is_some() || jwk.get("k").is_some() {
            return Err("holds a secret; write the public part alone here".to_owned());
        }
        let (algorithm, bytes, exponent, canonical) = match (text("kty"), text("crv")) {
            ("OKP", "Ed25519") => {
                let x = bytes("x")?;
                if x.len() != 32 {
                    return Err("has an `x` of another length than 32 bytes".to_owned());
                }
                let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(&x));
                (Algorithm::Ed25519, x, Vec::new(), canonical)
            }
            ("EC", "P-256") => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != 32 || y.len() != 32 {
                    return Err("has an `x` or `y` of another length than 32 bytes".to_owned());
                }
                let (shown_x, shown_y) = (base64url(&x), base64url(&y));
                let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{shown_x}","y":"{shown_y}"}}"#);
                (Algorithm::EcdsaP256Sha256, [&[4][..], &x, &y].concat(), Vec::new(), canonical)
            }
            ("RSA", _) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                if !MODULUS.contains(&n.len()) || n.first() == Some(&0) || e.len() > 4 {
                    return Err("is RSA of another size than 2048 to 4096 bits".to_owned());
                }
                let canonical = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url(&e), base64url(&n));
                (Algorithm::RsaPssSha512, n, e, canonical)
            }
            (kty, crv) => {
                return Err(format!(
                    "is of a kind that is not known here (kty {kty:?}, crv {crv:?}); Ed25519, P-256 and RSA are"
                ));
            }
        };
        let thumbprint = base64url(&Sha256::digest(canonical.as_bytes()));
        let name = jwk["kid"].as_str().filter(|name| name.len() <= NAME_MAX).map(str::to_owned);
        Ok(Self { algorithm, bytes, exponent, thumbprint, name })
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The thumbprint of RFC 7638, by which Web Bot Auth names keys.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// How its owner calls it, `kid`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its bytes, and RSA's exponent.
    pub(crate) fn parts(&self) -> (&[u8], &[u8]) {
        (&self.bytes, &self.exponent)
    }

    /// Whether it signed these bytes.
    #[must_use]
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.bytes).verify(message, signature),
            Algorithm::EcdsaP256Sha256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.bytes).verify(message, signature)
            }
            Algorithm::RsaPssSha512 => RsaPublicKeyComponents { n: &self.bytes, e: &self.exponent }.verify(
                &RSA_PSS_2048_8192_SHA512,
                message,
                signature,
            ),
        }
        .is_ok()
    }
}

/// Keys of one signer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

impl KeySet {
    /// Reads a JSON Web Key Set, or a single key. All of it has to be understood: this is the operator's own file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
        let jwks = match json["keys"].as_array() {
            Some(jwks) => jwks.as_slice(),
            None if json["kty"].is_string() => std::slice::from_ref(&json),
            None => return Err("it has no `keys`".to_owned()),
        };
        if jwks.is_empty() || jwks.len() > KEYS_MAX {
            return Err(format!("it has {} keys; 1 to {KEYS_MAX} are allowed", jwks.len()));
        }
        let keys = (1..)
            .zip(jwks)
            .map(|(number, jwk)| PublicKey::from_jwk(jwk).map_err(|error| format!("key {number} {error}")));
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }

    pub(crate) fn new(keys: Vec<PublicKey>) -> Self {
        Self { keys }
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The key with this thumbprint.
    #[must_use]
    pub fn by_thumbprint(&self, thumbprint: &str) -> Option<&PublicKey> {
        self.keys.iter().find(|key| key.thumbprint == thumbprint)
    }

    /// The key with this thumbprint or name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&PublicKey> {
        self.by_thumbprint(id).or_else(|| self.keys.iter().find(|key| key.name.as_deref() == Some(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_by_their_thumbprints() {
        let check = |jwk: &str, algorithm: Algorithm, thumbprint: &str| {
            let set = KeySet::parse(jwk).unwrap();
            assert_eq!((set.keys[0].algorithm, set.keys[0].thumbprint()), (algorithm, thumbprint));
            assert_eq!(set.find(thumbprint), set.keys.first());
        };
        // RFC 8037, appendix A.3, and RFC 7638, section 3.1.
        check(
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            Algorithm::Ed25519,
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        );
        check(
            r#"{"keys":[{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}"#,
            Algorithm::RsaPssSha512,
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        );
    }

    #[test]
    fn what_is_wrong_with_keys_is_said() {
        let check = |text: &str, said: &str| {
            let error = KeySet::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        };
        check("{", "no JSON");
        check("{}", "no `keys`");
        check(r#"{"keys":[]}"#, "0 keys");
        check(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#, "key 1 holds a secret");
        check(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}"#, "key 1 holds a secret");
        check(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#, "another length");
        check(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"!"}]}"#, "no base64url");
        check(r#"{"keys":[{"kty":"EC","crv":"P-521"}]}"#, "not known here");
        check(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "another size");
    }
}
