//! Pages, paths and methods.

use crate::client::Running;

#[tokio::test]
async fn pages_answer() {
    let shop = Running::start().await;
    let policy = "content-security-policy: default-src 'self'";
    shop.check("GET /", 200, &["On the shelf", "Heron mixer", policy, "!<script", "!style="]).await;
    shop.check("GET /products/1", 200, &["Harbour pillar tap", "€89.00"]).await;
    shop.check("GET /products/%31", 200, &["Harbour pillar tap"]).await;
    shop.check("GET http://shop.example/products/1", 200, &["Harbour pillar tap"]).await;
    shop.check("GET /search?q=copper", 200, &["Ember basin", "!Harbour"]).await;
    shop.check("GET /search?q=COPPER+basin", 200, &["Ember basin"]).await;
    shop.check("GET /search?q=zinc", 200, &["Nothing for “zinc”"]).await;
    shop.check("GET /search", 200, &["Write what you are looking for"]).await;
    shop.check("GET /login", 200, &["demo@example.org", "brass kettle morning rain"]).await;
    shop.check("GET /signup", 200, &["Open an account"]).await;
    shop.check("GET /signup/done", 200, &["Welcome"]).await;
    shop.check("GET /reset", 200, &["Forgotten passphrase"]).await;
    shop.check("GET /coupon", 200, &["Redeem a coupon", "!BOWL-7419"]).await;
    shop.check("GET /cart", 200, &["Nothing in it yet"]).await;
    shop.check("GET /upload", 200, &["multipart/form-data"]).await;
    shop.check("GET /robots.txt", 200, &["User-agent: *"]).await;
    shop.check("GET /favicon.svg", 200, &["content-type: image/svg+xml", "<svg"]).await;
    shop.check("GET /style.css", 200, &["prefers-color-scheme", "max-age=300"]).await;
    shop.stop().await;
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist() {
    let shop = Running::start().await;
    for target in
        ["/no-such-page", "/products/13", "/products/x", "/%ff", "/%", "//", "/../etc/passwd", "/status/600"]
    {
        shop.check(&format!("GET {target}"), 404, &["404"]).await;
    }
    shop.check("GET /api/items/1", 404, &["application/problem+json"]).await;
    shop.check("DELETE /", 405, &["allow: GET, HEAD\n", "This address takes GET, HEAD only"]).await;
    shop.check("GET /checkout", 405, &["allow: POST\n"]).await;
    shop.check("PUT /api/items", 405, &["allow: GET, HEAD, POST\n", "application/problem+json"]).await;
    shop.check("BREW /login", 405, &["allow: GET, HEAD, POST\n"]).await;
    shop.check("OPTIONS /login", 204, &["allow: GET, HEAD, POST\n"]).await;
    shop.stop().await;
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let shop = Running::start().await;
    for target in ["/", "/products/1", "/no-such-page", "/download?bytes=4294967296", "/health", "/style.css"]
    {
        let head = shop.send(&format!("HEAD {target}")).await;
        assert!(head.body.is_empty(), "{target}");
        if target.starts_with("/download") {
            assert_eq!(head.headers["content-length"], "4294967296");
            continue;
        }
        let whole = shop.send(&format!("GET {target}")).await;
        assert_eq!(head.status, whole.status, "{target}");
        assert_eq!(head.headers["content-length"], whole.body.len().to_string(), "{target}");
        assert_eq!(whole.headers["content-length"], whole.body.len().to_string(), "{target}");
    }
    let chunked = shop.send("HEAD /download?chunked=1").await;
    assert!(!chunked.headers.contains_key("content-length"));
    shop.stop().await;
}

#[tokio::test]
async fn nothing_of_a_request_becomes_markup() {
    let shop = Running::start().await;
    let safe = &["!<b>", "&quot;&gt;&lt;b&gt;"];
    shop.check("GET /search?q=%22%3E%3Cb%3E", 200, safe).await;
    shop.check("GET /\nX-Spigot-Reasons: \"><b>", 200, safe).await;
    shop.check("GET /nothing\nX-Spigot-Action: \"><b>", 404, safe).await;
    shop.check("POST /login\n\nemail=%22%3E%3Cb%3E&password=x", 401, safe).await;
    shop.check("POST /signup\n\nemail=%22%3E%3Cb%3E&password=x", 422, safe).await;
    shop.check("POST /coupon\n\ncode=%22%3E%3Cb%3E", 404, safe).await;
    shop.check("POST /checkout\n\nproduct=1&name=%22%3E%3Cb%3E&email=x", 422, safe).await;
    shop.check("GET /\nCookie: cart=\"><b>", 200, &["!<b>"]).await;
    let upload = "POST /upload\nContent-Type: multipart/form-data; boundary=x\n\n--x\r\nContent-Disposition: form-data; \
                  name=\"<b>\"; filename=\"'><b>\"\r\n\r\n<b>\r\n--x--\r\n";
    shop.check(upload, 200, &["!<b>", "&lt;b&gt;", "&#39;&gt;&lt;b&gt;"]).await;
    shop.stop().await;
}

#[tokio::test]
async fn the_footer_shows_what_the_gateway_said() {
    let shop = Running::start().await;
    shop.check("GET /", 200, &["This request came straight to the shop"]).await;
    let request = "GET /\nX-Spigot-Action: log\nX-Spigot-Risk: 42\nX-Spigot-Reasons: header.order\nX-Spigot-Decision: d-1";
    let rows = [
        "<dt>Action</dt><dd>log</dd>",
        "<dt>Risk</dt><dd>42</dd>",
        "<dt>Reasons</dt><dd>header.order</dd>",
        "<dt>Decision</dt><dd>d-1</dd>",
    ];
    shop.check(request, 200, &rows).await;
    shop.stop().await;
}
