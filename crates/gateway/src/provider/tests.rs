//! Vendors' answers, as their documents show them and as nobody foresaw, and what is asked.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::question::{Answer, Asked};
use super::verdict::{Refusal, Unknown, Verdict};
use super::{
    Altcha, AltchaPuzzle, Fail, Heard, Hidden, Provider, ProviderKind, ProviderSettings, content_policy,
};

const CHALLENGE: &str = "00112233445566778899aabbccddeeff";
const HOST: &str = "shop.example";

const PASSED: Verdict = Verdict::Passed(None);
const INVALID: Verdict = Verdict::Refused(Refusal::Invalid);
const EXPIRED: Verdict = Verdict::Refused(Refusal::Expired);
const DUPLICATE: Verdict = Verdict::Refused(Refusal::Duplicate);
const OTHER_HOST: Verdict = Verdict::Refused(Refusal::OtherHost);
const OTHER_ACTION: Verdict = Verdict::Refused(Refusal::OtherAction);
const OTHER_CHALLENGE: Verdict = Verdict::Refused(Refusal::OtherChallenge);
const STATUS: Verdict = Verdict::Unknown(Unknown::Status);
const GARBAGE: Verdict = Verdict::Unknown(Unknown::Garbage);
const MISCONFIGURED: Verdict = Verdict::Unknown(Unknown::Misconfigured);
const DEGRADED: Verdict = Verdict::Unknown(Unknown::Degraded);

fn too_risky(risk: u8) -> Verdict {
    Verdict::Refused(Refusal::TooRisky(risk))
}

fn settings(kind: ProviderKind) -> ProviderSettings {
    ProviderSettings {
        name: kind.name().to_owned(),
        kind,
        site_key: "site-key".to_owned(),
        secret: Hidden::new("the secret & more".to_owned()),
        project: "my project".to_owned(),
        base: None,
        script: kind.script().unwrap_or("/captcha.js").to_owned(),
        style: None,
        deadline: Duration::from_secs(5),
        send_address: false,
        action: "login".to_owned(),
        risk_max: kind.always_tells_risk().then_some(50),
        check_host: true,
        fail: Fail::Closed,
        believe_browser: false,
        believe_degraded: false,
        test_keys: false,
        altcha: Altcha::V2 { cost: 10 },
    }
}

fn token(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Geetest => {
            r#"{"lot_number":"4b2c","captcha_output":"out=","pass_token":"pass","gen_time":"1640000000"}"#
        }
        ProviderKind::Captchala => "pt_0123",
        _ => "a token+",
    }
}

fn verdict(settings: &ProviderSettings, token: &str, status: u16, body: impl Into<Vec<u8>>) -> Verdict {
    let asked = Asked { settings, token, address: None, challenge: CHALLENGE, host: HOST };
    settings.kind.read(&asked, &Answer { status, body: body.into().into() })
}

/// What an answer comes to for a provider as [`settings`] has it.
fn check(kind: ProviderKind, answer: &Value, expected: Verdict) {
    let heard = verdict(&settings(kind), token(kind), 200, answer.to_string());
    assert_eq!(heard, expected, "{}: {answer}", kind.name());
}

