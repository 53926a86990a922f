//! What one caller does to others: slow bodies, and exceptions that would undo what somebody else decided.

use serde_json::{Value, json};

use super::{Browser, somebody};
use crate::client::Connection;
use crate::demo::{Demo, OPEN, SOON};

/// A call whose body never comes.
fn dribble(demo: &Demo, bytes: u32) -> Connection {
    let mut connection = Connection::open(demo.admin);
    let head = format!(
        "POST /api/session/password HTTP/1.1\r\nHost: {}\r\nContent-Length: {bytes}\r\n\r\n{{",
        demo.admin
    );
    connection.send(head.as_bytes());
    connection
}

#[test]
fn bodies_that_do_not_come_hold_up_nobody() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    let _small: Vec<_> = (0..80).map(|_| dribble(&demo, 100)).collect();
    let mut large = Vec::new();
    let begun = std::time::Instant::now();
    // More than are taken at once: at last one is told to come again, which is an answer at once.
    let refused = loop {
        assert!(begun.elapsed() < SOON && large.len() < 80, "{} at once", large.len());
        let connection = dribble(&demo, 1_000_000);
        let waiting = std::time::Duration::from_millis(200);
        connection.socket().set_read_timeout(Some(waiting)).unwrap();
        let mut first = [0; 12];
        match std::io::Read::read(&mut connection.socket(), &mut first) {
            Ok(read) => break String::from_utf8_lossy(&first[..read]).into_owned(),
            Err(_) => large.push(connection),
        }
    };
    assert_eq!(refused, "HTTP/1.1 503");
    let (status, state) = Browser::new(&demo).call("GET", "/api/session", &Value::Null);
    assert_eq!((status, &state["is_set_up"]), (200, &json!(false)));
}

#[test]
fn an_exception_of_support_yields_to_a_denial() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    somebody(&demo, "root", "admin");
    let mut sue = somebody(&demo, "sue", "support");
    let mut except = |name: &str| {
        let end = "2999-01-01T00:00:00Z".to_owned();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let hour = spigot_decision::Millis(i64::try_from(now).unwrap() + 3_600_000).to_string();
        let long = json!({ "name": name, "subject": "127.0.0.9", "end": end, "reason": "called" });
        assert_eq!(sue.call("PUT", "/api/exceptions", &long).0, 403, "for a week at most");
        let wanted = json!({ "name": name, "subject": "127.0.0.9", "end": hour, "reason": "called" });
        sue.call("PUT", "/api/exceptions", &wanted)
    };
    let before = demo.revision();
    let (status, said) = except("first");
    assert_eq!(status, 200, "{said}");
    // In force, so that the next revision is the denial's.
    demo.until("the exception is in force", |health| health["revision"] != before);
    demo.change(&["list", "deny", "127.0.0.9", "--note", "abuse"]);
    assert_eq!(
        demo.connect_from(9).get("/").status,
        403,
        "who denied it later, or before, has the last word"
    );
    let (status, said) = except("second");
    assert!(status == 403 && said["detail"].as_str().unwrap().contains("denylist"), "{status} {said}");
    demo.change(&["exception", "add", "ours", "--address", "127.0.0.9", "--for", "1h", "--reason", "a test"]);
    assert_eq!(demo.connect_from(9).get("/").status, 200, "an operator may");
}
