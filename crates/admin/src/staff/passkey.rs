//! Passkeys: what a browser brings from an authenticator, checked as Web Authentication Level 2 (W3C), sections 7.1 and
//! 7.2, has it, for ES256 and EdDSA. No attestation is asked for, so none is checked: who makes the key does not matter,
//! only that it is the same one later. `ring` verifies the signatures; what is ours is the reading.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// COSE algorithms (RFC 9053): ECDSA with SHA-256 on P-256, and EdDSA.
pub(crate) const ES256: i64 = -7;
pub(crate) const EDDSA: i64 = -8;
/// Flags of authenticator data (section 6.1): somebody was there, and was verified to be the owner.
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;
/// Hash, flags, counter.
const HEAD_BYTES: usize = 37;
/// What precedes the bare key in a SubjectPublicKeyInfo (RFC 5280) of each algorithm (RFC 5480, RFC 8410).
const SPKI_P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const SPKI_ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What the browser was asked, and for whom.
pub(crate) struct Asked<'a> {
    /// The challenge, in base64url.
    pub(crate) challenge: &'a str,
    /// The page's origin, `https://spigot.example`.
    pub(crate) origin: &'a str,
    /// The relying party's id: its host.
    pub(crate) host: &'a str,
}

/// A key that an authenticator made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) id: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

/// Checks a registration. `key` is what `getPublicKey` gave, a SubjectPublicKeyInfo.
///
/// # Errors
/// What does not fit.
pub(crate) fn made(
    asked: &Asked<'_>,
    client_data: &[u8],
    authenticator: &[u8],
    algorithm: i64,
    key: &[u8],
) -> Result<Made, &'static str> {
    client(asked, client_data, "webauthn.create")?;
    let (flags, count) = head(asked, authenticator)?;
    if flags & HAS_CREDENTIAL == 0 {
        return Err("the authenticator brought no key");
    }
    // AAGUID (16 bytes), length of the id (2), the id, the key; section 6.5.1.
    let length =
        authenticator.get(HEAD_BYTES + 16..HEAD_BYTES + 18).ok_or("the authenticator's data is cut")?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let id = authenticator
        .get(HEAD_BYTES + 18..HEAD_BYTES + 18 + length)
        .ok_or("the authenticator's data is cut")?;
    let cose = authenticator.get(HEAD_BYTES + 18 + length..).unwrap_or_default();
    let key = match algorithm {
        ES256 => key.strip_prefix(SPKI_P256).filter(|point| point.len() == 65 && point[0] == 4),
        EDDSA => key.strip_prefix(SPKI_ED25519).filter(|point| point.len() == 32),
        _ => return Err("the authenticator uses an algorithm that is not known here"),
    };
    let key = key.ok_or("the key is none of its algorithm")?;
    // The browser's reading of the key has to be what the authenticator wrote: its coordinates stand there as they are.
    let coordinates: &[&[u8]] = if algorithm == ES256 { &[&key[1..33], &key[33..]] } else { &[key] };
    if !coordinates.iter().all(|wanted| cose.windows(wanted.len()).any(|found| found == *wanted)) {
        return Err("the key is not the authenticator's");
    }
    Ok(Made { id: id.to_vec(), key: key.to_vec(), count })
}

/// Checks an assertion by a known key, and returns its counter.
///
/// # Errors
/// What does not fit.
pub(crate) fn asserted(
    asked: &Asked<'_>,
    client_data: &[u8],
    authenticator: &[u8],
    signature: &[u8],
    known: (i64, &[u8], u32),
) -> Result<u32, &'static str> {
    let (algorithm, key, last) = known;
    client(asked, client_data, "webauthn.get")?;
    let (_, count) = head(asked, authenticator)?;
    let mut signed = authenticator.to_vec();
    signed.extend_from_slice(&Sha256::digest(client_data));
    let verified = match algorithm {
        ES256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(&signed, signature),
        EDDSA => UnparsedPublicKey::new(&ED25519, key).verify(&signed, signature),
        _ => return Err("the key is of an algorithm that is not known here"),
    };
    verified.map_err(|_| "the signature is not by this passkey")?;
    // Those that count never count back, unless there are two of one (section 6.1.1).
    if (count != 0 || last != 0) && count <= last {
        return Err("this passkey was copied: its counter went back. Remove it and make another one");
    }
    Ok(count)
}

