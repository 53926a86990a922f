//! Sites and their keys: on the command line, by the API, and what a running server makes of changes.

use serde_json::{Value, json};
use spigot_documented::Document;

use super::client::{Answer, Connection};
use super::demo::{Demo, OPEN, SOON, command, free_port};
use super::service::{ORIGIN, Service, call, turnstile};

#[test]
fn secrets_rotate_with_overlap() {
    let service = Service::start();
    let rotate = |overlap: &str| -> String {
        let before = service.demo.revision();
        let output =
            service.demo.command(&["site", "rotate", "shop", "--overlap", overlap, "--format", "json"]);
        assert!(output.status.success(), "{output:?}");
        service.demo.until("the new secret", |health| health["revision"] != before);
        let site: Value = serde_json::from_slice(&output.stdout).unwrap();
        site["secret"].as_str().unwrap().to_owned()
    };
    let ask = |secret: &str| {
        let body = format!("secret={secret}&response={}", service.token(&json!({})));
        turnstile(&mut service.connect(), &body)["error-codes"].clone()
    };
    let second = rotate("1h");
    assert_ne!(second, service.secret);
    assert!(second.len() == 42 && second.starts_with("0x"), "{second}");
    assert_eq!((ask(&service.secret), ask(&second)), (json!([]), json!([])), "both count for an hour");
    let third = rotate("0s");
    for gone in [&service.secret, &second] {
        assert_eq!(ask(gone), json!(["invalid-input-secret"]));
    }
    assert_eq!(ask(&third), json!([]));
    // Neither secrets nor what they are kept as is shown or stored in the clear.
    let shown = String::from_utf8(service.demo.command(&["site", "show"]).stdout).unwrap();
    assert!(shown.contains("secret 3") && !shown.contains(&third[2..]), "{shown}");
    let stored = std::fs::read(service.demo.folder.path().join("settings.sqlite")).unwrap();
    let wal = std::fs::read(service.demo.folder.path().join("settings.sqlite-wal")).unwrap_or_default();
    for bytes in [stored, wal] {
        assert!(!bytes.windows(40).any(|window| window == &third.as_bytes()[2..]));
    }
}

#[test]
fn hosts_change_while_it_runs_and_a_removed_site_is_gone() {
    let service = Service::start();
    let from = |origin: &str| {
        let body = service.asked(&json!({})).to_string();
        service
            .connect()
            .request("POST", "/.spigot/widget/challenge", &[("Origin", origin)], body.as_bytes())
            .status
    };
    assert_eq!((from(ORIGIN), from("https://m.shop.example"), from("null")), (200, 403, 403));
    service.demo.change(&[
        "site",
        "hosts",
        "shop",
        "--add",
        "*.Shop.example",
        "--add",
        "null",
        "--remove",
        "shop.example",
    ]);
    assert_eq!((from(ORIGIN), from("https://m.shop.example"), from("null")), (403, 200, 200));
    let refused = service.demo.command(&["site", "hosts", "shop", "--remove", "nobody.example"]);
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("none of its hosts")
    );
    service.demo.change(&["site", "remove", "shop"]);
    assert_eq!(
        call(&mut service.connect(), "challenge", &service.asked(&json!({}))).json()["code"],
        "site_key_unknown"
    );
    let asked = format!("secret={}&response=x", service.secret);
    assert_eq!(turnstile(&mut service.connect(), &asked)["error-codes"], json!(["invalid-input-secret"]));
}

#[test]
fn a_strict_site_wants_the_visitors_own_address() {
    let service = Service::start_with(&["--client", "strict"]);
    for (more, codes) in [
        ("", json!(["bad-request"])),
        ("&remoteip=127.0.0.2", json!(["invalid-input-response"])),
        ("&remoteip=nowhere", json!(["invalid-input-response"])),
        ("&remoteip=127.0.0.1", json!([])),
    ] {
        let token = service.token(&json!({}));
        assert_eq!(service.siteverify(&token, more)["error-codes"], codes, "{more:?}");
    }
}

#[test]
fn a_token_ends_after_its_life() {
    // The shortest life that there is, so that the clock can be waited for by asking.
    let service = Service::start_with(&["--token-life", "10s"]);
    let began = std::time::Instant::now();
    let (kept, fresh) = (service.token(&json!({})), service.token(&json!({})));
    assert_eq!(service.siteverify(&fresh, "")["success"], true);
    let mut connection = service.connect();
    // Asked with a visitor from elsewhere it is refused without being spent; expiry is looked at before.
    let asked = format!("secret={}&response={kept}&remoteip=127.9.0.1", service.secret);
    loop {
        let codes = turnstile(&mut connection, &asked)["error-codes"].clone();
        if codes == json!(["timeout-or-duplicate"]) {
            break;
        }
        assert_eq!(codes, json!(["invalid-input-response"]));
        assert!(began.elapsed() < 2 * SOON, "it never ends");
    }
    assert!(began.elapsed().as_secs() >= 10, "it ended early");
}

