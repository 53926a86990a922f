//! A posted form with a file in it is not lost: after the solve it reaches the application byte for byte.

use super::challenge::{of_page, solve, submit};
use super::demo::Demo;

/// Bytes that no two neighbours of which are alike for long; every value occurs, line ends and boundaries' dashes too.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn a_file_arrives_byte_for_byte() {
    let demo = Demo::start();
    demo.change(&["force", "POST /whoami", "--for", "1h"]);
    let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let file = [b"\r\n--almost\r\n--".as_slice(), &noise(300_000), b"\r\n--"].concat();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nna\u{ef}ve\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    let form = [head.as_bytes(), &file, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
    let digest = ring::digest::digest(&ring::digest::SHA256, &form);
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();

    let mut visitor = demo.connect();
    let headers = [("Accept", "text/html"), ("Content-Type", content_type.as_str())];
    let page = visitor.request("POST", "/whoami?a=b", &headers, &form);
    assert_eq!(page.status, 403, "{}", page.text());
    let challenge = of_page(&page);
    let cookie = submit(&mut visitor, &solve(&challenge)).cookie();
    let kept = format!("spigot-stash={}", challenge["stash"].as_str().unwrap());
    let again = [
        ("Accept", "text/html"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Cookie", cookie.as_str()),
    ];
    let seen = visitor.request("POST", "/whoami?a=b", &again, kept.as_bytes()).json();
    assert_eq!(seen["body_bytes"], form.len());
    assert_eq!(seen["body_sha256"].as_str(), Some(digest.as_str()));
    assert_eq!((&seen["method"], &seen["target"]), (&"POST".into(), &"/whoami?a=b".into()));
    let pairs = seen["headers"].as_array().unwrap();
    let kind: Vec<_> = pairs.iter().filter(|pair| pair[0] == "content-type").map(|pair| &pair[1]).collect();
    assert_eq!(kind, [&serde_json::Value::from(content_type)]);
}
