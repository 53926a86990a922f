//! Web hooks of Ory Kratos, by a stub that asks as `integrations/kratos` has Kratos ask and reads answers as Kratos documents
//! it: 200 with or without an identity goes on, a status above 399 with messages interrupts, anything else is an error.

use serde_json::{Value, json};

use super::client::Connection;
use super::demo::Demo;
use super::service::{add_site, earn};

const POLICY: &str = r#"
[[route]]
name = "kratos-login"
match = "/self-service/login"
account_fields = "identifier"
attempt = { reported = true }
[[route]]
name = "kratos-registration"
match = "/self-service/registration"
account_fields = "identifier"
attempt = { kind = "signup" }
[[rule]]
name = "farms"
when = 'signal.alike_addresses'
action = "shadow"
[[rule]]
name = "asked"
when = 'request.query.contains("x=1")'
action = "challenge"
"#;

/// How a flow went on.
#[derive(Debug, PartialEq)]
enum Flow {
    GoesOn,
    /// Stored so.
    Stored(Value),
    /// The messages, of the flow as a whole.
    Interrupted(Vec<Value>),
}

struct Kratos {
    demo: Demo,
    site_key: String,
    secret: String,
}

/// Where a visitor is, and what comes along.
struct Visitor<'a> {
    address: &'a str,
    token: Option<&'a str>,
}

impl Kratos {
    fn start() -> Self {
        let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(POLICY));
        let (site_key, secret) = add_site(&demo, "shop", &[]);
        Self { demo, site_key, secret }
    }

    fn ask(&self, hook: &str, secret: &str, body: &Value) -> (u16, Value) {
        let authorization = format!("Bearer {secret}");
        let headers = [("Content-Type", "application/json"), ("Authorization", authorization.as_str())];
        let path = format!("/v1/kratos/{hook}");
        let answer =
            Connection::open(self.demo.service).request("POST", &path, &headers, body.to_string().as_bytes());
        (answer.status, answer.json())
    }

    /// A flow's web hook with `response.parse`.
    fn hook(&self, hook: &str, url: &str, visitor: &Visitor<'_>, email: Option<&str>) -> Flow {
        let body = body(url, visitor, email);
        let (status, answer) = self.ask(hook, &self.secret, &body);
        if status == 200 {
            return match &answer["identity"] {
                Value::Null => Flow::GoesOn,
                identity => Flow::Stored(identity.clone()),
            };
        }
        assert!(status >= 400, "{status} {answer}");
        let found: Vec<Value> = answer["messages"]
            .as_array()
            .into_iter()
            .flatten()
            .inspect(|of_field| assert_eq!(of_field["instance_ptr"], "#/", "{answer}"))
            .flat_map(|of_field| of_field["messages"].as_array().unwrap().clone())
            .collect();
        assert!(!found.is_empty(), "Kratos would answer 502: {status} {answer}");
        assert!(found.iter().all(|message| message["type"] == "error" && message["text"].is_string()));
        Flow::Interrupted(found)
    }
}

/// What `spigot.jsonnet` makes of Kratos' context.
fn body(url: &str, visitor: &Visitor<'_>, email: Option<&str>) -> Value {
    json!({
        "request": {
            "method": if email.is_some() { "POST" } else { "GET" },
            "url": url,
            "headers": {
                "Accept": ["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"],
                "Accept-Encoding": ["gzip, deflate, br, zstd"],
                "Accept-Language": ["en-GB,en-US;q=0.9,en;q=0.8"],
                "Content-Length": ["180"],
                "Content-Type": ["application/x-www-form-urlencoded"],
                "Sec-Ch-Ua": ["\"Not_A Brand\";v=\"99\", \"Google Chrome\";v=\"131\", \"Chromium\";v=\"131\""],
                "Sec-Ch-Ua-Mobile": ["?0"],
                "Sec-Ch-Ua-Platform": ["\"macOS\""],
                "Sec-Fetch-Dest": ["document"],
                "Sec-Fetch-Mode": ["navigate"],
                "Sec-Fetch-Site": ["same-origin"],
                "Sec-Fetch-User": ["?1"],
                "True-Client-Ip": [visitor.address],
                "User-Agent": ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"],
            },
        },
        "clearance": null,
        "token": visitor.token,
        "identity": email.map(|email| json!({ "identifier": email, "metadata_admin": { "plan": "free" } })),
    })
}

const REGISTRATION: &str = "https://shop.example/self-service/registration?flow=1";
const LOGIN: &str = "https://shop.example/self-service/login?flow=1";

fn at(address: &str) -> Visitor<'_> {
    Visitor { address, token: None }
}

