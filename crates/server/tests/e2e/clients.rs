//! Other people's verification clients, as published, pointed at the service: what they report of a good token, a spent, an
//! expired and a foreign one, and of a foreign secret.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::demo::SOON;
use super::service::{Service, add_site, earn, turnstile};

/// One client: its name for messages, how its driver is called, and the code that it reports of a spent token, an expired
/// one, another site's, and of a good one under another site's secret and under nobody's. Those that tell no codes have
/// empty ones.
struct Client {
    name: &'static str,
    command: &'static [&'static str],
    codes: [&'static str; 5],
}

const PYTHON: &str = "python/.venv/bin/python";
const RUST: &str = "rust/target/debug/clients-test";
const DUPLICATE: &str = "timeout-or-duplicate";
const INVALID: &str = "invalid-input-response";
const TURNSTILE: [&str; 5] = ["invalid_turnstile"; 5];
const HCAPTCHA: [&str; 5] = ["invalid_hcaptcha"; 5];
const SILENT: [&str; 5] = [""; 5];
const FRIENDLY: [&str; 5] =
    ["response_duplicate", "response_timeout", "response_invalid", "sitekey_invalid", "auth_invalid"];

const CLIENTS: &[Client] = &[
    Client {
        name: "django-turnstile",
        command: &[PYTHON, "python/verify.py", "django-turnstile"],
        codes: TURNSTILE,
    },
    Client {
        name: "django-hcaptcha",
        command: &[PYTHON, "python/verify.py", "django-hcaptcha"],
        codes: HCAPTCHA,
    },
    Client {
        name: "Flask-xCaptcha",
        command: &[PYTHON, "python/verify.py", "flask-xcaptcha"],
        codes: SILENT,
    },
    Client {
        name: "friendly-captcha-client",
        command: &[PYTHON, "python/verify.py", "friendly-captcha-client"],
        codes: FRIENDLY,
    },
    Client { name: "@friendlycaptcha/server-sdk", command: &["node", "node/verify.mjs"], codes: FRIENDLY },
    Client {
        name: "google/recaptcha",
        command: &["php", "php/verify.php"],
        codes: [DUPLICATE, DUPLICATE, INVALID, INVALID, "invalid-input-secret"],
    },
    Client {
        name: "hcaptcha",
        command: &[RUST, "hcaptcha"],
        codes: [
            "already-seen-response",
            "expired-input-response",
            "sitekey-secret-mismatch",
            "sitekey-secret-mismatch",
            "invalid-input-secret",
        ],
    },
    Client { name: "axum-turnstile", command: &[RUST, "axum-turnstile"], codes: SILENT },
];

fn drivers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../integrations/clients")
}

/// What a client reports of a token: whether it accepts it, and the code.
fn report(client: &Client, service: &Service, secret: &str, token: &str) -> (bool, String) {
    let case = json!({
        "base": format!("http://{}", service.demo.service),
        "site_key": service.site_key,
        "secret": secret,
        "token": token,
    });
    let (program, arguments) = client.command.split_first().unwrap();
    // A path has a folder; other programs are looked for as everywhere.
    let program = if program.contains('/') { drivers().join(program) } else { program.into() };
    let mut process = Command::new(&program)
        .args(arguments)
        .current_dir(drivers())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; run integrations/clients/install", program.display()));
    process.stdin.take().unwrap().write_all(case.to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: {output:?}", client.name);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes: Vec<_> = said["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    (said["accepted"].as_bool().unwrap(), codes.join(" "))
}

#[test]
#[ignore = "needs other people's clients: integrations/clients/install, then cargo test --workspace --test e2e clients -- --ignored"]
fn published_clients_report_what_a_token_is_worth() {
    // The shortest life that there is, so that the clock can be waited for by asking.
    let brief = Service::start_with(&["--token-life", "10s"]);
    let expired: Vec<String> = CLIENTS.iter().map(|_| brief.token(&json!({}))).collect();
    let service = Service::start();
    let (other_site, other_secret) = add_site(&service.demo, "forum", &[]);
    for client in CLIENTS {
        let check = |what: &str, secret: &str, token: &str, expected: (bool, &str)| {
            let (accepted, code) = report(client, &service, secret, token);
            assert_eq!((accepted, code.as_str()), expected, "{}: {what}", client.name);
        };
        let [spent, _, foreign, other, nobody] = client.codes;
        let token = service.token(&json!({}));
        check("another site's secret", &other_secret, &token, (false, other));
        check("nobody's secret", &format!("0x{}", "1".repeat(40)), &token, (false, nobody));
        check("a good token", &service.secret, &token, (true, ""));
        check("the same again", &service.secret, &token, (false, spent));
        let foreign_token = earn(&mut service.connect(), &other_site, &json!({}));
        check("another site's token", &service.secret, &foreign_token, (false, foreign));
    }
    until_expired(&brief, expired.last().unwrap());
    for (client, token) in CLIENTS.iter().zip(&expired) {
        let expected = (false, client.codes[1].to_owned());
        assert_eq!(
            report(client, &brief, &brief.secret, token),
            expected,
            "{}: an expired token",
            client.name
        );
    }
}

/// Asks on behalf of a visitor from elsewhere, which spends nothing, until it is the time that is wrong.
fn until_expired(service: &Service, token: &str) {
    let begun = std::time::Instant::now();
    let mut connection = service.connect();
    let asked = format!("secret={}&response={token}&remoteip=127.9.0.1", service.secret);
    while turnstile(&mut connection, &asked)["error-codes"] != json!([DUPLICATE]) {
        assert!(begun.elapsed() < SOON, "it never ends");
    }
}
