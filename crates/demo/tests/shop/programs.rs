//! What software talks to: items, whoami, status, slow.

use http::StatusCode;
use serde_json::json;

use crate::client::{Running, read};

#[tokio::test]
async fn items() {
    let shop = Running::start().await;
    let post = |kind: &str, body: &str| format!("POST /api/items\nContent-Type: {kind}\n\n{body}");
    let item = post("Application/JSON; charset=utf-8", r#"{"name":"Washer","price_cents":25,"note":"<b>"}"#);
    let stored = r#"{"id":1,"name":"Washer","note":"<b>","price_cents":25}"#;
    shop.check(&item, 201, &["location: /api/items/1", stored]).await;
    shop.check("GET /api/items", 200, &[stored, "\"total\":1"]).await;
    shop.check("GET /api/items/1", 200, &[stored]).await;
    let problem = "content-type: application/problem+json";
    shop.check(&post("application/json", "{"), 400, &[problem, "not JSON"]).await;
    shop.check(&post("application/json", ""), 400, &[problem]).await;
    shop.check(&post("application/json", &"[".repeat(60_000)), 400, &[problem]).await;
    shop.check(&post("text/plain", "{}"), 415, &[problem, "application/json"]).await;
    for body in ["{}", "[]", "7", r#"{"name":" ","price_cents":-1}"#, r#"{"name":7,"price_cents":"1"}"#] {
        let wanted = [problem, r#""field":"name""#, r#""field":"price_cents""#];
        shop.check(&post("application/json", body), 422, &wanted).await;
    }
    let noted = r#"{"name":"a","price_cents":0,"note":null}"#;
    shop.check(&post("application/json", noted), 422, &[r#""field":"note""#, "!price_cents"]).await;
    let received = shop.json("GET /received").await;
    assert_eq!(received[0]["fields"], json!(["name", "note", "price_cents"]));
    shop.stop().await;
}

#[tokio::test]
async fn whoami_shows_the_request() {
    let shop = Running::start().await;
    let seen = shop.json("PATCH /whoami?a=%41&b\nX-Two: 1\nAccept: ü\nX-Two: 2\n\nhello").await;
    let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let expected = json!({
        "method": "PATCH", "target": "/whoami?a=%41&b", "version": "HTTP/1.1",
        "headers": [
            ["host", "shop.example"], ["x-two", "1"], ["x-two", "2"], ["accept", "Ã¼"], ["content-length", "5"],
        ],
        "body_bytes": 5, "body_sha256": sha256,
    });
    assert_eq!(seen, expected);
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        assert_eq!(shop.json(&format!("{method} /whoami")).await["method"], method);
    }
    shop.stop().await;
}

#[tokio::test]
async fn any_status() {
    let shop = Running::start().await;
    for code in [200_u16, 204, 205, 302, 304, 404, 405, 418, 429, 500, 503, 599] {
        let seen = shop.send(&format!("GET /status/{code}")).await;
        assert_eq!(seen.status, code);
        assert_eq!(seen.body.is_empty(), matches!(code, 204 | 205 | 304));
    }
    for code in ["100", "101", "199", "600", "999", "65536", "-1", "abc"] {
        shop.check(&format!("GET /status/{code}"), 404, &[]).await;
    }
    shop.stop().await;
}

#[tokio::test(start_paused = true)]
async fn slow_answers_take_their_time() {
    let shop = Running::start().await;
    let before = tokio::time::Instant::now();
    shop.check("GET /slow?millis=60000", 200, &["{\"millis\":60000}"]).await;
    let took = before.elapsed().as_millis();
    assert!((60_000..61_000).contains(&took), "{took}");
    for millis in ["60001", "-1", "x", ""] {
        shop.check(&format!("GET /slow?millis={millis}"), 400, &["application/problem+json"]).await;
    }
    shop.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_a_request_end_for_five_seconds() {
    for (millis, ends) in [(4_000, true), (6_000, false)] {
        let shop = Running::start().await;
        let mut sender = shop.connect().await;
        // The connection answers in order: once the first is answered, the second is on its way.
        sender.send_request(read("GET /health")).await.unwrap();
        sender.ready().await.unwrap();
        let slow = tokio::spawn(sender.send_request(read(&format!("GET /slow?millis={millis}"))));
        tokio::task::yield_now().await;
        let (_, slow) = tokio::join!(shop.stop(), slow);
        assert_eq!(slow.unwrap().is_ok_and(|response| response.status() == StatusCode::OK), ends, "{millis}");
    }
}

#[tokio::test]
async fn each_request_is_a_line_of_the_access_log() {
    let shop = Running::start().await;
    let form = "Content-Type: application/x-www-form-urlencoded";
    let gateway = "X-Forwarded-For: 198.51.100.9, 203.0.113.7\nX-Spigot-Decision: abc\nX-Spigot-Action: log";
    shop.send(&format!("POST /login?a=b\n{form}\n{gateway}\n\nemail=a%40example.org&password=secret")).await;
    shop.send("GET /nowhere").await;
    let text = std::fs::read_to_string(shop.folder.join("access.log")).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines,
        [
            json!({
                "client": "203.0.113.7", "method": "POST", "path": "/login", "status": 401, "decision": "abc",
                "action": "log",
            }),
            json!({ "client": "", "method": "GET", "path": "/nowhere", "status": 404, "decision": "", "action": "" }),
        ],
        "nothing of query or body"
    );
    shop.stop().await;
}
