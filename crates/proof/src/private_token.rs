//! Privacy Pass: tokens that an issuer gave a client blindly, so that nobody can tell whom it gave them to. The
//! `PrivateToken` scheme (RFC 9577) with publicly verifiable tokens (RFC 9578, section 6: blind RSA, 2048 bits).

use ring::signature::{RSA_PSS_2048_8192_SHA384, RsaPublicKeyComponents};
use sha2::{Digest, Sha256};

use crate::der::element;
use crate::encoding::{base64url_padded, from_base64url};

/// Blind RSA with 2048 bits.
const TOKEN_TYPE: [u8; 2] = [0, 2];
const SIGNATURE_BYTES: usize = 256;
/// Type, nonce, digest of the challenge, id of the key; then the signature.
const INPUT_BYTES: usize = 2 + 32 + 32 + 32;
const TOKEN_BYTES: usize = INPUT_BYTES + SIGNATURE_BYTES;
/// Characters of an `Authorization` field that is looked at: a token in base 64 has 472.
const CREDENTIALS_MAX: usize = 1024;
/// Bytes of an issuer's key as it publishes it; one of 2048 bits has some 340.
pub const TOKEN_KEY_BYTES_MAX: usize = 1024;
const NAME_MAX: usize = 255;

/// An issuer's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey {
    published: Vec<u8>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    id: [u8; 32],
}

impl IssuerKey {
    /// Reads a key as issuers publish it: base 64 for addresses, of a `SubjectPublicKeyInfo` for RSASSA-PSS.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let published = from_base64url(text.trim()).ok_or("it is no base64url")?;
        if published.len() > TOKEN_KEY_BYTES_MAX {
            return Err(format!("it is longer than {TOKEN_KEY_BYTES_MAX} bytes"));
        }
        let (modulus, exponent) = rsa_of(&published).ok_or("it is no RSA key as a SubjectPublicKeyInfo")?;
        if modulus.len() != SIGNATURE_BYTES {
            return Err(format!("it has {} bits; tokens of type 2 have 2048", modulus.len() * 8));
        }
        let id = Sha256::digest(&published).into();
        let (modulus, exponent) = (modulus.to_vec(), exponent.to_vec());
        Ok(Self { published, modulus, exponent, id })
    }

    /// Checks a token against the challenges that it may answer.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn redeem(&self, token: &Token, challenges: &[Challenge]) -> Result<Redeemable, Unredeemable> {
        if token.key_id() != self.id {
            return Err(Unredeemable::OtherKey);
        }
        if !challenges.iter().any(|challenge| challenge.digest() == token.challenge_digest()) {
            return Err(Unredeemable::OtherChallenge);
        }
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        let (input, signature) = token.bytes.split_at(INPUT_BYTES);
        key.verify(&RSA_PSS_2048_8192_SHA384, input, signature).map_err(|_| Unredeemable::Forged)?;
        let digest = Sha256::new()
            .chain_update(b"private token\0")
            .chain_update(self.id)
            .chain_update(&token.bytes[..34])
            .finalize();
        Ok(Redeemable { id: std::array::from_fn(|at| digest[at]) })
    }
}

/// A token that counts if it was not used before; only the check makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Redeemable {
    id: [u8; 16],
}

impl Redeemable {
    /// What it is used up under.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.id
    }
}

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unredeemable {
    /// It cannot be read.
    Malformed,
    /// Its issuer's key is another.
    OtherKey,
    /// It answers a challenge that is over, or another site's.
    OtherChallenge,
    /// The issuer did not sign it.
    Forged,
}

impl Unredeemable {
    /// In words, for the record.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Malformed => "token cannot be read",
            Self::OtherKey => "token is of another issuer",
            Self::OtherChallenge => "token answers another challenge",
            Self::Forged => "token is not the issuer's",
        }
    }
}

/// What a token is asked for with (RFC 9577, section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    bytes: Vec<u8>,
}

impl Challenge {
    /// A challenge for one origin, in a context that makes it count for a while only. `None` for names that are empty
    /// or too long.
    #[must_use]
    pub fn new(issuer: &str, context: &[u8; 32], origin: &str) -> Option<Self> {
        let fits = |name: &str| (1..=NAME_MAX).contains(&name.len());
        if !fits(issuer) || !fits(origin) {
            return None;
        }
        let mut bytes = TOKEN_TYPE.to_vec();
        let mut framed = |name: &str| {
            // Both are shorter than 256.
            bytes.extend([0, u8::try_from(name.len()).unwrap_or(u8::MAX)]);
            bytes.extend_from_slice(name.as_bytes());
        };
        framed(issuer);
        bytes.push(32);
        bytes.extend_from_slice(context);
        bytes.extend([0, u8::try_from(origin.len()).unwrap_or(u8::MAX)]);
        bytes.extend_from_slice(origin.as_bytes());
        Some(Self { bytes })
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }
}

/// The value of a `WWW-Authenticate` field that asks for a token (RFC 9577, section 2.1).
#[must_use]
pub fn offer(challenge: &Challenge, key: &IssuerKey, age_seconds_max: u32) -> String {
    format!(
        "PrivateToken challenge=\"{}\", token-key=\"{}\", max-age={age_seconds_max}",
        base64url_padded(&challenge.bytes),
        base64url_padded(&key.published)
    )
}

/// A token, unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    bytes: [u8; TOKEN_BYTES],
}

impl Token {
    fn challenge_digest(&self) -> [u8; 32] {
        std::array::from_fn(|at| self.bytes[34 + at])
    }

    /// The digest of the key that it says it is signed with.
    #[must_use]
    pub fn key_id(&self) -> [u8; 32] {
        std::array::from_fn(|at| self.bytes[66 + at])
    }
}

/// The token in an `Authorization` field's value (RFC 9577, section 2.2); `None` when the scheme is another.
#[must_use]
pub fn presented(credentials: &[u8]) -> Option<Result<Token, Unredeemable>> {
    const SCHEME: &[u8] = b"PrivateToken";
    let (scheme, rest) = credentials.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) || !matches!(rest.first(), None | Some(b' ')) {
        return None;
    }
    Some(token(rest).ok_or(Unredeemable::Malformed))
}

fn token(parameters: &[u8]) -> Option<Token> {
    if parameters.len() > CREDENTIALS_MAX {
        return None;
    }
    let text = std::str::from_utf8(parameters).ok()?;
    // A token and quotes hold no comma, so that a comma parts parameters.
    let mut values = text.split(',').filter_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.trim_end().eq_ignore_ascii_case("token").then(|| value.trim_start())
    });
    let value = values.next()?;
    let plain = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    if values.next().is_some() {
        return None;
    }
    let bytes: [u8; TOKEN_BYTES] = from_base64url(plain)?.try_into().ok()?;
    (bytes[..2] == TOKEN_TYPE).then_some(Token { bytes })
}

/// Modulus and exponent out of a `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
fn rsa_of(published: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, rest) = element(published, 0x30)?;
    let (_algorithm, key) = element(info, 0x30)?;
    let (bits, more) = element(key, 0x03)?;
    let (&unused, bits) = bits.split_first()?;
    let (numbers, after) = element(bits, 0x30)?;
    let (modulus, exponent) = element(numbers, 0x02)?;
    let (exponent, end) = element(exponent, 0x02)?;
    let whole = [rest, more, after, end].iter().all(|rest| rest.is_empty()) && unused == 0;
    let plain = |number: &[u8]| !number.is_empty() && number.len() <= SIGNATURE_BYTES * 4;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    (whole && plain(modulus) && plain(exponent)).then_some((modulus, exponent))
}

#[cfg(test)]
mod tests;
