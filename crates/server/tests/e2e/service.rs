//! The widget's calls, as a widget makes them, and what a token is worth.

use std::sync::LazyLock;
use std::time::Instant;

use serde_json::{Value, json};
use spigot_documented::Document;

use super::challenge::solve;
use super::client::{Answer, Connection};
use super::demo::{Demo, SOON};

pub(crate) const ORIGIN: &str = "https://shop.example";

/// What the service answers is held to it.
pub(crate) static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::read(include_str!("../../../../docs/openapi/service.json")).unwrap());

/// A demo with one site.
pub(crate) struct Service {
    pub(crate) demo: Demo,
    pub(crate) site_key: String,
    pub(crate) secret: String,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more arguments for `spigot site add`.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        let demo = Demo::start();
        let (site_key, secret) = add_site(&demo, "shop", more);
        Self { demo, site_key, secret }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.demo.service)
    }

    /// A call of this site's widget.
    pub(crate) fn asked(&self, more: &Value) -> Value {
        asked(&self.site_key, more)
    }

    /// A token for an action, earned by solving.
    pub(crate) fn token(&self, more: &Value) -> String {
        earn(&mut self.connect(), &self.site_key, more)
    }

    /// What Turnstile's dialect says of a token.
    pub(crate) fn siteverify(&self, token: &str, more: &str) -> Value {
        let body = format!("secret={}&response={token}{more}", self.secret);
        turnstile(&mut self.connect(), &body)
    }
}

/// Adds a site for shop.example and waits until the running server knows it: its site key and its secret.
pub(crate) fn add_site(demo: &Demo, name: &str, more: &[&str]) -> (String, String) {
    let before = demo.revision();
    let mut arguments = vec!["site", "add", name, "--host", "shop.example", "--format", "json"];
    arguments.extend(more);
    let output = demo.command(&arguments);
    assert!(output.status.success(), "{output:?}");
    demo.until("the site", |health| health["revision"] != before);
    let site: Value = serde_json::from_slice(&output.stdout).unwrap();
    (site["site_key"].as_str().unwrap().to_owned(), site["secret"].as_str().unwrap().to_owned())
}

pub(crate) fn asked(site_key: &str, more: &Value) -> Value {
    let mut asked = json!({ "protocol": 1, "site_key": site_key });
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked
}

pub(crate) fn call(connection: &mut Connection, name: &str, body: &Value) -> Answer {
    let headers = [("Origin", ORIGIN), ("Content-Type", "text/plain;charset=UTF-8")];
    let path = format!("/.spigot/widget/{name}");
    connection.request("POST", &path, &headers, body.to_string().as_bytes()).held(&DOCUMENT, "POST", &path)
}

/// The submission for a challenge that was answered to `asked`.
pub(crate) fn submission(asked: &Value, challenge: &Value) -> Value {
    let mut submission: Value = serde_json::from_str(&solve(challenge)).unwrap();
    submission.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
    if challenge["interaction"] == "press" {
        submission["pressed"] = json!({ "by": "key", "after_millis": 900 });
    }
    submission
}

pub(crate) fn earn(connection: &mut Connection, site_key: &str, more: &Value) -> String {
    let asked = asked(site_key, more);
    let challenge = call(connection, "challenge", &asked);
    assert_eq!(challenge.status, 200, "{}", challenge.text());
    let solved = call(connection, "solve", &submission(&asked, &challenge.json()));
    assert_eq!(solved.status, 200, "{}", solved.text());
    solved.json()["token"].as_str().unwrap_or_else(|| panic!("{}", solved.text())).to_owned()
}

pub(crate) fn form(connection: &mut Connection, path: &str, body: &str) -> Answer {
    let headers =
        [("Content-Type", "application/x-www-form-urlencoded"), ("User-Agent", "python-requests/2")];
    connection.request("POST", path, &headers, body.as_bytes())
}

