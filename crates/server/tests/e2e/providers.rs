//! Third parties in place of the own puzzle, through the real program and a vendor of the test's own.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::challenge::submit;
use super::vendors::{Reply, SECRET, Vendor, challenge, demo, demo_with, metrics, redeem, yes};

/// What the widget handed on, from which a vendor knows the challenge: the tests' vendors are told here.
pub(crate) type Carried = Arc<Mutex<String>>;

/// A vendor that says yes to what the widget carried last, with a change.
pub(crate) fn agreeing(
    kind: &'static str,
    change: impl Fn(&mut Value) + Send + Sync + 'static,
) -> (Vendor, Carried) {
    let carried = Carried::default();
    let told = carried.clone();
    let vendor = Vendor::start(move |_, _| {
        let mut answer = yes(kind, &told.lock().unwrap());
        change(&mut answer);
        Reply::Json(200, answer)
    });
    (vendor, carried)
}

fn token(kind: &str) -> &'static str {
    match kind {
        "captchala" => "pt_1",
        "geetest" => r#"{"lot_number":"l","captcha_output":"o","pass_token":"p","gen_time":"1"}"#,
        _ => "a-token",
    }
}

pub(crate) fn carry(challenge: &Value) -> String {
    challenge["provider"]["carry"].as_str().unwrap().to_owned()
}

#[test]
fn each_vendors_yes_opens_the_way_once_and_its_no_never() {
    for (kind, target, more) in [
        ("turnstile", "/turnstile/v0/siteverify", ""),
        ("hcaptcha", "/siteverify", ""),
        ("recaptcha", "/recaptcha/api/siteverify", ""),
        ("recaptcha_v3", "/recaptcha/api/siteverify", ""),
        ("recaptcha_enterprise", "/v1/projects/p/assessments", "project = \"p\""),
        ("friendly", "/api/v2/captcha/siteverify", ""),
        ("captchala", "/v1/validate", ""),
        ("geetest", "/validate?captcha_id=the-site-key", ""),
    ] {
        let (vendor, carried) = agreeing(kind, |_| ());
        let demo = demo(kind, &vendor, more, "");
        let mut connection = demo.connect();
        let given = challenge(&mut connection);
        assert_eq!(
            (&given["kind"], &given["provider"]["name"]),
            (&json!("provider"), &json!(kind)),
            "{given}"
        );
        assert_eq!(given["provider"]["site_key"], "the-site-key", "{kind}");
        *carried.lock().unwrap() = carry(&given);
        let solved = redeem(&mut connection, &given, token(kind));
        assert_eq!(solved.status, 200, "{kind}: {}", solved.text());
        let cookie = solved.cookie();
        let login = connection.request("GET", "/login", &[("Accept", "text/html"), ("Cookie", &cookie)], b"");
        assert_eq!(login.status, 200, "{kind}");
        let again = redeem(&mut connection, &given, token(kind));
        assert_eq!((&again.json()["code"], again.header("set-cookie")), (&json!("spent"), None), "{kind}");

        let asked = vendor.asked();
        assert_eq!(asked.len(), 1, "{kind}: a spent challenge asks nobody");
        assert_eq!(asked[0].target, target);
        let whole = format!("{}{}", asked[0].head.join("\n"), asked[0].body);
        assert!(whole.contains(SECRET) || kind == "geetest", "{kind}: {whole}");
        assert!(!whole.contains("127.0.0.1,") && !whole.contains("remoteip"), "{kind}: {whole}");

        let metrics = metrics(&demo);
        let series = format!("spigot_provider_answers_total{{provider=\"{kind}\",result=\"passed\"}} 1");
        assert!(metrics.contains(&series), "{kind}: {metrics}");
        drop(demo);

        let vendor = Vendor::start(|_, _| {
            Reply::Json(
                200,
                json!({ "success": false, "code": 1, "result": "fail", "tokenProperties": { "valid": false }, "error": { "error_code": "response_invalid", "detail": "" }, "error-codes": ["invalid-input-response"] }),
            )
        });
        let demo = self::demo(kind, &vendor, more, "");
        let mut connection = demo.connect();
        let given = challenge(&mut connection);
        let refused = redeem(&mut connection, &given, token(kind));
        assert_eq!((refused.status, refused.header("set-cookie")), (400, None), "{kind}");
        assert_eq!(refused.json()["code"], "not_vouched", "{kind}: {}", refused.text());
    }
}

