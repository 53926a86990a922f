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

/// What the shop receives of a form that is posted under `told`, kept, and posted again by our own page.
fn after_the_challenge(told: &[(&str, &str)]) -> serde_json::Value {
    let demo = Demo::start();
    demo.change(&["force", "POST /whoami", "--for", "1h"]);
    let mut visitor = demo.connect();
    let form = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let page = visitor.request("POST", "/whoami", &[&form, told].concat(), b"to=1&sum=100");
    assert_eq!(page.status, 403, "{}", page.text());
    let challenge = of_page(&page);
    let clearance = submit(&mut visitor, &solve(&challenge)).cookie();
    let kept = format!("spigot-stash={}", challenge["stash"].as_str().unwrap());
    let cookies = format!("session=lax; {clearance}");
    let own =
        [("Origin", "http://shop.test"), ("Sec-Fetch-Site", "same-origin"), ("Cookie", cookies.as_str())];
    visitor.request("POST", "/whoami", &[&form[..], &own].concat(), kept.as_bytes()).json()
}

#[test]
fn a_form_of_another_site_stays_one() {
    let of = |seen: &serde_json::Value, name: &str| -> Vec<String> {
        let pairs = seen["headers"].as_array().unwrap().iter().filter(|pair| pair[0] == name);
        pairs.map(|pair| pair[1].as_str().unwrap().to_owned()).collect()
    };
    let foreign = [
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Referer", "https://evil.example/trap"),
        ("Cookie", "theme=dark"),
    ];
    let seen = after_the_challenge(&foreign);
    assert_eq!(seen["body_bytes"], 12);
    assert_eq!(of(&seen, "origin"), ["https://evil.example"]);
    assert_eq!(of(&seen, "sec-fetch-site"), ["cross-site"]);
    assert_eq!(of(&seen, "referer"), ["https://evil.example/trap"]);
    assert_eq!(of(&seen, "cookie"), ["theme=dark"], "none that the browser kept from another site");
    let seen = after_the_challenge(&[("Origin", "http://shop.test"), ("Cookie", "session=old")]);
    assert_eq!(
        (seen["body_bytes"].as_u64(), of(&seen, "origin")),
        (Some(12), vec!["http://shop.test".into()])
    );
    assert!(of(&seen, "cookie")[0].starts_with("session=lax"), "{seen}");
}

#[test]
fn what_no_form_posts_is_not_kept() {
    let demo = Demo::start();
    for method in ["POST", "DELETE"] {
        demo.change(&["force", &format!("{method} /whoami"), "--for", "1h"]);
    }
    let mut visitor = demo.connect();
    let check = |visitor: &mut super::client::Connection, method: &str, kind: &str| {
        let headers = [("Accept", "text/html"), ("Content-Type", kind)];
        let page = visitor.request(method, "/whoami", &headers, b"{\"a\": 1}");
        assert_eq!(page.status, 403, "{method} {kind}");
        assert!(of_page(&page)["stash"].is_null(), "{method} {kind}");
    };
    check(&mut visitor, "POST", "application/json");
    check(&mut visitor, "DELETE", "application/x-www-form-urlencoded");
}

#[test]
fn a_form_that_is_refused_after_all_may_be_sent_again() {
    let demo = Demo::start();
    let mut visitor = demo.connect();
    let headers = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let challenge = of_page(&visitor.request("POST", "/login", &headers, b"email=a&password=b"));
    let clearance = submit(&mut visitor, &solve(&challenge)).cookie();
    let kept = format!("spigot-stash={}", challenge["stash"].as_str().unwrap());
    let with_cookie = [headers[0], headers[1], ("Cookie", clearance.as_str())];
    let mut send = || visitor.request("POST", "/login", &with_cookie, kept.as_bytes()).status;
    demo.change(&["list", "deny", "127.0.0.1"]);
    assert_eq!(send(), 403);
    demo.change(&["list", "remove", "127.0.0.1"]);
    assert_eq!(send(), 401, "the shop says that the password is wrong");
    assert_eq!(send(), 410, "once");
}
