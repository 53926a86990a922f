//! What is asked, and what nobody needs to be asked about.

use std::net::IpAddr;

use super::*;

#[test]
fn what_is_asked_is_what_the_vendor_documents() {
    let ask = |kind: ProviderKind, address: Option<&str>| {
        let settings = settings(kind);
        let address = address.map(|address| address.parse::<IpAddr>().unwrap());
        let asked =
            Asked { settings: &settings, token: token(kind), address, challenge: CHALLENGE, host: HOST };
        let question = kind.question(&asked).unwrap_or_else(|word| panic!("{word:?}"));
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
    let check = |kind: ProviderKind, token: &str, expected: Word| {
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
    assert_eq!(word(&captchala, "dg_1", 200, degraded.to_string()), DEGRADED);
    assert_eq!(word(&captchala, "dg_1", 200, yes(ProviderKind::Captchala).to_string()), INVALID);
    for token in ["", "null", "{}", "[]", "{\"lot_number\":1}", "not json"] {
        check(ProviderKind::Geetest, token, INVALID);
    }
}
