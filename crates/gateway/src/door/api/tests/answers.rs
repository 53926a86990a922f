//! Each dialect's bodies, as the document shows them: yes, no, and not looked at.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{For, LOGIN, SECRET, SITE, Service, held};
use crate::body::Through;
use crate::door::api::refused::Unheard;
use crate::door::api::{Dialect, ROUTES, score_of};
use crate::site_keys::NO_HOST;

const SITEVERIFY: [&str; 3] = ["/turnstile/v0/siteverify", "/siteverify", "/recaptcha/api/siteverify"];

/// Asks in a dialect, as its clients do, and whether the answer was yes.
async fn asked(service: &Service, path: &str, secret: &str, token: &str) -> (bool, Value) {
    let (field, header) = match path {
        "/v1/validate" => ("pass_token", vec![("x-app-key", SITE), ("x-app-secret", secret)]),
        "/api/v2/captcha/siteverify" => ("response", vec![("x-api-key", secret)]),
        path if path.contains("/projects/") => ("", vec![("x-goog-api-key", secret)]),
        _ => ("response", vec![]),
    };
    let (_, answer) = if field.is_empty() {
        service.json(path, &header, &json!({ "event": { "token": token, "siteKey": SITE } })).await
    } else {
        service.form(path, &header, format!("secret={secret}&{field}={token}")).await
    };
    let yes = answer["success"] == true
        || answer["data"]["valid"] == true
        || answer["tokenProperties"]["valid"] == true;
    (yes, answer)
}

fn dialects() -> impl Iterator<Item = &'static str> {
    SITEVERIFY.into_iter().chain([
        "/api/v2/captcha/siteverify",
        "/v1/validate",
        "/v1/projects/shop/assessments",
    ])
}

#[tokio::test]
async fn every_yes_and_no_is_documented() {
    for path in dialects() {
        let service = Service::start();
        for of in [
            LOGIN,
            For { action: "", account: "", ..LOGIN },
            For { risk: 90, ..LOGIN },
            For { host: NO_HOST, ..LOGIN },
        ] {
            let token = service.token(of);
            assert!(asked(&service, path, SECRET, &token).await.0, "{path}");
            assert!(!asked(&service, path, SECRET, &token).await.0, "{path}: spent");
        }
        let expired = service.token(LOGIN);
        service.pass_millis(super::LIFE);
        let other = service.token_of("other-site", LOGIN);
        for token in [expired.as_str(), other.as_str(), "", "pt_x", "XXXX.DUMMY.TOKEN.XXXX"] {
            assert!(!asked(&service, path, SECRET, token).await.0, "{path}: {token}");
        }
        for secret in ["", "0xnobody"] {
            assert!(!asked(&service, path, secret, &service.token(LOGIN)).await.0, "{path}: {secret:?}");
        }
        let service = Service::start_for_tests();
        let passes = "1x0000000000000000000000000000000AA";
        assert!(asked(&service, path, passes, "any").await.0, "{path}: keys for tests");
    }
}

