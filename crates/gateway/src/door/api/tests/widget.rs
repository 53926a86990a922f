//! What the widget's calls are answered with, as the document and docs/widget-protocol.md show it.

use serde_json::{Value, json};
use spigot_cachewalk::{Params, Solver, key};
use spigot_challenge::{from_text, to_text};

use super::{DOCUMENT, HOST, SECRET, SITE, Service};

/// Puzzles that take no time.
const SMALL: &str = "[challenge]\nlog2_work = [4, 6, 8]\n";

/// A call from the site's page. What is wrong is said in the widget's own words, not only in some.
async fn call(service: &Service, name: &str, asked: &Value) -> (u16, Value) {
    call_from(service, &format!("https://{HOST}"), name, asked).await
}

async fn call_from(service: &Service, origin: &str, name: &str, asked: &Value) -> (u16, Value) {
    let path = format!("/.spigot/widget/{name}");
    let (status, answer) = service.json(&path, &[("origin", origin), ("user-agent", "test")], asked).await;
    if status != 200 {
        DOCUMENT.shows("WidgetProblem", &answer).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(answer["status"], status, "{answer}");
    }
    (status, answer)
}

fn asked(more: &Value) -> Value {
    let mut asked = json!({ "protocol": 1, "site_key": SITE });
    let members = more.as_object().expect("members").clone();
    asked.as_object_mut().expect("an object").extend(members);
    asked
}

/// The submission for a challenge that was answered to `asked`.
fn solved(asked: &Value, challenge: &Value) -> Value {
    let bytes = from_text(challenge["challenge"].as_str().expect("a challenge")).expect("its text");
    let number =
        |name: &str| u32::try_from(challenge[name].as_u64().expect("a number")).expect("a small one");
    let small = |name: &str| u8::try_from(number(name)).expect("a small one");
    let params = Params::new(small("log2_n"), number("grind"), small("open")).expect("parameters");
    let proof = Solver::new(key(&bytes), params).solve().encode();
    let mut submission = asked.clone();
    submission["challenge"] = challenge["challenge"].clone();
    submission["proof"] = to_text(&proof).into();
    submission["millis"] = 300.into();
    if challenge["interaction"] == "press" {
        submission["pressed"] = json!({ "by": "key", "after_millis": 900 });
    }
    submission
}

async fn token(service: &Service, asked: &Value) -> Value {
    let (status, challenge) = call(service, "challenge", asked).await;
    assert_eq!(status, 200, "{challenge}");
    let (status, token) = call(service, "solve", &solved(asked, &challenge)).await;
    assert_eq!(status, 200, "{token}");
    DOCUMENT.shows("WidgetToken", &token).unwrap_or_else(|why| panic!("{why}"));
    token["token"].clone()
}

#[tokio::test]
async fn from_the_challenge_to_the_next_token() {
    let service = Service::start_with(SMALL, |site| site);
    let auth = [("x-app-key", SITE), ("x-app-secret", SECRET)];
    let (_, issued) = service.json("/v1/server/challenge/issue", &auth, &json!({ "action": "login" })).await;
    for more in [
        json!({}),
        json!({ "action": "login", "data": "order 7", "language": "de" }),
        json!({ "interactive": true }),
        json!({ "action": "login", "server_token": issued["data"]["server_token"] }),
    ] {
        let asked = asked(&more);
        let first = token(&service, &asked).await;
        let text = first.as_str().expect("a text");
        assert!(text.starts_with("pt_"), "{text}");
        let (_, said) =
            service.form("/turnstile/v0/siteverify", &[], format!("secret={SECRET}&response={text}")).await;
        assert_eq!(said["success"], true, "{said}");
        if more.get("server_token").is_none() {
            let mut again = asked.clone();
            again["again"] = first.clone();
            let (_, next) = call(&service, "challenge", &again).await;
            DOCUMENT.shows("WidgetToken", &next).unwrap_or_else(|why| panic!("{why}"));
        }
    }
}