/// A vendor's yes to everything that it knows.
fn yes(kind: ProviderKind) -> Value {
    match kind {
        ProviderKind::Turnstile => {
            json!({ "success": true, "challenge_ts": "2026-11-21T15:14:30.096Z", "hostname": HOST, "error-codes": [], "action": "login", "cdata": CHALLENGE, "metadata": { "interactive": false } })
        }
        ProviderKind::Hcaptcha => {
            json!({ "success": true, "challenge_ts": "2026-11-21T15:14:30Z", "hostname": HOST, "credit": true })
        }
        ProviderKind::Recaptcha => {
            json!({ "success": true, "challenge_ts": "2026-11-21T15:14:30Z", "hostname": HOST })
        }
        ProviderKind::RecaptchaV3 => {
            json!({ "success": true, "score": 0.9, "action": "login", "challenge_ts": "2026-11-21T15:14:30Z", "hostname": HOST })
        }
        ProviderKind::RecaptchaEnterprise => {
            json!({ "name": "projects/1/assessments/2", "event": { "token": "a token+", "siteKey": "site-key" }, "riskAnalysis": { "score": 0.7, "reasons": [] }, "tokenProperties": { "valid": true, "invalidReason": "INVALID_REASON_UNSPECIFIED", "hostname": HOST, "action": "login", "createTime": "2026-11-21T15:14:30Z" } })
        }
        ProviderKind::Friendly => {
            json!({ "success": true, "data": { "event_id": "ev_1", "challenge": { "timestamp": "2026-11-21T15:14:30Z", "origin": "https://shop.example" }, "risk_intelligence": null } })
        }
        ProviderKind::Captchala => {
            json!({ "code": 0, "msg": "success", "data": { "valid": true, "challenge_id": "ch_1", "action": "login", "uid": null, "captcha_args": { "platform": "web", "user_ip": "192.0.2.1", "referer": "https://shop.example/login", "pkg": "", "solved_at": 1_795_248_000, "risk_score": 12 } } })
        }
        ProviderKind::Geetest => {
            json!({ "status": "success", "result": "success", "reason": "", "captcha_args": { "used_type": "slide", "user_ip": "192.0.2.1", "lot_number": "4b2c", "scene": "anti_in", "referer": "https://shop.example/login" } })
        }
        ProviderKind::Altcha => Value::Null,
    }
}

fn vendors() -> impl Iterator<Item = ProviderKind> {
    ProviderKind::ALL.into_iter().map(|(_, kind)| kind).filter(|kind| *kind != ProviderKind::Altcha)
}

/// A yes with one field changed, given by its JSON pointer.
fn changed(kind: ProviderKind, pointer: &str, to: Value) -> Value {
    let mut answer = yes(kind);
    *answer.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = to;
    answer
}

#[test]
fn a_yes_passes_with_its_risk_from_0_to_100() {
    for (kind, risk) in vendors().zip([None, None, None, Some(10), Some(30), None, Some(12), None]) {
        check(kind, &yes(kind), Verdict::Passed(risk));
    }
    let scored = |score: f64| {
        let mut answer = yes(ProviderKind::Hcaptcha);
        answer["score"] = score.into();
        answer
    };
    check(ProviderKind::Hcaptcha, &scored(0.85), Verdict::Passed(Some(85)));
    check(ProviderKind::Hcaptcha, &scored(17.0), PASSED);
    for (overall, risk) in [(1, Some(0)), (3, Some(50)), (5, Some(100)), (0, None), (9, None)] {
        let told = json!({ "risk_scores": { "overall": overall, "network": 1, "browser": 1 } });
        check(
            ProviderKind::Friendly,
            &changed(ProviderKind::Friendly, "/data/risk_intelligence", told),
            Verdict::Passed(risk),
        );
    }
}

#[test]
fn a_token_for_another_host_action_or_challenge_is_refused() {
    for (kind, host) in [
        (ProviderKind::Turnstile, "/hostname"),
        (ProviderKind::Hcaptcha, "/hostname"),
        (ProviderKind::Recaptcha, "/hostname"),
        (ProviderKind::RecaptchaV3, "/hostname"),
        (ProviderKind::RecaptchaEnterprise, "/tokenProperties/hostname"),
        (ProviderKind::Friendly, "/data/challenge/origin"),
        (ProviderKind::Captchala, "/data/captcha_args/referer"),
        (ProviderKind::Geetest, "/captcha_args/referer"),
    ] {
        let origin = ["origin", "referer"].iter().any(|end| host.ends_with(end));
        for other in
            ["evil.example", "shop.example.evil.example", "xshop.example", "shop.example@evil.example"]
        {
            let other = if origin { format!("https://{other}/") } else { other.to_owned() };
            check(kind, &changed(kind, host, other.into()), OTHER_HOST);
        }
        // What is not told is not right either; only CaptchaLa's apps have no referer.
        let untold = if kind == ProviderKind::Captchala { Verdict::Passed(Some(12)) } else { OTHER_HOST };
        check(kind, &changed(kind, host, "".into()), untold);
        let mut lax = settings(kind);
        lax.check_host = false;
        let other = changed(kind, host, "https://evil.example".into()).to_string();
        assert!(matches!(verdict(&lax, token(kind), 200, other), Verdict::Passed(_)), "{}", kind.name());
    }
    for (kind, action) in [
        (ProviderKind::Turnstile, "/action"),
        (ProviderKind::RecaptchaV3, "/action"),
        (ProviderKind::RecaptchaEnterprise, "/tokenProperties/action"),
        (ProviderKind::Captchala, "/data/action"),
    ] {
        check(kind, &changed(kind, action, "signup".into()), OTHER_ACTION);
        check(kind, &changed(kind, action, Value::Null), OTHER_ACTION);
    }
    let turnstile = ProviderKind::Turnstile;
    check(
        turnstile,
        &changed(turnstile, "/cdata", "ffeeddccbbaa99887766554433221100".into()),
        OTHER_CHALLENGE,
    );
    check(turnstile, &changed(turnstile, "/cdata", Value::Null), OTHER_CHALLENGE);
    check(
        ProviderKind::Geetest,
        &changed(ProviderKind::Geetest, "/captcha_args/lot_number", "ffff".into()),
        OTHER_CHALLENGE,
    );
}