#[test]
fn farmed_registrations_are_stored_inactive_and_people_are_not() {
    let kratos = Kratos::start();
    assert_eq!(kratos.hook("registration/before", REGISTRATION, &at("127.5.0.1"), None), Flow::GoesOn);
    let flows: Vec<Flow> = (0..8)
        .map(|n| {
            let (address, email) = (format!("127.5.{n}.1"), format!("farm{n}@example.org"));
            kratos.hook("registration/after", REGISTRATION, &at(&address), Some(&email))
        })
        .collect();
    assert!(flows[..3].iter().all(|flow| *flow == Flow::GoesOn), "{flows:?}");
    for flow in &flows[3..] {
        let Flow::Stored(identity) = flow else { panic!("{flows:?}") };
        assert_eq!(identity["state"], "inactive");
        let metadata = &identity["metadata_admin"];
        assert_eq!((&metadata["plan"], &metadata["spigot"]["shadow"]), (&json!("free"), &json!(true)));
        let reasons = metadata["spigot"]["reasons"].to_string();
        assert!(reasons.contains("alike_addresses") && reasons.contains("farms"), "{reasons}");
    }
    let person = kratos.hook("registration/after", REGISTRATION, &at("127.6.0.1"), Some("ada@example.org"));
    assert_eq!(person, Flow::GoesOn);
}

#[test]
fn a_challenge_interrupts_until_a_token_comes_along_once() {
    let kratos = Kratos::start();
    let url = "https://shop.example/self-service/registration?x=1";
    let Flow::Interrupted(messages) =
        kratos.hook("registration/after", url, &at("127.0.0.1"), Some("ada@example.org"))
    else {
        panic!("it went on");
    };
    assert_eq!((messages.len(), &messages[0]["id"]), (1, &json!(9_400_001)));
    let context = &messages[0]["context"];
    assert_eq!((&context["action"], &context["site_key"]), (&json!("challenge"), &json!(kratos.site_key)));
    let token = earn(&mut Connection::open(kratos.demo.service), &kratos.site_key, &json!({}));
    let solved = Visitor { address: "127.0.0.1", token: Some(&token) };
    assert_eq!(kratos.hook("registration/after", url, &solved, Some("ada@example.org")), Flow::GoesOn);
    let again = kratos.hook("registration/after", url, &solved, Some("ada@example.org"));
    assert!(matches!(again, Flow::Interrupted(_)), "a token is spent once: {again:?}");
}

#[test]
fn a_log_in_that_a_token_answered_for_makes_known_like_any_other() {
    let kratos = Kratos::start();
    let asked = "https://shop.example/self-service/login?x=1";
    let token = earn(&mut Connection::open(kratos.demo.service), &kratos.site_key, &json!({}));
    let solved = Visitor { address: "127.0.0.1", token: Some(&token) };
    assert_eq!(kratos.hook("login/after", asked, &solved, Some("kim@example.org")), Flow::GoesOn);
    // Had the first not been counted as a success, nothing would be known that this one differs from.
    assert_eq!(kratos.hook("login/after", LOGIN, &at("127.12.0.1"), Some("kim@example.org")), Flow::GoesOn);
    kratos.demo.until("a log-in from a new address", |_| {
        let shown = kratos.demo.command(&["events", "--reason", "new_address", "--format", "json"]);
        String::from_utf8_lossy(&shown.stdout).contains("127.12.0.1")
    });
}

/// Whatever a hook opens, it has to end: an attempt that stays open counts as a failed one, and four are a challenge.
#[test]
fn registrations_that_tokens_answered_for_hold_nothing() {
    let kratos = Kratos::start();
    let asked = "https://shop.example/self-service/registration?x=1";
    for turn in 0..6 {
        let token = earn(&mut Connection::open(kratos.demo.service), &kratos.site_key, &json!({}));
        let solved = Visitor { address: "127.0.0.1", token: Some(&token) };
        let email = format!("person-{}@example.org", ["a", "bb", "c3", "quux", "lee", "ivo"][turn]);
        let flow = kratos.hook("registration/after", asked, &solved, Some(&email));
        assert_eq!(flow, Flow::GoesOn, "{turn}");
        let flow = kratos.hook("login/after", LOGIN, &at("127.0.0.1"), Some(&email));
        assert_eq!(flow, Flow::GoesOn, "{turn}, the log-in of who has just registered");
    }
}

