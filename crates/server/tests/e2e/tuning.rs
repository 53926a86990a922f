//! A proposal out of events that Spigot recorded itself, written to a file, and replayed.

use std::path::Path;
use std::process::{Command, Output};

use super::challenge::{of_page, solve};
use super::client::{Answer, Connection};
use super::demo::Demo;

/// People become known by a door that asks everybody, bots by a field that nobody sees. Both come to the search before.
const POLICY: &str = r#"
trusted_proxies = ["127.0.0.1"]
forwarded_header = "x-client-address"
[challenge]
log2_work = [4, 4, 4]
[[route]]
name = "door"
match = "/login"
ask = "always"
[[route]]
name = "contact"
match = "POST /contact"
honeypot_fields = "website"
[[route]]
name = "search"
match = "/**"
"#;
/// More than are needed of each, so that half of them are enough to be sure.
const PEOPLE: u32 = 80;
const BOTS: u32 = 40;
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";
const TOOL: &str = "curl/8.5.0";

struct Client<'a> {
    connection: &'a mut Connection,
    address: String,
    agent: &'static str,
}

impl Client<'_> {
    fn ask(&mut self, method: &str, target: &str, body: &str) -> Answer {
        let headers = [
            ("x-client-address", self.address.as_str()),
            ("User-Agent", self.agent),
            ("Accept", "text/html"),
            ("Accept-Language", "en"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.connection.request(method, target, &headers, body.as_bytes())
    }
}

fn person(connection: &mut Connection, n: u32) {
    let address = format!("198.18.{n}.7");
    let mut client = Client { connection, address, agent: BROWSER };
    assert_eq!(client.ask("GET", "/", "").status, 200);
    let page = client.ask("GET", "/login", "");
    assert_eq!(page.status, 403, "{}", page.text());
    assert_eq!(client.ask("POST", "/.spigot/solve", &solve(&of_page(&page))).status, 200);
}

fn bot(connection: &mut Connection, n: u32) {
    let address = format!("198.19.{n}.7");
    let mut client = Client { connection, address, agent: TOOL };
    assert_eq!(client.ask("GET", "/", "").status, 200);
    let caught = client.ask("POST", "/contact", "email=a%40example.org&website=spam");
    assert_eq!(caught.status, 403, "{}", caught.text());
}

fn spigot(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spigot")).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_proposal_is_written_and_replays() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(POLICY));
    let mut connection = demo.connect();
    (0..PEOPLE).for_each(|n| person(&mut connection, n));
    (0..BOTS).for_each(|n| bot(&mut connection, n));
    let all = u64::from(3 * PEOPLE + 2 * BOTS);
    demo.until("all of it is written", |health| health["events"]["written"].as_u64() == Some(all));

    let folder = demo.folder.path();
    let (policy, tuned, alone) =
        (folder.join("policy.toml"), folder.join("tuned.toml"), folder.join("alone.toml"));
    let (data, policy) = (text(folder), text(&policy));
    let tune = |more: &[&str]| spigot(&[&["tune", "--since", "1d", "--data", data], more].concat());
    let said = tune(&["--config", policy, "--write", text(&tuned)]);
    let shown = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success(), "{said:?}");
    assert!(shown.contains(&format!("{PEOPLE} clients are taken for people, {BOTS} for bots")), "{shown}");
    assert!(
        shown.contains(&format!("spigot replay --config {} --against {policy}", tuned.display())),
        "{shown}"
    );

    // The configuration as it is, and the proposal at its end.
    let written = std::fs::read_to_string(&tuned).unwrap();
    let proposal = written.strip_prefix(POLICY).unwrap_or_else(|| panic!("{written}"));
    assert!(proposal.trim_start().starts_with("[[adjust]]\nroutes = \"search\"\n"), "{proposal}");
    assert!(spigot(&["check", text(&tuned)]).status.success());

    // What is there already is left alone.
    let again = tune(&["--config", policy, "--write", text(&tuned)]);
    let why = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && why.contains("tuned.toml cannot be made"), "{why}");
    assert_eq!(std::fs::read_to_string(&tuned).unwrap(), written);
    // The shipped policy has a search, too: what is written is what may be added to it.
    let shipped = tune(&["--write", text(&alone)]);
    let written = std::fs::read_to_string(&alone).unwrap_or_else(|error| panic!("{error}: {shipped:?}"));
    assert!(written.starts_with("\n[[adjust]]\nroutes = \"search\"\n"), "{written}");
    let alone = spigot(&["check", text(&alone)]);
    assert!(alone.status.success(), "{alone:?}");

    let replayed = spigot(&[
        "replay",
        "--config",
        text(&tuned),
        "--against",
        policy,
        "--events",
        data,
        "--format",
        "json",
    ]);
    assert!(replayed.status.success(), "{replayed:?}");
    let report: serde_json::Value = serde_json::from_slice(&replayed.stdout).unwrap();
    let counted =
        ["newly_stopped", "no_longer_stopped", "clients_different"].map(|name| report[name].as_u64());
    assert_eq!(counted, [BOTS, 0, BOTS].map(|count| Some(u64::from(count))), "every bot, and nobody else");
}