#[test]
fn risk_above_what_is_accepted_is_refused_and_one_that_is_demanded_has_to_be_told() {
    let v3 = ProviderKind::RecaptchaV3;
    check(v3, &changed(v3, "/score", 0.5.into()), Verdict::Passed(Some(50)));
    check(v3, &changed(v3, "/score", 0.4.into()), too_risky(60));
    check(v3, &changed(v3, "/score", Value::Null), MISCONFIGURED);
    check(v3, &changed(v3, "/score", (-3).into()), MISCONFIGURED);
    let enterprise = ProviderKind::RecaptchaEnterprise;
    check(enterprise, &changed(enterprise, "/riskAnalysis/score", 0.1.into()), too_risky(90));
    check(enterprise, &changed(enterprise, "/riskAnalysis", Value::Null), MISCONFIGURED);
    let mut captchala = settings(ProviderKind::Captchala);
    captchala.risk_max = Some(11);
    let heard = verdict(&captchala, "pt_1", 200, yes(ProviderKind::Captchala).to_string());
    assert_eq!(heard, too_risky(12));
    let mut hcaptcha = settings(ProviderKind::Hcaptcha);
    hcaptcha.risk_max = Some(70);
    let heard = verdict(&hcaptcha, "t", 200, yes(ProviderKind::Hcaptcha).to_string());
    assert_eq!(heard, MISCONFIGURED, "an account without Enterprise");
}

