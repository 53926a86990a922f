//! Third parties that give no answer: closed, unless the operator named what takes their place.

use serde_json::json;

use super::challenge::{of_page, solve, submit};
use super::providers::{Carried, agreeing, carry};
use super::vendors::{Reply, Vendor, challenge, demo, redeem, yes};

#[test]
fn without_an_answer_it_stays_closed() {
    type How = fn() -> Reply;
    const REPLIES: [(&str, How); 8] = [
        ("silence", || Reply::Silence),
        ("close", || Reply::Close),
        ("500", || Reply::Json(500, json!({ "success": true }))),
        ("503 with a yes", || Reply::Json(503, yes("hcaptcha", ""))),
        ("a redirect", || {
            Reply::Raw(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_owned(),
            )
        }),
        ("a page", || {
            Reply::Raw(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>".to_owned(),
            )
        }),
        ("no HTTP", || Reply::Raw("SSH-2.0-OpenSSH_9.2\r\n".to_owned())),
        ("endless", || Reply::Endless),
    ];
    for (name, reply) in REPLIES {
        let vendor = Vendor::start(move |_, _| reply());
        let demo = demo("hcaptcha", &vendor, "deadline = \"300ms\"", "");
        let mut connection = demo.connect();
        let given = challenge(&mut connection);
        let refused = redeem(&mut connection, &given, "a-token");
        let told = refused.json();
        assert_eq!((refused.status, refused.header("set-cookie")), (503, None), "{name}: {told}");
        assert_eq!(told["code"], "provider_away", "{name}");
        assert!(refused.header("retry-after").is_some(), "{name}");
        assert_eq!(told["challenge"]["provider"]["name"], "hcaptcha", "{name}: nothing takes its place");
        assert_eq!(vendor.asked().len(), 1, "{name}: a token may be used by now, so it is asked about once");
    }
}

#[test]
fn a_question_that_may_be_repeated_is_with_the_same_key() {
    let carried = Carried::default();
    let told = carried.clone();
    let vendor = Vendor::start(move |_, before| match before {
        0 => Reply::Close,
        _ => Reply::Json(200, yes("turnstile", &told.lock().unwrap())),
    });
    let demo = demo("turnstile", &vendor, "send_address = true", "");
    let mut connection = demo.connect();
    let given = challenge(&mut connection);
    *carried.lock().unwrap() = carry(&given);
    let solved = redeem(&mut connection, &given, "a-token");
    assert_eq!(solved.status, 200, "{}", solved.text());
    let asked = vendor.asked();
    assert_eq!(asked.len(), 2);
    let key = asked[0].field("idempotency_key").unwrap();
    assert_eq!(key.replace('-', ""), carry(&given));
    assert_eq!(asked[1].field("idempotency_key").unwrap(), key);
    assert_eq!(asked[0].field("remoteip").as_deref(), Some("127.0.0.1"), "as configured");
}

#[test]
fn another_provider_or_the_own_puzzle_takes_its_place() {
    let away = Vendor::start(|_, _| Reply::Json(502, json!({})));
    let (other, _) = agreeing("hcaptcha", |_| ());
    let second = format!(
        "[[provider]]\nname = \"second\"\nkind = \"hcaptcha\"\nsite_key = \"k\"\nbase = \"http://localhost:{}\"\n\
         fail = \"own\"\ndeadline = \"300ms\"\nSECRET",
        other.port()
    );
    let demo = demo("turnstile", &away, "fail = \"second\"\ndeadline = \"300ms\"", &second);
    let mut connection = demo.connect();
    let page = connection.request("GET", "/login", &[("Accept", "text/html")], b"");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("https://hcaptcha.com"), "the page may go on to the second: {policy}");
    assert!(!page.text().contains("/.spigot/wait"), "a wait in its place would be the visitor's choice");
    let given = of_page(&page);
    assert_eq!(given["provider"]["name"], "turnstile");
    let refused = redeem(&mut connection, &given, "a-token").json();
    assert_eq!(
        (&refused["code"], &refused["challenge"]["provider"]["name"]),
        (&json!("provider_away"), &json!("hcaptcha"))
    );
    // Its name is looked up away from the request.
    let solved = redeem(&mut connection, &refused["challenge"], "a-token");
    assert_eq!(solved.status, 200, "{}", solved.text());

    // Three failures in a row: it is passed over for a while.
    for _ in 0..2 {
        let given = challenge(&mut connection);
        redeem(&mut connection, &given, "a-token");
    }
    assert_eq!(challenge(&mut connection)["provider"]["name"], "hcaptcha");
    drop(other);
    let given = challenge(&mut connection);
    let own = redeem(&mut connection, &given, "a-token").json()["challenge"].clone();
    assert_eq!(own["kind"], "cachewalk", "{own}");
    let solved = submit(&mut connection, &solve(&own));
    assert_eq!(solved.status, 200, "{}", solved.text());
    let cookie = solved.cookie();
    let login = connection.request("GET", "/login", &[("Accept", "text/html"), ("Cookie", &cookie)], b"");
    assert_eq!(login.status, 200, "at the level that the route demands");
}

#[test]
fn where_the_browser_is_believed_it_gets_what_takes_the_place() {
    let (vendor, _) = agreeing("turnstile", |_| ());
    let demo = demo("turnstile", &vendor, "fail = \"own\"\nbelieve_browser = true", "");
    let mut connection = demo.connect();
    let given = challenge(&mut connection);
    let asked = json!({ "challenge": given["challenge"] }).to_string();
    let url = given["fallback_url"].as_str().unwrap();
    let own =
        connection.request("POST", url, &[("Content-Type", "application/json")], asked.as_bytes()).json();
    assert_eq!(own["challenge"]["kind"], "cachewalk", "{own}");
    assert_eq!(submit(&mut connection, &solve(&own["challenge"])).status, 200);
}

#[test]
fn tokens_that_captchala_never_gave_pass_nowhere_and_its_quota_is_a_choice() {
    let check = |more: &str, token: &str, code: &str, next: &str, asked: usize| {
        let vendor = Vendor::start(|_, _| {
            Reply::Json(
                200,
                json!({ "code": 0, "msg": "ok", "data": { "valid": false, "degraded": true, "reason": "quota" } }),
            )
        });
        let demo = demo("captchala", &vendor, more, "");
        let mut connection = demo.connect();
        let given = challenge(&mut connection);
        let refused = redeem(&mut connection, &given, token);
        assert_eq!(refused.header("set-cookie"), None, "{token}");
        let told = refused.json();
        assert_eq!((told["code"].as_str(), vendor.asked().len()), (Some(code), asked), "{token}: {told}");
        assert_eq!(told["challenge"]["kind"].as_str().unwrap_or_default(), next, "{token} {more}");
    };
    check("", "client_1", "not_vouched", "", 0);
    check("", "co_1", "not_vouched", "", 0);
    check("fail = \"own\"", "offline_1", "provider_away", "provider", 0);
    check("fail = \"own\"", "dg_1", "provider_away", "provider", 1);
    check("fail = \"own\"\nbelieve_degraded = true", "offline_1", "provider_away", "cachewalk", 0);
    check("fail = \"own\"\nbelieve_degraded = true", "dg_1", "provider_away", "cachewalk", 1);
    check("believe_degraded = true", "dg_1", "provider_away", "provider", 1);
}
