//! Signing in by an identity provider, which is a small one of our own here.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64URL};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Browser, somebody};
use crate::demo::{Demo, OPEN, free_port};

/// What the provider does next.
struct Stub {
    issuer: String,
    key: EcdsaKeyPair,
    /// Names the key that is published and signs.
    key_name: String,
    /// What is signed besides what has to be; null takes out.
    claims: Value,
    head: Value,
    /// Of the sign-in that has begun: its nonce, and the digest of the verifier.
    begun: HashMap<String, String>,
    keys_asked: u32,
}

fn fresh_key() -> EcdsaKeyPair {
    let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()
}

impl Stub {
    fn answer(&mut self, path: &str, authorization: &str, body: &str) -> (u16, Value) {
        let address = |of: &str| format!("{}/{of}", self.issuer);
        match path {
            "/realm/.well-known/openid-configuration" => (
                200,
                json!({
                    "issuer": self.issuer, "authorization_endpoint": address("authorize"),
                    "token_endpoint": address("token"), "jwks_uri": address("keys"),
                }),
            ),
            "/realm/keys" => {
                self.keys_asked += 1;
                let point = self.key.public_key().as_ref();
                let (x, y) = (BASE64URL.encode(&point[1..33]), BASE64URL.encode(&point[33..]));
                let key = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.key_name, "x": x, "y": y });
                (200, json!({ "keys": [key] }))
            }
            "/realm/token" => self.token(authorization, body),
            _ => (404, Value::Null),
        }
    }

    fn token(&self, authorization: &str, form: &str) -> (u16, Value) {
        let form: HashMap<_, _> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let verifier = BASE64URL.encode(Sha256::digest(form["code_verifier"]));
        let knows_us = authorization == format!("Basic {}", STANDARD.encode("spigot:hush"));
        let is_ours = form["code"] == "the-code" && verifier == self.begun["code_challenge"];
        if !knows_us || !is_ours || form["grant_type"] != "authorization_code" {
            return (400, json!({ "error": "invalid_grant" }));
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": self.issuer, "sub": "248289761001", "aud": "spigot", "iat": now, "exp": now + 300,
            "nonce": self.begun["nonce"], "preferred_username": "ada", "groups": ["staff", "bosses"],
        });
        let mut head = json!({ "alg": "ES256", "kid": self.key_name });
        for (from, into) in [(&self.claims, &mut claims), (&self.head, &mut head)] {
            for (name, value) in from.as_object().unwrap() {
                into[name] = value.clone();
            }
        }
        let part = |value: &Value| BASE64URL.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = if head["alg"] == "none" {
            String::new()
        } else {
            BASE64URL.encode(self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref())
        };
        (200, json!({ "token_type": "Bearer", "id_token": format!("{signed}.{signature}") }))
    }
}

struct Provider {
    stub: Arc<Mutex<Stub>>,
    issuer: String,
}