#[test]
fn every_documented_no() {
    let codes = |kind: ProviderKind, expected: &[(&str, Verdict)]| {
        for (code, expected) in expected {
            check(kind, &json!({ "success": false, "error-codes": [code] }), *expected);
            // A yes beside an error is none.
            let mut both = yes(kind);
            both["error-codes"] = json!([code]);
            check(kind, &both, *expected);
        }
    };
    let common = [
        ("missing-input-secret", MISCONFIGURED),
        ("invalid-input-secret", MISCONFIGURED),
        ("missing-input-response", INVALID),
        ("invalid-input-response", INVALID),
        ("bad-request", INVALID),
        ("timeout-or-duplicate", DUPLICATE),
        ("a-code-of-tomorrow", INVALID),
    ];
    for kind in [ProviderKind::Turnstile, ProviderKind::Recaptcha, ProviderKind::RecaptchaV3] {
        codes(kind, &common);
    }
    codes(ProviderKind::Turnstile, &[("internal-error", STATUS)]);
    codes(
        ProviderKind::Hcaptcha,
        &[
            ("expired-input-response", EXPIRED),
            ("already-seen-response", DUPLICATE),
            ("invalid-or-already-seen-response", DUPLICATE),
            ("invalid-remoteip", MISCONFIGURED),
            ("sitekey-secret-mismatch", MISCONFIGURED),
            ("not-using-dummy-passcode", MISCONFIGURED),
        ],
    );
    for (reason, expected) in [
        ("MALFORMED", INVALID),
        ("EXPIRED", EXPIRED),
        ("DUPE", DUPLICATE),
        ("MISSING", INVALID),
        ("BROWSER_ERROR", INVALID),
        ("UNEXPECTED_ACTION", OTHER_ACTION),
    ] {
        let answer = json!({ "tokenProperties": { "valid": false, "invalidReason": reason }, "riskAnalysis": { "score": 0.9 } });
        check(ProviderKind::RecaptchaEnterprise, &answer, expected);
    }
    for (status, code, expected) in [
        (200, "response_invalid", INVALID),
        (200, "response_timeout", EXPIRED),
        (200, "response_duplicate", DUPLICATE),
        (400, "response_missing", INVALID),
        (400, "sitekey_invalid", MISCONFIGURED),
        (400, "bad_request", MISCONFIGURED),
        (401, "auth_required", MISCONFIGURED),
        (401, "auth_invalid", MISCONFIGURED),
    ] {
        let answer = json!({ "success": false, "error": { "error_code": code, "detail": "…" } }).to_string();
        assert_eq!(verdict(&settings(ProviderKind::Friendly), "t", status, answer), expected, "{code}");
    }
    for (error, expected) in [
        ("invalid_token", INVALID),
        ("token_consumed", DUPLICATE),
        ("token_expired", EXPIRED),
        ("token_action_mismatch", OTHER_ACTION),
        ("token_ip_mismatch", INVALID),
        ("token_uid_mismatch", INVALID),
        ("rate_limit_exceeded", STATUS),
        ("invalid_app_key", MISCONFIGURED),
        ("invalid_app_secret", MISCONFIGURED),
        ("app_disabled", MISCONFIGURED),
    ] {
        check(
            ProviderKind::Captchala,
            &json!({ "code": 0, "msg": "ok", "data": { "valid": false, "error": error } }),
            expected,
        );
        check(ProviderKind::Captchala, &json!({ "code": 1, "msg": error }), expected);
        check(
            ProviderKind::Captchala,
            &json!({ "code": 0, "msg": "ok", "data": { "valid": true, "action": "login", "error": error } }),
            expected,
        );
    }
    for (reason, expected) in
        [("pass_token expire", EXPIRED), ("pass_token used", DUPLICATE), ("fail", INVALID)]
    {
        check(
            ProviderKind::Geetest,
            &json!({ "status": "success", "result": "fail", "reason": reason, "captcha_args": {} }),
            expected,
        );
    }
    check(
        ProviderKind::Geetest,
        &json!({ "status": "error", "code": "-50005", "msg": "illegal gen_time" }),
        MISCONFIGURED,
    );
}

/// Regression case 15: whatever comes, nothing unforeseen is a yes.
#[test]
fn nothing_unforeseen_passes() {
    const BODIES: [&str; 14] = [
        "",
        "null",
        "true",
        "{}",
        "[]",
        "\"success\"",
        "<!doctype html><title>Welcome to the hotel's network</title>",
        "{\"success\": \"true\"}",
        "{\"success\": 1}",
        "{\"success\": true, \"success\": false}",
        "{\"success\": true",
        "\u{0}\u{1}",
        "{\"code\": 0, \"data\": {\"valid\": \"true\"}}",
        "{\"result\": true, \"status\": \"success\"}",
    ];
    for kind in vendors() {
        let settings = settings(kind);
        for body in BODIES {
            let heard = verdict(&settings, token(kind), 200, body);
            assert!(!matches!(heard, Verdict::Passed(_)), "{} takes {body:?}", kind.name());
        }
        let yes = yes(kind).to_string();
        for status in [100, 201, 204, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503] {
            let heard = verdict(&settings, token(kind), status, yes.as_str());
            assert!(!matches!(heard, Verdict::Passed(_)), "{} takes a yes with {status}", kind.name());
            let page = verdict(&settings, token(kind), status, "<html>");
            assert!(matches!(page, Verdict::Unknown(_)), "{}, {status}: {page:?}", kind.name());
        }
        // Cut anywhere, a yes is none.
        for end in 0..yes.len() {
            assert_eq!(verdict(&settings, token(kind), 200, &yes[..end]), GARBAGE, "{}", kind.name());
        }
    }
}