#[test]
fn the_api_does_what_the_command_line_does_behind_a_key() {
    let demo = Demo::start();
    let output = demo.command(&["site", "api-key", "add", "ci", "--format", "json"]);
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bearer = format!("Bearer {}", made["key"].as_str().unwrap());
    let mut connection = Connection::open(demo.admin);
    let document = Document::read(include_str!("../../../../docs/openapi/sites.json")).unwrap();
    assert_eq!(connection.get("/v1/openapi.json").json(), *document.whole());
    let mut ask = |method: &str, path: &str, key: &str, body: &str| -> Answer {
        let headers = [("Authorization", key), ("Content-Type", "application/json")];
        let answer = connection.request(method, path, &headers, body.as_bytes());
        answer.held(&document, method, path)
    };
    for key in ["", "Bearer ", "Bearer spigot_00", "Basic x"] {
        assert_eq!(ask("GET", "/v1/sites", key, "").status, 401, "{key:?}");
    }
    let added =
        ask("POST", "/v1/sites", &bearer, r#"{"name":"shop","hosts":["shop.example"],"press":"never"}"#);
    assert_eq!(added.status, 201, "{}", added.text());
    let site = added.json();
    let (key, secret) =
        (site["site_key"].as_str().unwrap().to_owned(), site["secret"].as_str().unwrap().to_owned());
    let path = format!("/v1/sites/{key}");
    assert_eq!(ask("POST", "/v1/sites", &bearer, r#"{"name":"shop","hosts":["a.example"]}"#).status, 400);
    assert_eq!(
        ask("POST", "/v1/sites", &bearer, r#"{"name":"x","hosts":["a.example"],"colour":1}"#).status,
        400
    );
    assert_eq!(ask("PATCH", &path, &bearer, r#"{"level":"high","token_life":"1m"}"#).json()["level"], "high");
    assert_eq!(ask("PATCH", &path, &bearer, r#"{"level":"extreme"}"#).status, 400);
    let shown = ask("GET", &path, &bearer, "").json();
    assert_eq!((&shown["token_life_seconds"], &shown["secret"]), (&json!(60), &Value::Null), "{shown}");
    // What is shown can be sent back.
    let shorter = ask("PATCH", &path, &bearer, r#"{"token_life_seconds":30}"#);
    assert_eq!(shorter.json()["token_life_seconds"], 30, "{}", shorter.text());
    assert_eq!(ask("PATCH", &path, &bearer, r#"{"token_life_seconds":5}"#).status, 400);
    let rotated = ask("POST", &format!("{path}/secrets"), &bearer, r#"{"overlap_seconds":0}"#);
    assert_eq!(rotated.status, 201, "{}", rotated.text());
    assert_ne!(rotated.json()["secret"], json!(secret));
    let sites = ask("GET", "/v1/sites", &bearer, "").json()["sites"].as_array().unwrap().clone();
    assert!(sites.iter().any(|site| site["site_key"] == key), "{sites:?}");
    let changes = String::from_utf8(demo.command(&["site", "show", "--format", "json"]).stdout).unwrap();
    assert!(changes.contains(&key), "the command line sees it: {changes}");
    assert_eq!(ask("DELETE", &path, &bearer, "").status, 200);
    assert_eq!(ask("GET", &path, &bearer, "").status, 404);
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(ask("POST", "/v1/sites", &bearer, &large).status, 413);
    // Of these no document can say anything.
    let mut connection = Connection::open(demo.admin);
    for (method, path, status) in [("PUT", "/v1/sites", 405), ("GET", "/v1/sites/a/b/c", 404)] {
        let answer = connection.request(method, path, &[("Authorization", &bearer)], b"");
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("allow"), (status == 405).then_some("GET, POST"), "{method} {path}");
    }
}

#[test]
fn the_puzzles_price_is_told_beside_the_visitors_times() {
    let service = Service::start();
    service.token(&json!({}));
    let folder = service.demo.folder.path();
    let config = folder.join("bench.toml");
    std::fs::write(&config, format!("{OPEN}[challenge]\nlog2_work = [4, 6, 8]\n")).unwrap();
    let config = config.to_str().unwrap();
    let arguments = ["puzzle", "bench", "--config", config, "--format", "json", "--price", "3.6"];
    let deadline = std::time::Instant::now() + SOON;
    let told: Value = loop {
        let output = service.demo.command(&arguments);
        assert!(output.status.success(), "{output:?}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        if told["visitors"] != json!([]) || std::time::Instant::now() > deadline {
            break told;
        }
    };
    let levels = told["levels"].as_array().unwrap();
    let work: Vec<_> = levels.iter().map(|level| level["log2_work"].as_u64().unwrap()).collect();
    assert_eq!(work, [4, 6, 8]);
    for level in levels {
        let (millis, price) = (&level["native_solve_millis"], &level["price_of_a_million"]);
        let (millis, price) = (millis.as_f64().unwrap(), price.as_f64().unwrap());
        assert!(millis > 0.0 && (price - millis * 1000.0 / 1000.0).abs() < price / 100.0, "{level}");
        assert!(level["verify_micros"].as_f64().unwrap() > 0.0, "{level}");
    }
    assert_eq!(
        (&told["visitors"][0]["kind"], &told["visitors"][0]["solved"]),
        (&json!("cachewalk"), &json!(1)),
        "{told}"
    );
    let rates = |of: &Value| {
        of["leaves_per_second"].as_f64().unwrap() > 0.0 && of["leaf_micros"].as_f64().unwrap() > 0.0
    };
    assert!(rates(&told), "{told}");
    if std::process::Command::new("node").arg("--version").output().is_err() {
        eprintln!("there is no Node here: the solvers of browsers are not measured");
        assert!(told["browser"].is_null());
        return;
    }
    let kernels = told["browser"]["kernels"].as_array().unwrap_or_else(|| panic!("{told}"));
    let names: Vec<_> = kernels.iter().map(|kernel| kernel["kernel"].as_str().unwrap()).collect();
    assert_eq!(names, ["wasm", "js"]);
    for kernel in kernels {
        let solves = kernel["solve_millis"].as_array().unwrap();
        assert!(solves.len() == 3 && solves.iter().all(|millis| millis.as_f64().unwrap() > 0.0), "{kernel}");
        assert!(rates(kernel), "{kernel}");
    }
}

#[test]
fn keys_for_tests_are_refused_unless_they_are_allowed_and_no_upstream_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let (listen, admin) = (free_port(), free_port());
    let config = folder.path().join("spigot.toml");
    let data = folder.path().join("data");
    let text = format!(
        "admin = \"{admin}\"\ndata = \"{}\"\n[service]\nlisten = \"{listen}\"\n{OPEN}",
        data.display()
    );
    std::fs::write(&config, text).unwrap();
    let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_spigot"))
        .args(["run", "--config"])
        .arg(&config)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(process.stderr.take().unwrap()), &mut said)
        .unwrap();
    assert!(said.contains("started"), "{said}");
    let mut connection = Connection::open(listen);
    let body = "secret=1x0000000000000000000000000000000AA&response=XXXX.DUMMY.TOKEN.XXXX";
    let answer = turnstile(&mut connection, body);
    let asked = json!({ "protocol": 1, "site_key": "1x00000000000000000000AA" });
    let widget = call(&mut connection, "challenge", &asked).json();
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(answer["error-codes"], json!(["invalid-input-secret"]));
    assert_eq!(widget["code"], "site_key_unknown");
    assert!(command(&data, &["site", "show"]).status.success());
}

#[test]
fn a_route_binds_the_tokens_of_its_action_more_strictly_than_their_site() {
    let policy = format!(
        "[[route]]\nname = \"payment\"\nmatch = [\"POST /pay\", \"POST /.spigot/action/pay\"]\ntoken_client = \"strict\"\n{OPEN}"
    );
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&policy));
    let (site_key, secret) = super::service::add_site(&demo, "shop", &["--client", "off"]);
    let service = Service { demo, site_key, secret };
    let pay = service.token(&json!({ "action": "pay" }));
    let codes = |token: &str, more: &str| service.siteverify(token, more)["error-codes"].clone();
    assert_eq!(codes(&pay, ""), json!(["bad-request"]), "the visitor has to be named");
    assert_eq!(codes(&pay, "&remoteip=127.0.0.2"), json!(["invalid-input-response"]), "the very address");
    assert_eq!(codes(&pay, "&remoteip=127.0.0.1"), json!([]));
    let login = service.token(&json!({ "action": "login" }));
    assert_eq!(codes(&login, "&remoteip=203.0.113.9"), json!([]), "elsewhere as the site says");
}
