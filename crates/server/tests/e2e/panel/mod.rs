//! The panel's API, called as its page calls it.

mod bounds;
mod command_line;
mod provider;
mod sign_in;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;

use super::client::{BROWSER, Connection};
use super::demo::Demo;

pub(super) const PASSWORD: &str = "four plain words here";

/// One browser at the panel: its cookies, and what proves that its page calls.
pub(super) struct Browser {
    pub(super) address: SocketAddr,
    cookies: BTreeMap<String, String>,
    csrf: String,
    /// The last byte of its address on the loopback, and the fields that it sends besides.
    from: u8,
    more: Vec<(String, String)>,
}

impl Browser {
    pub(super) fn new(demo: &Demo) -> Self {
        let (cookies, more) = (BTreeMap::new(), Vec::new());
        Self { address: demo.admin, cookies, csrf: String::new(), from: 1, more }
    }

    /// Sends a field along with everything.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.more.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Status and answer of a call.
    pub(super) fn call(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nUser-Agent: {BROWSER}\r\nConnection: close\r\nCookie: {1}\r\nX-Spigot-Csrf: {2}\r\n",
            self.address,
            cookies.join("; "),
            self.csrf
        );
        for (name, value) in &self.more {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let mut connection = Connection::open_from(self.address, self.from);
        connection.send(head.as_bytes());
        let answer = connection.answer(false);
        for (_, set) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let said = serde_json::from_slice(&answer.body).unwrap_or_default();
        (answer.status, said)
    }

    /// The same, of which the answer is a state of the session: what proves that the page calls is kept.
    pub(super) fn enter(&mut self, path: &str, body: &Value) -> (u16, Value) {
        let (status, said) = self.call("POST", path, body);
        if let Some(csrf) = said["person"]["csrf"].as_str() {
            csrf.clone_into(&mut self.csrf);
        }
        (status, said)
    }

    /// Who is signed in here.
    pub(super) fn who(&mut self) -> Option<(String, String)> {
        let (_, state) = self.call("GET", "/api/session", &Value::Null);
        let text = |name: &str| state["person"][name].as_str().map(str::to_owned);
        text("name").zip(text("role"))
    }
}

/// Somebody with a role and a password, signed in.
pub(super) fn somebody(demo: &Demo, name: &str, role: &str) -> Browser {
    let made = demo.command(&["admin", "create", name, "--role", role, "--format", "json"]);
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let link = made["link"].as_str().unwrap().rsplit('/').next().unwrap();
    let mut browser = Browser::new(demo);
    let wanted = serde_json::json!({ "link": link, "password": PASSWORD });
    let (status, said) = browser.enter("/api/session/link", &wanted);
    assert_eq!(status, 200, "{said}");
    browser
}