#[test]
fn what_is_asked_is_what_the_vendor_documents() {
    let ask = |kind: ProviderKind, address: Option<&str>| {
        let settings = settings(kind);
        let address = address.map(|address| address.parse::<IpAddr>().unwrap());
        let asked =
            Asked { settings: &settings, token: token(kind), address, challenge: CHALLENGE, host: HOST };
        let question = kind.question(&asked).unwrap_or_else(|verdict| panic!("{verdict:?}"));
        let headers: Vec<String> =
            question.headers.iter().map(|(name, value)| format!("{name}: {}", &**value)).collect();
        let body = String::from_utf8(question.body.to_vec()).unwrap();
        (question.target, headers.join(", "), body, question.repeatable)
    };
    let check = |kind: ProviderKind, address: Option<&str>, expected: (&str, &str, &str, bool)| {
        let (target, headers, body, repeatable) = ask(kind, address);
        assert_eq!((&*target, &*headers, &*body, repeatable), expected, "{}", kind.name());
    };
    check(
        ProviderKind::Turnstile,
        None,
        (
            "/turnstile/v0/siteverify",
            "",
            "secret=the%20secret%20%26%20more&response=a%20token%2B&idempotency_key=00112233-4455-6677-8899-aabbccddeeff",
            true,
        ),
    );
    check(
        ProviderKind::Turnstile,
        Some("2001:db8::1"),
        (
            "/turnstile/v0/siteverify",
            "",
            "secret=the%20secret%20%26%20more&response=a%20token%2B&remoteip=2001%3Adb8%3A%3A1&idempotency_key=00112233-4455-6677-8899-aabbccddeeff",
            true,
        ),
    );
    check(
        ProviderKind::Hcaptcha,
        None,
        ("/siteverify", "", "secret=the%20secret%20%26%20more&response=a%20token%2B&sitekey=site-key", false),
    );
    check(
        ProviderKind::Recaptcha,
        Some("192.0.2.1"),
        (
            "/recaptcha/api/siteverify",
            "",
            "secret=the%20secret%20%26%20more&response=a%20token%2B&remoteip=192.0.2.1",
            false,
        ),
    );
    check(
        ProviderKind::RecaptchaEnterprise,
        Some("192.0.2.1"),
        (
            "/v1/projects/my%20project/assessments",
            "x-goog-api-key: the secret & more",
            "{\"event\":{\"expectedAction\":\"login\",\"siteKey\":\"site-key\",\"token\":\"a token+\",\"userIpAddress\":\"192.0.2.1\"}}",
            false,
        ),
    );
    check(
        ProviderKind::Friendly,
        Some("192.0.2.1"),
        (
            "/api/v2/captcha/siteverify",
            "x-api-key: the secret & more",
            "{\"response\":\"a token+\",\"sitekey\":\"site-key\"}",
            false,
        ),
    );
    check(
        ProviderKind::Captchala,
        Some("192.0.2.1"),
        (
            "/v1/validate",
            "x-app-key: site-key, x-app-secret: the secret & more",
            "{\"client_ip\":\"192.0.2.1\",\"keep_token\":false,\"pass_token\":\"pt_0123\"}",
            false,
        ),
    );
    // The signature by `printf 4b2c | openssl dgst -sha256 -hmac 'the secret & more'`.
    check(
        ProviderKind::Geetest,
        None,
        (
            "/validate?captcha_id=site-key",
            "",
            "lot_number=4b2c&captcha_output=out%3D&pass_token=pass&gen_time=1640000000&captcha_id=site-key&sign_token=7617cb22fc92dfd65d5d24819429b7d3d360e58bb367363155564b74c79a5408",
            false,
        ),
    );
}

