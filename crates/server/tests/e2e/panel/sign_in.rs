//! The log-in of the panel, protected by what it protects others with.

use serde_json::{Value, json};
use spigot_cachewalk::{Params, Solver, key};

use super::{Browser, PASSWORD, somebody};
use crate::demo::{Demo, OPEN};

/// The puzzle that an answer asks for, solved.
fn solved(asked: &Value) -> Value {
    let (more, number) = (&asked["more"], |name: &str| asked["more"][name].as_u64().unwrap());
    assert_eq!(more["kind"], "cachewalk", "{asked}");
    let parameters = Params::new(
        u8::try_from(number("log2_n")).unwrap(),
        u32::try_from(number("grind")).unwrap(),
        u8::try_from(number("open")).unwrap(),
    );
    let challenge = spigot_challenge::from_text(more["challenge"].as_str().unwrap()).unwrap();
    let proof = Solver::new(key(&challenge), parameters.unwrap()).solve().encode();
    json!({ "challenge": more["challenge"], "proof": spigot_challenge::to_text(&proof) })
}

fn with_password(browser: &mut Browser, name: &str, password: &str, solution: &Value) -> (u16, Value) {
    let wanted = json!({ "name": name, "password": password, "code": null, "solution": solution });
    browser.enter("/api/session/password", &wanted)
}

fn code(answer: &(u16, Value)) -> &str {
    answer.1["code"].as_str().unwrap_or("in")
}

#[test]
fn after_a_failure_a_puzzle_comes_before_the_next_password() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    somebody(&demo, "ada", "admin");
    somebody(&demo, "bob", "admin");
    let mut stranger = Browser::new(&demo);
    let none = Value::Null;
    assert_eq!(code(&with_password(&mut stranger, "ada", "wrong", &none)), "wrong");
    // Not even the right one is looked at.
    let asked = with_password(&mut stranger, "ada", PASSWORD, &none);
    assert_eq!((asked.0, code(&asked)), (428, "puzzle"), "{asked:?}");
    let solution = solved(&asked.1);
    let forged = json!({ "challenge": solution["challenge"], "proof": solution["challenge"] });
    assert_eq!(code(&with_password(&mut stranger, "ada", PASSWORD, &forged)), "puzzle");
    // A solution is for one name, and for one attempt.
    assert_eq!(code(&with_password(&mut stranger, "bob", "wrong", &none)), "wrong");
    assert_eq!(code(&with_password(&mut stranger, "bob", PASSWORD, &solution)), "puzzle");
    assert_eq!(code(&with_password(&mut stranger, "ada", "wrong", &solution)), "wrong");
    let again = with_password(&mut stranger, "ada", PASSWORD, &solution);
    assert_eq!(code(&again), "puzzle");
    assert_eq!(code(&with_password(&mut stranger, "ada", PASSWORD, &solved(&again.1))), "in");
}

#[test]
fn strangers_keep_nobody_out_of_their_own_browser() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    let mut own = somebody(&demo, "ada", "admin");
    assert_eq!(own.call("DELETE", "/api/session", &json!({})).0, 200);
    let mut stranger = Browser::new(&demo);
    let mut last = with_password(&mut stranger, "ada", "wrong", &Value::Null);
    for _ in 0..20 {
        let solution = if code(&last) == "puzzle" { solved(&last.1) } else { Value::Null };
        last = with_password(&mut stranger, "ada", "wrong", &solution);
        if code(&last) == "wait" {
            break;
        }
    }
    assert_eq!((last.0, code(&last)), (429, "wait"), "{last:?}");
    let asked = with_password(&mut own, "ada", PASSWORD, &Value::Null);
    assert_eq!(code(&asked), "puzzle");
    assert_eq!(code(&with_password(&mut own, "ada", PASSWORD, &solved(&asked.1))), "in");
}

#[test]
fn a_proxy_tells_clients_apart_when_it_is_trusted() {
    let check = |panel: &str, asked: bool| {
        let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&format!("{OPEN}{panel}")));
        for name in ["ada", "bob", "eve"] {
            somebody(&demo, name, "admin");
        }
        let from = |address: &str| Browser::new(&demo).with("X-Forwarded-For", address);
        let first = with_password(&mut from("203.0.113.7, 192.0.2.7"), "ada", "wrong", &Value::Null);
        assert_eq!(code(&first), "wrong");
        let same = with_password(&mut from("203.0.113.8, 192.0.2.7"), "bob", PASSWORD, &Value::Null);
        assert_eq!(code(&same), if asked { "puzzle" } else { "in" }, "{panel}");
        let other = with_password(&mut from("203.0.113.7, 192.0.2.8"), "eve", PASSWORD, &Value::Null);
        assert_eq!(code(&other), "in", "{panel}");
    };
    check("[panel]\ntrusted_proxies = [\"127.0.0.1\"]\n", true);
    check("", false);
    check("[panel]\ntrusted_proxies = [\"198.51.100.0/24\"]\n", false);
}