pub(crate) fn turnstile(connection: &mut Connection, body: &str) -> Value {
    let path = "/turnstile/v0/siteverify";
    let answer = form(connection, path, body).held(&DOCUMENT, "POST", path);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert!(answer["error-codes"].is_array(), "{answer}");
    assert_eq!(answer["success"] == true, answer["error-codes"] == json!([]), "{answer}");
    answer
}

#[test]
fn a_widget_earns_a_token_and_its_site_redeems_it_once() {
    let service = Service::start();
    let mut connection = service.connect();
    let asked = service.asked(&json!({ "action": "login", "data": "order ü 7" }));
    let challenge = call(&mut connection, "challenge", &asked);
    assert_eq!(challenge.status, 200, "{}", challenge.text());
    assert_eq!(challenge.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(challenge.header("vary"), Some("Origin"));
    let described = challenge.json();
    assert_eq!((&described["protocol"], &described["interaction"]), (&json!(1), &json!("none")));
    let submitted = submission(&asked, &described);
    let solved = call(&mut connection, "solve", &submitted);
    let token = solved.json()["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("pt_") && token.len() < 500, "{} letters", token.len());
    assert_eq!(solved.json()["expires_in_millis"], 300_000);
    assert_eq!(call(&mut connection, "solve", &submitted).json()["code"], "spent", "a proof counts once");
    let first = service.siteverify(&token, "");
    assert_eq!(first["success"], true, "{first}");
    assert_eq!(
        (&first["hostname"], &first["action"], &first["cdata"]),
        (&json!("shop.example"), &json!("login"), &json!("order ü 7"))
    );
    assert_eq!(service.siteverify(&token, "")["error-codes"], json!(["timeout-or-duplicate"]));
}

#[test]
fn one_token_asked_about_64_times_at_once_counts_once() {
    let service = Service::start();
    let token = service.token(&json!({}));
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let body = format!("secret={}&response={token}", service.secret);
            let mut connection = service.connect();
            std::thread::spawn(move || turnstile(&mut connection, &body)["success"] == true)
        })
        .collect();
    let counted = threads.into_iter().map(|thread| thread.join().unwrap());
    assert_eq!(counted.filter(|yes| *yes).count(), 1);
}

#[test]
fn the_same_question_under_the_same_name_is_answered_again() {
    let service = Service::start();
    let token = service.token(&json!({}));
    let under = |key: &str| service.siteverify(&token, &format!("&idempotency_key={key}"));
    let (mine, other) = ("2f1e3f4a-0b1c-4d2e-8f3a-4b5c6d7e8f90", "00000000-0b1c-4d2e-8f3a-4b5c6d7e8f90");
    let first = under(mine);
    assert_eq!(first["success"], true, "{first}");
    assert_eq!(under(mine), first, "the same answer");
    assert_eq!(under(&mine.to_uppercase()), first);
    assert_eq!(under(other)["error-codes"], json!(["timeout-or-duplicate"]));
    assert_eq!(under("not-a-uuid")["error-codes"], json!(["bad-request"]));
    assert_eq!(service.siteverify(&token, "")["error-codes"], json!(["timeout-or-duplicate"]));
    // A name is not shared between tokens.
    let second = service.token(&json!({}));
    let answer = service.siteverify(&second, &format!("&idempotency_key={mine}"));
    assert_eq!(answer["success"], true, "{answer}");
}