#[test]
fn tokens_that_nobody_needs_to_be_asked_about() {
    let check = |kind: ProviderKind, token: &str, expected: Verdict| {
        let settings = settings(kind);
        let asked = Asked { settings: &settings, token, address: None, challenge: CHALLENGE, host: HOST };
        assert_eq!(kind.question(&asked).map(|_| ()), Err(expected), "{token}");
    };
    for token in ["client_1", "co_1", "sct_1", "PT_1", " pt_1", "", "1pt_"] {
        check(ProviderKind::Captchala, token, INVALID);
    }
    check(ProviderKind::Captchala, "offline_1", DEGRADED);
    // The vendor is asked about its quota, and its yes to such a token is none.
    let degraded =
        json!({ "code": 0, "msg": "ok", "data": { "valid": false, "degraded": true, "reason": "quota" } });
    let captchala = settings(ProviderKind::Captchala);
    assert_eq!(verdict(&captchala, "dg_1", 200, degraded.to_string()), DEGRADED);
    assert_eq!(verdict(&captchala, "dg_1", 200, yes(ProviderKind::Captchala).to_string()), INVALID);
    for token in ["", "null", "{}", "[]", "{\"lot_number\":1}", "not json"] {
        check(ProviderKind::Geetest, token, INVALID);
    }
}

#[test]
fn the_vendors_test_keys_answer_for_hosts_and_actions_of_their_own() {
    let check = |kind: ProviderKind, answer: &Value, expected: Verdict| {
        let mut test = settings(kind);
        test.test_keys = true;
        assert_eq!(verdict(&test, "t", 200, answer.to_string()), expected, "{answer}");
    };
    check(
        ProviderKind::Turnstile,
        &json!({ "success": true, "error-codes": [], "challenge_ts": "2026-11-21T15:14:30Z", "hostname": "example.com" }),
        PASSED,
    );
    check(
        ProviderKind::Turnstile,
        &json!({ "success": false, "error-codes": ["invalid-input-response"] }),
        INVALID,
    );
    check(
        ProviderKind::Turnstile,
        &json!({ "success": false, "error-codes": ["timeout-or-duplicate"] }),
        DUPLICATE,
    );
    check(ProviderKind::Hcaptcha, &json!({ "success": true, "hostname": "dummy-key-pass" }), PASSED);
    check(ProviderKind::Recaptcha, &json!({ "success": true, "hostname": "testkey.google.com" }), PASSED);
}

#[test]
fn only_a_vendors_own_trouble_opens_what_takes_its_place() {
    let check = |fail: Fail, degraded: bool, verdict: Verdict, expected: bool| {
        let mut settings = settings(ProviderKind::Captchala);
        (settings.fail, settings.believe_degraded) = (fail.clone(), degraded);
        let heard = Heard { verdict, took: Duration::ZERO };
        assert_eq!(heard.fails_over(&Provider::new(settings)), expected, "{fail:?} {verdict:?}");
    };
    for verdict in [Verdict::Unknown(Unknown::Silent), STATUS, GARBAGE] {
        check(Fail::Own, false, verdict, true);
        check(Fail::Provider("other".to_owned()), false, verdict, true);
        check(Fail::Closed, true, verdict, false);
    }
    for verdict in [
        PASSED,
        INVALID,
        EXPIRED,
        DUPLICATE,
        OTHER_HOST,
        OTHER_ACTION,
        OTHER_CHALLENGE,
        too_risky(99),
        MISCONFIGURED,
        DEGRADED,
    ] {
        check(Fail::Own, false, verdict, false);
    }
    check(Fail::Own, true, DEGRADED, true);
}

#[test]
fn three_failures_in_a_row_are_a_provider_away_for_half_a_minute() {
    use spigot_decision::Millis;
    let provider = Provider::new(settings(ProviderKind::Turnstile));
    let hear = |verdict, now| provider.standing.heard(verdict, Duration::from_millis(80), Millis(now));
    let silent = Verdict::Unknown(Unknown::Silent);
    for verdict in [silent, STATUS, PASSED, silent, GARBAGE, MISCONFIGURED, silent] {
        hear(verdict, 1000);
        assert!(!provider.standing.is_away(Millis(1000)));
    }
    hear(silent, 2000);
    assert!(provider.standing.is_away(Millis(31_999)) && !provider.standing.is_away(Millis(32_000)));
    let mut text = String::new();
    provider.standing.render("t", &mut text);
    for line in [
        "spigot_provider_answers_total{provider=\"t\",result=\"silent\"} 4",
        "spigot_provider_answers_total{provider=\"t\",result=\"passed\"} 1",
        "spigot_provider_latency_milliseconds_bucket{provider=\"t\",le=\"50\"} 0",
        "spigot_provider_latency_milliseconds_bucket{provider=\"t\",le=\"100\"} 8",
        "spigot_provider_latency_milliseconds_sum{provider=\"t\"} 640",
        "spigot_provider_risk_count{provider=\"t\"} 0",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
    }
}

