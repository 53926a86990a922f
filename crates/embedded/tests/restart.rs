//! What an embedded engine knows is there again after the application was started anew.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use spigot_admin::{EntrySetting, ListName, PolicyStore, Setting};
use spigot_cachewalk::{Params, Solver, key};
use spigot_challenge::{from_text, to_text};
use spigot_client::SpigotLayer;
use spigot_decision::Millis;
use spigot_embedded::{Embedded, Settings, quiet};
use spigot_event::{Query, open_readonly};
use tower_layer::Layer;
use tower_service::Service;

const POLICY: &str = r#"
[[route]]
name = "asked"
match = "/asked/**"
ask = "always"

[[route]]
name = "all"
match = "/**"

[restrict]
slow_from = 1
restrict_from = 2
"#;

fn started(data: &Path) -> Embedded {
    let settings = Settings { policy: POLICY.to_owned(), data: data.to_owned(), secret: None, say: quiet };
    Embedded::start(&settings).unwrap_or_else(|problem| panic!("{problem}"))
}

async fn ask(
    embedded: &Embedded,
    from: [u8; 4],
    request: Request<Full<Bytes>>,
) -> (StatusCode, Response<String>) {
    let layer = SpigotLayer::new(embedded.clone(), move |_| Some(IpAddr::from(from)));
    let application = tower::service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from("the application")))
    });
    let response = layer.layer(application).call(request).await.expect("there is always an answer");
    let (head, body) = response.into_parts();
    let body = http_body_util::BodyExt::collect(body).await.expect("it is at hand").to_bytes();
    (head.status, Response::from_parts(head, String::from_utf8_lossy(&body).into_owned()))
}

fn get(path: &str, cookie: &str) -> Request<Full<Bytes>> {
    let request = Request::get(path).header("host", "shop.example").header("accept", "application/json");
    request.header("cookie", cookie).body(Full::default()).expect("a request")
}

fn submit(submission: &Value) -> Request<Full<Bytes>> {
    let request = Request::post("/.spigot/solve").header("host", "shop.example");
    let request = request.header("content-type", "application/json").header("accept", "application/json");
    request.body(Full::from(submission.to_string())).expect("a request")
}

fn solved(challenge: &Value) -> Value {
    let bytes = from_text(challenge["challenge"].as_str().expect("text")).expect("base64");
    let number =
        |name: &str| challenge[name].as_u64().and_then(|number| u32::try_from(number).ok()).expect(name);
    let (leaves, open) =
        (u8::try_from(number("log2_n")).expect("small"), u8::try_from(number("open")).expect("small"));
    let params = Params::new(leaves, number("grind"), open).expect("a puzzle");
    let proof = Solver::new(key(&bytes), params).solve().encode();
    json!({ "challenge": challenge["challenge"], "proof": to_text(&proof), "millis": 300 })
}

#[tokio::test]
async fn clearances_restrictions_and_events_survive() {
    let folder = tempfile::tempdir().expect("a folder");
    let (person, guesser) = ([203, 0, 113, 9], [198, 51, 100, 7]);
    let first = started(folder.path());
    let (status, refused) = ask(&first, person, get("/asked/x", "")).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused:?}");
    let problem: Value = serde_json::from_str(refused.body()).expect("a problem");
    let (status, cleared) = ask(&first, person, submit(&solved(&problem["challenge"]))).await;
    assert_eq!(status, StatusCode::OK, "{cleared:?}");
    let set = cleared.headers()["set-cookie"].to_str().expect("text");
    let cookie = set.split(';').next().expect("a cookie").to_owned();
    for _ in 0..4 {
        ask(&first, guesser, submit(&json!({ "challenge": "AAAA", "proof": "AAAA", "millis": 1 }))).await;
    }
    let (status, answer) = ask(&first, guesser, get("/shelf", "")).await;
    assert!(status == StatusCode::FORBIDDEN && answer.headers().contains_key("retry-after"), "{answer:?}");
    drop(first);

    let second = started(folder.path());
    let (status, answer) = ask(&second, person, get("/asked/x", &cookie)).await;
    assert_eq!((status, answer.body().as_str()), (StatusCode::OK, "the application"), "{answer:?}");
    let (status, answer) = ask(&second, guesser, get("/shelf", "")).await;
    assert!(status == StatusCode::FORBIDDEN && answer.headers().contains_key("retry-after"), "{answer:?}");
    drop(second);

    let events = open_readonly(folder.path()).expect("there are events");
    let found: Vec<_> = events.events(&Query::default()).collect::<Result<_, _>>().expect("they are read");
    let shown = format!("{found:?}");
    assert!(found.len() >= 5 && shown.contains("/asked/x") && shown.contains("/shelf"), "{shown}");
}

#[tokio::test]
async fn what_an_operator_sets_is_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let embedded = started(folder.path());
    let visitor = [203, 0, 113, 9];
    assert_eq!(ask(&embedded, visitor, get("/shelf", "")).await.0, StatusCode::OK);
    let mut store = PolicyStore::open(folder.path()).expect("the store opens");
    let (prefix, note) = ("203.0.113.0/24".to_owned(), "a test".to_owned());
    let denied = Setting::List(EntrySetting { list: ListName::Deny, prefix, until: None, note });
    store.commit(denied, "a test", Millis(1_800_000_000_000)).expect("it is taken");
    let begun = Instant::now();
    while ask(&embedded, visitor, get("/shelf", "")).await.0 != StatusCode::FORBIDDEN {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is not followed");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
