//! CaptchaLa's names for what is wrong: each can come about.

use serde_json::{Value, json};

use super::{For, LIFE, LOGIN, NOW, SECRET, SITE, Service};

const AUTH: [(&str, &str); 2] = [("x-app-key", SITE), ("x-app-secret", SECRET)];

async fn validate(service: &Service, headers: &[(&str, &str)], body: Value) -> (u16, String) {
    let (status, answer) = service.json("/v1/validate", headers, &body).await;
    let error = answer["data"]["error"].as_str().unwrap_or("none").to_owned();
    assert_eq!(answer["data"]["valid"] == true, error == "none", "{answer}");
    assert_eq!(answer["msg"].as_str(), Some(if error == "none" { "success" } else { &error }), "{answer}");
    (status, error)
}

#[tokio::test]
async fn what_is_wrong_with_a_token() {
    let service = Service::start();
    let check = async |body: Value, error: &str| {
        assert_eq!(validate(&service, &AUTH, body.clone()).await, (200, error.to_owned()), "{body}");
    };
    let token = service.token(LOGIN);
    check(json!({ "pass_token": token, "action": "signup" }), "token_action_mismatch").await;
    check(json!({ "pass_token": token, "uid": "grace" }), "token_uid_mismatch").await;
    check(json!({ "pass_token": token, "bind_uid": "grace" }), "token_uid_mismatch").await;
    check(json!({ "pass_token": token, "client_ip": "203.0.113.9" }), "token_ip_mismatch").await;
    let all = json!({ "pass_token": token, "client_ip": "192.0.2.1", "action": "login", "uid": "ada" });
    check(all.clone(), "none").await;
    check(all, "token_consumed").await;
    check(json!({ "pass_token": service.token_of("other-site", LOGIN) }), "invalid_token").await;
    check(json!({}), "invalid_token").await;
    let token = service.token(LOGIN);
    service.pass_millis(LIFE - 1);
    check(json!({ "pass_token": token, "action": "x" }), "token_action_mismatch").await;
    service.pass_millis(1);
    check(json!({ "pass_token": token }), "token_expired").await;
}

#[tokio::test]
async fn what_is_wrong_with_the_question() {
    let service = Service::start();
    let body = json!({ "pass_token": service.token(LOGIN) });
    let of_tests = "1x0000000000000000000000000000000AA";
    for (headers, expected) in [
        (vec![], (401, "invalid_app_key")),
        (vec![AUTH[1]], (401, "invalid_app_key")),
        (vec![("x-app-key", "other-site"), AUTH[1]], (401, "invalid_app_key")),
        (vec![AUTH[0]], (401, "invalid_app_secret")),
        (vec![AUTH[0], ("x-app-secret", "0xnobody")], (401, "invalid_app_secret")),
        (vec![AUTH[0], ("x-app-secret", of_tests)], (401, "app_disabled")),
    ] {
        let (status, error) = validate(&service, &headers, body.clone()).await;
        assert_eq!((status, error.as_str()), expected, "{headers:?}");
        let (status, answer) = service.json("/v1/server/challenge/issue", &headers, &json!({})).await;
        assert_eq!((status, answer["data"]["error"].as_str()), (expected.0, Some(expected.1)), "{headers:?}");
    }
    assert_eq!(
        validate(&service, &AUTH, json!({ "pass_token": ["x"] })).await,
        (400, "invalid_request".to_owned())
    );
    for (body, error) in [
        (json!({ "action": "two words" }), "invalid_action"),
        (json!({ "binding_ip": "nowhere" }), "invalid_binding_ip"),
        (json!({ "bind_uid": "x".repeat(321) }), "invalid_bind_uid"),
        (json!({ "ttl": 0 }), "invalid_request"),
        (json!({ "max_uses": "many" }), "invalid_request"),
    ] {
        let (status, answer) = service.json("/v1/server/challenge/issue", &AUTH, &body).await;
        assert_eq!((status, answer["data"]["error"].as_str()), (400, Some(error)), "{body}");
    }
    let unknown = [AUTH[0], ("x-app-secret", "0xnobody")];
    let slowed = async || validate(&service, &unknown, body.clone()).await;
    let mut last = slowed().await;
    for _ in 0..600 {
        last = slowed().await;
    }
    assert_eq!(last, (429, "rate_limit_exceeded".to_owned()));
}

#[tokio::test]
async fn what_is_issued() {
    let service = Service::start();
    let path = "/v1/server/challenge/issue";
    let check = |(status, answer): (u16, Value), seconds: u64| {
        assert_eq!((status, &answer["data"]["expires_in"]), (200, &json!(seconds)), "{answer}");
        assert_eq!(answer["data"]["issued_at"], NOW / 1000, "{answer}");
        let token = answer["data"]["server_token"].as_str().unwrap_or_default();
        assert!(token.starts_with("sct_"), "{answer}");
    };
    check(service.json(path, &AUTH, &json!({})).await, 300);
    let all =
        json!({ "action": "login", "binding_ip": "192.0.2.1", "ttl": 60, "max_uses": 3, "bind_uid": "ada" });
    check(service.json(path, &AUTH, &all).await, 60);
    check(service.json(path, &AUTH, &json!({ "ttl": 1_000_000, "max_uses": 1_000_000 })).await, 3600);
    check(service.form(path, &AUTH, "action=login&bind_ip=2001:db8::1&ttl=1".to_owned()).await, 1);
}

#[tokio::test]
async fn an_app_names_its_package() {
    let app = "android-app://com.example.shop";
    let service = Service::start();
    let body = json!({ "pass_token": service.token(For { host: app, ..LOGIN }) });
    let (_, answer) = service.json("/v1/validate", &AUTH, &body).await;
    let args = &answer["data"]["captcha_args"];
    assert_eq!(
        (&args["platform"], &args["pkg"]),
        (&json!("android"), &json!("com.example.shop")),
        "{answer}"
    );
    let body = json!({ "pass_token": service.token(LOGIN) });
    let (_, answer) = service.json("/v1/validate", &AUTH, &body).await;
    let args = &answer["data"]["captcha_args"];
    assert_eq!(
        (&args["platform"], &args["referer"]),
        (&json!("web"), &json!("https://shop.example")),
        "{answer}"
    );
}
