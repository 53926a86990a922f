//! `/v1/decide`: what an application's server is told of a request that it describes, or of an action.

use serde_json::{Value, json};

use super::client::Connection;
use super::demo::Demo;
use super::service::add_site;

const POLICY: &str = r#"
[[route]]
name = "asked"
match = "/asked/**"
ask = "always"

[[route]]
name = "log-in"
match = "POST /log-in"
account_fields = ["email"]
attempt = { kind = "login", reported = true }

[[route]]
name = "checkout"
match = "/.spigot/action/checkout"

[[route]]
name = "looked-into"
match = "POST /form"

[[route]]
name = "all"
match = "/**"

[[rule]]
name = "never"
when = 'request.path.startsWith("/refused/")'
action = "block"

[[limit]]
name = "checkouts"
rate = "1 per 1h per account"
routes = ["checkout"]
action = "block"
"#;

struct Asker {
    demo: Demo,
    secret: String,
}

impl Asker {
    fn start() -> Self {
        let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(POLICY));
        let (_, secret) = add_site(&demo, "shop", &[]);
        Self { demo, secret }
    }

    fn post(&self, path: &str, secret: &str, question: &str) -> (u16, Value) {
        let authorization = format!("Bearer {secret}");
        let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        let mut connection = Connection::open(self.demo.service);
        let answer = connection.request("POST", path, &headers, question.as_bytes());
        (answer.status, answer.json())
    }

    /// A request to the shop as a browser sends it.
    fn decide(&self, more: &Value) -> Value {
        let (status, decision) = self.post("/v1/decide", &self.secret, &described(more).to_string());
        assert_eq!(status, 200, "{decision}");
        decision
    }
}

fn described(more: &Value) -> Value {
    let headers = json!([
        ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
        ["Accept", "text/html"],
        ["Accept-Language", "en"],
        ["Accept-Encoding", "gzip"],
        ["Sec-Fetch-Mode", "navigate"],
        ["Sec-Fetch-Dest", "document"],
        ["Sec-Fetch-Site", "none"],
        ["X-Spigot-Action", "allow"]
    ]);
    let mut request = json!({ "host": "shop.example", "address": "203.0.113.9", "headers": headers });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

fn told<'a>(decision: &'a Value, list: &str, name: &str) -> Option<&'a str> {
    let pairs =
        decision.pointer(list).unwrap_or_else(|| panic!("no {list} in {decision}")).as_array().unwrap();
    pairs.iter().find(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap())
}

