//! The engine in an application's own process, behind the layer, as a visitor meets it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::path::Path;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use spigot_client::{Decide, Decision, SpigotLayer};
use spigot_embedded::{Embedded, Settings, quiet};
use tower_layer::Layer;
use tower_service::Service;

const POLICY: &str = r#"
[[route]]
name = "asked"
match = "/asked/**"
ask = "always"

[[route]]
name = "checkout"
match = "/.spigot/action/checkout"

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

/// Tells what it was given in Spigot's name.
#[derive(Clone)]
struct Application;

impl Service<Request<Full<Bytes>>> for Application {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let told =
            request.headers().get("x-spigot-action").map_or("nothing", |value| value.to_str().expect("text"));
        let decided = request.extensions().get::<Decision>().is_some();
        ready(Ok(Response::new(Full::from(format!("{told} {decided}")))))
    }
}

fn embedded() -> (Embedded, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    (started(folder.path()), folder)
}

fn started(data: &Path) -> Embedded {
    let settings = Settings { policy: POLICY.to_owned(), data: data.to_owned(), secret: None, say: quiet };
    Embedded::start(&settings).unwrap_or_else(|problem| panic!("{problem}"))
}

async fn get(embedded: &Embedded, path: &str) -> (StatusCode, String) {
    let layer = SpigotLayer::new(embedded.clone(), |_| Some(IpAddr::from([203, 0, 113, 9])));
    let request = Request::get(path)
        .header("host", "shop.example")
        .header("accept", "text/html")
        .header("x-spigot-action", "forged")
        .body(Full::default())
        .expect("a request");
    let response = layer.layer(Application).call(request).await.expect("there is always an answer");
    let (head, body) = response.into_parts();
    let body = http_body_util::BodyExt::collect(body).await.expect("it is at hand").to_bytes();
    (head.status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn requests_are_decided_in_the_process() {
    let (embedded, _folder) = embedded();
    assert_eq!(get(&embedded, "/shelf").await, (StatusCode::OK, "allow true".to_owned()));
    let (status, page) = get(&embedded, "/refused/x").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{page}");
    let (status, page) = get(&embedded, "/asked/x").await;
    assert!(status == StatusCode::FORBIDDEN && page.contains("id=\"spigot-challenge\""), "{status} {page}");
    let (status, script) = get(&embedded, "/.spigot/challenge.js").await;
    assert!(status == StatusCode::OK && script.len() > 1000, "{status}: the page's own files are there");
    assert_eq!(get(&embedded, "/%zz").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn actions_are_decided_in_the_process() {
    let (embedded, _folder) = embedded();
    let request = || spigot_client::Request {
        host: "shop.example".to_owned(),
        address: "203.0.113.9".to_owned(),
        action: Some("checkout".to_owned()),
        account: Some("eve@example.com".to_owned()),
        ..spigot_client::Request::default()
    };
    let first = embedded.decide(request()).await.expect("decided");
    assert!(first.passes() && !first.id.is_empty(), "{first:?}");
    let second = embedded.decide(request()).await.expect("decided");
    assert!(!second.passes() && second.reasons.iter().any(|reason| reason.name == "checkouts"), "{second:?}");
    let nobody = spigot_client::Request { address: "nobody".to_owned(), ..request() };
    assert!(embedded.decide(nobody).await.is_err());
}

#[test]
fn a_policy_with_problems_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings {
        policy: "[[route]]\nnam = 1".to_owned(),
        data: folder.path().to_owned(),
        secret: None,
        say: quiet,
    };
    let problem = Embedded::start(&settings).expect_err("it is wrong").to_string();
    assert!(problem.contains("nam"), "{problem}");
}
