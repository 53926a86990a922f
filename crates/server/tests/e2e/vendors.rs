//! A stand-in for every vendor: it answers from their documented shapes, or in whatever other way a test says, and
//! remembers what it was asked.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use spigot_challenge::to_text;

use super::application::{Application, Exchange};
use super::challenge::submit;
use super::client::{Answer, Connection};
use super::demo::Demo;

/// What a vendor was asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) target: String,
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Question {
    /// A field of the form or of the JSON that was posted.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        if let Ok(json) = serde_json::from_str::<Value>(&self.body) {
            return json[name].as_str().map(str::to_owned);
        }
        let mut pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }
}

/// How it answers.
pub(crate) enum Reply {
    Json(u16, Value),
    /// A whole answer as it stands.
    Raw(String),
    /// Nothing: the connection stays open.
    Silence,
    /// The connection closes without a word.
    Close,
    /// Endless JSON.
    Endless,
}

pub(crate) struct Vendor {
    application: Application,
    asked: Arc<Mutex<Vec<Question>>>,
}

impl Vendor {
    /// `reply` is given each question, and how many came before it.
    pub(crate) fn start(reply: impl Fn(&Question, usize) -> Reply + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<Question>>>::default();
        let told = asked.clone();
        let application = Application::start(move |exchange| {
            let head = exchange.head.clone();
            let target = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
            let body = String::from_utf8_lossy(&exchange.body().0).into_owned();
            let question = Question { target, head, body };
            let before = {
                let mut all = told.lock().unwrap();
                all.push(question.clone());
                all.len() - 1
            };
            write(exchange, reply(&question, before))
        });
        Self { application, asked }
    }

    pub(crate) fn port(&self) -> u16 {
        self.application.address.port()
    }

    pub(crate) fn asked(&self) -> Vec<Question> {
        self.asked.lock().unwrap().clone()
    }
}

fn write(exchange: &mut Exchange, reply: Reply) -> bool {
    match reply {
        Reply::Json(status, value) => {
            let body = value.to_string();
            let length = body.len();
            exchange.write(format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            ));
            true
        }
        Reply::Raw(text) => {
            exchange.write(text);
            false
        }
        // Until the other side gives up.
        Reply::Silence => {
            exchange.line();
            false
        }
        Reply::Close => false,
        Reply::Endless => {
            exchange.write(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"success\": true, \"more\": \"",
            );
            let piece = "x".repeat(64 << 10);
            for _ in 0..64 {
                exchange.write(&piece);
            }
            false
        }
    }
}

/// The secret of every provider in these tests.
pub(crate) const SECRET: &str = "a-secret-that-is-never-seen";

/// A demo whose log-in is challenged by a provider of this kind and name, with more lines for it and for the rest.
pub(crate) fn demo(kind: &str, vendor: &Vendor, more: &str, rest: &str) -> Demo {
    demo_with(SECRET, kind, vendor, more, rest)
}

pub(crate) fn demo_with(key: &str, kind: &str, vendor: &Vendor, more: &str, rest: &str) -> Demo {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, key).unwrap();
    let config = format!(
        "[[route]]\nname = \"login\"\nmatch = \"/login\"\npreset = \"high\"\nchallenge = \"{kind}\"\n\n\
         [[route]]\nname = \"all\"\nmatch = \"/**\"\n\n{}{more}\n\n{rest}",
        provider(kind, kind, vendor.port(), &secret.display().to_string())
    );
    let config = config.replace("SECRET", &format!("secret = {{ file = '{}' }}", secret.display()));
    Demo::start_with(folder, Some(&config))
}

pub(crate) fn provider(name: &str, kind: &str, port: u16, secret: &str) -> String {
    let base = if kind == "altcha" {
        String::new()
    } else {
        format!("site_key = \"the-site-key\"\nbase = \"http://127.0.0.1:{port}\"\n")
    };
    format!(
        "[[provider]]\nname = \"{name}\"\nkind = \"{kind}\"\nscript = \"http://127.0.0.1:{port}/widget.js\"\n\
         secret = {{ file = '{secret}' }}\n{base}"
    )
}

/// What `/metrics` says.
pub(crate) fn metrics(demo: &Demo) -> String {
    Connection::open(demo.admin).request("GET", "/metrics", &[("Connection", "close")], b"").text()
}

/// A challenge for the log-in.
pub(crate) fn challenge(connection: &mut Connection) -> Value {
    connection.request("GET", "/login", &[("Accept", "application/json")], b"").json()["challenge"].clone()
}

/// Posts a token for a challenge.
pub(crate) fn redeem(connection: &mut Connection, challenge: &Value, token: &str) -> Answer {
    let body =
        json!({ "challenge": challenge["challenge"], "proof": to_text(token.as_bytes()), "millis": 5 });
    submit(connection, &body.to_string())
}

/// A vendor's yes to a challenge: everything in it is as it should be.
pub(crate) fn yes(kind: &str, carry: &str) -> Value {
    match kind {
        "turnstile" => {
            json!({ "success": true, "hostname": "shop.test", "error-codes": [], "action": "spigot", "cdata": carry, "challenge_ts": "2026-11-21T15:14:30.096Z" })
        }
        "hcaptcha" => json!({ "success": true, "hostname": "shop.test", "credit": false, "score": 0.25 }),
        "recaptcha" => json!({ "success": true, "hostname": "shop.test" }),
        "recaptcha_v3" => {
            json!({ "success": true, "hostname": "shop.test", "score": 0.9, "action": "spigot" })
        }
        "recaptcha_enterprise" => {
            json!({ "tokenProperties": { "valid": true, "hostname": "shop.test", "action": "spigot" }, "riskAnalysis": { "score": 0.8, "reasons": [] } })
        }
        "friendly" => {
            json!({ "success": true, "data": { "event_id": "ev", "challenge": { "timestamp": "2026-11-21T15:14:30Z", "origin": "https://shop.test" }, "risk_intelligence": null } })
        }
        "captchala" => {
            json!({ "code": 0, "msg": "success", "data": { "valid": true, "action": "spigot", "captcha_args": { "referer": "https://shop.test/login", "risk_score": 7 } } })
        }
        "geetest" => {
            json!({ "status": "success", "result": "success", "reason": "", "captcha_args": { "referer": "https://shop.test/login" } })
        }
        other => panic!("no yes of {other}"),
    }
}
