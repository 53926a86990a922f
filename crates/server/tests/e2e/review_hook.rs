//! The weekly review goes where `[review]` says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use super::demo::{Demo, OPEN};

/// Lines of a head, in lower case, and a body.
pub(crate) type Request = (Vec<String>, Vec<u8>);

/// A server that takes what is posted, and its address.
pub(crate) fn hook() -> (Receiver<Request>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, posted) = channel();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let head: Vec<String> = lines.map(|line| line.to_ascii_lowercase()).collect();
            let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            if reader.read_exact(&mut body).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
                let _ = sender.send((head, body));
            }
        }
    });
    (posted, format!("http://{address}/hooks/spigot?of=week"))
}

#[test]
fn a_review_that_is_due_is_posted_once_and_its_key_is_told_to_nobody_else() {
    let (posted, url) = hook();
    let folder = tempfile::tempdir().unwrap();
    // It was sent last a long time ago.
    std::fs::write(folder.path().join("review-sent.json"), "{\"version\":1,\"due_millis\":0}").unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "hush-hush\n").unwrap();
    let config = format!("{OPEN}[review]\nurl = \"{url}\"\nkey = {{ file = \"{}\" }}\n", key.display());
    let demo = Demo::start_with(folder, Some(&config));
    demo.until_said("review_sent");
    let (head, body) = posted.recv_timeout(super::demo::SOON).unwrap();
    assert_eq!(head[0], "post /hooks/spigot?of=week http/1.1");
    for line in ["content-type: application/json", "authorization: bearer hush-hush"] {
        assert!(head.iter().any(|one| one == line), "{line}: {head:?}");
    }
    let report: Value = serde_json::from_slice(&body).unwrap();
    assert!(report["text"].as_str().unwrap().starts_with("Weekly review, "), "{report}");
    assert!(report["review"]["cohorts"].is_array() && report["review"]["proposals"].is_object(), "{report}");
    assert!(!demo.log().contains("hush"), "{}", demo.log());
    // The next one is due in days, also for whoever starts again.
    // It is written a moment after it is said.
    demo.until("the next one is due in days", |_| {
        let kept = std::fs::read_to_string(demo.folder.path().join("review-sent.json")).unwrap_or_default();
        let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
        kept["due_millis"].as_i64() > Some(1_700_000_000_000)
    });
    assert!(posted.try_recv().is_err(), "it was sent twice");
}
