//! The demo's form with the widget in it: page, token, question, all through the shop's own address.

use serde_json::json;

use super::client::{Answer, Connection};
use super::demo::Demo;
use super::service::{asked, submission};

#[test]
fn a_question_arrives_with_a_token_and_comes_back_without() {
    let demo = Demo::start();
    let mut connection = Connection::open(demo.address);
    let page = connection.request("GET", "/contact", &[("Accept", "text/html")], b"").text();
    let (_, from) = page.split_once("site-key=\"").unwrap_or_else(|| panic!("{page}"));
    let site_key = &from[..from.find('"').unwrap()];
    let mut send = |token: &str| -> Answer {
        let body = format!("email=a%40b.example&question=Is+it+brass%3F&spigot-response={token}");
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        connection.request("POST", "/contact", &headers, body.as_bytes())
    };
    let refused = send("");
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.text().contains("Is it brass?"), "what was typed is still there: {}", refused.text());
    let mut widget = Connection::open(demo.address);
    let origin = format!("http://{}", demo.address);
    let mut call = |name: &str, body: &serde_json::Value| {
        let headers = [("Origin", origin.as_str()), ("Content-Type", "text/plain;charset=UTF-8")];
        let path = format!("/.spigot/widget/{name}");
        widget.request("POST", &path, &headers, body.to_string().as_bytes()).json()
    };
    let asked = asked(site_key, &json!({ "action": "contact" }));
    let challenge = call("challenge", &asked);
    let solved = call("solve", &submission(&asked, &challenge));
    let token = solved["token"].as_str().unwrap_or_else(|| panic!("{solved}"));
    assert_eq!(send(token).status, 200);
    assert_eq!(send(token).status, 403, "a token counts once");
}

#[test]
fn the_site_is_kept_and_made_anew_when_its_secret_is_lost() {
    let site = |demo: &Demo| {
        let output = demo.command(&["site", "show", "--format", "json"]);
        let sites = String::from_utf8(output.stdout).unwrap();
        let sites: Vec<&str> = sites.lines().collect();
        assert_eq!(sites.len(), 1, "{sites:?}");
        sites[0].to_owned()
    };
    let demo = Demo::start();
    let first = site(&demo);
    let address = demo.address;
    let folder = demo.kill();
    let demo = Demo::start_at(address, folder, None);
    assert_eq!(site(&demo), first);
    let folder = demo.kill();
    std::fs::remove_file(folder.path().join("shop/check")).unwrap();
    let demo = Demo::start_at(address, folder, None);
    assert_ne!(site(&demo), first);
}
