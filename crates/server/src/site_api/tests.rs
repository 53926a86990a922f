use std::cell::RefCell;
use std::collections::BTreeSet;

use http::{Request, header};
use hyper::body::Bytes;
use serde_json::{Value, json};
use spigot_admin::PolicyStore;
use spigot_admin::api::Body;
use spigot_decision::Millis;
use spigot_documented::{Answer, Document};

use super::{openapi, operations::OPERATIONS};
use crate::sites::new_api_key;

const NOW: Millis = Millis(1_795_248_000_000);

/// The API over a folder of its own. Whatever it answers is held to the document.
struct Api {
    folder: tempfile::TempDir,
    key: String,
    document: Document,
    /// Which answers came.
    seen: RefCell<BTreeSet<(String, String, u16)>>,
}

impl Api {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (key, kept) = new_api_key("ci", NOW).unwrap();
        PolicyStore::open(folder.path()).unwrap().add_api_key(kept, "test", NOW).unwrap();
        let document = Document::read(&openapi::document().to_string()).unwrap();
        Self { folder, key, document, seen: RefCell::default() }
    }

    fn ask_as(&self, key: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        let answer = super::answer(self.folder.path(), &request, NOW);
        let status = answer.status.as_u16();
        let media_type = answer.headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        assert_eq!(answer.headers.contains_key(header::ALLOW), status == 405);
        assert_eq!(answer.headers.contains_key(header::WWW_AUTHENTICATE), status == 401);
        let Body::Whole(bytes) = answer.body else { panic!("it is written at once") };
        if let Some((operation, _)) = super::at(path).find(|(operation, _)| operation.method == method) {
            self.seen.borrow_mut().insert((method.to_owned(), operation.path.to_owned(), status));
        }
        let answer = Answer { to: (method, path), status, media_type: &media_type, body: &bytes };
        // What is no path of the document's, or no method, cannot be in it.
        if matches!(status, 404 | 405) && self.document.held(&answer).is_err() {
            return (status, serde_json::from_slice(&bytes).unwrap());
        }
        (status, self.document.held(&answer).unwrap_or_else(|why| panic!("{why}")))
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask_as(&self.key, method, path, &body)
    }
}

#[test]
fn every_answer_is_documented_and_every_documented_one_comes() {
    let api = Api::start();
    let add = json!({ "name": "my blog", "hosts": ["blog.example", "null"] });
    let (status, site) = api.ask("POST", "/v1/sites", &add);
    assert_eq!(status, 201, "{site}");
    let key = site["site_key"].as_str().unwrap();
    // By its key, and by its name as addresses have it.
    for site in [key, "my%20blog"] {
        let path = format!("/v1/sites/{site}");
        let check = |method: &str, path: &str, body: Value, expected: u16| {
            let (status, answer) = api.ask(method, path, &body);
            assert_eq!(status, expected, "{method} {path} {body}: {answer}");
            answer
        };
        assert_eq!(check("GET", &path, Value::Null, 200)["name"], "my blog");
        let all = json!({
            "name": "my blog", "hosts": ["*"], "level": "low", "client": "strict", "press": "always", "token_life": "1h",
        });
        assert_eq!(check("PATCH", &path, all, 200)["token_life_seconds"], 3600);
        assert_eq!(check("PATCH", &path, json!({ "token_life_seconds": 10 }), 200)["level"], "low");
        for wrong in [json!({ "level": "extreme" }), json!({ "colour": 1 }), json!([]), Value::Null] {
            check("PATCH", &path, wrong, 400);
        }
        let secrets = format!("{path}/secrets");
        assert!(check("POST", &secrets, Value::Null, 201)["secret"].is_string());
        assert_eq!(
            check("POST", &secrets, json!({ "overlap_seconds": 0 }), 201)["secrets"][0]["retires"],
            Value::Null
        );
        check("POST", &secrets, json!({ "overlap_seconds": -1 }), 400);
        check("PUT", &path, Value::Null, 405);
    }
    assert_eq!(api.ask("GET", "/v1/sites", &Value::Null).1["sites"][0]["site_key"], key);
    assert_eq!(api.ask("POST", "/v1/sites", &add).0, 400, "a name names one site");
    for operation in &OPERATIONS {
        let (method, path) = (operation.method.as_str(), operation.path.replace("{site}", "nobody"));
        assert_eq!(api.ask_as("spigot_00", method, &path, "").0, 401, "{method} {path}");
        if operation.path.contains("{site}") {
            let (status, answer) = api.ask(method, &path, &json!({}));
            assert_eq!((status, &answer["code"]), (404, &json!("absent")), "{method} {path}");
        }
    }
    assert_eq!(api.ask("DELETE", &format!("/v1/sites/{key}"), &Value::Null).0, 200);
    for nowhere in ["/v1/sites/", "/v1/sites/a/b", "/v1/sites/a/secrets/1", "/v1/sites/%ff"] {
        assert_eq!(api.ask("GET", nowhere, &Value::Null).0, 404, "{nowhere}");
    }
    // What the port itself says: docs/openapi/sites.json has it, crates/server/tests/e2e/service_sites.rs asks for it.
    let of_the_port = ["405", "413", "503"];
    let seen = api.seen.into_inner();
    for operation in &OPERATIONS {
        let method = operation.method.as_str().to_ascii_lowercase();
        let documented = &api.document.whole()["paths"][operation.path][&method]["responses"];
        for status in
            documented.as_object().unwrap().keys().filter(|status| !of_the_port.contains(&status.as_str()))
        {
            let answer = (operation.method.to_string(), operation.path.to_owned(), status.parse().unwrap());
            assert!(seen.contains(&answer), "{answer:?} is documented and never came");
        }
    }
}

#[test]
fn a_store_that_cannot_be_read_is_no_absent_site() {
    let api = Api::start();
    let site = json!({ "name": "shop", "hosts": ["shop.example"] });
    assert_eq!(api.ask("POST", "/v1/sites", &site).0, 201);
    let file = rusqlite::Connection::open(api.folder.path().join("settings.sqlite")).unwrap();
    assert_eq!(file.execute("UPDATE setting SET body = '{' WHERE key GLOB 'site *'", []).unwrap(), 1);
    for path in ["/v1/sites/shop", "/v1/sites/nobody"] {
        let (status, answer) = api.ask("GET", path, &Value::Null);
        assert_eq!((status, &answer["code"]), (503, &json!("unavailable")), "{path}: {answer}");
    }
}

#[test]
fn the_document_is_there_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let answer =
        super::answer(folder.path(), &Request::get(super::DOCUMENT).body(Bytes::new()).unwrap(), NOW);
    let Body::Whole(bytes) = answer.body else { panic!("it is written at once") };
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), openapi::document());
}

#[test]
fn what_is_answered_here() {
    for (path, here) in [
        ("/v1/sites", true),
        ("/v1/sites/", true),
        ("/v1/sites/shop/secrets", true),
        ("/v1/openapi.json", true),
        ("/v1/sitesx", false),
        ("/v1/decide", false),
        ("/", false),
    ] {
        assert_eq!(super::is_here(path), here, "{path}");
    }
}

/// The document is a golden file, so that a change of the API is seen in review.
#[test]
fn the_document_is_the_one_that_is_kept() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi/sites.json");
    let document = format!("{}\n", serde_json::to_string_pretty(&openapi::document()).unwrap());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == document,
        "docs/openapi/sites.json is not what the code gives: run the test with UPDATE_EXPECT=1"
    );
}
