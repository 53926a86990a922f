//! The form for questions, and what its check may come to.

use std::net::SocketAddr;

use spigot_demo::Check;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::Running;

/// A service that answers one question with these bytes, and returns the question.
async fn service(answer: &'static str) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = String::new();
        while !asked.contains("response=") {
            let mut part = [0; 4096];
            let bytes = stream.read(&mut part).await.unwrap();
            assert_ne!(bytes, 0, "the shop has to ask");
            asked.push_str(std::str::from_utf8(&part[..bytes]).unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        asked
    });
    (address, asked)
}

const QUESTION: &str =
    "POST /contact\n\nemail=a%40b.example&question=Is+it+%3Cbrass%3E%3F&spigot-response=pt_a%26b";

#[tokio::test]
async fn only_a_clear_yes_is_one() {
    let check = async |answer: &'static str, status: u16, pieces: &[&str]| {
        let folder = TempDir::new().unwrap();
        let (service, asked) = service(answer).await;
        let check = Check { site_key: "key-1".into(), secret: "s&1".into(), service };
        let shop = Running::serve(folder.path(), |shop| shop.with_check(check)).await;
        shop.check("GET /contact", 200, &["<spigot-challenge site-key=\"key-1\"", "wasm-unsafe-eval"]).await;
        shop.check(QUESTION, status, pieces).await;
        let asked = asked.await.unwrap();
        assert!(
            asked.starts_with("POST /siteverify ") && asked.contains("secret=s%261&response=pt%5Fa%26b"),
            "{asked}"
        );
        let received = if status == 200 { "\"/contact\"" } else { "!\"/contact\"" };
        shop.check("GET /received", 200, &[received]).await;
        shop.stop().await;
    };
    let kept = "Is it &lt;brass&gt;?";
    let yes = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"success\":true}";
    check(yes, 200, &["We have your question"]).await;
    let no = "HTTP/1.1 200 OK\r\nContent-Length: 37\r\n\r\n{\"success\":false,\"error-codes\":[\"x\"]}";
    check(no, 403, &["did not succeed", kept]).await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 503, &["try again soon", kept]).await;
    check("HTTP/1.1 502 Bad\r\nContent-Length: 4\r\n\r\noops", 503, &["try again soon", kept]).await;
    check("", 503, &["try again soon", kept]).await;
}

#[tokio::test]
async fn a_shop_without_a_check_takes_questions() {
    let shop = Running::start().await;
    shop.check("GET /contact", 200, &["Your question", "!spigot-challenge"]).await;
    shop.check(QUESTION, 200, &["We have your question"]).await;
    shop.check("POST /contact\n\nemail=who&question=Why%3F", 422, &["e-mail address", "Why?"]).await;
    shop.check("POST /contact\n\nemail=a%40b.example&question=+", 422, &["of at most a page"]).await;
    shop.stop().await;
}