/// When the record of what was spent is full, nothing counts: each client library gets what it takes for a failure.
#[tokio::test]
async fn a_full_record_is_a_no_in_every_dialect() {
    for path in dialects() {
        let service = Service::start();
        let mut answers = Vec::new();
        // It has room for a thousand, in parts that do not fill at once.
        for _ in 0..5000 {
            let (yes, answer) = asked(&service, path, SECRET, &service.token(LOGIN)).await;
            if !yes {
                answers.push(answer);
            }
            if answers.len() == 3 {
                break;
            }
        }
        assert_eq!(answers.len(), 3, "{path} is never full");
        for answer in answers {
            let told = match path {
                "/api/v2/captcha/siteverify" => &answer["error"]["error_code"],
                "/v1/validate" => &answer["data"]["error"],
                path if path.contains("/projects/") => &answer["error"]["status"],
                _ => &answer["error-codes"][0],
            };
            let expected = match path {
                "/turnstile/v0/siteverify" => "internal-error",
                "/siteverify" | "/recaptcha/api/siteverify" => "bad-request",
                "/api/v2/captcha/siteverify" => "internal_server_error",
                "/v1/validate" => "unavailable",
                _ => "UNAVAILABLE",
            };
            assert_eq!(told, expected, "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn questions_by_get_and_the_words_that_clients_have_for_nothing() {
    for path in SITEVERIFY {
        let service = Service::start();
        for nothing in ["", "null", "undefined", "None", "%20None"] {
            let token = service.token(LOGIN);
            let query = format!("{path}?secret={SECRET}&response={token}&remoteip={nothing}");
            let ask = async || service.ask(Request::get(&query).body(Bytes::new()).expect("a request")).await;
            let (status, answer) = ask().await;
            assert_eq!((status, &answer["success"]), (200, &json!(true)), "{path} {nothing}: {answer}");
            let (status, answer) = ask().await;
            assert_eq!((status, &answer["success"]), (200, &json!(false)), "{path} {nothing}: spent");
            assert_eq!(answer["error-codes"].as_array().map(Vec::len), Some(1), "{answer}");
        }
    }
}

#[tokio::test]
async fn scores_and_reasons_as_enterprise_has_them() {
    let service = Service::start();
    let check = async |risk: u8, score: f64, reasons: Value| {
        let token = service.token(For { risk, ..LOGIN });
        let answer = asked(&service, "/siteverify", SECRET, &token).await.1;
        assert_eq!(
            (answer["score"].as_f64(), &answer["score_reason"]),
            (Some(score), &reasons),
            "{risk}: {answer}"
        );
    };
    check(0, 0.2, json!([])).await;
    check(9, 0.2, json!([])).await;
    check(30, 0.4, json!(["suspected"])).await;
    check(100, 0.9, json!(["suspected"])).await;
}

#[tokio::test]
async fn an_apps_token_names_its_package_in_place_of_a_host() {
    let service = Service::start();
    let app = For { host: "android-app://com.example.shop", ..LOGIN };
    for (path, within, name) in [
        (SITEVERIFY[2], "", "apk_package_name"),
        ("/v1/projects/shop/assessments", "/tokenProperties", "androidPackageName"),
    ] {
        for (of, package, host) in
            [(app, Some("com.example.shop"), None), (LOGIN, None, Some("shop.example"))]
        {
            let answer = asked(&service, path, SECRET, &service.token(of)).await.1;
            let told = answer.pointer(within).expect("what is told of the token");
            let text = |name: &str| told.get(name).and_then(Value::as_str);
            assert_eq!((text(name), text("hostname")), (package, host), "{path}: {answer}");
        }
    }
}

#[test]
fn what_is_not_looked_at_is_told_in_the_words_of_the_dialect() {
    let dialects = ROUTES.iter().copied().chain([("/v1/projects/shop/assessments", Dialect::Enterprise)]);
    for (path, dialect) in dialects {
        for (why, status) in [
            (Unheard::Method, 405),
            (Unheard::TooLarge, 413),
            (Unheard::Unclear("Two lengths."), 400),
            (Unheard::Throttled, 429),
        ] {
            let answer = why.answer(dialect);
            assert_eq!(answer.status().as_u16(), status, "{path}");
            let has = |name| answer.headers().contains_key(name);
            assert_eq!((has("allow"), has("retry-after")), (status == 405, status == 429), "{path}");
            let body = held(path, "POST", &answer.map(Through::of_ours));
            for member in ["type", "title", "status", "detail", "code"] {
                assert!(body.get(member).is_some(), "{path}: {member} of ours");
            }
            let reads = match dialect {
                Dialect::Turnstile | Dialect::Hcaptcha | Dialect::Recaptcha => {
                    body["success"] == false
                        && body["error-codes"].as_array().is_some_and(|codes| codes.len() == 1)
                }
                Dialect::Friendly => body["success"] == false && body["error"]["error_code"].is_string(),
                Dialect::Captchala | Dialect::CaptchalaIssue => {
                    body["code"] == status
                        && body["data"]["valid"] == false
                        && body["msg"] == body["data"]["error"]
                }
                Dialect::Enterprise => body["error"]["code"] == status,
                Dialect::Outcome | Dialect::Decide | Dialect::Kratos(_) => body["code"].is_string(),
            };
            assert!(reads, "{path} {status}: {body}");
        }
    }
    let of = |dialect, why: Unheard| why.answer(dialect).map(Through::of_ours);
    let codes = |dialect, why| -> Value {
        serde_json::from_slice::<Value>(of(dialect, why).body()).expect("JSON")["error-codes"].clone()
    };
    assert_eq!(codes(Dialect::Turnstile, Unheard::Throttled), json!(["invalid-input-secret"]));
    assert_eq!(codes(Dialect::Hcaptcha, Unheard::TooLarge), json!(["bad-request"]));
    assert_eq!(of(Dialect::Recaptcha, Unheard::Method).status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn what_is_suspected_is_taken_from_what_was_solved() {
    let check = |level: u8, risk: u8, expected: f64| {
        let score = score_of(level, risk);
        assert!((score - expected).abs() < 1e-9, "{score} at level {level} with risk {risk}");
    };
    for (level, solved) in [(1, 0.7), (2, 0.8), (3, 0.9)] {
        check(level, 0, solved);
        check(level, 9, solved);
    }
    check(2, 30, 0.6);
    check(3, 50, 0.5);
    check(1, 50, 0.3);
    check(1, 100, 0.1);
    check(3, 255, 0.1);
}
