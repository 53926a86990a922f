//! Described requests are judged as the proxy judges its own, without a connection.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request};
use spigot_challenge::{Keyring, Secret};
use spigot_decision::policy::load;
use spigot_decision::{Action, Keys, Millis};
use spigot_event::{Event, Maintained, Recorder, RecorderSettings, Sink, SinkError};
use spigot_gateway::{Answer, Described, Gateway, Judgement, Settings, Shown, Snapshot};
use spigot_intel::Agents;
use spigot_state::{Memory, MemorySettings};

const NOW: Millis = Millis(1_800_000_000_000);

const POLICY: &str = r#"
[[route]]
name = "login"
match = "POST /login"
ask = "always"

[[route]]
name = "slow"
match = "/slow"
trickle = "1 per 1h"

[[route]]
name = "inert"
match = "/inert"
shadow_status = 202

[[rule]]
name = "too-quick"
when = 'request.path == "/slow"'
action = "throttle"

[[rule]]
name = "no-entry"
when = 'request.path.startsWith("/admin")'
action = "block"

[[rule]]
name = "pretended"
when = 'request.path == "/inert"'
action = "shadow"

[[rule]]
name = "found-in-the-body"
when = 'body.bytes == 7'
action = "block"
"#;

/// Keeps who was recorded, and where.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<(IpAddr, String)>>>);

impl Sink for Kept {
    fn write(&mut self, events: &[Event]) -> Result<(), SinkError> {
        let shown = events.iter().map(|event| (event.client, event.path.to_string()));
        self.0.lock().expect("unpoisoned").extend(shown);
        Ok(())
    }
    fn maintain(&mut self, _: Millis) -> Result<Maintained, SinkError> {
        Ok(Maintained::default())
    }
}

fn gateway(kept: Kept) -> (Arc<Gateway<Memory>>, spigot_event::WriterHandle) {
    let snapshot = Snapshot {
        policy: Arc::new(load("policy.toml", POLICY).unwrap_or_else(|problems| panic!("{problems}"))),
        settings: Settings::default(),
        keyring: Keyring::new(&[(1, Secret::new([7; 32]))]),
        networks: Arc::default(),
        reputations: Arc::default(),
        service: Arc::default(),
    };
    let memory = MemorySettings { counter_bytes: 4 << 20, spends_max: 1000 };
    let (recorder, writer) = Recorder::start(kept, RecorderSettings::default());
    let state = Arc::new(Memory::new(memory, NOW));
    (Gateway::new(snapshot, state, recorder, Arc::new(|| NOW), Keys(1, 2)), writer)
}

fn described(method: &str, target: &str, fields: &[(&str, &str)], body: Shown) -> Described {
    let mut request = Request::builder().method(method).uri(target).header("host", "shop.test");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    let client = IpAddr::from([192, 0, 2, 7]);
    Described {
        parts: Box::new(parts),
        client,
        secure: true,
        tls: None,
        http2: None,
        header_order: None,
        body,
    }
}

async fn judged(gateway: &Gateway<Memory>, described: Described) -> Judgement {
    let software = Agents::default().read(described.user_agent());
    gateway.judge(described, software).await
}

fn passed(judgement: Judgement) -> HeaderMap {
    match judgement.answer {
        Answer::Pass(fields) => fields,
        Answer::Instead(response) => panic!("{response:?}"),
    }
}

#[tokio::test]
async fn what_passes_is_told_and_what_came_under_our_names_is_named() {
    let kept = Kept::default();
    let (gateway, writer) = gateway(kept.clone());
    let fields = [("accept", "text/html"), ("x-spigot-action", "allow"), ("x_spigot_trusted", "me")];
    let judgement = judged(&gateway, described("GET", "/shop?a=b", &fields, Shown::Nothing)).await;
    let (id, decision) = judgement.decision.clone().expect("decided");
    assert_eq!(decision.effective, Action::Allow);
    assert_eq!(judgement.remove, ["x-spigot-action", "x_spigot_trusted"]);
    let told = passed(judgement);
    assert_eq!(told["x-spigot-action"], "allow");
    assert_eq!(told["x-spigot-decision"], id.to_string());
    assert!(told.contains_key("x-spigot-fingerprint-header") && !told.contains_key("x-spigot-trusted"));
    drop(gateway);
    writer.stop();
    let shown = kept.0.lock().expect("unpoisoned").clone();
    assert_eq!(shown, [(IpAddr::from([192, 0, 2, 7]), "/shop".to_owned())]);
}

#[tokio::test]
async fn each_refusal_is_in_its_senders_form() {
    let (gateway, _writer) = gateway(Kept::default());
    let check = async |method: &str, target: &str, accept: &str, status: u16, form: &str, holds: &str| {
        let case = format!("{method} {target} {accept}");
        let judgement =
            judged(&gateway, described(method, target, &[("accept", accept)], Shown::Unseen)).await;
        let Answer::Instead(response) = judgement.answer else { panic!("{case} passed") };
        assert_eq!(response.status(), status, "{case}");
        assert_eq!(response.headers()["content-type"], form, "{case}");
        let body = String::from_utf8_lossy(response.body()).into_owned();
        assert!(body.contains(holds), "{case}: no {holds:?} in {body}");
        response
    };
    let (html, problem) = ("text/html; charset=utf-8", "application/problem+json");
    check("POST", "/login", "text/html", 403, html, "id=\"spigot-challenge\"").await;
    let asked = check("POST", "/login", "application/json", 403, problem, "\"solve_url\"").await;
    assert_eq!(asked.headers()["x-captcha-reason"], "sensitive_route");
    check("GET", "/admin/x", "text/html", 403, html, "refused").await;
    check("GET", "/admin/x", "application/json", 403, problem, "\"blocked\"").await;
    check("GET", "/inert", "text/html", 202, html, "Thank you").await;
    check("GET", "/a%2fb", "application/json", 400, problem, "bad_request").await;
    let first = judged(&gateway, described("GET", "/slow", &[], Shown::Nothing)).await;
    assert_eq!(passed(first)["x-spigot-action"], "throttle");
    let second = check("GET", "/slow", "application/json", 429, problem, "\"throttled\"").await;
    assert!(second.headers().contains_key("retry-after"), "{second:?}");
}

#[tokio::test]
async fn only_a_body_that_is_shown_is_judged() {
    let (gateway, _writer) = gateway(Kept::default());
    let check = async |body: Shown, passes: bool| {
        let case = format!("{body:?}");
        let judgement = judged(&gateway, described("POST", "/shop", &[], body)).await;
        assert_eq!(matches!(judgement.answer, Answer::Pass(_)), passes, "{case}");
    };
    check(Shown::Whole("seven b".into()), false).await;
    check(Shown::Begun("seven b".into()), false).await;
    check(Shown::Whole("eight by".into()), true).await;
    check(Shown::Unseen, true).await;
    check(Shown::Nothing, true).await;
}

#[tokio::test]
async fn what_is_ours_passes_undecided() {
    let (gateway, _writer) = gateway(Kept::default());
    let judgement = judged(&gateway, described("POST", "/.spigot/solve", &[], Shown::Unseen)).await;
    assert!(judgement.decision.is_none());
    assert!(passed(judgement).is_empty());
    let around = described("GET", "/.spigot/%2e%2e/admin", &[], Shown::Nothing);
    assert!(matches!(judged(&gateway, around).await.answer, Answer::Instead(_)));
}