#[test]
fn log_ins_at_one_moment_leave_nothing_open() {
    let kratos = Kratos::start();
    // Letters alone: numbered names would be those of a farm.
    let name = |n: u8| format!("{}@example.org", char::from(b'a' + n).to_string().repeat(4));
    let log_in = |n: u8| kratos.hook("login/after", LOGIN, &at("127.14.0.1"), Some(&name(n)));
    let flows: Vec<Flow> = std::thread::scope(|scope| {
        let log_in = &log_in;
        let running: Vec<_> = (0..12).map(|n| scope.spawn(move || log_in(n))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // Kratos asks after the right password. Who meets four that are not told yet is asked, and comes again.
    assert!(flows.contains(&Flow::GoesOn), "{flows:?}");
    for n in 12..24 {
        assert_eq!(log_in(n), Flow::GoesOn, "log-in {n} after {flows:?}");
    }
    // Where a flow begins there is no account that could be guessed at, and nothing to hold.
    for turn in 0..12 {
        assert_eq!(kratos.hook("login/before", LOGIN, &at("127.14.0.1"), None), Flow::GoesOn, "{turn}");
    }
}

#[test]
fn a_token_opens_one_of_many_log_ins_at_one_moment() {
    let kratos = Kratos::start();
    let asked = "https://shop.example/self-service/login?x=1";
    let token = earn(&mut Connection::open(kratos.demo.service), &kratos.site_key, &json!({}));
    let guess = |n: usize| {
        let solved = Visitor { address: "127.0.0.1", token: Some(&token) };
        kratos.hook("login/after", asked, &solved, Some(&format!("guess{n}@example.org")))
    };
    let flows: Vec<Flow> = std::thread::scope(|scope| {
        let guess = &guess;
        let running: Vec<_> = (0..16).map(|n| scope.spawn(move || guess(n))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(flows.iter().filter(|flow| **flow == Flow::GoesOn).count(), 1, "{flows:?}");
}

#[test]
fn who_is_denied_is_refused_and_a_log_in_makes_known() {
    let kratos = Kratos::start();
    kratos.demo.change(&["list", "deny", "127.9.9.9", "--note", "test"]);
    for (hook, url, email) in [
        ("login/before", LOGIN, None),
        ("login/after", LOGIN, Some("ada@example.org")),
        ("registration/after", REGISTRATION, Some("ada@example.org")),
    ] {
        let Flow::Interrupted(messages) = kratos.hook(hook, url, &at("127.9.9.9"), email) else {
            panic!("{hook} went on");
        };
        assert_eq!(
            (&messages[0]["id"], &messages[0]["context"]["action"]),
            (&json!(9_400_002), &json!("block"))
        );
    }
    let log_in = |address: &str| {
        assert_eq!(kratos.hook("login/after", LOGIN, &at(address), Some("eve@example.org")), Flow::GoesOn);
    };
    log_in("127.7.0.1");
    log_in("127.7.0.2");
    log_in("127.8.0.1");
    // The second is of a network that is known by the first, the third is not.
    kratos.demo.until("three log-ins with one new address", |_| {
        let shown = kratos.demo.command(&["events", "--reason", "new_address", "--format", "json"]);
        let text = String::from_utf8_lossy(&shown.stdout).into_owned();
        text.contains("127.8.0.1") && !text.contains("127.7.0.")
    });
}

#[test]
fn settings_that_are_wrong_are_said_and_let_nobody_through() {
    let kratos = Kratos::start();
    let good = body(REGISTRATION, &at("127.0.0.1"), Some("ada@example.org"));
    let check = |secret: &str, body: &Value, status: u16, code: &str| {
        let (found, answer) = kratos.ask("registration/after", secret, body);
        assert_eq!((found, answer["code"].as_str()), (status, Some(code)), "{answer}");
    };
    check("nobody", &good, 401, "secret_unknown");
    check(&kratos.secret, &json!({}), 400, "unreadable");
    let mut foreign = good.clone();
    foreign["request"]["url"] = json!("https://other.example/self-service/registration");
    check(&kratos.secret, &foreign, 403, "other_host");
    let mut hidden = good.clone();
    hidden["request"]["headers"].as_object_mut().unwrap().remove("True-Client-Ip");
    check(&kratos.secret, &hidden, 400, "unreadable");
    // What a client sent under that name would come first.
    let mut two = good.clone();
    two["request"]["headers"]["True-Client-Ip"] = json!(["192.0.2.1", "127.0.0.1"]);
    check(&kratos.secret, &two, 400, "unreadable");
    for url in [
        "https://SHOP.example:8443/self-service/registration",
        "https://shop.example./self-service/registration",
    ] {
        let mut same = good.clone();
        same["request"]["url"] = json!(url);
        assert_eq!(kratos.ask("registration/after", &kratos.secret, &same).0, 200, "{url}");
    }
    assert_eq!(kratos.ask("registration/after", &kratos.secret, &good).0, 200);
}