impl Provider {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let stub = Arc::new(Mutex::new(Stub {
            issuer: issuer.clone(),
            key: fresh_key(),
            key_name: "first".to_owned(),
            claims: json!({}),
            head: json!({}),
            begun: HashMap::new(),
            keys_asked: 0,
        }));
        let of_thread = stub.clone();
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                let head: Vec<String> = lines.collect();
                let field = |name: &str| {
                    let named = head.iter().filter_map(|line| line.split_once(": "));
                    named.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
                };
                let length = field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
                let mut body = vec![0; length];
                let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { continue };
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let authorization = field("authorization").unwrap_or_default();
                let (status, answer) =
                    of_thread.lock().unwrap().answer(path, authorization, &String::from_utf8_lossy(&body));
                let text = answer.to_string();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                    text.len()
                );
            }
        });
        Self { stub, issuer }
    }

    /// The demo, to which this provider says who people are.
    fn demo(&self) -> Demo {
        let folder = tempfile::tempdir().unwrap();
        let (secret, admin) = (folder.path().join("client-secret"), free_port());
        std::fs::write(&secret, "hush\n").unwrap();
        let config = format!(
            "{OPEN}[panel]\norigin = \"http://{admin}\"\n[panel.oidc]\nissuer = \"{}\"\nclient_id = \"spigot\"\nclient_secret = {{ file = \"{}\" }}\nlabel = \"Our log-in\"\nroles = {{ admin = \"bosses\", analyst = [\"readers\"] }}\n",
            self.issuer,
            secret.display()
        );
        Demo::start_on(free_port(), admin, folder, Some(&config))
    }

    /// Goes to the provider and comes back with what it sends along.
    fn visit(&self, browser: &mut Browser) -> Value {
        let (status, asked) = browser.call("POST", "/api/session/identity/question", &json!({}));
        assert_eq!(status, 200, "{asked}");
        let url = asked["url"].as_str().unwrap();
        let query = url.strip_prefix(&format!("{}/authorize?", self.issuer)).unwrap();
        let begun: HashMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(
            begun["redirect_uri"],
            format!("http%3A%2F%2F127.0.0.1%3A{}%2Fsigned-in", browser.address.port())
        );
        let back = json!({ "code": "the-code", "state": begun["state"], "iss": self.issuer });
        self.stub.lock().unwrap().begun = begun;
        back
    }

    fn sign_in(&self, browser: &mut Browser) -> (u16, Value) {
        let back = self.visit(browser);
        browser.enter("/api/session/identity", &back)
    }

    fn set(&self, change: impl FnOnce(&mut Stub)) {
        change(&mut self.stub.lock().unwrap());
    }
}

fn audited(browser: &mut Browser, what: &str) -> Vec<Value> {
    let (_, log) = browser.call("GET", "/api/audit", &Value::Null);
    log["entries"].as_array().unwrap().iter().filter(|entry| entry["what"] == what).cloned().collect()
}

#[test]
fn who_comes_by_the_provider_is_what_it_says_as_long_as_it_says_so() {
    let provider = Provider::start();
    let demo = provider.demo();
    let mut ada = Browser::new(&demo);
    let (_, state) = ada.call("GET", "/api/session", &Value::Null);
    assert_eq!((&state["identity_provider"], &state["is_set_up"]), (&json!("Our log-in"), &json!(true)));
    let (status, said) = provider.sign_in(&mut ada);
    assert_eq!((status, &said["person"]["role"]), (200, &json!("admin")), "{said}");
    let (_, users) = ada.call("GET", "/api/users", &Value::Null);
    let identity = format!("{} 248289761001", provider.issuer);
    assert_eq!(users["users"][0]["name"], "ada", "{users}");
    assert_eq!(users["users"][0]["identity"], identity.as_str(), "{users}");
    let started = audited(&mut ada, "session.start");
    assert_eq!(
        (&started[0]["who"], &started[0]["detail"]["method"]),
        (&json!("ada"), &json!("identity provider"))
    );
    // Another role counts from the next sign-in on, and ends what the one before had.
    provider.set(|stub| stub.claims = json!({ "groups": ["readers"] }));
    let mut second = Browser::new(&demo);
    assert_eq!(provider.sign_in(&mut second).0, 200);
    assert_eq!(second.who(), Some(("ada".to_owned(), "analyst".to_owned())));
    assert_eq!(ada.who(), None);
    assert_eq!(second.call("GET", "/api/users", &Value::Null).0, 403);
    // In no group that gives a role, they stay out, and what they had ends.
    provider.set(|stub| stub.claims = json!({ "groups": ["staff"] }));
    let (status, said) = provider.sign_in(&mut Browser::new(&demo));
    assert_eq!((status, said["code"].as_str()), (403, Some("no_role")), "{said}");
    assert_eq!(second.who(), None);
    // An admin of this panel has the last word.
    let mut root = somebody(&demo, "root", "admin");
    let (status, said) = root.call("PUT", "/api/users/ada/state", &json!({ "is_disabled": true }));
    assert_eq!(status, 200, "{said}");
    provider.set(|stub| stub.claims = json!({}));
    let (status, said) = provider.sign_in(&mut Browser::new(&demo));
    assert_eq!((status, said["code"].as_str()), (403, Some("disabled")), "{said}");
    let whys: Vec<_> =
        audited(&mut root, "session.refused").iter().map(|entry| entry["detail"]["why"].clone()).collect();
    assert_eq!(whys, ["disabled", "no_role"]);
    assert_eq!(root.call("PUT", "/api/users/ada/state", &json!({ "is_disabled": false })).0, 200);
    assert_eq!(provider.sign_in(&mut ada).0, 200);
    // Nobody becomes somebody else by being called so there.
    provider.set(|stub| stub.claims = json!({ "sub": "7", "preferred_username": "root" }));
    let (status, said) = provider.sign_in(&mut Browser::new(&demo));
    assert_eq!((status, said["code"].as_str()), (403, Some("name_taken")), "{said}");
}