#[test]
fn what_is_vouched_for_something_else_and_what_is_late_or_used_mints_nothing() {
    let check = |change: fn(&mut Value), code: &str, fresh: bool| {
        let (vendor, carried) = agreeing("turnstile", change);
        let demo = demo("turnstile", &vendor, "", "");
        let mut connection = demo.connect();
        let given = challenge(&mut connection);
        *carried.lock().unwrap() = carry(&given);
        let refused = redeem(&mut connection, &given, "a-token");
        assert_eq!((refused.status, refused.header("set-cookie")), (400, None), "{code}");
        let told = refused.json();
        assert_eq!(told["code"], code);
        // Whoever is honest gets a fresh one, of the same provider.
        let next = &told["challenge"]["provider"]["name"];
        assert_eq!(next == "turnstile", fresh, "{told}");
        assert!(next == "turnstile" || told["challenge"].is_null(), "{told}");
    };
    check(|answer| answer["hostname"] = "evil.example".into(), "not_vouched", false);
    check(|answer| answer["action"] = "other".into(), "not_vouched", false);
    check(|answer| answer["cdata"] = "00".into(), "not_vouched", false);
    check(
        |answer| *answer = json!({ "success": false, "error-codes": ["timeout-or-duplicate"] }),
        "spent",
        true,
    );
    let (vendor, _) = agreeing("hcaptcha", |answer| {
        *answer = json!({ "success": false, "error-codes": ["expired-input-response"] });
    });
    let demo = demo("hcaptcha", &vendor, "", "");
    let mut connection = demo.connect();
    let given = challenge(&mut connection);
    assert_eq!(redeem(&mut connection, &given, "a-token").json()["code"], "expired");
}

/// Every way in which a vendor gives no answer, and nothing else is configured: nobody passes, and the visitor is told
/// to come again.
#[test]
fn nobody_chooses_what_challenges_them() {
    let (vendor, carried) = agreeing("turnstile", |_| ());
    let demo = demo("turnstile", &vendor, "fail = \"own\"", "");
    let mut connection = demo.connect();
    let given = challenge(&mut connection);
    // That the widget cannot be loaded is the visitor's word.
    assert!(given["fallback_url"].is_null(), "{given}");
    let asked = json!({ "challenge": given["challenge"] }).to_string();
    let refused = connection.request(
        "POST",
        "/.spigot/fallback",
        &[("Content-Type", "application/json")],
        asked.as_bytes(),
    );
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("no_fallback")));
    let altcha =
        connection.get(&format!("/.spigot/altcha?challenge={}", given["challenge"].as_str().unwrap()));
    assert_eq!(altcha.status, 404, "{}", altcha.text());
    // What stands in the challenge is signed: algorithm, provider, level.
    let bytes = spigot_challenge::from_text(given["challenge"].as_str().unwrap()).unwrap();
    for at in [1, 38, 39, 40, 45] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        let mut changed = given.clone();
        changed["challenge"] = spigot_challenge::to_text(&other).into();
        assert_eq!(redeem(&mut connection, &changed, "a-token").json()["code"], "forged", "byte {at}");
    }
    // Rubbish brings no easier challenge, and an empty token asks nobody.
    let rubbish = submit(&mut demo.connect_from(2), "{\"challenge\":\"AAAA\",\"proof\":\"AAAA\"}").json();
    assert!(rubbish["challenge"].is_null(), "{rubbish}");
    assert_eq!(redeem(&mut demo.connect_from(3), &given, "").json()["code"], "malformed");
    assert_eq!(vendor.asked().len(), 0);
    *carried.lock().unwrap() = carry(&given);
    assert_eq!(redeem(&mut demo.connect_from(4), &given, "a-token").status, 200, "it is still good");
}

