//! Vendors' answers, as their documents show them and as nobody foresaw.

use super::*;

#[test]
fn a_yes_passes_with_its_risk_from_0_to_100() {
    for (kind, risk) in vendors().zip([None, None, None, Some(10), Some(30), None, Some(12), None]) {
        check(kind, &yes(kind), Word::Passed(risk));
    }
    let scored = |score: f64| {
        let mut answer = yes(ProviderKind::Hcaptcha);
        answer["score"] = score.into();
        answer
    };
    check(ProviderKind::Hcaptcha, &scored(0.85), Word::Passed(Some(85)));
    check(ProviderKind::Hcaptcha, &scored(17.0), PASSED);
    for (overall, risk) in [(1, Some(0)), (3, Some(50)), (5, Some(100)), (0, None), (9, None)] {
        let told = json!({ "risk_scores": { "overall": overall, "network": 1, "browser": 1 } });
        check(
            ProviderKind::Friendly,
            &changed(ProviderKind::Friendly, "/data/risk_intelligence", told),
            Word::Passed(risk),
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
        let untold = if kind == ProviderKind::Captchala { Word::Passed(Some(12)) } else { OTHER_HOST };
        check(kind, &changed(kind, host, "".into()), untold);
        let mut lax = settings(kind);
        lax.check_host = false;
        let other = changed(kind, host, "https://evil.example".into()).to_string();
        assert!(matches!(word(&lax, token(kind), 200, other), Word::Passed(_)), "{}", kind.name());
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
    check(v3, &changed(v3, "/score", 0.5.into()), Word::Passed(Some(50)));
    check(v3, &changed(v3, "/score", 0.4.into()), too_risky(60));
    check(v3, &changed(v3, "/score", Value::Null), MISCONFIGURED);
    check(v3, &changed(v3, "/score", (-3).into()), MISCONFIGURED);
    let enterprise = ProviderKind::RecaptchaEnterprise;
    check(enterprise, &changed(enterprise, "/riskAnalysis/score", 0.1.into()), too_risky(90));
    check(enterprise, &changed(enterprise, "/riskAnalysis", Value::Null), MISCONFIGURED);
    let mut captchala = settings(ProviderKind::Captchala);
    captchala.risk_max = Some(11);
    let heard = word(&captchala, "pt_1", 200, yes(ProviderKind::Captchala).to_string());
    assert_eq!(heard, too_risky(12));
    let mut hcaptcha = settings(ProviderKind::Hcaptcha);
    hcaptcha.risk_max = Some(70);
    let heard = word(&hcaptcha, "t", 200, yes(ProviderKind::Hcaptcha).to_string());
    assert_eq!(heard, MISCONFIGURED, "an account without Enterprise");
}

#[test]
fn every_documented_no() {
    let codes = |kind: ProviderKind, expected: &[(&str, Word)]| {
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
        assert_eq!(word(&settings(ProviderKind::Friendly), "t", status, answer), expected, "{code}");
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
            let heard = word(&settings, token(kind), 200, body);
            assert!(!matches!(heard, Word::Passed(_)), "{} takes {body:?}", kind.name());
        }
        let yes = yes(kind).to_string();
        for status in [100, 201, 204, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503] {
            let heard = word(&settings, token(kind), status, yes.as_str());
            assert!(!matches!(heard, Word::Passed(_)), "{} takes a yes with {status}", kind.name());
            let page = word(&settings, token(kind), status, "<html>");
            assert!(matches!(page, Word::Unknown(_)), "{}, {status}: {page:?}", kind.name());
        }
        // Cut anywhere, a yes is none.
        for end in 0..yes.len() {
            assert_eq!(word(&settings, token(kind), 200, &yes[..end]), GARBAGE, "{}", kind.name());
        }
    }
}

#[test]
fn the_vendors_test_keys_answer_for_hosts_and_actions_of_their_own() {
    let check = |kind: ProviderKind, answer: &Value, expected: Word| {
        let mut test = settings(kind);
        test.test_keys = true;
        assert_eq!(word(&test, "t", 200, answer.to_string()), expected, "{answer}");
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

/// A vendor that finds fault with a question may do so because of the token in it, which is the client's to choose.
#[test]
fn no_fault_found_with_a_question_is_a_vendors_own_trouble() {
    for kind in vendors() {
        let settings = settings(kind);
        let yes = yes(kind).to_string();
        for body in ["", "<html>", "{}", "null", "{\"success\": true}", "{\"success\": false}", yes.as_str()]
        {
            for status in (400..500).filter(|status| *status != 429) {
                let heard = word(&settings, token(kind), status, body);
                let told = heard == MISCONFIGURED || heard == INVALID;
                assert!(told, "{}, {status}, {body:?}: {heard:?}", kind.name());
            }
            for status in [429, 500, 502, 503, 504, 599] {
                let heard = word(&settings, token(kind), status, body);
                assert_eq!(heard, STATUS, "{}, {status}, {body:?}", kind.name());
            }
        }
    }
}