#[test]
fn at_most_so_many_questions_are_open() {
    let provider = Provider::new(settings(ProviderKind::Turnstile));
    let mut open: Vec<_> = std::iter::from_fn(|| provider.standing.open()).collect();
    assert_eq!(open.len(), 64);
    open.pop();
    assert!(provider.standing.open().is_some(), "and there is room again, also after a refusal");
}

#[test]
fn a_page_may_load_its_providers_and_nobody_elses() {
    let provider = |kind: ProviderKind, script: &str| {
        let style = Some("https://styles.example/a.css".to_owned()).filter(|_| kind == ProviderKind::Altcha);
        Provider::new(ProviderSettings { script: script.to_owned(), style, ..settings(kind) })
    };
    let check = |providers: &[Provider], contains: &[&str], lacks: &[&str]| {
        let policy = content_policy(providers.iter());
        for part in contains {
            assert!(policy.contains(part), "{part} in {policy}");
        }
        for part in lacks {
            assert!(!policy.contains(part), "no {part} in {policy}");
        }
    };
    check(&[], &[crate::pages::PAGE_CSP], &["https:", "frame-src"]);
    check(
        &[provider(ProviderKind::Turnstile, "https://challenges.cloudflare.com/turnstile/v0/api.js")],
        &[
            "script-src 'self' 'wasm-unsafe-eval' https://challenges.cloudflare.com;",
            "frame-src https://challenges.cloudflare.com",
            "connect-src 'self';",
            "frame-ancestors 'none'",
        ],
        &["hcaptcha", "google", "unsafe-inline", "strict-dynamic"],
    );
    check(
        &[
            provider(ProviderKind::Friendly, "/assets/frc.js"),
            provider(ProviderKind::Altcha, "https://cdn.example:8443/a.js?x#y"),
        ],
        &[
            "script-src 'self' 'wasm-unsafe-eval' https://cdn.example:8443;",
            "worker-src 'self' blob:;",
            "style-src 'self' https://styles.example;",
            "frame-src https://*.frcapi.com",
        ],
        &["cloudflare", "/assets"],
    );
}

