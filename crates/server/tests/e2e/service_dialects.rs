//! Each dialect's answers, by its own fields, codes and statuses.

use serde_json::{Value, json};

use super::client::{Answer, Connection};
use super::service::{DOCUMENT, Service, add_site, form, turnstile};

const DUMMY: &str = "XXXX.DUMMY.TOKEN.XXXX";

fn json_post(connection: &mut Connection, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut all = vec![("Content-Type", "application/json")];
    all.extend(headers);
    connection.request("POST", path, &all, body.to_string().as_bytes()).held(&DOCUMENT, "POST", path)
}

/// A token of another site, and one whose last letter is changed.
fn foreign_and_changed(service: &Service) -> (String, String) {
    let (other, _) = add_site(&service.demo, "forum", &[]);
    let foreign = super::service::earn(&mut service.connect(), &other, &json!({}));
    let mut changed = service.token(&json!({}));
    let last = if changed.pop() == Some('A') { 'Q' } else { 'A' };
    changed.push(last);
    (foreign, changed)
}

#[test]
fn turnstile_as_documented() {
    let service = Service::start();
    let mut connection = service.connect();
    let (foreign, changed) = foreign_and_changed(&service);
    let secret = &service.secret;
    let mut check = |body: &str, codes: &[&str]| {
        assert_eq!(turnstile(&mut connection, body)["error-codes"], json!(codes), "{body}");
    };
    check("", &["missing-input-secret"]);
    check("secret=&response=x", &["missing-input-secret"]);
    check("response=x", &["missing-input-secret"]);
    check("secret=0x00&response=x", &["invalid-input-secret"]);
    check(&format!("secret={secret}"), &["missing-input-response"]);
    for wrong in ["x", "pt_", &"x".repeat(3000), DUMMY, &foreign, &changed] {
        check(&format!("secret={secret}&response={wrong}"), &["invalid-input-response"]);
    }
    let right = service.token(&json!({}));
    check(&format!("secret={secret}&response={right}&remoteip=127.1.0.9"), &["invalid-input-response"]);
    check(&format!("secret={secret}&response={right}&remoteip=None"), &[]);
    let body = json!({ "secret": secret, "response": service.token(&json!({})), "remoteip": "127.0.3.4" });
    let answer = json_post(&mut connection, "/turnstile/v0/siteverify", &[], &body).json();
    assert_eq!(answer["success"], true, "as JSON, from another address of its network: {answer}");
    let parts = format!(
        "--b\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\n{secret}\r\n--b\r\nContent-Disposition: form-data; name=\"response\"\r\n\r\n{}\r\n--b--\r\n",
        service.token(&json!({}))
    );
    let kind = [("Content-Type", "multipart/form-data; boundary=b")];
    let answer = connection.request("POST", "/turnstile/v0/siteverify", &kind, parts.as_bytes()).json();
    assert_eq!(answer["success"], true, "as multipart: {answer}");
    let broken =
        connection.request("POST", "/turnstile/v0/siteverify", &[("Content-Type", "application/json")], b"{");
    assert_eq!((broken.status, &broken.json()["error-codes"]), (200, &json!(["bad-request"])));
}

#[test]
fn what_is_not_looked_at_is_refused_in_the_words_of_the_dialect() {
    let service = Service::start();
    let large = "x".repeat(70_000);
    for path in ["/turnstile/v0/siteverify", "/siteverify", "/recaptcha/api/siteverify"] {
        let ask = |method: &str, body: &str| {
            let answer = service.connect().request(method, path, &[], body.as_bytes());
            let said = answer.json();
            assert_eq!(
                (&said["success"], &said["error-codes"]),
                (&json!(false), &json!(["bad-request"])),
                "{path}"
            );
            assert!(said["title"].is_string() && said["status"] == answer.status, "{path}: {said}");
            answer
        };
        assert_eq!(ask("POST", &large).status, 413, "{path}");
        let refused = ask("PUT", "");
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, POST")), "{path}");
    }
    let friendly = "/api/v2/captcha/siteverify";
    for (method, body, status, code) in
        [("POST", large.as_str(), 413, "bad_request"), ("GET", "", 405, "method_not_allowed")]
    {
        let answer = service.connect().request(method, friendly, &[], body.as_bytes());
        let said = answer.json();
        assert_eq!((answer.status, &said["success"]), (status, &json!(false)), "{said}");
        assert_eq!(said["error"]["error_code"], code, "{said}");
    }
    for path in ["/v1/validate", "/v1/server/challenge/issue"] {
        for (method, body, status) in [("POST", large.as_str(), 413), ("GET", "", 405)] {
            let answer = service.connect().request(method, path, &[], body.as_bytes());
            let said = answer.json();
            assert_eq!((answer.status, &said["code"]), (status, &json!(status)), "{path}: {said}");
            assert_eq!(
                (&said["msg"], &said["data"]["valid"]),
                (&json!("invalid_request"), &json!(false)),
                "{said}"
            );
        }
    }
}

