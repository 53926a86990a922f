//! Forms, and what the shop remembers of them.

use serde_json::json;
use spigot_demo::{COUPON_CODE, DEMO_PASSPHRASE, Shop};
use tempfile::TempDir;

use crate::client::Running;

#[tokio::test]
async fn signing_in_and_out() {
    let shop = Running::start().await;
    let wrong = "POST /login\n\nemail=who%40example.org&password=opensesame";
    shop.check(wrong, 401, &["who@example.org", "do not match", "!opensesame"]).await;
    shop.check("POST /login\n\n", 401, &["do not match"]).await;
    let passphrase = DEMO_PASSPHRASE.replace(' ', "+");
    let right = shop.send(&format!("POST /login\n\nemail=Demo%40example.org&password={passphrase}")).await;
    assert_eq!((right.status, right.headers["location"].to_str().unwrap()), (303, "/"));
    let cookie = right.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    shop.check(&format!("GET /\nCookie: a=b; {session}"), 200, &["Sign out"]).await;
    shop.check("GET /\nCookie: session=", 200, &["!Sign out"]).await;
    shop.check(&format!("POST /logout\nCookie: {session}\n\n"), 303, &["session=; Path=/", "Max-Age=0"])
        .await;
    shop.check(&format!("GET /\nCookie: {session}"), 200, &["!Sign out"]).await;
    shop.stop().await;
}

#[tokio::test]
async fn forms_answer() {
    let shop = Running::start().await;
    shop.check("POST /signup\n\nemail=a%40b.example&password=longenough!", 303, &["location: /signup/done"])
        .await;
    shop.check("POST /signup\n\nemail=a%40b.example&password=short", 422, &["ten characters", "a@b.example"])
        .await;
    shop.check(
        "POST /signup\n\nemail=nobody&password=longenough!",
        422,
        &["does not look like", "!longenough"],
    )
    .await;
    shop.check("POST /newsletter\n\nemail=a%40b.example", 200, &["subscriber number 1."]).await;
    shop.check("POST /newsletter\n\nemail=a%40b.example", 200, &["subscriber number 2."]).await;
    shop.check("POST /newsletter\n\nemail=", 422, &["does not look like"]).await;
    shop.check("POST /coupon\n\ncode=X-1", 404, &["We know no coupon", "X-1"]).await;
    shop.check(&format!("POST /coupon\n\ncode={COUPON_CODE}"), 200, &["Ten per cent off"]).await;
    let known = shop.send("POST /reset\n\nemail=demo%40example.org").await;
    let unknown = shop.send("POST /reset\n\nemail=%00").await;
    assert_eq!((known.status, known.body), (200, unknown.body));
    shop.stop().await;
}

#[tokio::test]
async fn the_cart_and_an_order() {
    let shop = Running::start().await;
    shop.check("POST /cart\n\nproduct=1&quantity=2", 303, &["location: /cart", "set-cookie: cart=1x2;"])
        .await;
    shop.check("POST /cart\nCookie: cart=1x2\n\nproduct=3", 303, &["set-cookie: cart=1x2-3x1;"]).await;
    shop.check("POST /cart\nCookie: cart=1x2\n\nproduct=1&quantity=0", 303, &["set-cookie: cart=;"]).await;
    shop.check("POST /cart\n\nproduct=99", 422, &["not on the shelf"]).await;
    shop.check("POST /cart\n\nproduct=1&quantity=-1", 422, &["not on the shelf"]).await;
    shop.check("POST /cart\n\nproduct=1&quantity=21", 422, &["not on the shelf"]).await;
    shop.check("GET /cart\nCookie: cart=1x2-3x1", 200, &["Harbour", "€347.00", "<b class=\"count\">3</b>"])
        .await;
    shop.check("GET /cart\nCookie: cart=1x4294967295-x-99x1-1-ax2", 200, &["€1780.00"]).await;
    shop.check("GET /products/1\nCookie: cart=1x2", 200, &["2 in your"]).await;
    let buyer = "name=Ann&email=a%40b.example";
    shop.check(&format!("POST /checkout\n\n{buyer}"), 422, &["nothing to order"]).await;
    shop.check("POST /checkout\nCookie: cart=1x1\n\nname=&email=a%40b.example", 422, &["We need a name"])
        .await;
    let order = format!("POST /checkout\nCookie: cart=1x2-3x1\n\n{buyer}");
    shop.check(&order, 200, &["Order 1, €347.00", "set-cookie: cart=;"]).await;
    shop.check(&format!("POST /checkout\n\n{buyer}&product=12"), 200, &["Order 2, €12.50"]).await;
    shop.stop().await;
}

