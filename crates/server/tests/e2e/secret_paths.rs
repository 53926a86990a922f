//! Tokens in paths: links that reset a password are nobody's to read.

use std::path::Path;
use std::time::Instant;

use super::demo::{Demo, SOON, command};

const POLICY: &str = "extends = \"default\"\n[[route]]\nname = \"download\"\nmatch = \"/share/**\"\nsecret_path = true\n[[route]]\nname = \"open\"\nmatch = \"/signup/**\"\naccount_fields = \"email\"\nsecret_path = false\n";

/// Whether any file below a folder holds these bytes.
fn holds(folder: &Path, wanted: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holds(&path, wanted));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_token_in_a_path_is_kept_nowhere() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(POLICY));
    let secrets = ["SECRETTOKEN99", "c9k2vd-0d41d8cd98f00b204e9800998ecf8427e", "V1StGXR8_Z5jdHi6B-myT"];
    for path in [
        format!("/password/reset/{}", secrets[0]),
        format!("/users/password/{}/confirm", secrets[1]),
        format!("/share/{}", secrets[2]),
        // Here they are said to be none, and elsewhere paths are as they are.
        "/signup/OPENTOKEN11".to_owned(),
        "/products/OPENTOKEN22".to_owned(),
    ] {
        demo.connect().get(&path);
    }
    let deadline = Instant::now() + SOON;
    let search = |arguments: &[&str]| {
        let all = [&["events", "--format", "json"], arguments].concat();
        String::from_utf8(demo.command(&all).stdout).unwrap()
    };
    while search(&[]).lines().count() < 5 {
        assert!(Instant::now() < deadline, "never written: {}", search(&[]));
    }
    let all = search(&[]);
    for path in [
        "/password/reset/\u{2026}",
        "/users/password/\u{2026}/confirm",
        "/share/\u{2026}",
        "/signup/OPENTOKEN11",
        "/products/OPENTOKEN22",
    ] {
        assert!(all.contains(&format!("\"path\":\"{path}\"")), "{path}: {all}");
        let found = search(&["--path", path]);
        assert_eq!(found.lines().count(), 1, "{path}: {found}");
        let id = serde_json::from_str::<serde_json::Value>(found.trim()).unwrap()["id"].clone();
        let story = demo.command(&["explain", id.as_str().unwrap()]);
        let story = String::from_utf8(story.stdout).unwrap();
        let told = path.chars().flat_map(char::escape_debug).collect::<String>();
        assert!(story.contains(path) || story.contains(&told), "{path}: {story}");
    }
    let folder = demo.kill();
    for secret in secrets {
        assert_eq!(holds(folder.path(), secret), [""; 0], "{secret}");
    }
    assert!(!holds(folder.path(), "OPENTOKEN22").is_empty(), "what is no secret is found by this test");
    // What is recorded can still be replayed.
    let replayed = command(folder.path(), &["replay", "--events", folder.path().to_str().unwrap()]);
    assert!(replayed.status.success(), "{replayed:?}");
}
