//! A client that signs its requests with Ed25519.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};

pub(super) struct Signer(Ed25519KeyPair);

pub(super) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

impl Signer {
    pub(super) fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref())
    }

    pub(super) fn jwks(&self) -> String {
        format!("{{\"keys\":[{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{}\"}}]}}", self.x())
    }

    pub(super) fn thumbprint(&self) -> String {
        let canonical = format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{}\"}}", self.x());
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }

    /// `Signature-Input` and `Signature` over lines of names, as they are written, and values.
    pub(super) fn sign(&self, covered: &[(&str, &str)], parameters: &str) -> (String, String) {
        let names: Vec<&str> = covered.iter().map(|(name, _)| *name).collect();
        let input = format!("({});keyid=\"{}\"{parameters}", names.join(" "), self.thumbprint());
        let mut base: String = covered.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        base.push_str(&format!("\"@signature-params\": {input}"));
        let signature = STANDARD.encode(self.0.sign(base.as_bytes()));
        (format!("sig1={input}"), format!("sig1=:{signature}:"))
    }
}