#[test]
fn what_does_not_hold_signs_nobody_in() {
    let provider = Provider::start();
    let demo = provider.demo();
    let refused = |claims: Value, head: Value, said: &str| {
        provider.set(|stub| (stub.claims, stub.head) = (claims.clone(), head.clone()));
        let mut browser = Browser::new(&demo);
        let (status, answer) = provider.sign_in(&mut browser);
        assert_eq!(
            (status, answer["code"].as_str()),
            (401, Some("provider_refused")),
            "{claims} {head}: {answer}"
        );
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(said) && detail.contains("Begin again"), "{claims} {head}: {detail}");
        assert_eq!(browser.who(), None, "{claims} {head}");
    };
    let none = || json!({});
    refused(json!({ "nonce": "another" }), none(), "another sign-in");
    refused(json!({ "aud": "another" }), none(), "another client");
    refused(json!({ "iss": "https://login.example" }), none(), "another issuer");
    refused(json!({ "exp": 1_600_000_000 }), none(), "is over");
    refused(none(), json!({ "alg": "none" }), "not signed");
    refused(none(), json!({ "alg": "HS256" }), "not signed");
    refused(none(), json!({ "kid": "unknown" }), "does not publish");
    // Another key under the name of the one that is known.
    provider.set(|stub| stub.key = fresh_key());
    refused(none(), none(), "not signed");
}

#[test]
fn keys_are_fetched_again_when_they_change() {
    let provider = Provider::start();
    let demo = provider.demo();
    for expected in [1, 1] {
        assert_eq!(provider.sign_in(&mut Browser::new(&demo)).0, 200);
        assert_eq!(provider.stub.lock().unwrap().keys_asked, expected, "they are kept");
    }
    provider.set(|stub| (stub.key, stub.key_name) = (fresh_key(), "second".to_owned()));
    assert_eq!(provider.sign_in(&mut Browser::new(&demo)).0, 200);
    assert_eq!(provider.stub.lock().unwrap().keys_asked, 2);
}

#[test]
fn a_sign_in_ends_where_it_was_begun_and_once() {
    let provider = Provider::start();
    let demo = provider.demo();
    let not_begun = |(status, said): (u16, Value)| {
        assert_eq!((status, said["code"].as_str()), (401, Some("not_begun")), "{said}");
    };
    let (mut mine, mut theirs) = (Browser::new(&demo), Browser::new(&demo));
    let back = provider.visit(&mut mine);
    // Whoever is made to open an address that belongs to somebody else's sign-in does not end up as them.
    provider.visit(&mut theirs);
    not_begun(theirs.enter("/api/session/identity", &back));
    not_begun(mine.enter("/api/session/identity", &back));
    let back = provider.visit(&mut mine);
    assert_eq!(mine.enter("/api/session/identity", &back).0, 200);
    not_begun(mine.enter("/api/session/identity", &back));
    let invented = json!({ "code": "a", "state": "b", "iss": null });
    not_begun(Browser::new(&demo).enter("/api/session/identity", &invented));
}