#[test]
fn a_form_that_came_back_gets_another_token_at_once() {
    let service = Service::start();
    let mut connection = service.connect();
    let with = |again: &str, action: &str| service.asked(&json!({ "action": action, "again": again }));
    let mut token = service.token(&json!({ "action": "signup" }));
    let unspent = call(&mut connection, "challenge", &with(&token, "signup")).json();
    assert!(unspent["token"].is_null(), "it is as good as before: {unspent}");
    for round in 1..=2 {
        assert_eq!(service.siteverify(&token, "")["success"], true, "round {round}");
        let other = call(&mut connection, "challenge", &with(&token, "login")).json();
        assert!(other["token"].is_null(), "another action: {other}");
        let headers = [("Origin", ORIGIN), ("User-Agent", "another browser")];
        let body = with(&token, "signup").to_string();
        let other = connection.request("POST", "/.spigot/widget/challenge", &headers, body.as_bytes()).json();
        assert!(other["token"].is_null(), "another browser: {other}");
        let mut elsewhere = Connection::open_in(service.demo.service, [127, 1, 0, 1]);
        let other = call(&mut elsewhere, "challenge", &with(&token, "signup")).json();
        assert!(other["token"].is_null(), "another network: {other}");
        let again = call(&mut connection, "challenge", &with(&token, "signup")).json();
        let next = again["token"].as_str().unwrap_or_else(|| panic!("round {round}: {again}")).to_owned();
        let twice = call(&mut connection, "challenge", &with(&token, "signup")).json();
        assert!(twice["token"].is_null(), "each gives one: {twice}");
        token = next;
    }
    assert_eq!(service.siteverify(&token, "")["success"], true);
    let third = call(&mut connection, "challenge", &with(&token, "signup")).json();
    assert!(third["token"].is_null() && third["challenge"].is_string(), "each solve gives two: {third}");
}

#[test]
fn what_a_widget_may_not_is_said() {
    let service = Service::start();
    let mut connection = service.connect();
    let long = "x".repeat(256);
    let check = |connection: &mut Connection, body: &Value, status: u16, code: &str| {
        let answer = call(connection, "challenge", body);
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{body}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "a page can read it");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    };
    check(&mut connection, &json!({}), 400, "malformed");
    check(&mut connection, &json!({ "protocol": 2, "site_key": 7 }), 400, "protocol_unsupported");
    check(&mut connection, &json!({ "protocol": 1, "site_key": 7 }), 400, "malformed");
    check(&mut connection, &json!({ "protocol": 1, "site_key": "x" }), 400, "site_key_unknown");
    for (more, code) in [
        (json!({ "action": "two words" }), "action_malformed"),
        (json!({ "action": "x".repeat(33) }), "action_malformed"),
        (json!({ "data": long }), "data_too_long"),
        (json!({ "data": "\u{1f980}".repeat(186) }), "data_too_long"),
        (json!({ "server_token": "sct_x" }), "server_token_invalid"),
    ] {
        check(&mut connection, &service.asked(&more), 400, code);
    }
    let limit = service.asked(&json!({ "action": "x".repeat(32), "data": "ü".repeat(255) }));
    assert_eq!(call(&mut connection, "challenge", &limit).status, 200);
    let limit = service.asked(&json!({ "data": "\u{1f980}".repeat(185) }));
    assert_eq!(call(&mut connection, "challenge", &limit).status, 200);
    let from = |connection: &mut Connection, headers: &[(&str, &str)]| {
        let body = service.asked(&json!({})).to_string();
        connection.request("POST", "/.spigot/widget/challenge", headers, body.as_bytes()).json()["code"]
            .clone()
    };
    for origin in ["https://evil.example", "https://www.shop.example", "null", "file://"] {
        assert_eq!(from(&mut connection, &[("Origin", origin)]), "host_not_allowed", "{origin}");
    }
    assert_eq!(from(&mut connection, &[]), "host_not_allowed", "no origin is an app");
    assert_eq!(from(&mut connection, &[("Origin", "https://a b")]), "malformed");
    let preflight = connection.request("OPTIONS", "/.spigot/widget/solve", &[("Origin", ORIGIN)], b"");
    assert_eq!((preflight.status, preflight.header("access-control-allow-methods")), (204, Some("POST")));
    assert_eq!(connection.get("/.spigot/widget/solve").status, 405);
    assert_eq!(connection.get("/.spigot/widget/other").status, 404);
}