#[test]
fn tests_keys_of_each_dialect_say_what_they_are_for() {
    let service = Service::start();
    let mut connection = service.connect();
    for (secret, codes) in [
        ("1x0000000000000000000000000000000AA", json!([])),
        ("2x0000000000000000000000000000000AA", json!(["invalid-input-response"])),
        ("3x0000000000000000000000000000000AA", json!(["timeout-or-duplicate"])),
    ] {
        let answer = turnstile(&mut connection, &format!("secret={secret}&response={DUMMY}"));
        assert_eq!(answer["error-codes"], codes, "{secret}");
    }
    let dummy = "10000000-aaaa-bbbb-cccc-000000000001";
    let zeros = format!("0x{}", "0".repeat(40));
    for (secret, token, codes) in [
        (zeros.as_str(), dummy, json!([])),
        (&zeros, "pt_x", json!(["not-using-dummy-passcode"])),
        (&service.secret, dummy, json!(["not-using-dummy-passcode"])),
    ] {
        let answer =
            form(&mut connection, "/siteverify", &format!("secret={secret}&response={token}")).json();
        assert_eq!(answer["error-codes"], codes, "{secret} {token}");
    }
    for (site_key, test, interaction) in [
        ("1x00000000000000000000AA", "pass", "none"),
        ("2x00000000000000000000AB", "fail", "none"),
        ("3x00000000000000000000FF", "ask", "press"),
        ("10000000-ffff-ffff-ffff-000000000001", "pass", "none"),
    ] {
        let asked = json!({ "protocol": 1, "site_key": site_key });
        let answer = super::service::call(&mut connection, "challenge", &asked).json();
        assert_eq!(
            (&answer["test"], &answer["interaction"]),
            (&json!(test), &json!(interaction)),
            "{answer}"
        );
        assert!(answer["token"].is_string());
    }
}

#[test]
fn hcaptcha_as_documented() {
    let service = Service::start();
    let mut connection = service.connect();
    let (foreign, changed) = foreign_and_changed(&service);
    let secret = &service.secret;
    let mut check = |body: &str, codes: &[&str]| -> Value {
        let answer = form(&mut connection, "/siteverify", body);
        assert_eq!((answer.status, &answer.json()["error-codes"]), (200, &json!(codes)), "{body}");
        answer.json()
    };
    check("", &["missing-input-secret"]);
    check("secret=0x00&response=x", &["invalid-input-secret"]);
    check(&format!("secret={secret}"), &["missing-input-response"]);
    check(&format!("secret={secret}&response={changed}"), &["invalid-input-response"]);
    check(&format!("secret={secret}&response={foreign}"), &["sitekey-secret-mismatch"]);
    let token = service.token(&json!({}));
    let asked = format!("secret={secret}&response={token}");
    check(&format!("{asked}&sitekey=other"), &["sitekey-secret-mismatch"]);
    check(&format!("{asked}&remoteip=nowhere"), &["invalid-remoteip"]);
    let success = check(&format!("{asked}&sitekey={}&remoteip=None", service.site_key), &[]);
    assert_eq!((&success["success"], &success["hostname"]), (&json!(true), &json!("shop.example")));
    assert!(success["challenge_ts"].as_str().unwrap().ends_with('Z'), "{success}");
    check(&asked, &["already-seen-response"]);
}

#[test]
fn recaptcha_as_documented_also_by_get() {
    let service = Service::start();
    let mut connection = service.connect();
    let path = "/recaptcha/api/siteverify";
    let token = service.token(&json!({ "action": "login" }));
    let answer = connection.get(&format!("{path}?secret={}&response={token}", service.secret)).json();
    assert_eq!((&answer["success"], &answer["action"]), (&json!(true), &json!("login")), "{answer}");
    assert!(answer["score"].as_f64().is_some_and(|score| score > 0.5), "{answer}");
    let asked = |token: &str| format!("secret={}&response={token}", service.secret);
    let mut check = |body: &str, codes: &[&str]| {
        let answer = form(&mut connection, path, body);
        assert_eq!((answer.status, &answer.json()["error-codes"]), (200, &json!(codes)), "{body}");
        answer.json()
    };
    check(&asked(&token), &["timeout-or-duplicate"]);
    check(&asked(""), &["missing-input-response"]);
    check("response=x", &["missing-input-secret"]);
    let second = check(&asked(&service.token(&json!({}))), &[]);
    assert!(second["score"].is_null(), "a page of v2 names no action: {second}");
}

