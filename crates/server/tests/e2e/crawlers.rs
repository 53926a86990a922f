//! Crawlers that are known by the names of their addresses, which a stub of a resolver tells.

use std::collections::HashMap;

use domain::base::Rtype;

use super::client::Answer;
use super::demo::Demo;
use super::resolver::resolver;

const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
/// Everybody is asked, so that it shows who is told apart, and how.
const ASKING: &str = "trusted_proxies = [\"127.0.0.1\"]\nforwarded_header = \"x-client\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\nask = \"always\"\ntriggers = { high_frequency = false }\n";

fn ask(demo: &Demo, address: &str, agent: &str) -> Answer {
    let headers = [("User-Agent", agent), ("X-Client", address), ("Accept", "text/html")];
    demo.connect().request("GET", "/", &headers, b"")
}

fn recorded(demo: &Demo, reason: &str) -> Vec<serde_json::Value> {
    let listed = demo.command(&["events", "--reason", reason, "--format", "json"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Requests until one is answered otherwise than by a question: with what DNS said of its address.
fn settled(demo: &Demo, address: &str) -> Answer {
    let settled = std::cell::RefCell::new(None);
    demo.until("DNS has answered", |_| {
        let answer = ask(demo, address, GOOGLEBOT);
        let is_asked = answer.header("x-captcha-reason").is_some();
        *settled.borrow_mut() = Some(answer);
        !is_asked
    });
    settled.into_inner().unwrap()
}

#[test]
fn crawlers_by_the_names_of_their_addresses() {
    let dns = resolver(
        HashMap::from([
            (("1.64.249.66.in-addr.arpa", Rtype::PTR), "crawl-66-249-64-1.googlebot.com"),
            (("crawl-66-249-64-1.googlebot.com", Rtype::A), "66.249.64.1"),
            // Anybody may name their own address so; the name leads elsewhere.
            (("7.100.51.198.in-addr.arpa", Rtype::PTR), "crawl-66-249-64-1.googlebot.com"),
        ]),
        false,
        false,
    );
    let policy = format!("[crawlers]\ndns = \"{dns}\"\ntime = \"60s\"\n");
    let (head, routes) = ASKING.split_at(ASKING.find("[[route]]").unwrap());
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&format!("{head}{policy}{routes}")));

    let first = ask(&demo, "66.249.64.1", GOOGLEBOT);
    assert_eq!(first.status, 403, "no request waits for DNS");
    assert_eq!(settled(&demo, "66.249.64.1").status, 200);
    let blocked = settled(&demo, "198.51.100.7");
    assert_eq!(blocked.status, 403, "and not asked");
    assert_eq!(settled(&demo, "198.51.100.8").status, 403, "an address without a name is nobody's, too");
    let person =
        ask(&demo, "66.249.64.1", "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0");
    assert!(person.header("x-captcha-reason").is_some(), "by its own word first, and then by proof");

    let check = |reason: &str, clients: &[&str]| {
        demo.until(reason, |_| {
            let events = recorded(&demo, reason);
            let found = |client: &&str| events.iter().any(|event| event["client"] == **client);
            clients.iter().all(found)
                && events.iter().all(|event| clients.iter().any(|c| event["client"] == *c))
        });
    };
    check("verified_crawler", &["66.249.64.1"]);
    check("false_crawler", &["198.51.100.7", "198.51.100.8"]);
}

#[test]
fn a_resolver_that_says_nothing_makes_nobody_an_impostor() {
    let dns = resolver(HashMap::new(), false, true);
    let (head, routes) = ASKING.split_at(ASKING.find("[[route]]").unwrap());
    let policy = format!("{head}[crawlers]\ndns = \"{dns}\"\ntime = \"100ms\"\n{routes}");
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&policy));
    let begun = std::time::Instant::now();
    // Ten times as long as it may take to give up.
    while begun.elapsed().as_millis() < 1000 {
        let asked = ask(&demo, "66.249.64.1", GOOGLEBOT);
        assert!(asked.header("x-captcha-reason").is_some(), "asked as everybody: {asked:?}");
    }
}
