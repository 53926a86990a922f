//! Key directories (draft-meunier-http-message-signatures-directory): the keys of an agent, at a fixed path of its
//! origin, each of which has signed the answer for that origin, so that nobody can show another's keys as their own.

use http::HeaderMap;
use serde_json::Value;

use crate::signature::{Demands, Message, read};
use crate::{KEYS_MAX, KeySet, PublicKey};

/// Where a directory is.
pub const DIRECTORY_PATH: &str = "/.well-known/http-message-signatures-directory";
/// What it is, as a media type.
pub const DIRECTORY_TYPE: &str = "application/http-message-signatures-directory+json";
const TAG: &str = "http-message-signatures-directory";
/// As old as the answer of a cache on the way may be.
const AGE_SECONDS_MAX: i64 = 7 * 86_400;
const SKEW_SECONDS: i64 = 60;

/// The keys of a directory's answer that have signed it. Keys of kinds that are not known here are left out: a
/// directory is not ours to correct. With `unsigned`, keys count that have not.
///
/// # Errors
/// Why none of it counts.
pub fn directory_keys(
    authority: &str,
    headers: &HeaderMap,
    body: &[u8],
    unsigned: bool,
    now_seconds: i64,
) -> Result<KeySet, String> {
    let media_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(DIRECTORY_TYPE) {
        return Err(format!("its content type is \"{media_type}\" and not {DIRECTORY_TYPE}"));
    }
    let json: Value = serde_json::from_slice(body).map_err(|error| format!("it is no JSON: {error}"))?;
    let jwks = json["keys"].as_array().ok_or("it has no `keys`")?;
    if jwks.len() > KEYS_MAX {
        return Err(format!("it has {} keys; at most {KEYS_MAX} are read", jwks.len()));
    }
    let keys: Vec<PublicKey> = jwks.iter().filter_map(|jwk| PublicKey::from_jwk(jwk).ok()).collect();
    let keys = if unsigned {
        keys
    } else {
        let message = Message {
            method: "GET",
            scheme: "https",
            authority,
            path: DIRECTORY_PATH,
            query: None,
            headers,
            status: Some(200),
        };
        signed(keys, &message, now_seconds)?
    };
    if keys.is_empty() {
        return Err("none of its keys is known here and has signed it".to_owned());
    }
    Ok(KeySet::new(keys))
}

fn signed(keys: Vec<PublicKey>, message: &Message<'_>, now_seconds: i64) -> Result<Vec<PublicKey>, String> {
    let signatures = read(message.headers, KEYS_MAX).map_err(|why| format!("its {}", why.words()))?;
    let demands = Demands {
        tag: Some(TAG),
        age_seconds_max: AGE_SECONDS_MAX,
        skew_seconds: SKEW_SECONDS,
        needs_expiry: true,
        needs_nonce: false,
        covers: Vec::new(),
    };
    let bound = |key: &PublicKey| {
        signatures.iter().any(|signature| {
            signature.key_id() == Some(key.thumbprint())
                && signature.covers_authority_of_request()
                && signature.verify(message, key, &demands, now_seconds).is_ok()
        })
    };
    Ok(keys.into_iter().filter(bound).collect())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The answer of the draft's test vectors.
    #[test]
    fn keys_count_that_have_signed_for_their_origin() {
        const MADE: i64 = 1_735_689_600;
        const BODY: &[u8] = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs","use":"sig"}]}"#;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", DIRECTORY_TYPE),
            ("content-digest", "sha-256=:CADMT2aBdV/rqQr/NIru64ERQkCobVvllA4V0fLFDu0=:"),
            (
                "signature",
                "binding0=:yiHq0TXrbpzbmlttAQMpYoAufitFJUWuNsakB7QQMoN0EHbo5o51bZRVR8az/ptTWCwllix9clrKXfGKwdPzBg==:",
            ),
            (
                "signature-input",
                r#"binding0=("@authority";req "content-digest");created=1735689600;keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";alg="ed25519";expires=4889289600;tag="http-message-signatures-directory""#,
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let read = |authority: &str, headers: &HeaderMap, body: &[u8], unsigned: bool, now: i64| {
            directory_keys(authority, headers, body, unsigned, now).map(|keys| keys.keys().len())
        };
        let own = "signature-agent.test";
        assert_eq!(read(own, &headers, BODY, false, MADE + 60), Ok(1));
        assert!(read("elsewhere.test", &headers, BODY, false, MADE + 60).is_err(), "another origin's keys");
        assert!(read(own, &headers, BODY, false, MADE + AGE_SECONDS_MAX + 61).is_err(), "too old");
        assert!(read(own, &headers, b"{}", false, MADE).is_err());
        assert!(read(own, &headers, br#"{"keys":[]}"#, true, MADE).is_err());
        let many = format!("{{\"keys\":[{}]}}", vec!["{}"; KEYS_MAX + 1].join(","));
        assert!(read(own, &headers, many.as_bytes(), true, MADE).unwrap_err().contains("at most"));
        headers.remove("signature");
        assert!(read(own, &headers, BODY, false, MADE).is_err(), "unsigned");
        assert_eq!(read(own, &headers, BODY, true, MADE), Ok(1), "where that may be");
        headers.insert("content-type", HeaderValue::from_static("text/html"));
        assert!(read(own, &headers, BODY, true, MADE).unwrap_err().contains("content type"));
    }
}