#[test]
fn a_proof_buys_what_its_challenge_was_for_and_nothing_else() {
    let service = Service::start();
    let (other_site, _) = add_site(&service.demo, "forum", &[]);
    let mut connection = service.connect();
    let newsletter = service.asked(&json!({ "action": "newsletter", "data": "1" }));
    let challenge = call(&mut connection, "challenge", &newsletter).json();
    let right = submission(&newsletter, &challenge);
    for (name, value) in [("action", "login"), ("data", "2"), ("site_key", &other_site)] {
        let mut wrong = right.clone();
        wrong[name] = value.into();
        assert_eq!(call(&mut connection, "solve", &wrong).json()["code"], "other_context", "{name}");
    }
    // What a stricter site gives in its place is what that site asks for.
    let (strict_site, _) = add_site(&service.demo, "bank", &["--level", "high"]);
    let asks = call(&mut connection, "challenge", &asked(&strict_site, &json!({}))).json()["log2_n"].clone();
    assert!(asks.as_u64() > challenge["log2_n"].as_u64(), "{asks}");
    let mut wrong = right.clone();
    wrong["site_key"] = strict_site.into();
    assert_eq!(call(&mut connection, "solve", &wrong).json()["challenge"]["log2_n"], asks);
    let mut farm = Connection::open_in(service.demo.service, [127, 1, 0, 1]);
    let elsewhere = call(&mut farm, "solve", &right).json();
    assert_eq!(elsewhere["code"], "other_network");
    assert!(elsewhere["challenge"]["challenge"].is_string(), "who moved gets a fresh one: {elsewhere}");
    let mut wrong = right.clone();
    let proof = wrong["proof"].as_str().unwrap();
    wrong["proof"] = format!("{}{}", if proof.starts_with('A') { 'B' } else { 'A' }, &proof[1..]).into();
    assert_eq!(call(&mut connection, "solve", &wrong).json()["code"], "wrong");
    // The interstitial's door does not take it, and no clearance comes of it.
    let interstitial = connection.request("POST", "/.spigot/solve", &[], right.to_string().as_bytes());
    assert_eq!(
        (interstitial.json()["code"].as_str(), interstitial.header("set-cookie")),
        (Some("other_context"), None)
    );
    assert!(call(&mut connection, "solve", &right).json()["token"].is_string());
}

#[test]
fn the_button_is_asked_for_and_signed() {
    let service = Service::start_with(&["--press", "always"]);
    let mut connection = service.connect();
    let asked = service.asked(&json!({}));
    let challenge = call(&mut connection, "challenge", &asked).json();
    assert_eq!(challenge["interaction"], "press");
    let mut unpressed = submission(&asked, &challenge);
    unpressed.as_object_mut().unwrap().remove("pressed");
    let refused = call(&mut connection, "solve", &unpressed).json();
    assert_eq!(
        (&refused["code"], &refused["challenge"]["interaction"]),
        (&json!("press_missing"), &json!("press"))
    );
    assert!(call(&mut connection, "solve", &submission(&asked, &challenge)).json()["token"].is_string());
    // A page can ask for it, too.
    let managed = Service::start();
    let asked = managed.asked(&json!({ "interactive": true }));
    assert_eq!(call(&mut managed.connect(), "challenge", &asked).json()["interaction"], "press");
}

#[test]
fn the_widget_answers_on_protected_sites_too() {
    let service = Service::start();
    let mut proxied = service.demo.connect();
    let token = earn(&mut proxied, &service.site_key, &json!({ "action": "login" }));
    assert_eq!(service.siteverify(&token, "")["success"], true);
    // A verification is no business of a visitor's.
    let refused = form(&mut proxied, "/turnstile/v0/siteverify", "secret=a&response=b");
    assert_ne!(refused.status, 200, "{}", refused.text());
}

#[test]
fn its_files_are_for_every_page_and_under_the_names_that_pages_know() {
    let service = Service::start();
    let mut connection = service.connect();
    let mut get = |path: &str| {
        let answer = connection.get(path);
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")), "{path}");
        assert!(answer.header("etag").is_some(), "{path}");
        answer.body
    };
    for name in ["widget.js", "worker.js", "cachewalk.wasm", "languages/de.json"] {
        assert!(!get(&format!("/.spigot/widget/{name}")).is_empty(), "{name}");
    }
    let compat = get("/.spigot/widget/compat.js");
    for path in ["/turnstile/v0/api.js?render=explicit", "/1/api.js", "/recaptcha/api.js?onload=x"] {
        assert_eq!(get(path), compat, "{path}");
    }
    let known = service.demo.connect().get("/.spigot/widget/compat.js");
    assert_eq!(known.body, compat, "protected sites have them, too");
}