/// A solved payload of ALTCHA's widget, as it would be.
fn solve_altcha(issued: &Value) -> Value {
    use sha2::{Digest, Sha256};
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if issued.get("parameters").is_none() {
        let (salt, challenge) = (text(&issued["salt"]), text(&issued["challenge"]));
        let hash = |number: u64| super::geetest::hex(&Sha256::digest(format!("{salt}{number}")));
        let number = (0..).find(|number| hash(*number) == challenge).unwrap();
        return json!({ "algorithm": "SHA-256", "challenge": challenge, "number": number, "salt": salt, "signature": issued["signature"], "took": 5 });
    }
    let bytes = |name: &str| -> Vec<u8> {
        let hex = text(&issued["parameters"][name]);
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let (nonce, salt) = (bytes("nonce"), bytes("salt"));
    let cost = u32::try_from(issued["parameters"]["cost"].as_u64().unwrap()).unwrap();
    let derive = |counter: u32| {
        let password = [nonce.as_slice(), &counter.to_be_bytes()].concat();
        super::geetest::hex(&super::altcha::pbkdf2(&password, &salt, cost))
    };
    let counter = (0..).find(|counter| derive(*counter).starts_with("00")).unwrap();
    json!({ "challenge": issued, "solution": { "counter": counter, "derivedKey": derive(counter), "time": 12.5 } })
}

fn payload(value: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(value.to_string()).into_bytes()
}

fn altcha(version: Altcha) -> ProviderSettings {
    ProviderSettings { altcha: version, ..settings(ProviderKind::Altcha) }
}

#[test]
fn altcha_is_solved_and_only_for_its_own_challenge() {
    for version in [Altcha::V1 { number_max: 2000 }, Altcha::V2 { cost: 10 }] {
        let settings = altcha(version);
        let (puzzle, other) = (AltchaPuzzle::with([1; 16], 1000, 0), AltchaPuzzle::with([2; 16], 1000, 0));
        let issued = puzzle.issue(&settings);
        assert_eq!(issued, puzzle.issue(&settings), "whenever it is asked for");
        let solved = solve_altcha(&issued);
        assert_eq!(puzzle.check(&settings, &payload(&solved)), PASSED, "{version:?}");
        assert_eq!(other.check(&settings, &payload(&solved)), INVALID, "another challenge's");
        assert_eq!(
            AltchaPuzzle::with([1; 16], 2000, 0).check(&settings, &payload(&solved)),
            INVALID,
            "another time's"
        );
        assert_eq!(
            AltchaPuzzle::with([1; 16], 1000, 1).check(&settings, &payload(&solved)),
            INVALID,
            "half the work"
        );
        let secret = ProviderSettings { secret: Hidden::new("another".to_owned()), ..altcha(version) };
        assert_eq!(puzzle.check(&secret, &payload(&solved)), INVALID, "another secret's");
        for garbage in
            [&b""[..], b"{}", b"bnVsbA==", b"e30=", b"\xff", &payload(&issued), &payload(&json!([solved]))]
        {
            assert_eq!(puzzle.check(&settings, garbage), INVALID);
        }
    }
}

#[test]
fn nothing_of_an_altcha_solution_can_be_changed() {
    let v1 = altcha(Altcha::V1 { number_max: 2000 });
    let puzzle = AltchaPuzzle::with([7; 16], 1_795_248_000, 0);
    let issued = puzzle.issue(&v1);
    let salt = issued["salt"].as_str().unwrap();
    assert!(salt.ends_with("?expires=1795248000&"), "{salt}");
    let solved = solve_altcha(&issued);
    // CVE-2025-68113: digits of the number moved into the expiry hash the same; the & that ends the salt, and the
    // comparison with what was issued, keep them apart.
    let number = solved["number"].as_u64().unwrap().to_string();
    for at in 0..number.len() {
        for salt in
            [format!("{salt}{}", &number[..at]), format!("{}{}", &salt[..salt.len() - 1], &number[..at])]
        {
            let mut spliced = solved.clone();
            let moved = at > 0 || !salt.ends_with('&');
            (spliced["salt"], spliced["number"]) = (salt.into(), number[at..].parse::<u64>().unwrap().into());
            let expected = if moved { INVALID } else { PASSED };
            assert_eq!(puzzle.check(&v1, &payload(&spliced)), expected, "{spliced}");
        }
    }
    let v2 = altcha(Altcha::V2 { cost: 10 });
    let solved_v2 = solve_altcha(&puzzle.issue(&v2));
    for (settings, solved, pointer, to) in [
        (&v1, &solved, "/algorithm", json!("SHA-1")),
        (&v1, &solved, "/number", json!(1_000_000)),
        (&v1, &solved, "/number", json!(-1)),
        (&v1, &solved, "/signature", json!("")),
        (&v1, &solved, "/challenge", json!("00")),
        (&v2, &solved_v2, "/challenge/parameters/cost", json!(1)),
        (&v2, &solved_v2, "/challenge/parameters/keyPrefix", json!("")),
        (&v2, &solved_v2, "/challenge/parameters/expiresAt", json!(4_000_000_000_u32)),
        (&v2, &solved_v2, "/challenge/parameters", json!({})),
        (&v2, &solved_v2, "/challenge/signature", json!("")),
        (&v2, &solved_v2, "/solution/counter", json!(4_294_967_296_u64)),
        (&v2, &solved_v2, "/solution/counter", json!(0.5)),
        (&v2, &solved_v2, "/solution/derivedKey", json!("00")),
    ] {
        let mut other = solved.clone();
        *other.pointer_mut(pointer).unwrap() = to;
        assert_eq!(puzzle.check(settings, &payload(&other)), INVALID, "{pointer}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let provider = Arc::new(Provider::new(settings(ProviderKind::Turnstile)));
    assert!(!format!("{provider:?}").contains("secret & more"), "{provider:?}");
}
