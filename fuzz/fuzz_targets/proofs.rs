//! What trusted clients bring. The input's lines are header fields; all of it is a key set and a certificate, too.

#![no_main]

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use spigot_proof::{
    Certificate, Challenge, Demands, IssuerKey, KeySet, Message, agents, directory_keys, presented,
    signatures,
};

/// RFC 9421, appendix B.1.4. Nobody signs with it here.
static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let key = r#"{"kty":"OKP","crv":"Ed25519","kid":"k","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}"#;
    KeySet::parse(key).expect("a key")
});

fuzz_target!(|input: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(32) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let message = Message {
        method: "GET",
        scheme: "https",
        authority: "shop.example",
        path: "/",
        query: Some("a=b"),
        headers: &headers,
        status: None,
    };
    let demands = Demands {
        tag: None,
        age_seconds_max: i64::MAX,
        skew_seconds: 30,
        needs_expiry: false,
        needs_nonce: false,
        covers: Vec::new(),
    };
    for signature in signatures(&headers).unwrap_or_default() {
        assert!(signature.verify(&message, &KEYS.keys()[0], &demands, 1_735_689_600).is_err());
    }
    let _ = agents(&headers);
    if let Some(value) = headers.get("authorization") {
        let challenge = Challenge::new("issuer.example", &[0; 32], "shop.example").expect("names fit");
        let key = headers.get("key").and_then(|key| IssuerKey::parse(key.to_str().ok()?).ok());
        if let (Some(Ok(token)), Some(key)) = (presented(value.as_bytes()), key) {
            assert!(key.redeem(&token, &[challenge]).is_err());
        }
    }
    assert!(directory_keys("shop.example", &headers, input, false, 1_735_689_600).is_err());
    if let Ok(text) = std::str::from_utf8(input) {
        assert_eq!(KeySet::parse(text), KeySet::parse(text));
    }
    if let Some(certificate) = Certificate::read(input) {
        assert!(certificate.names().iter().all(|name| certificate.is_named(name)));
        assert_eq!(Certificate::read(&input[..input.len() - 1]), None);
    }
});
