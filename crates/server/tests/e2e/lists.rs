//! Lists that are fetched from a server of the test's own, crawlers by their ranges, and what is remembered of a client.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::challenge::{of_page, solve};
use super::client::Connection;
use super::demo::{Demo, command};
use super::published::publish;

/// What the server says: a status and a body, and the `If-None-Match` of each request that it got.
#[derive(Clone, Default)]
struct Publisher {
    says: Arc<Mutex<(u16, String)>>,
    asked: Arc<Mutex<Vec<Option<String>>>>,
}

impl Publisher {
    /// Starts it; each body has itself as its tag.
    fn start(body: &str) -> (Self, SocketAddr) {
        let publisher = Self::default();
        publisher.say(200, body);
        let own = publisher.clone();
        let address = publish(move |head| own.answer(head));
        (publisher, address)
    }

    fn say(&self, status: u16, body: &str) {
        *self.says.lock().unwrap() = (status, body.to_owned());
    }

    fn answer(&self, lines: &[String]) -> (u16, Option<String>, String) {
        let known = lines.iter().find_map(|line| line.strip_prefix("if-none-match: ").map(str::to_owned));
        self.asked.lock().unwrap().push(known.clone());
        let (status, body) = self.says.lock().unwrap().clone();
        let tag = format!("\"{}\"", body.len());
        if known.as_deref() == Some(&tag) {
            return (304, Some(tag), String::new());
        }
        (status, Some(tag), body)
    }
}

/// Waiting asks a thousand times; that is not what is tested.
const ROUTE: &str = "[[route]]\nname = \"all\"\nmatch = \"/**\"\ntriggers = { high_frequency = false }\n";

/// A hundred addresses that nobody has, and then some.
fn list(others: &[&str]) -> String {
    let many = (0..100).map(|n| format!("198.51.100.{n}\n"));
    many.chain(others.iter().map(|other| format!("{other}\n"))).collect()
}

#[test]
fn a_fetched_list_decides_survives_its_source_and_is_replaced() {
    let (publisher, address) = Publisher::start(&list(&["127.0.0.7"]));
    let policy = format!(
        "[[list]]\nname = \"drop\"\nkind = \"deny\"\naction = \"block\"\nurl = \"http://{address}/drop.txt\"\nevery = \"1s\"\n{ROUTE}"
    );
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&policy));
    demo.until("the list decides", |_| demo.connect_from(7).get("/").status == 403);
    assert_eq!(demo.connect_from(8).get("/").status, 200, "who is not on it passes");
    demo.until("it asks whether there is anything new", |_| {
        publisher.asked.lock().unwrap().iter().any(Option::is_some)
    });

    // Another one takes its place; an empty one and a page of HTML do not.
    publisher.say(200, &list(&["127.0.0.8", "127.0.0.9"]));
    demo.until("the new list decides", |_| demo.connect_from(8).get("/").status == 403);
    assert_eq!(demo.connect_from(7).get("/").status, 200, "whoever is off it passes");
    publisher.say(200, "<html>\n<p>moved</p>\n");
    demo.until_said("it has no entries");
    assert_eq!(demo.connect_from(8).get("/").status, 403, "what stood stays");

    // Its source is away: after a restart the last good one decides from the first request on.
    publisher.say(503, "away");
    demo.until_said("status 503");
    let folder = demo.kill();
    let demo = Demo::start_with(folder, Some(&policy));
    assert_eq!(demo.connect_from(8).get("/").status, 403);

    let file = demo.folder.path().join("policy.toml");
    let file = file.to_str().unwrap();
    let why = demo.command(&["lists", "why", "127.0.0.8", "--config", file, "--format", "json"]);
    let why: serde_json::Value = serde_json::from_slice(&why.stdout).unwrap();
    assert_eq!(
        (why["lists"][0]["list"].as_str(), why["lists"][0]["entry"].as_str()),
        (Some("drop"), Some("127.0.0.8"))
    );
    let shown = demo.command(&["lists", "show", "--config", file]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("drop: deny, block") && shown.contains("102 entries"), "{shown}");
    assert!(shown.contains("status 503"), "and why it could not be updated: {shown}");
}

#[test]
fn an_operator_updates_and_accepts_and_is_told_what_is_wrong() {
    let (publisher, address) = Publisher::start(&list(&["127.0.0.7"]));
    let policy = format!(
        "[[list]]\nname = \"bad\"\nkind = \"reputation\"\nweight = 90\nurl = \"http://{address}/bad\"\nevery = \"1d\"\n{ROUTE}"
    );
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&policy));
    demo.until("the list decides", |_| demo.connect_from(7).get("/").status == 403);
    let file = demo.folder.path().join("policy.toml").to_str().unwrap().to_owned();
    let update = |arguments: &[&str]| {
        let all: Vec<&str> =
            ["lists", "update"].iter().chain(arguments).chain(&["--config", &file]).copied().collect();
        let output = command(demo.folder.path(), &all);
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.success(), said.concat())
    };
    publisher.say(200, "127.0.0.9\n");
    let (went_well, said) = update(&["bad"]);
    assert!(
        !went_well && said.contains("shrunk from 101 entries to 1") && said.contains("--accept"),
        "{said}"
    );
    let (went_well, said) = update(&["bad", "--accept"]);
    assert!(went_well && said.contains("bad: updated, 1 entries"), "{said}");
    demo.until("the running server follows", |_| demo.connect_from(9).get("/").status == 403);
    assert_eq!(demo.connect_from(7).get("/").status, 200);
    let (went_well, said) = update(&["bda"]);
    assert!(!went_well && said.contains("did you mean \"bad\"?"), "{said}");
}

