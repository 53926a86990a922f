//! Signatures of JSON Web Tokens (RFC 7515) by the algorithms that identity providers use (RFC 7518, section 3.1; RFC 8037).
//! What is no signature is no algorithm here: `none`, and the ones with a shared secret, which a public key must never
//! stand in for.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::key::{Algorithm, PublicKey};

impl PublicKey {
    /// Whether it made a signature by the algorithm that a token's head names. One for another kind of key holds for
    /// nothing.
    #[must_use]
    pub fn signed_token(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let (bytes, exponent) = self.parts();
        let verified = match (self.algorithm(), algorithm) {
            (Algorithm::Ed25519, "EdDSA") => {
                UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature)
            }
            (Algorithm::EcdsaP256Sha256, "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).verify(message, signature)
            }
            (Algorithm::RsaPssSha512, _) => {
                let Some(parameters) = rsa(algorithm) else { return false };
                RsaPublicKeyComponents { n: bytes, e: exponent }.verify(parameters, message, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "PS384" => &RSA_PSS_2048_8192_SHA384,
        "PS512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use serde_json::{Value, json};

    use super::*;
    use crate::encoding::{base64url, from_base64url};

    /// RFC 7515, appendix A.2: a signature by RS256, with its key.
    #[test]
    fn as_the_standard_signs() {
        let key = json!({ "kty": "RSA", "e": "AQAB", "n": concat!(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Q",
            "lL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBY",
            "UsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNm",
            "oudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ") });
        let signed = concat!(
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9",
            "pc19yb290Ijp0cnVlfQ"
        );
        let signature = from_base64url(concat!(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG",
            "bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K",
            "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6L",
            "bgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw")).unwrap();
        let key = PublicKey::from_jwk(&key).unwrap();
        let check = |algorithm: &str, signed: &str, holds: bool| {
            assert_eq!(key.signed_token(algorithm, signed.as_bytes(), &signature), holds, "{algorithm}");
        };
        check("RS256", signed, true);
        check("RS256", &signed[1..], false);
        for other in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "HS256", "none", ""] {
            check(other, signed, false);
        }
    }

    #[test]
    fn the_other_kinds_hold_for_themselves_alone() {
        let random = SystemRandom::new();
        let ed =
            Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
        let fixed = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(fixed, &random).unwrap();
        let ec = EcdsaKeyPair::from_pkcs8(fixed, pkcs8.as_ref(), &random).unwrap();
        let point = ec.public_key().as_ref();
        let check = |jwk: Value, signature: &[u8], holds: &str| {
            let key = PublicKey::from_jwk(&jwk).unwrap();
            for algorithm in ["EdDSA", "ES256", "RS256", "PS512", "HS256", "none"] {
                let found = key.signed_token(algorithm, b"a.b", signature);
                assert_eq!(found, algorithm == holds, "{algorithm} with a key of {holds}");
            }
            assert!(!key.signed_token(holds, b"a.c", signature) && !key.signed_token(holds, b"a.b", b""));
        };
        let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(ed.public_key().as_ref()) });
        check(okp, ed.sign(b"a.b").as_ref(), "EdDSA");
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        let p256 = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
        check(p256, ec.sign(&random, b"a.b").unwrap().as_ref(), "ES256");
    }
}
