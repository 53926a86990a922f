//! Difficulty rises while one client holds many challenges at once.

use serde_json::Value;

use super::challenge::{solve, submit};
use super::client::Connection;
use super::demo::Demo;

#[test]
fn work_doubles_while_many_challenges_are_held_and_falls_when_they_are_spent() {
    let config = "extends = \"default\"\n[challenge]\nlife = \"1h\"\nlog2_work = [6, 6, 6]\n";
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(config));
    let ask = |connection: &mut Connection| -> Value {
        let answer = connection.request("GET", "/login", &[("Accept", "application/json")], b"");
        assert_eq!(answer.status, 403, "{}", answer.text());
        answer.json()["challenge"].clone()
    };
    let work = |challenge: &Value| challenge["log2_n"].as_u64().unwrap();
    let mut connection = demo.connect();
    let mut held: Vec<Value> = Vec::new();
    for n in 0..66 {
        let challenge = ask(&mut connection);
        let expected = 6 + if n < 32 { 0 } else { 1 + u64::from(n >= 64) };
        assert_eq!(work(&challenge), expected, "with {n} held");
        held.push(challenge);
    }
    assert_eq!(work(&ask(&mut demo.connect_from(9))), 6, "another client pays what is usual");
    // 66 are held; of those that are spent none is.
    for challenge in held.drain(..36) {
        assert_eq!(submit(&mut connection, &solve(&challenge)).status, 200);
    }
    assert_eq!(work(&ask(&mut connection)), 6, "with 30 held");
    let first = held.remove(0);
    assert_eq!(
        submit(&mut connection, &solve(&first)).status,
        200,
        "what was given before is as good as ever"
    );
}
