//! The command line does what the panel does.

use std::process::Output;

use serde_json::{Value, json};

use super::{Browser, somebody};
use crate::demo::{Demo, OPEN};

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_policy_is_published_looked_back_at_and_rolled_back() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    let config = demo.folder.path().join("policy.toml");
    let config = config.to_str().unwrap();
    let policy = |arguments: &[&str]| demo.command(&[&["policy"], arguments, &["--config", config]].concat());
    let draft = demo.folder.path().join("draft.toml");
    std::fs::write(&draft, said(&policy(&["edit", "--section", "route/all", "mode=monitor"]))).unwrap();
    let draft = draft.to_str().unwrap();
    let before = demo.revision();
    let published = said(&policy(&["publish", draft, "--note", "look first", "--author", "ada"]));
    assert!(published.contains("Published as number"), "{published}");
    demo.until("it decides", |health| health["revision"] != before);
    let history = said(&policy(&["history"]));
    let lines: Vec<_> = history.lines().collect();
    assert!(
        lines[0].contains("ada: look first (in the file now)") && lines[1].contains("the file"),
        "{history}"
    );
    let first = lines[1].split(' ').next().unwrap();
    assert!(said(&policy(&["diff", first])).contains("\n+ mode = \"monitor\"\n"), "{history}");
    assert_eq!(said(&policy(&["text", first])), OPEN);
    // Who has not seen what stands now does not overwrite it; nothing wrong is put in force.
    let stale = policy(&["publish", draft, "--note", "again", "--seen", "0000000000000000"]);
    assert!(!stale.status.success() && String::from_utf8_lossy(&stale.stderr).contains("Look at it again"));
    std::fs::write(draft, "mod = 1\n").unwrap();
    let wrong = policy(&["publish", draft, "--note", "wrong"]);
    assert!(
        !wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("did you mean \"mode\"?")
    );
    said(&policy(&["rollback", first, "--note", "too soon"]));
    assert_eq!(std::fs::read_to_string(config).unwrap(), OPEN);
    let audit = said(&demo.command(&["admin", "audit"]));
    assert!(audit.contains("policy.publish") && audit.contains("The chain fits"), "{audit}");
}

#[test]
fn lists_go_out_and_in_and_users_are_kept_out() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    let file = demo.folder.path().join("addresses.txt");
    std::fs::write(&file, "127.0.0.9\n198.51.100.0/24,2030-01-01T00:00:00Z,a scraper\n").unwrap();
    let file = file.to_str().unwrap();
    demo.change(&["list", "import", "deny", file, "--note", "from the desk"]);
    assert_eq!(demo.connect_from(9).get("/").status, 403);
    let exported = said(&demo.command(&["list", "export", "deny"]));
    let expected =
        "subject,until,note\n127.0.0.9,,from the desk\n198.51.100.0/24,2030-01-01T00:00:00Z,a scraper\n";
    assert_eq!(exported.replace(".000Z", "Z"), expected);
    std::fs::write(file, "198.51.100.1\nnonsense\n").unwrap();
    let refused = demo.command(&["list", "import", "deny", file]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("line 2"));
    assert_eq!(said(&demo.command(&["list", "export", "deny"])), exported, "all or none");
    let (_root, mut sue) = (somebody(&demo, "root", "admin"), somebody(&demo, "sue", "support"));
    assert!(sue.who().is_some());
    said(&demo.command(&["admin", "disable", "sue"]));
    assert_eq!(sue.who(), None);
    assert!(said(&demo.command(&["admin", "list"])).contains("sue: support, kept out"));
    // The demo has made one of its own.
    said(&demo.command(&["admin", "disable", "admin"]));
    let last = demo.command(&["admin", "disable", "root"]);
    assert!(!last.status.success() && String::from_utf8_lossy(&last.stderr).contains("last admin"));
    said(&demo.command(&["admin", "identity", "sue", "--id", "https://login.example 7"]));
    let nonsense = demo.command(&["admin", "identity", "sue", "--id", "seven"]);
    assert!(!nonsense.status.success());
}

#[test]
fn what_only_the_running_one_knows_is_asked_of_it() {
    let demo = Demo::start();
    let at = format!("http://{}", demo.admin);
    let triggers = said(&demo.command(&["admin", "triggers", "--at", &at]));
    assert!(triggers.contains("login: high_frequency is quiet, 0 of"), "{triggers}");
    let health: Value =
        serde_json::from_str(&said(&demo.command(&["admin", "ask", "health.show", "--at", &at]))).unwrap();
    assert_eq!(health["revision"], demo.revision().as_str());
    let lists = said(&demo.command(&["admin", "ask", "lists.show", "list=deny", "--at", &at]));
    assert!(lists.contains("\"found\": 0"), "{lists}");
    let unknown = demo.command(&["admin", "ask", "users.remove", "--at", &at]);
    assert!(!unknown.status.success(), "nothing is changed so");
    assert!(said(&demo.command(&["admin", "token", "list"])).is_empty(), "a token is for one question");
}

#[test]
fn an_operator_publishes_policy_alone() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    somebody(&demo, "root", "admin");
    let mut oona = somebody(&demo, "oona", "operator");
    let (_, policy) = oona.call("GET", "/api/policy", &Value::Null);
    let publish = |browser: Browser, version: &Value, text: &str| {
        let mut browser = browser.with("If-Match", version.as_str().unwrap());
        browser.call("PUT", "/api/policy", &json!({ "text": text, "note": "why" }))
    };
    let text =
        format!("trusted_proxies = [\"0.0.0.0/0\"]\n{OPEN}[panel]\ntrusted_proxies = [\"0.0.0.0/0\"]\n");
    let (status, said) = publish(oona, &policy["version"], &text);
    assert_eq!(status, 403, "{said}");
    let detail = said["detail"].as_str().unwrap();
    assert!(detail.contains("`trusted_proxies`") && detail.contains("[panel]"), "{detail}");
}