#[test]
fn a_slow_engine_gets_the_other_puzzle() {
    let service = Service::start();
    let mut connection = service.connect();
    let asked = service.asked(&json!({ "action": "login" }));
    let challenge = call(&mut connection, "challenge", &asked).json();
    assert_eq!(challenge["fallback"], true, "{challenge}");
    let mut exchange = asked.clone();
    exchange["challenge"] = challenge["challenge"].clone();
    let other = call(&mut connection, "fallback", &exchange).json();
    assert_eq!((&other["kind"], &other["fallback"]), (&json!("pbkdf2"), &json!(false)), "{other}");
    exchange["challenge"] = "AAAA".into();
    assert_eq!(call(&mut connection, "fallback", &exchange).json()["code"], "malformed");
}

#[test]
fn what_happened_to_tokens_is_told_without_them() {
    let service = Service::start();
    let token = service.token(&json!({}));
    service.siteverify(&token, "");
    service.siteverify(&token, "");
    let deadline = Instant::now() + SOON;
    let events = loop {
        let output =
            service.demo.command(&["events", "--route", "service", "--format", "json", "--limit", "100"]);
        let text = String::from_utf8(output.stdout).unwrap();
        if text.contains("token_spent") || Instant::now() > deadline {
            break text;
        }
    };
    assert!(events.contains("\"site\":\"shop\"") && events.contains("\"host\":\"shop.example\""), "{events}");
    for result in ["\"solved\"", "\"redeemed\"", "\"token_spent\""] {
        assert!(events.contains(result), "{result} is missing in {events}");
    }
    assert!(!events.contains(&token[..40]) && !events.contains(&service.secret), "{events}");
    let metrics = Connection::open(service.demo.admin).get("/metrics").text();
    for line in ["tokens_given_total 1", "tokens_redeemed_total 1", "tokens_refused_total 1"] {
        assert!(metrics.contains(line), "{line}");
    }
}

#[test]
fn whoever_solved_before_more_was_wanted_is_asked_for_the_rest() {
    let service = Service::start();
    let mut connection = service.connect();
    let asked = service.asked(&json!({}));
    let first = call(&mut connection, "challenge", &asked).json();
    assert_eq!(first["interaction"], "none");
    service.demo.change(&["site", "set", "shop", "--press", "always"]);
    let answer = call(&mut connection, "solve", &submission(&asked, &first));
    let more = answer.json();
    assert_eq!((answer.status, &more["token"]), (200, &Value::Null), "{more}");
    assert_eq!(more["next"]["interaction"], "press", "{more}");
    assert_eq!(call(&mut connection, "solve", &submission(&asked, &first)).json()["code"], "spent");
    let token = call(&mut connection, "solve", &submission(&asked, &more["next"])).json();
    assert_eq!(service.siteverify(token["token"].as_str().unwrap(), "")["success"], true);
}

#[test]
fn guessing_secrets_becomes_slow_and_stops_nobody_who_knows_one() {
    let service = Service::start();
    let mut connection = service.connect();
    let token = service.token(&json!({}));
    let mut guess = |number: u32| {
        form(&mut connection, "/turnstile/v0/siteverify", &format!("secret=0x{number:040x}&response=x"))
    };
    for number in 1_000..1_600 {
        assert_eq!(guess(number).status, 200, "guess {number}");
    }
    let slowed = guess(1_600);
    assert_eq!(slowed.status, 429, "{}", slowed.text());
    assert!(slowed.header("retry-after").is_some());
    assert_eq!(slowed.json()["error-codes"], json!(["invalid-input-secret"]));
    assert_eq!(service.siteverify(&token, "")["success"], true);
}