#[test]
fn recaptcha_enterprise_as_documented() {
    let service = Service::start();
    let mut connection = service.connect();
    let path = format!("/v1/projects/shop/assessments?key={}", service.secret);
    let token = service.token(&json!({ "action": "login" }));
    let mut ask = |path: &str, event: Value| {
        let answer = json_post(&mut connection, path, &[], &json!({ "event": event }));
        (answer.status, answer.json())
    };
    let event = json!({ "token": token, "siteKey": service.site_key, "expectedAction": "login" });
    let (status, answer) = ask(&path, event.clone());
    assert_eq!((status, &answer["tokenProperties"]["valid"]), (200, &json!(true)), "{answer}");
    assert_eq!(answer["tokenProperties"]["action"], "login");
    let reason = |answer: &Value| answer["tokenProperties"]["invalidReason"].clone();
    assert_eq!(reason(&ask(&path, event.clone()).1), "DUPE");
    assert_eq!(reason(&ask(&path, json!({ "token": "x", "siteKey": service.site_key })).1), "MALFORMED");
    assert_eq!(reason(&ask(&path, json!({ "token": "" })).1), "MISSING");
    let other = json!({ "token": service.token(&json!({ "action": "a" })), "expectedAction": "b" });
    assert_eq!(reason(&ask(&path, other).1), "UNEXPECTED_ACTION");
    assert_eq!(ask("/v1/projects/shop/assessments", event.clone()).0, 403);
    assert_eq!(ask("/v1/projects/shop/assessments?key=x", event).0, 400);
}

#[test]
fn friendly_captcha_as_documented() {
    let service = Service::start();
    let mut connection = service.connect();
    let (foreign, _) = foreign_and_changed(&service);
    let secret = service.secret.clone();
    let token = service.token(&json!({}));
    let mut check = |key: Option<&str>, body: Value, status: u16, code: Option<&str>| {
        let headers: Vec<_> = key.iter().map(|key| ("X-API-Key", *key)).collect();
        let answer = json_post(&mut connection, "/api/v2/captcha/siteverify", &headers, &body);
        let said = answer.json();
        assert_eq!((answer.status, said["error"]["error_code"].as_str()), (status, code), "{body}");
        assert_eq!(said["success"], code.is_none());
        said
    };
    check(None, json!({ "response": token }), 401, Some("auth_required"));
    check(Some("x"), json!({ "response": token }), 401, Some("auth_invalid"));
    check(Some(&secret), json!({}), 400, Some("response_missing"));
    check(Some(&secret), json!({ "response": token, "sitekey": "x" }), 400, Some("sitekey_invalid"));
    check(Some(&secret), json!({ "response": foreign }), 200, Some("response_invalid"));
    check(Some(&secret), json!({ "response": [1] }), 400, Some("bad_request"));
    let success = check(Some(&secret), json!({ "response": token, "sitekey": service.site_key }), 200, None);
    assert_eq!(success["data"]["challenge"]["origin"], "https://shop.example");
    check(Some(&secret), json!({ "response": token }), 200, Some("response_duplicate"));
}

