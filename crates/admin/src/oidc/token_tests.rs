use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::*;

const NOW: Millis = Millis(1_800_000_000_000);

struct Signer {
    pair: EcdsaKeyPair,
    name: &'static str,
}

impl Signer {
    fn new(name: &'static str) -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap(), name }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (BASE64URL.encode(&point[1..33]), BASE64URL.encode(&point[33..]));
        json!({ "kty": "EC", "crv": "P-256", "kid": self.name, "x": x, "y": y })
    }

    fn sign(&self, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL.encode(value.to_string());
        let signed = format!("{}.{}", part(head), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL.encode(signature.as_ref()))
    }
}

fn claims() -> Value {
    let now = NOW.0 / 1000;
    json!({ "iss": "https://login.example", "sub": "7", "aud": "spigot", "exp": now + 300, "iat": now, "nonce": "once" })
}

fn keys(published: &[Value]) -> Keys {
    Keys::parse(json!({ "keys": published }).to_string().as_bytes()).unwrap()
}

fn expected() -> Expected<'static> {
    Expected { issuer: "https://login.example", client_id: "spigot", nonce: "once", now: NOW }
}

#[test]
fn what_a_token_claims_has_to_fit() {
    let signer = Signer::new("a");
    let keys = keys(&[signer.jwk()]);
    let check = |change: Value, said: Option<&str>| {
        let mut claims = claims();
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let token = signer.sign(&json!({ "alg": "ES256", "kid": "a" }), &claims);
        match (checked(&token, &keys, &expected()), said) {
            (Ok(checked), None) => assert_eq!(checked.subject, "7"),
            (Err(Unbelieved::Wrong(why)), Some(said)) => assert!(why.contains(said), "{change}: {why}"),
            (other, _) => panic!("{change}: {other:?}"),
        }
    };
    let now = NOW.0 / 1000;
    check(json!({}), None);
    check(json!({ "aud": ["spigot"] }), None);
    check(json!({ "aud": ["other", "spigot"], "azp": "spigot" }), None);
    check(json!({ "exp": now - 59 }), None);
    check(json!({ "iat": now + 60, "nbf": now + 60 }), None);
    check(json!({ "iss": "https://login.example/" }), Some("another issuer"));
    check(json!({ "iss": null }), Some("another issuer"));
    check(json!({ "aud": "other" }), Some("another client"));
    check(json!({ "aud": ["other"] }), Some("another client"));
    check(json!({ "aud": [] }), Some("another client"));
    check(json!({ "aud": null }), Some("another client"));
    check(json!({ "aud": ["other", "spigot"] }), Some("made for another client"));
    check(json!({ "aud": ["other", "spigot"], "azp": "other" }), Some("made for another client"));
    check(json!({ "azp": "other" }), Some("made for another client"));
    check(json!({ "azp": 7 }), Some("made for another client"));
    check(json!({ "exp": now - 60 }), Some("is over"));
    check(json!({ "exp": null }), Some("no end"));
    check(json!({ "exp": "2030" }), Some("no end"));
    check(json!({ "iat": now + 61 }), Some("time to come"));
    check(json!({ "iat": null }), Some("when it was made"));
    check(json!({ "nbf": now + 61 }), Some("not count yet"));
    check(json!({ "nbf": "soon" }), Some("not count yet"));
    check(json!({ "nonce": "another" }), Some("another sign-in"));
    check(json!({ "nonce": "" }), Some("another sign-in"));
    check(json!({ "nonce": null }), Some("another sign-in"));
    check(json!({ "sub": "" }), Some("names nobody"));
    check(json!({ "sub": null }), Some("names nobody"));
    check(json!({ "sub": "x".repeat(256) }), Some("names nobody"));
}

#[test]
fn only_the_providers_key_signs() {
    let (signer, stranger) = (Signer::new("a"), Signer::new("a"));
    let known = keys(&[signer.jwk()]);
    let head = json!({ "alg": "ES256", "kid": "a" });
    let wrong = |token: &str| checked(token, &known, &expected()).unwrap_err();
    let not_signed = Unbelieved::Wrong("is not signed by the provider's key");
    assert_eq!(wrong(&stranger.sign(&head, &claims())), not_signed);
    let token = signer.sign(&head, &claims());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    // Whoever signs nothing, or takes the public key for a shared secret, is not heard.
    for algorithm in ["none", "None", "HS256", "RS256", "EdDSA", ""] {
        let head = json!({ "alg": algorithm, "kid": "a" });
        assert_eq!(wrong(&signer.sign(&head, &claims())), not_signed, "{algorithm}");
        let bare = signer.sign(&head, &claims());
        let bare = format!("{}.", bare.rsplit_once('.').unwrap().0);
        assert_eq!(wrong(&bare), not_signed, "{algorithm} without a signature");
    }
    assert_eq!(wrong(&format!("{signed}.")), not_signed);
    let others = BASE64URL.encode(json!({ "iss": "https://login.example", "sub": "8" }).to_string());
    let head_part = signed.split_once('.').unwrap().0;
    assert_eq!(wrong(&format!("{head_part}.{others}.{signature}")), not_signed);
    let unknown = signer.sign(&json!({ "alg": "ES256", "kid": "b" }), &claims());
    assert_eq!(wrong(&unknown), Unbelieved::UnknownKey);
    let critical = signer.sign(&json!({ "alg": "ES256", "kid": "a", "crit": ["exp"] }), &claims());
    assert!(matches!(wrong(&critical), Unbelieved::Wrong(why) if why.contains("not known here")));
    for nothing in ["", ".", "..", "a.b", "a.b.c", "e30.e30.e30", &"x".repeat(70_000)] {
        assert!(checked(nothing, &known, &expected()).is_err(), "{nothing:.20}");
    }
    // One that names no key may be by any of them.
    assert!(checked(&signer.sign(&json!({ "alg": "ES256" }), &claims()), &known, &expected()).is_ok());
}

#[test]
fn keys_are_for_what_they_say() {
    let signer = Signer::new("a");
    let token = signer.sign(&json!({ "alg": "ES256", "kid": "a" }), &claims());
    let check = |change: Value, holds: bool| {
        let mut jwk = signer.jwk();
        for (name, value) in change.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        let unknown = json!({ "kty": "EC", "crv": "P-521", "kid": "z" });
        assert_eq!(checked(&token, &keys(&[unknown, jwk]), &expected()).is_ok(), holds, "{change}");
    };
    check(json!({ "use": "sig", "alg": "ES256" }), true);
    check(json!({ "use": "enc" }), false);
    check(json!({ "alg": "ES384" }), false);
    check(json!({ "kid": "b" }), false);
    assert!(Keys::parse(b"{}").is_err() && Keys::parse(b"").is_err());
    let many = vec![signer.jwk(); 65];
    assert!(Keys::parse(json!({ "keys": many }).to_string().as_bytes()).is_err());
}