#[tokio::test]
async fn what_a_challenge_says() {
    let service = Service::start();
    let (_, plain) = call(&service, "challenge", &asked(&json!({}))).await;
    assert_eq!((&plain["kind"], &plain["interaction"]), (&json!("cachewalk"), &json!("none")), "{plain}");
    let (_, pressing) = call(&service, "challenge", &asked(&json!({ "interactive": true }))).await;
    assert_eq!(pressing["interaction"], "press", "{pressing}");
    let exchange = asked(&json!({ "challenge": plain["challenge"] }));
    let (status, other) = call(&service, "fallback", &exchange).await;
    assert_eq!((status, &other["kind"]), (200, &json!("pbkdf2")), "{other}");
    let service = Service::start_for_tests();
    for (site_key, test) in [
        ("1x00000000000000000000AA", "pass"),
        ("2x00000000000000000000AB", "fail"),
        ("3x00000000000000000000FF", "ask"),
    ] {
        for name in ["challenge", "fallback", "solve"] {
            let (_, answer) = call(&service, name, &json!({ "protocol": 1, "site_key": site_key })).await;
            assert_eq!(answer["test"], test, "{name} {site_key}: {answer}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong() {
    let service = Service::start_with(SMALL, |site| site);
    let check = async |name: &str, body: Value, code: &str| {
        let (_, answer) = call(&service, name, &body).await;
        assert_eq!(answer["code"], code, "{name} {body}: {answer}");
        answer
    };
    for name in ["challenge", "fallback", "solve"] {
        check(name, json!({}), "malformed").await;
        let unsupported = check(name, json!({ "protocol": 2 }), "protocol_unsupported").await;
        assert_eq!(unsupported["protocols"], json!([1]));
        check(name, json!({ "protocol": 1, "site_key": "x" }), "site_key_unknown").await;
        check(name, asked(&json!({ "action": "two words" })), "action_malformed").await;
        check(name, asked(&json!({ "data": "x".repeat(256) })), "data_too_long").await;
        check(name, asked(&json!({ "server_token": "sct_x" })), "server_token_invalid").await;
        let (_, answer) = call_from(&service, "https://evil.example", name, &asked(&json!({}))).await;
        assert_eq!(answer["code"], "host_not_allowed", "{name}");
    }
    let login = asked(&json!({ "action": "login" }));
    let (_, challenge) = call(&service, "challenge", &login).await;
    let submission = solved(&login, &challenge);
    let other = |member: &str, value: Value| {
        let mut other = submission.clone();
        other[member] = value;
        other
    };
    check("solve", other("challenge", "AAAA".into()), "malformed").await;
    check("solve", other("action", "signup".into()), "other_context").await;
    let (_, pressing) = call(&service, "challenge", &asked(&json!({ "interactive": true }))).await;
    let mut unpressed = solved(&asked(&json!({ "interactive": true })), &pressing);
    unpressed.as_object_mut().expect("an object").remove("pressed");
    let answer = check("solve", unpressed, "press_missing").await;
    assert_eq!(answer["challenge"]["interaction"], "press", "{answer}");
    let proof = submission["proof"].as_str().expect("a text");
    let changed = format!("{}{}", if proof.starts_with('A') { 'B' } else { 'A' }, &proof[1..]);
    let answer = check("solve", other("proof", changed.into()), "wrong").await;
    assert!(answer.get("challenge").is_none(), "an honest widget does not come to it: {answer}");
    assert_eq!(call(&service, "solve", &submission).await.0, 200);
    let answer = check("solve", submission.clone(), "spent").await;
    DOCUMENT.shows("WidgetChallenge", &answer["challenge"]).unwrap_or_else(|why| panic!("{why}"));
    let (_, late) = call(&service, "challenge", &login).await;
    service.pass_millis(3_600_000);
    check("solve", solved(&login, &late), "expired").await;
}
