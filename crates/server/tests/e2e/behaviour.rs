//! What a widget saw, from its submission to what the site's server and the operator are told.

use serde_json::{Value, json};

use super::client::Answer;
use super::service::{ORIGIN, Service, call, form, submission};

/// Solves, and submits with what was seen.
fn submitted(service: &Service, asked: &Value, challenge: &Value, seen: &Value) -> Answer {
    let mut submission = submission(asked, challenge);
    submission["seen"] = seen.clone();
    call(&mut service.connect(), "solve", &submission)
}

fn score(service: &Service, token: &Value) -> f64 {
    let body = format!("secret={}&response={}", service.secret, token.as_str().unwrap());
    let answer = form(&mut service.connect(), "/recaptcha/api/siteverify", &body).json();
    answer["score"].as_f64().unwrap_or_else(|| panic!("{answer}"))
}

/// A script in the page that writes two fields in twelve milliseconds.
fn scripted() -> Value {
    json!({
        "since_millis": 400,
        "focus": { "fields": 2, "filled": 2 },
        "fill": { "inputs": 2, "untrusted": 2, "before_millis": 30, "millis": 12 },
        "browser": { "marks": [] },
    })
}

#[test]
fn a_person_passes_and_a_script_is_asked_for_a_press() {
    let service = Service::start();
    let asked = service.asked(&json!({ "action": "login" }));
    let challenge = || call(&mut service.connect(), "challenge", &asked).json();
    let person = json!({
        "since_millis": 9000,
        "pointer": { "moves": 90, "presses": 2, "path_pixels": 900, "straight_percent": 91,
            "speed_cv_percent": 110, "speed_flips_percent": 45 },
        "keys": { "presses": 22, "between_millis": 170, "between_cv_percent": 60 },
        "focus": { "fields": 2, "filled": 2 },
        "fill": { "inputs": 22, "before_millis": 900, "millis": 5000 },
    });
    let given = submitted(&service, &asked, &challenge(), &person).json();
    assert!(score(&service, &given["token"]) >= 0.7, "{given}");
    let more = submitted(&service, &asked, &challenge(), &scripted());
    let next = more.json()["next"].clone();
    assert_eq!((more.status, &next["interaction"]), (200, &json!("press")), "{}", more.text());
    // With the press it is a token, which says what it is worth.
    let given = submitted(&service, &asked, &next, &scripted()).json();
    assert!(score(&service, &given["token"]) <= 0.5, "{given}");
    service.demo.until("the event", |_| {
        let events = service.demo.command(&["events", "--reason", "quick_fill", "--format", "json"]);
        String::from_utf8_lossy(&events.stdout).contains("fill.millis 12 against 500")
    });
}

#[test]
fn a_page_that_nobody_saw_gets_nothing() {
    let service = Service::start();
    let asked = service.asked(&json!({}));
    let challenge = call(&mut service.connect(), "challenge", &asked).json();
    let mut seen = scripted();
    seen["visibility"] = json!({ "hidden_throughout": true });
    let refused = submitted(&service, &asked, &challenge, &seen);
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("restricted")), "{}", refused.text());
    let id = refused.json()["decision"].as_str().unwrap().to_owned();
    service.demo.until("the story", |_| {
        let story = service.demo.command(&["explain", &id]);
        let story = String::from_utf8_lossy(&story.stdout);
        ["quick_fill", "no_pointer_no_key", "page_hidden"].iter().all(|name| story.contains(name))
    });
}

#[test]
fn a_press_that_nobody_made_answers_nothing() {
    let service = Service::start_with(&["--press", "always", "--host", "null"]);
    let asked = service.asked(&json!({}));
    let mut connection = service.connect();
    let challenge = call(&mut connection, "challenge", &asked).json();
    let mut sent = submission(&asked, &challenge);
    let script = json!({ "by": "other", "after_millis": 900 });
    for nobodys in
        [&script, &json!({ "by": "pointer", "after_millis": 99 }), &json!({ "by": "key", "after_millis": 0 })]
    {
        sent["pressed"] = nobodys.clone();
        let refused = call(&mut connection, "solve", &sent).json();
        assert_eq!(
            (&refused["code"], &refused["challenge"]["interaction"]),
            (&json!("press_missing"), &json!("press")),
            "{nobodys}"
        );
    }
    service.demo.until("the evidence", |_| {
        let events = service.demo.command(&["events", "--reason", "pressed_by_program", "--format", "json"]);
        let events = String::from_utf8_lossy(&events.stdout).into_owned();
        ["a script's click", "pressed.after_millis 99 against 100"].iter().all(|found| events.contains(found))
    });
    // The challenge is not spent: the next press counts. A mouse, a finger or a screen reader that acts as one; a key, or
    // a switch that took its time.
    for people in
        [json!({ "by": "pointer", "after_millis": 160 }), json!({ "by": "key", "after_millis": 45_000 })]
    {
        let challenge = call(&mut connection, "challenge", &asked).json();
        let mut sent = submission(&asked, &challenge);
        sent["pressed"] = people;
        assert!(call(&mut connection, "solve", &sent).json()["token"].is_string(), "{sent}");
    }
    // An app says no more of its own button.
    let mut app = |name: &str, body: &Value| {
        connection
            .request("POST", &format!("/.spigot/widget/{name}"), &[], body.to_string().as_bytes())
            .json()
    };
    let challenge = app("challenge", &asked);
    let mut sent = submission(&asked, &challenge);
    sent["pressed"] = script;
    assert!(app("solve", &sent)["token"].is_string());
}

#[test]
fn a_press_of_another_shape_is_malformed() {
    let service = Service::start();
    let asked = service.asked(&json!({}));
    let mut connection = service.connect();
    let challenge = call(&mut connection, "challenge", &asked).json();
    let mut sent = submission(&asked, &challenge);
    for shape in [
        json!(true),
        json!("key"),
        json!({}),
        json!([]),
        json!({ "by": "key" }),
        json!({ "after_millis": 900 }),
        json!({ "by": "mind", "after_millis": 900 }),
        json!({ "by": "key", "after_millis": -1 }),
        json!({ "by": "key", "after_millis": 0.5 }),
        json!({ "by": "key", "after_millis": "900" }),
    ] {
        sent["pressed"] = shape;
        let refused = call(&mut connection, "solve", &sent);
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("malformed")), "{sent}");
    }
    // Nothing, and a button that stood there over night.
    for shape in [Value::Null, json!({ "by": "key", "after_millis": 40_000_000 })] {
        let challenge = call(&mut connection, "challenge", &asked).json();
        let mut sent = submission(&asked, &challenge);
        sent["pressed"] = shape;
        assert!(call(&mut connection, "solve", &sent).json()["token"].is_string(), "{sent}");
    }
}

#[test]
fn what_no_widget_sends_is_malformed_and_costs_nothing() {
    let service = Service::start();
    let mut connection = service.connect();
    for seen in ["-1", "1.5", "\"x\"", "{}", "null"] {
        let body = format!(
            "{{\"protocol\":1,\"site_key\":\"{}\",\"challenge\":\"\",\"proof\":\"\",\"seen\":{{\"since_millis\":{seen}}}}}",
            service.site_key
        );
        let headers = [("Origin", ORIGIN)];
        let answer = connection.request("POST", "/.spigot/widget/solve", &headers, body.as_bytes());
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("malformed")), "{seen}");
    }
}