#[test]
fn captchala_as_documented_with_server_tokens() {
    let service = Service::start();
    let mut connection = service.connect();
    let (key, secret) = (service.site_key.clone(), service.secret.clone());
    let auth = [("X-App-Key", key.as_str()), ("X-App-Secret", secret.as_str())];
    let issue =
        json!({ "action": "pay", "binding_ip": "127.0.0.1", "ttl": 60, "max_uses": 1, "bind_uid": "ada" });
    let issued = json_post(&mut connection, "/v1/server/challenge/issue", &auth, &issue).json();
    assert_eq!((&issued["code"], &issued["data"]["expires_in"]), (&json!(0), &json!(60)), "{issued}");
    let server_token = issued["data"]["server_token"].as_str().unwrap().to_owned();
    assert!(server_token.starts_with("sct_"));
    let more = json!({ "action": "pay", "server_token": server_token });
    let token = service.token(&more);
    let other = service.asked(&json!({ "action": "login", "server_token": server_token }));
    let refused = super::service::call(&mut connection, "challenge", &other).json();
    assert_eq!(refused["code"], "server_token_invalid", "for another action");
    let mut elsewhere = Connection::open_in(service.demo.service, [127, 1, 0, 1]);
    let refused = super::service::call(&mut elsewhere, "challenge", &service.asked(&more)).json();
    assert_eq!(refused["code"], "server_token_invalid", "from another address");
    let challenge = super::service::call(&mut connection, "challenge", &service.asked(&more)).json();
    let again = super::service::submission(&service.asked(&more), &challenge);
    assert_eq!(
        super::service::call(&mut connection, "solve", &again).json()["code"],
        "server_token_invalid",
        "used up"
    );
    let validate = |connection: &mut Connection, headers: &[(&str, &str)], token: &str| {
        let body = json!({ "pass_token": token, "client_ip": "127.0.0.1", "keep_token": false });
        let answer = json_post(connection, "/v1/validate", headers, &body);
        (answer.status, answer.json())
    };
    assert_eq!(validate(&mut connection, &auth[..1], &token).1["msg"], "invalid_app_secret");
    assert_eq!(validate(&mut connection, &auth[1..], &token).1["msg"], "invalid_app_key");
    let wrong_key = [("X-App-Key", "x"), auth[1]];
    assert_eq!(validate(&mut connection, &wrong_key, &token).1["msg"], "invalid_app_key");
    let (status, answer) = validate(&mut connection, &auth, &token);
    assert_eq!(
        (status, &answer["code"], &answer["data"]["valid"]),
        (200, &json!(0), &json!(true)),
        "{answer}"
    );
    assert_eq!((&answer["data"]["uid"], &answer["data"]["action"]), (&json!("ada"), &json!("pay")));
    assert_eq!(answer["data"]["captcha_args"]["user_ip"], "127.0.0.1");
    let (status, answer) = validate(&mut connection, &auth, &token);
    assert_eq!((status, &answer["data"]["error"]), (200, &json!("token_consumed")));
    for (token, error) in
        [("pt_x", "invalid_token"), ("offline_x", "invalid_token"), ("dg_x", "invalid_token")]
    {
        assert_eq!(validate(&mut connection, &auth, token).1["data"]["error"], error, "{token}");
    }
    let form_issue = "action=pay&bind_ip=127.0.0.1";
    let headers = [auth[0], auth[1], ("Content-Type", "application/x-www-form-urlencoded")];
    let issued =
        connection.request("POST", "/v1/server/challenge/issue", &headers, form_issue.as_bytes()).json();
    assert_eq!(issued["data"]["expires_in"], 300, "{issued}");
    let bad =
        json_post(&mut connection, "/v1/server/challenge/issue", &auth, &json!({ "action": "two words" }));
    assert_eq!((bad.status, &bad.json()["msg"]), (400, &json!("invalid_action")));
}

#[test]
fn a_server_token_is_good_for_its_uses_and_its_time() {
    let service = Service::start();
    let mut connection = service.connect();
    let auth = [("X-App-Key", service.site_key.as_str()), ("X-App-Secret", service.secret.as_str())];
    let mut issue = |body: Value| {
        let issued = json_post(&mut connection, "/v1/server/challenge/issue", &auth, &body).json();
        json!({ "action": "pay", "server_token": issued["data"]["server_token"] })
    };
    let twice = issue(json!({ "action": "pay", "max_uses": 2 }));
    let brief = issue(json!({ "action": "pay", "ttl": 1 }));
    let lasting = issue(json!({ "action": "pay", "ttl": 3600 }));
    for _ in 0..2 {
        service.token(&twice);
    }
    let code = |more: &Value, name: &str| {
        let (mut connection, asked) = (service.connect(), service.asked(more));
        let challenge = super::service::call(&mut connection, "challenge", &asked).json();
        if name == "challenge" || challenge["challenge"].is_null() {
            return challenge["code"].clone();
        }
        let submission = super::service::submission(&asked, &challenge);
        super::service::call(&mut connection, name, &submission).json()["code"].clone()
    };
    assert_eq!(code(&twice, "solve"), "server_token_invalid", "the third use of two");
    let started = std::time::Instant::now();
    while code(&brief, "challenge") != "server_token_invalid" {
        assert!(started.elapsed() < super::demo::SOON, "a token of one second still counts");
        // Not as fast as it goes: who asks hundreds of times is slowed.
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    assert_eq!(code(&lasting, "challenge"), Value::Null, "one of an hour does");
    service.token(&lasting);
}

#[test]
fn an_app_is_allowed_by_its_package() {
    let app = "android-app://com.example.Shop";
    let service = Service::start_with(&["--host", app]);
    let mut connection = service.connect();
    let asked = service.asked(&json!({ "action": "login" }));
    let mut call = |origin: &str, name: &str, body: &Value| {
        let headers = [("Origin", origin), ("Content-Type", "application/json")];
        let path = format!("/.spigot/widget/{name}");
        connection.request("POST", &path, &headers, body.to_string().as_bytes()).json()
    };
    assert_eq!(call("android-app://com.example.other", "challenge", &asked)["code"], "host_not_allowed");
    let challenge = call(app, "challenge", &asked);
    let solved = call(app, "solve", &super::service::submission(&asked, &challenge));
    let body = format!("secret={}&response={}", service.secret, solved["token"].as_str().unwrap_or_default());
    let answer = form(&mut service.connect(), "/recaptcha/api/siteverify", &body).json();
    assert_eq!(
        (&answer["success"], &answer["apk_package_name"], &answer["hostname"]),
        (&json!(true), &json!("com.example.Shop"), &Value::Null),
        "{answer}"
    );
}
