//! What counts once counts once: codes, and the answers of passkeys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::*;
use crate::staff::{Passkey, totp_at};

#[test]
fn a_code_counts_once() {
    let panel = Panel::new();
    let mut staff = panel.staff();
    staff.add_user("ada", Role::Admin, NOW).unwrap();
    staff.set_password("ada", PASSWORD, None).unwrap();
    let secret = staff.propose_totp("ada").unwrap();
    let earlier = NOW.plus(-3_600_000);
    assert!(staff.confirm_totp("ada", &totp_at(&secret, earlier), earlier).unwrap());
    let mut enter = |code: Option<String>, at: Millis| {
        let found = staff.check_password("ada", PASSWORD, code.as_deref(), at).unwrap();
        format!("{found:?}").split('(').next().unwrap().to_owned()
    };
    assert_eq!(enter(None, NOW), "CodeNeeded");
    assert_eq!(enter(Some("000000".to_owned()), NOW), "Wrong");
    assert_eq!(enter(Some(totp_at(&secret, earlier)), NOW), "Wrong", "it was used");
    let code = totp_at(&secret, NOW);
    assert_eq!(enter(Some(code.clone()), NOW), "Right");
    assert_eq!(enter(Some(code), NOW), "Wrong", "once");
    assert_eq!(enter(Some(totp_at(&secret, NOW.plus(-30_000))), NOW), "Wrong", "nor one from before it");
    assert_eq!(enter(Some(totp_at(&secret, NOW.plus(30_000))), NOW), "Right");
}

/// A user with a passkey, and what their authenticator would answer.
struct Authenticator {
    panel: Panel,
    key: Ed25519KeyPair,
}

const PAGE: [(&str, &str); 2] = [("host", "localhost:8081"), ("origin", "http://localhost:8081")];

impl Authenticator {
    fn new() -> Self {
        let (panel, key) = (Panel::new(), Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
        let mut staff = panel.staff();
        staff.add_user("ada", Role::Admin, NOW).unwrap();
        let passkey = Passkey {
            id: b"the id".to_vec(),
            user: "ada".to_owned(),
            label: "key".to_owned(),
            algorithm: -8,
            key: key.public_key().as_ref().to_vec(),
            count: 0,
            created: NOW,
            used: None,
        };
        staff.add_passkey(&passkey).unwrap();
        Self { panel, key }
    }

    fn question(&self, at: Millis) -> String {
        let (status, asked) = self.call("/api/session/passkey/question", &json!({}), at);
        assert_eq!(status, 200, "{asked}");
        asked["challenge"].as_str().unwrap().to_owned()
    }

    fn call(&self, path: &str, body: &Value, at: Millis) -> (u16, Value) {
        self.panel.call_at(&As::Nobody, &Method::POST, path, (body, &PAGE), at)
    }

    fn answer(&self, challenge: &str, count: u8) -> Value {
        let client =
            json!({ "type": "webauthn.get", "challenge": challenge, "origin": "http://localhost:8081" });
        let client = client.to_string();
        let data = [&Sha256::digest(b"localhost")[..], &[0x05, 0, 0, 0, count]].concat();
        let signed = [&data[..], &Sha256::digest(client.as_bytes())].concat();
        let text = |bytes: &[u8]| BASE64URL.encode(bytes);
        json!({
            "challenge": challenge, "id": text(b"the id"), "client_data": text(client.as_bytes()),
            "authenticator_data": text(&data), "signature": text(self.key.sign(&signed).as_ref()),
        })
    }

    fn enter(&self, answer: &Value, at: Millis) -> u16 {
        self.call("/api/session/passkey", answer, at).0
    }
}

#[test]
fn an_answer_of_a_passkey_counts_once_in_time() {
    let ada = Authenticator::new();
    let first = ada.answer(&ada.question(NOW), 1);
    assert_eq!(ada.enter(&first, NOW), 200);
    assert_eq!(ada.enter(&first, NOW), 401, "once");
    assert_eq!(ada.enter(&ada.answer("invented", 2), NOW), 401, "nobody asked");
    let late = ada.answer(&ada.question(NOW), 2);
    assert_eq!(ada.enter(&late, NOW.plus(5 * 60_000)), 401, "in time");
    assert_eq!(ada.enter(&ada.answer(&ada.question(NOW), 1), NOW), 401, "a counter does not stand still");
    assert_eq!(ada.enter(&ada.answer(&ada.question(NOW), 2), NOW), 200);
    let mut other = ada.answer(&ada.question(NOW), 3);
    other["signature"] = first["signature"].clone();
    assert_eq!(ada.enter(&other, NOW), 401, "a signature is for its question");
    ada.panel.staff().add_user("root", Role::Admin, NOW).unwrap();
    ada.panel.staff().set_disabled("ada", true).unwrap();
    assert_eq!(ada.enter(&ada.answer(&ada.question(NOW), 9), NOW), 401, "kept out");
}

#[test]
fn failures_under_a_name_keep_no_passkey_out() {
    let ada = Authenticator::new();
    let body = json!({ "name": "ada", "password": "wrong" });
    let first = ada.panel.call(&As::Nobody, &Method::POST, "/api/session/password", &body);
    assert_eq!((first.0, first.1["code"].as_str()), (401, Some("wrong")));
    let next = ada.panel.call(&As::Nobody, &Method::POST, "/api/session/password", &body);
    assert_eq!((next.0, next.1["code"].as_str()), (428, Some("puzzle")));
    assert_eq!(ada.enter(&ada.answer(&ada.question(NOW), 1), NOW), 200);
}
