//! Trusted clients as they come: with keys, signatures, certificates and tokens that hold, and with others.

mod certificates;
mod issuer;
mod keys;
mod signatures;
mod signer;
mod tokens;

use super::client::{Answer, Connection};
use super::demo::Demo;

/// Everybody is asked for a challenge at `/whoami`, which echoes what the application is told.
const ASKED: &str = "[[route]]\nname = \"api\"\nmatch = \"/whoami\"\nask = \"always\"\nlevel = \"medium\"\n\
                     [[route]]\nname = \"other\"\nmatch = \"/**\"\nask = \"always\"\n";

fn start(trusted: &str) -> Demo {
    Demo::start_with(tempfile::tempdir().unwrap(), Some(&format!("{trusted}\n{ASKED}")))
}

fn ask(connection: &mut Connection, headers: &[(&str, &str)]) -> Answer {
    let all = [&[("Accept", "application/json")], headers].concat();
    connection.request("GET", "/whoami", &all, b"")
}

/// The header field that the application was sent, as it says.
fn told(answer: &Answer, name: &str) -> Option<String> {
    let echoed = answer.json();
    let fields = echoed["headers"].as_array().unwrap();
    fields.iter().find(|field| field[0] == name).map(|field| field[1].as_str().unwrap().to_owned())
}

/// Waits for an event with this reason and tells its story.
fn story(demo: &Demo, reason: &str) -> String {
    let found = std::cell::OnceCell::new();
    demo.until("the event is there", |_| {
        let events = demo.command(&["events", "--reason", reason, "--format", "json"]);
        let first = String::from_utf8_lossy(&events.stdout).lines().next().map(str::to_owned);
        first.is_some_and(|first| found.set(first).is_ok())
    });
    let event: serde_json::Value = serde_json::from_str(found.get().unwrap()).unwrap();
    let story = demo.command(&["explain", event["id"].as_str().unwrap()]);
    String::from_utf8_lossy(&story.stdout).into_owned()
}
