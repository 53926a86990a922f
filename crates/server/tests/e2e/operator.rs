//! What operators do while it runs, and what they see.

use super::client::Connection;
use super::demo::{Demo, command};

#[test]
fn a_forced_challenge_a_denied_address_and_their_ends() {
    let demo = Demo::start();
    assert_eq!(demo.connect().get("/products/1").status, 200);
    demo.change(&["force", "GET /products/*", "--for", "1h", "--reason", "test", "--author", "ada"]);
    let challenged = demo.connect().get("/products/1");
    assert_eq!((challenged.status, challenged.header("x-captcha-reason")), (403, Some("manual")));
    assert_eq!(demo.connect().get("/").status, 200, "only there");
    demo.change(&["force", "GET /products/*", "--stop"]);
    assert_eq!(demo.connect().get("/products/1").status, 200);
    demo.change(&["list", "deny", "127.0.0.7", "--note", "test"]);
    assert_eq!(demo.connect_from(7).get("/").status, 403);
    assert_eq!(demo.connect().get("/").status, 200);
    demo.change(&["list", "remove", "127.0.0.7"]);
    assert_eq!(demo.connect_from(7).get("/").status, 200);
    demo.change(&["restrict", "add", "127.0.0.8", "--for", "1h", "--action", "throttle"]);
    let mut slowed = demo.connect_from(8);
    assert_eq!(slowed.get("/").status, 200, "a trickle passes");
    let second = slowed.get("/");
    assert_eq!((second.status, second.header("retry-after")), (429, Some("60")));
    let nonsense = demo.command(&["list", "deny", "127.0.0"]);
    assert!(
        !nonsense.status.success()
            && String::from_utf8_lossy(&nonsense.stderr).contains("no address or prefix")
    );
}

#[test]
fn decisions_are_recorded_and_explained() {
    let demo = Demo::start();
    let refused = demo.connect().request("GET", "/login", &[("Accept", "application/json")], b"").json();
    let id = refused["decision"].as_str().unwrap().to_owned();
    demo.until("the event is written", |health| health["events"]["written"].as_u64() > Some(0));
    let story = demo.command(&["explain", &id]);
    let story = String::from_utf8_lossy(&story.stdout).into_owned();
    assert!(story.contains("sensitive_route") && story.contains("login"), "{story}");
    let events = demo.command(&[
        "events",
        "--route",
        "login",
        "--since",
        "1h",
        "--reason",
        "sensitive_route",
        "--ip",
        "127.0.0.0/8",
        "--format",
        "json",
    ]);
    let line: serde_json::Value = serde_json::from_slice(&events.stdout).unwrap();
    assert_eq!((line["id"].as_str(), line["action"].as_str()), (Some(id.as_str()), Some("challenge")));
    let other = demo.command(&["events", "--ip", "192.0.2.0/24"]);
    assert!(String::from_utf8_lossy(&other.stdout).contains("Nothing happened"));
    let metrics =
        Connection::open(demo.admin).request("GET", "/metrics", &[("Connection", "close")], b"").text();
    assert!(metrics.contains("spigot_requests_total{action=\"challenge\"} 1"), "{metrics}");
}

#[test]
fn killed_and_started_again_it_remembers() {
    let demo = Demo::start();
    demo.change(&["list", "deny", "127.0.0.7"]);
    demo.connect().get("/");
    demo.until("the event is written", |health| health["events"]["written"].as_u64() > Some(0));
    let folder = demo.kill();
    let events = command(folder.path(), &["events", "--format", "json"]);
    assert!(!events.stdout.is_empty(), "{events:?}");
    let demo = Demo::start_in(folder);
    assert_eq!(demo.connect_from(7).get("/").status, 403);
}

#[test]
fn a_changed_file_is_loaded_and_a_wrong_one_refused() {
    let open = "[[route]]\nname = \"all\"\nmatch = \"/**\"\n";
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(open));
    assert_eq!(demo.connect().get("/login").status, 200, "the shipped policy would ask");
    let before = demo.revision();
    demo.write(&format!("{open}ask = \"always\"\n"));
    demo.until("the new policy decides", |health| health["revision"] != before);
    assert_eq!(demo.connect().get("/").status, 403);
    demo.write("[[route]]\nname = 7\n");
    let refused = command_check(&demo);
    assert!(refused.contains("`name` is"), "{refused}");
    // The operator's change is in force, over what stood: the file is still refused.
    demo.change(&["list", "deny", "127.0.0.7"]);
    demo.until_said("configuration_refused");
    assert_eq!(demo.connect().get("/").status, 403);
    let good = demo.revision();
    demo.write(open);
    demo.until("the repaired file decides", |health| health["revision"] != good);
    assert_eq!(demo.connect().get("/").status, 200);
    assert_eq!(demo.connect_from(7).get("/").status, 403, "and the operator's change with it");
}

/// Whoever opens a file once more and closes it gives up the locks that SQLite holds on it in the whole process: another
/// process's last connection would then take the log away under this one.
#[test]
fn orders_are_heard_after_the_panel_was_asked() {
    let demo = Demo::start();
    for client in 11..14 {
        let asked = Connection::open(demo.admin).get("/api/session");
        assert!(asked.status < 500, "{}", asked.text());
        demo.change(&["list", "deny", &format!("127.0.0.{client}")]);
        assert_eq!(demo.connect_from(client).get("/").status, 403);
    }
}

fn command_check(demo: &Demo) -> String {
    let file = demo.folder.path().join("policy.toml");
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_spigot")).arg("check").arg(file).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