fn client(asked: &Asked<'_>, text: &[u8], kind: &str) -> Result<(), &'static str> {
    let data: ClientData = serde_json::from_slice(text).map_err(|_| "the browser's data cannot be read")?;
    if data.kind != kind || data.cross_origin {
        return Err("the browser's data is for something else");
    }
    if data.challenge != asked.challenge {
        return Err("the browser answered another question. Try again");
    }
    if data.origin != asked.origin {
        return Err("the browser answered for another page");
    }
    Ok(())
}

/// The flags and the counter, of data that is for this host and with its owner present and verified.
fn head(asked: &Asked<'_>, data: &[u8]) -> Result<(u8, u32), &'static str> {
    let head = data.get(..HEAD_BYTES).ok_or("the authenticator's data is cut")?;
    if head[..32] != Sha256::digest(asked.host.as_bytes())[..] {
        return Err("the authenticator answered for another host");
    }
    let flags = head[32];
    if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
        return Err("the authenticator did not verify who you are; use one with a PIN, a finger or a face");
    }
    Ok((flags, u32::from_be_bytes([head[33], head[34], head[35], head[36]])))
}

/// base64url as browsers write it.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, &'static str> {
    BASE64URL.decode(text.trim_end_matches('=')).map_err(|_| "that is no base64url")
}

/// The other way.
pub(crate) fn text(bytes: &[u8]) -> String {
    BASE64URL.encode(bytes)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    const ASKED: Asked<'_> =
        Asked { challenge: "Y2hhbGxlbmdl", origin: "https://spigot.example", host: "spigot.example" };

    fn client_data(kind: &str, challenge: &str, origin: &str) -> Vec<u8> {
        format!("{{\"type\":\"{kind}\",\"challenge\":\"{challenge}\",\"origin\":\"{origin}\"}}").into_bytes()
    }

    fn authenticator(host: &str, flags: u8, count: u32) -> Vec<u8> {
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        data.push(flags);
        data.extend(count.to_be_bytes());
        data
    }

    #[test]
    fn only_the_owner_here_and_now_is_them() {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref().to_vec();
        let mut registered = authenticator("spigot.example", 0x45, 0);
        registered.extend([0; 16]);
        registered.extend([0, 4]);
        registered.extend(b"abcd");
        registered.extend(&point[1..]);
        let spki = [SPKI_P256, &point].concat();
        let create = client_data("webauthn.create", ASKED.challenge, ASKED.origin);
        let found = made(&ASKED, &create, &registered, ES256, &spki).unwrap();
        assert_eq!(found, Made { id: b"abcd".to_vec(), key: point.clone(), count: 0 });
        let mut other = spki.clone();
        other[40] ^= 1;
        assert!(made(&ASKED, &create, &registered, ES256, &other).is_err(), "the browser's word alone");
        assert!(made(&ASKED, &create, &registered, -257, &spki).is_err());
        assert!(made(&ASKED, &create, &registered[..40], ES256, &spki).is_err());

        let check = |kind: &str,
                     challenge: &str,
                     origin: &str,
                     host: &str,
                     flags: u8,
                     counts: (u32, u32),
                     said: Option<&str>| {
            let (client, data) = (client_data(kind, challenge, origin), authenticator(host, flags, counts.1));
            let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
            let signature = pair.sign(&random, &signed).unwrap();
            let found = asserted(&ASKED, &client, &data, signature.as_ref(), (ES256, &point, counts.0));
            assert_eq!(
                found.err().map(|error| said.is_some_and(|said| error.contains(said))),
                said.map(|_| true),
                "{said:?}"
            );
        };
        let (challenge, origin, host) = (ASKED.challenge, ASKED.origin, ASKED.host);
        check("webauthn.get", challenge, origin, host, 0x05, (0, 0), None);
        check("webauthn.get", challenge, origin, host, 0x05, (6, 7), None);
        check("webauthn.get", challenge, origin, host, 0x05, (7, 7), Some("copied"));
        check("webauthn.get", challenge, origin, host, 0x01, (0, 0), Some("did not verify"));
        check("webauthn.get", challenge, origin, "evil.example", 0x05, (0, 0), Some("another host"));
        check("webauthn.get", challenge, "https://evil.example", host, 0x05, (0, 0), Some("another page"));
        check("webauthn.get", "b3RoZXI", origin, host, 0x05, (0, 0), Some("another question"));
        check("webauthn.create", challenge, origin, host, 0x05, (0, 0), Some("something else"));
        let (client, data) = (client_data("webauthn.get", challenge, origin), authenticator(host, 0x05, 1));
        assert!(asserted(&ASKED, &client, &data, &[0; 70], (ES256, &point, 0)).is_err());
    }
}