#[test]
fn one_token_submitted_64_times_at_once_gives_one_clearance_and_few_questions() {
    let (vendor, carried) = agreeing("turnstile", |_| ());
    let demo = demo("turnstile", &vendor, "", "");
    let given = challenge(&mut demo.connect());
    *carried.lock().unwrap() = carry(&given);
    let threads: Vec<_> = (0..64)
        .map(|_| {
            let (given, mut connection) = (given.clone(), demo.connect());
            std::thread::spawn(move || redeem(&mut connection, &given, "a-token"))
        })
        .collect();
    let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let cookies = answers.iter().filter(|answer| answer.header("set-cookie").is_some()).count();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(cookies, 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(vendor.asked().len() <= 3, "{} questions about one challenge", vendor.asked().len());
}

#[test]
fn altcha_is_issued_and_checked_here() {
    use sha2::{Digest, Sha256};
    let nobody = Vendor::start(|_, _| Reply::Close);
    let demo = demo("altcha", &nobody, "version = 1\nwork = 2000", "");
    let mut connection = demo.connect();
    let given = challenge(&mut connection);
    let puzzle = connection.get(given["provider"]["altcha_url"].as_str().unwrap()).json();
    let (salt, wanted) = (puzzle["salt"].as_str().unwrap(), puzzle["challenge"].as_str().unwrap());
    let hash = |number: u32| {
        let digest = Sha256::digest(format!("{salt}{number}"));
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let number = (0..=2000).find(|number| hash(*number) == wanted).expect("there is one");
    let payload = |number: u32| {
        let mut solved = puzzle.clone();
        solved["number"] = number.into();
        base64(&solved.to_string())
    };
    assert_eq!(redeem(&mut connection, &given, &payload(number + 1)).json()["code"], "not_vouched");
    let solved = redeem(&mut connection, &given, &payload(number));
    assert_eq!(solved.status, 200, "{}", solved.text());
    assert_eq!(redeem(&mut connection, &given, &payload(number)).json()["code"], "spent");
    let other = challenge(&mut connection);
    assert_eq!(redeem(&mut connection, &other, &payload(number)).json()["code"], "not_vouched");
    assert!(nobody.asked().is_empty());
}

/// RFC 4648, section 4.
fn base64(text: &str) -> String {
    let plain = spigot_challenge::to_text(text.as_bytes()).replace('-', "+").replace('_', "/");
    let padding = (4 - plain.len() % 4) % 4;
    format!("{plain}{}", "=".repeat(padding))
}

#[test]
fn the_event_tells_the_story_and_nothing_tells_the_secret() {
    let (vendor, _) = agreeing("hcaptcha", |answer| answer["score"] = 0.9.into());
    let demo = demo("hcaptcha", &vendor, "max_risk = 70", "");
    let mut connection = demo.connect();
    let given = challenge(&mut connection);
    let refused = redeem(&mut connection, &given, "the-visitors-token");
    assert_eq!(refused.json()["code"], "not_vouched", "{}", refused.text());
    let read = || String::from_utf8(demo.command(&["events", "--format", "json"]).stdout).unwrap();
    demo.until("the event is written", |_| read().contains("too_risky"));
    let events = read();
    let told = events.lines().find(|line| line.contains("too_risky")).unwrap();
    assert!(told.contains("\"name\":\"hcaptcha\"") && told.contains("\"risk\":90"), "{told}");
    let metrics = metrics(&demo);
    assert!(
        metrics.contains("spigot_provider_answers_total{provider=\"hcaptcha\",result=\"too_risky\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("spigot_provider_risk_bucket{provider=\"hcaptcha\",le=\"100\"} 1"), "{metrics}");
    for text in [&events, &metrics, &demo.log(), &refused.text(), &given.to_string()] {
        assert!(!text.contains(SECRET) && !text.contains("the-visitors-token"), "{text}");
    }
}

/// What the vendors document of the keys that they publish for tests.
fn with_test_keys(secret: &str, token: &str) -> Value {
    let turnstile =
        |tail: &str| secret.ends_with("0000000000000000000000000000AA") && secret.starts_with(tail);
    let no = |code: &str| json!({ "success": false, "error-codes": [code] });
    if turnstile("1x") {
        json!({ "success": true, "error-codes": [], "hostname": "example.com", "challenge_ts": "2026-11-21T15:14:30Z" })
    } else if turnstile("2x") {
        no("invalid-input-response")
    } else if turnstile("3x") {
        no("timeout-or-duplicate")
    } else if secret == "0x0000000000000000000000000000000000000000" {
        let dummies = ["10000000-aaaa-bbbb-cccc-000000000001", "20000000-aaaa-bbbb-cccc-000000000002"];
        if dummies.contains(&token) {
            json!({ "success": true, "hostname": "dummy-key-pass" })
        } else {
            no("not-using-dummy-passcode")
        }
    } else if secret == "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe" {
        json!({ "success": true, "hostname": "testkey.google.com" })
    } else {
        // A real key refuses the tokens of test keys.
        no("invalid-input-response")
    }
}

#[test]
fn the_vendors_published_test_keys_do_what_they_are_for() {
    const TURNSTILE: &str = "XXXX.DUMMY.TOKEN.XXXX";
    for (kind, secret, token, code) in [
        ("turnstile", "1x0000000000000000000000000000000AA", TURNSTILE, None),
        ("turnstile", "2x0000000000000000000000000000000AA", TURNSTILE, Some("not_vouched")),
        ("turnstile", "3x0000000000000000000000000000000AA", TURNSTILE, Some("spent")),
        ("turnstile", "a-real-secret", TURNSTILE, Some("not_vouched")),
        (
            "hcaptcha",
            "0x0000000000000000000000000000000000000000",
            "10000000-aaaa-bbbb-cccc-000000000001",
            None,
        ),
        ("hcaptcha", "0x0000000000000000000000000000000000000000", "a-real-token", Some("provider_away")),
        ("recaptcha", "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", "anything", None),
    ] {
        let vendor = Vendor::start(|question, _| {
            let field = |name| question.field(name).unwrap_or_default();
            Reply::Json(200, with_test_keys(&field("secret"), &field("response")))
        });
        let more = if secret == "a-real-secret" { "" } else { "test_keys = true" };
        let demo = demo_with(secret, kind, &vendor, more, "");
        let mut connection = demo.connect();
        let given = challenge(&mut connection);
        let answer = redeem(&mut connection, &given, token);
        let told = answer.json();
        assert_eq!(told["code"].as_str(), code, "{kind} {secret}: {told}");
        assert_eq!(answer.header("set-cookie").is_some(), code.is_none(), "{kind} {secret}");
    }
}

#[test]
fn a_provider_that_is_taken_out_while_somebody_solves_opens_nothing() {
    let (vendor, carried) = agreeing("turnstile", |_| ());
    let demo = demo("turnstile", &vendor, "", "");
    let mut connection = demo.connect();
    let given = challenge(&mut connection);
    *carried.lock().unwrap() = carry(&given);
    let before = demo.revision();
    demo.write("[[route]]\nname = \"login\"\nmatch = \"/login\"\npreset = \"high\"\n");
    demo.until("the configuration without it", |health| health["revision"] != before);
    let refused = redeem(&mut connection, &given, "a-token");
    assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("stale")));
    assert_eq!((refused.header("set-cookie"), vendor.asked().len()), (None, 0));
    assert_eq!(challenge(&mut connection)["kind"], "cachewalk");
}