#[test]
fn a_described_request_is_decided_and_recorded() {
    let asker = Asker::start();
    let passed = asker.decide(&json!({ "path": "/shelf?page=2" }));
    let id = passed["id"].as_str().unwrap();
    assert_eq!((&passed["passes"], &passed["effective"]), (&json!(true), &json!("allow")), "{passed}");
    assert_eq!(passed["response"], Value::Null);
    assert_eq!(told(&passed, "/request_headers", "x-spigot-decision"), Some(id));
    assert_eq!(told(&passed, "/request_headers", "x-spigot-action"), Some("allow"));
    assert_eq!(passed["remove_headers"], json!(["x-spigot-action"]), "what a client says in our name");
    asker.demo.until("the event is written", |health| health["events"]["written"].as_u64() > Some(0));
    let story = asker.demo.command(&["explain", id]);
    let story = String::from_utf8(story.stdout).unwrap();
    assert!(story.contains("GET shop.example/shelf") && story.contains("203.0.113.9"), "{story}");

    let refused = asker.decide(&json!({ "path": "/refused/x" }));
    assert_eq!((&refused["passes"], &refused["action"]), (&json!(false), &json!("block")), "{refused}");
    assert_eq!(refused["response"]["status"], 403);
    assert!(
        refused["reasons"].as_array().unwrap().iter().any(|reason| reason["name"] == "never"),
        "{refused}"
    );

    let asked = asker.decide(&json!({ "path": "/asked/x" }));
    assert_eq!(asked["effective"], "challenge");
    assert!(told(&asked, "/response/headers", "content-type").unwrap().starts_with("text/html"), "{asked}");
    assert!(asked["response"]["body"].as_str().unwrap().contains("/.spigot/"), "the page that asks");
    let program = asker.decide(&json!({ "path": "/asked/x", "headers": { "Accept": "application/json" } }));
    let problem: Value = serde_json::from_str(program["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        told(&program, "/response/headers", "content-type"),
        Some("application/problem+json"),
        "{problem}"
    );

    // What could be read in two ways is answered, and nothing is weighed.
    for path in ["/%zz", "/a%2fb", "/shelf/../shelf", "/%2e/shelf", "/shelf/%2E.", "/shelf#/../refused/x"] {
        let unclear = asker.decide(&json!({ "path": path }));
        assert_eq!((&unclear["passes"], &unclear["id"]), (&json!(false), &json!("")), "{path}");
        assert_eq!(unclear["response"]["status"], 400, "{path}");
    }
    // The application has no say in what is Spigot's own, and hands it on.
    assert_eq!(asker.decide(&json!({ "path": "/.spigot/action/checkout" }))["passes"], true);
}

#[test]
fn actions_and_accounts_are_counted_as_the_policy_says() {
    let asker = Asker::start();
    let passes = |account: Value, expected: bool| {
        let decision = asker.decide(&json!({ "action": "checkout", "account": account }));
        assert_eq!(decision["passes"], expected, "{account}: {decision}");
    };
    passes(json!("eve@example.com"), true);
    passes(json!("adam@example.com"), true);
    passes(json!("EVE@example.com "), false);
    passes(Value::Null, true);
    passes(Value::Null, true);
    // An attempt that is described is one that can be reported about.
    let attempt = asker.decide(&json!({ "method": "POST", "path": "/log-in", "account": "eve@example.com" }));
    let report = |outcome: &str| {
        let report = json!({ "decision": attempt["id"], "outcome": outcome });
        asker.post("/v1/outcome", &asker.secret, &report.to_string())
    };
    assert_eq!(report("failure"), (200, json!({ "counted": true })));
    assert_eq!(report("failure"), (200, json!({ "counted": false })));
    assert_eq!(report("success").1["code"], "reported_otherwise");
}

#[test]
fn a_body_that_is_described_is_looked_into() {
    let asker = Asker::start();
    // The sixth of the same within 30 seconds is one too many, whoever sends it.
    let ask = |number: u8, body: &str| {
        let from = format!("198.51.100.{number}");
        let decision =
            asker.decide(&json!({ "method": "POST", "path": "/form", "address": from, "body": body }));
        let reasons = decision["reasons"].as_array().unwrap();
        reasons.iter().any(|reason| reason["name"] == "payload_repetition")
    };
    for number in 1..=5 {
        assert!(!ask(number, "text=cheap+watches"), "number {number}");
    }
    assert!(ask(6, "text=cheap+watches"));
    assert!(!ask(7, "text=hello"));
}

#[test]
fn several_at_once_have_an_answer_each() {
    let asker = Asker::start();
    let question = json!({ "requests": [
        described(&json!({ "path": "/shelf" })),
        described(&json!({ "host": "evil.example" })),
        described(&json!({ "path": "/refused/x" })),
        described(&json!({ "address": "nobody's" })),
    ] });
    let (status, answer) = asker.post("/v1/decide", &asker.secret, &question.to_string());
    assert_eq!(status, 200, "{answer}");
    let decisions = answer["decisions"].as_array().unwrap();
    let passed: Vec<_> = decisions.iter().map(|decision| decision["passes"].as_bool()).collect();
    assert_eq!(passed, [Some(true), None, Some(false), None], "{answer}");
    let codes: Vec<_> = decisions.iter().map(|decision| decision["problem"]["code"].as_str()).collect();
    assert_eq!(codes, [None, Some("host_not_allowed"), None, Some("malformed")], "{answer}");
}

#[test]
fn who_may_not_ask_is_told_why() {
    let asker = Asker::start();
    let check = |secret: &str, question: &str, expected: (u16, &str)| {
        let (status, answer) = asker.post("/v1/decide", secret, question);
        let code = answer["code"].as_str().unwrap_or_else(|| panic!("{question}: {answer}"));
        assert_eq!((status, code), expected, "{question}: {answer}");
    };
    let good = described(&json!({})).to_string();
    let own = asker.secret.as_str();
    check("", &good, (401, "secret_missing"));
    check(&format!("0x{}", "1".repeat(40)), &good, (401, "secret_unknown"));
    check(own, &described(&json!({ "host": "evil.example" })).to_string(), (403, "host_not_allowed"));
    check(
        own,
        &described(&json!({ "host": "shop.example@evil.example" })).to_string(),
        (403, "host_not_allowed"),
    );
    check(own, "{", (400, "unreadable"));
    check(own, "{}", (400, "malformed"));
    check(own, &described(&json!({ "method": "A B" })).to_string(), (400, "malformed"));
    check(own, &json!({ "requests": vec![described(&json!({})); 33] }).to_string(), (400, "too_many"));
    check(own, &"x".repeat((1 << 20) + 1), (413, "too_large"));
}