#[test]
fn a_list_from_a_file_follows_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hosting.csv");
    std::fs::write(&file, "when,ip\n1,127.0.0.7\n").unwrap();
    let policy = format!(
        "[[list]]\nname = \"hosting\"\nkind = \"hosting\"\nfile = \"{}\"\nformat = \"csv\"\ncolumn = \"ip\"\n[[rule]]\nname = \"no-machines\"\nwhen = 'signal.hosting_network && client.address.listed(\"hosting\")'\naction = \"block\"\n{ROUTE}",
        file.display()
    );
    let demo = Demo::start_with(folder, Some(&policy));
    demo.until("the file decides", |_| demo.connect_from(7).get("/").status == 403);
    std::fs::write(&file, "when,ip\n1,127.0.0.8\n2,127.0.0.9\n").unwrap();
    demo.until("the changed file decides", |_| demo.connect_from(8).get("/").status == 403);
    assert_eq!(demo.connect_from(7).get("/").status, 200);
    std::fs::remove_file(&file).unwrap();
    demo.until_said("it cannot be read");
    assert_eq!(demo.connect_from(8).get("/").status, 403, "what stood stays");
}

#[test]
fn countries_are_denied_and_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let countries = folder.path().join("countries.csv");
    std::fs::write(&countries, "127.0.0.7,127.0.0.7,DE\n127.0.0.8,127.0.0.8,NL\n127.0.0.9,127.0.0.9,FR\n")
        .unwrap();
    let policy = format!(
        "networks = ['{}']\n[[list]]\nname = \"home\"\nkind = \"allow\"\nentries = [\"country:DE\"]\n[[list]]\nname = \"away\"\nkind = \"deny\"\naction = \"block\"\nentries = [\"country:NL\"]\n[[route]]\nname = \"all\"\nmatch = \"/**\"\nask = \"always\"\n",
        countries.display()
    );
    let demo = Demo::start_with(folder, Some(&policy));
    let check = |from: u8, expected: (u16, bool)| {
        let answer = demo.connect_from(from).request("GET", "/", &[("Accept", "text/html")], b"");
        assert_eq!((answer.status, answer.header("x-captcha-reason").is_some()), expected, "{from}");
    };
    check(7, (200, false));
    check(8, (403, false));
    check(9, (403, true));
    check(10, (403, true));
}

#[test]
fn crawlers_by_their_ranges() {
    const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("googlebot.json");
    std::fs::write(&file, r#"{"prefixes":[{"ipv4Prefix":"203.0.113.0/24"}]}"#).unwrap();
    let policy = format!(
        "trusted_proxies = [\"127.0.0.1\"]\nforwarded_header = \"x-client\"\n[[list]]\nname = \"googlebot\"\nkind = \"crawler\"\ncrawler = \"googlebot\"\nfile = \"{}\"\nformat = \"json\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\nask = \"always\"\n",
        file.display()
    );
    let demo = Demo::start_with(folder, Some(&policy));
    let ask = |address: &str, agent: &str| {
        let headers = [("User-Agent", agent), ("X-Client", address), ("Accept", "text/html")];
        demo.connect().request("GET", "/", &headers, b"")
    };
    demo.until("the genuine one passes", |_| ask("203.0.113.9", GOOGLEBOT).status == 200);
    assert_eq!(ask("203.0.113.9", "Mozilla/5.0 Firefox/131.0").status, 403, "by proof and not by address");
    let impostor = ask("198.51.100.9", GOOGLEBOT);
    assert_eq!((impostor.status, impostor.header("x-captcha-reason")), (403, None), "blocked, not asked");
    let unknown = ask("127.0.0.1", GOOGLEBOT);
    assert!(unknown.header("x-captcha-reason").is_some(), "a proxy's address proves and refutes nothing");
}

#[test]
fn what_a_client_did_is_remembered() {
    let policy = "[[rule]]\nname = \"proved-itself\"\nwhen = 'signal.solved_lately && history.solves == 1'\naction = \"allow\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\nask = \"always\"\n";
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(policy));
    let page = demo.connect().request("GET", "/", &[("Accept", "text/html")], b"");
    assert_eq!(page.status, 403);
    let solved = demo.connect().request(
        "POST",
        "/.spigot/solve",
        &[("Content-Type", "application/json")],
        solve(&of_page(&page)).as_bytes(),
    );
    assert_eq!(solved.status, 200);
    let without = Connection::open(demo.address).request("GET", "/", &[("Accept", "text/html")], b"");
    assert_eq!(without.status, 200, "also without its cookie: the rule says so");
    assert_eq!(demo.connect_from(9).request("GET", "/", &[("Accept", "text/html")], b"").status, 403);
}
