//! The API from outside, without sockets: what each role may, how sessions, links, tokens and codes end.

mod rights;
mod secrets;
mod sessions;
mod triggers;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;
use spigot_decision::policy::{Operator, Policy, load};
use spigot_decision::{HourFact, Millis};
use spigot_state::Restricted;

use super::cookie::csrf;
use super::{Api, Body, Hosts, Live, Node, Peaks, ReplayProgress, ReplayResult, Wrong};
use crate::staff::{Role, StaffStore, Token};

const NOW: Millis = Millis(1_800_000_000_000);
const PASSWORD: &str = "four plain words here";

/// A Spigot that stands still.
struct Still {
    policy: Arc<Policy>,
    file: PathBuf,
    figures: Figures,
}

/// What it counted, the same on every route.
#[derive(Default)]
struct Figures {
    peaks: Peaks,
    hour: HourFact,
    node: Node,
}

impl Live for Still {
    fn policy(&self) -> Arc<Policy> {
        self.policy.clone()
    }
    fn node(&self) -> Node {
        self.figures.node.clone()
    }
    fn now(&self) -> Millis {
        NOW
    }
    fn peaks(&self, _: usize) -> Peaks {
        self.figures.peaks
    }
    fn hour(&self, _: &str, _: Millis) -> HourFact {
        self.figures.hour
    }
    fn hits(&self, _: &str) -> (u64, Option<Millis>) {
        (0, None)
    }
    fn restricted(&self, _: Millis) -> Vec<Restricted> {
        Vec::new()
    }
    fn policy_file(&self) -> Option<PathBuf> {
        Some(self.file.clone())
    }
    fn check(&self, _: &str) -> Vec<Wrong> {
        Vec::new()
    }
    fn compiled(&self, _: &str) -> Option<Policy> {
        None
    }
    fn replay(&self, _: &str, _: Millis, _: &ReplayProgress) -> Result<ReplayResult, String> {
        Err("nothing is replayed here".to_owned())
    }
}

/// How somebody calls.
#[derive(Clone, Debug)]
enum As {
    Nobody,
    /// With a session's secret.
    Session(String),
    /// With a token's.
    Token(String),
}

struct Panel {
    api: Api,
    folder: tempfile::TempDir,
}

impl Panel {
    fn new() -> Self {
        Self::with("", Operator::default(), Figures::default())
    }

    /// With this policy, what operators have set, and what was counted.
    fn with(text: &str, operator: Operator, figures: Figures) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policy = load("test.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
        let policy = policy.with_operator(operator);
        let file = folder.path().join("spigot.toml");
        std::fs::write(&file, "upstream = \"http://127.0.0.1:3000\"\n").unwrap();
        let still = Still { policy: Arc::new(policy), file, figures };
        let api = Api::new(folder.path(), Arc::new(still), Hosts::default(), None);
        Self { api, folder }
    }

    fn staff(&self) -> StaffStore {
        StaffStore::open(self.folder.path()).unwrap()
    }

    /// A user of this role, called so, with a session.
    fn session(&self, role: Role) -> As {
        let mut staff = self.staff();
        if staff.user(role.name()).unwrap().is_none() {
            staff.add_user(role.name(), role, NOW).unwrap();
        }
        As::Session(staff.start_session(role.name(), "test", "", NOW).unwrap())
    }

    fn token(&self, name: &str, role: Role, resources: &[&str]) -> As {
        let resources = resources.iter().map(|one| (*one).to_owned()).collect();
        let (creator, end) = ("admin".to_owned(), Some(NOW.plus(1000)));
        let token = Token { name: name.to_owned(), role, resources, creator, created: NOW, end, used: None };
        As::Token(self.staff().add_token(&token).unwrap())
    }

    fn call(&self, who: &As, method: &Method, path: &str, body: &Value) -> (u16, Value) {
        self.call_at(who, method, path, (body, &[]), NOW)
    }

    /// With more fields, at another time.
    fn call_at(
        &self,
        who: &As,
        method: &Method,
        path: &str,
        (body, fields): (&Value, &[(&str, &str)]),
        now: Millis,
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        let usual = [("host", "127.0.0.1:8081"), ("origin", "http://127.0.0.1:8081"), ("if-match", "\"1\"")];
        for (name, value) in usual {
            if !fields.iter().any(|(given, _)| *given == name) {
                request = request.header(name, value);
            }
        }
        match who {
            As::Nobody => {}
            As::Session(secret) => {
                let cookie = format!("spigot_session={secret}");
                request = request.header("cookie", cookie).header("x-spigot-csrf", csrf(secret));
            }
            As::Token(secret) => request = request.header("authorization", format!("Bearer {secret}")),
        }
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let peer = IpAddr::from([192, 0, 2, 1]);
        let answer = self.api.answer(&request.body(body).unwrap(), peer, now);
        let text = match answer.body {
            Body::Whole(bytes) => bytes.to_vec(),
            Body::Written(write) => {
                let mut text = Vec::new();
                write(&mut text).unwrap();
                text
            }
        };
        let said = serde_json::from_slice(&text);
        (answer.status.as_u16(), said.unwrap_or_else(|_| String::from_utf8_lossy(&text).into_owned().into()))
    }
}