#[tokio::test]
async fn a_shadowed_sign_up_looks_the_same_and_is_inactive() {
    let shop = Running::start().await;
    let plain = shop.send("POST /signup\n\nemail=a%40b.example&password=longenough!").await;
    let request = "POST /signup\nX-Spigot-Shadow: 1\n\nemail=c%40d.example&password=longenough!";
    let shadowed = shop.send(request).await;
    let known = shop.send(request).await;
    for answer in [&shadowed, &known] {
        assert_eq!((answer.status, &answer.body), (plain.status, &plain.body));
        assert!(answer.headers.keys().eq(plain.headers.keys()));
    }
    let health = shop.json("GET /health").await;
    assert_eq!((&health["accounts"], &health["accounts_inactive"]), (&json!(2), &json!(1)));
    shop.stop().await;
}

#[tokio::test]
async fn posts_are_remembered_by_name_and_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let shop = Running::open(folder.path()).await;
    shop.send("POST /login?next=x\n\nemail=a%40b.example&password=opensesame&r%C3%A9=").await;
    shop.send("POST /newsletter\n\nemail=a%40b.example").await;
    shop.send("POST /newsletter\nContent-Type: text/plain\n\nemail").await;
    shop.send("POST /no-such-page\n\na=b").await;
    shop.stop().await;
    let file = std::fs::read_to_string(folder.path().join("shop.json")).unwrap();
    assert!(!file.contains("opensesame"));
    let shop = Running::open(folder.path()).await;
    let received = shop.json("GET /received").await;
    let login = json!({
        "number": 1, "method": "POST", "path": "/login", "content_type": "application/x-www-form-urlencoded",
        "body_bytes": 48, "fields": ["email", "password", "ré"],
        "body_sha256": "720c8aa4e663946c0ebadb07c5b401f624b33c5ac28536a3da7b1594b57828cd",
    });
    assert_eq!(received.as_array().unwrap().len(), 2);
    assert_eq!(received[0], login);
    assert_eq!(received[1]["path"], "/newsletter");
    shop.check("POST /newsletter\n\nemail=a%40b.example", 200, &["subscriber number 2."]).await;
    shop.stop().await;
}

#[tokio::test]
async fn no_more_than_a_hundred_posts_are_remembered_and_none_of_many_at_once_is_lost() {
    let shop = Running::start().await;
    let post = async || shop.send("POST /newsletter\n\nemail=a%40b.example").await;
    for _ in 0..5 {
        let (mut open, requests) = (Vec::new(), read_many(25));
        for request in requests {
            let mut sender = shop.connect().await;
            open.push(tokio::spawn(
                async move { sender.send_request(request).await.unwrap().status().as_u16() },
            ));
        }
        for answer in open {
            assert_eq!(answer.await.unwrap(), 200);
        }
    }
    post().await;
    let received = shop.json("GET /received").await;
    let numbers: Vec<_> =
        received.as_array().unwrap().iter().map(|post| post["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (27..=126).collect::<Vec<_>>());
    assert_eq!(shop.json("GET /health").await["subscribers"], 126);
    shop.stop().await;
}

fn read_many(count: usize) -> impl Iterator<Item = http::Request<http_body_util::Full<bytes::Bytes>>> {
    (0..count).map(|_| crate::client::read("POST /newsletter\n\nemail=a%40b.example"))
}

#[tokio::test]
async fn bodies_are_bounded() {
    let shop = Running::start().await;
    let form = |bytes: usize| format!("POST /newsletter\n\nemail={}", "x".repeat(bytes - 6));
    shop.check(&form(64 * 1024), 422, &["does not look like"]).await;
    shop.check(&form(64 * 1024 + 1), 413, &["64 KiB"]).await;
    // Refused without a reset, even where much of the body was never wanted.
    shop.check(&form(1_000_000), 413, &["connection: close"]).await;
    for (path, status) in
        [("no-such-page", 404), ("products/1", 405), ("login\nContent-Type: text/plain", 415)]
    {
        shop.check(&format!("POST /{path}\n\n{}", "x".repeat(1_000_000)), status, &[]).await;
    }
    let json = format!("POST /api/items\nContent-Type: application/json\n\n\"{}\"", "x".repeat(64 * 1024));
    shop.check(&json, 413, &["application/problem+json"]).await;
    shop.check("POST /login\nContent-Type: multipart/form-data; boundary=x\n\n--x--", 415, &["urlencoded"])
        .await;
    shop.stop().await;
}

#[test]
fn a_damaged_ledger_is_refused_and_left() {
    let check = |content: &str| {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("shop.json"), content).unwrap();
        let error = Shop::open(folder.path()).err().unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("shop.json")).unwrap(), content);
    };
    check("");
    check("{}");
    check("null");
    check("{\"received\":");
}
