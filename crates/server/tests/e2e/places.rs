//! Data files that say which network and country an address belongs to.

use super::client::Connection;
use super::demo::Demo;

fn status(connection: &mut Connection, address: &str) -> u16 {
    connection.request("GET", "/", &[("X-Client-Address", address)], b"").status
}

#[test]
fn rules_and_events_know_the_place_and_a_changed_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let networks = folder.path().join("networks.csv");
    let countries = folder.path().join("countries.csv");
    std::fs::write(&networks, "198.51.100.0,198.51.100.255,64500,Example\n").unwrap();
    std::fs::write(&countries, "198.51.100.0,198.51.100.255,DE\n").unwrap();
    let policy = format!(
        "trusted_proxies = [\"127.0.0.1\"]\nforwarded_header = \"x-client-address\"\nnetworks = [\"{}\", \"{}\"]\n[[rule]]\nname = \"elsewhere\"\nwhen = 'client.network == 64500 && client.country == \"DE\"'\naction = \"block\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\n",
        networks.display(),
        countries.display()
    );
    let demo = Demo::start_with(folder, Some(&policy));
    let mut proxy = demo.connect();
    let refused = proxy.request("GET", "/", &[("X-Client-Address", "198.51.100.7")], b"");
    assert_eq!(refused.status, 403);
    assert_eq!(status(&mut proxy, "203.0.113.7"), 200);
    demo.until("the event names the place", |_| {
        let events = demo.command(&["events", "--ip", "198.51.100.7", "--format", "json"]);
        let events = String::from_utf8_lossy(&events.stdout).into_owned();
        events.contains("\"network\":64500") && events.contains("\"country\":\"DE\"")
    });

    let check = |networks: &str| {
        let file = demo.folder.path().join("check.toml");
        std::fs::write(&file, format!("networks = [\"{networks}\"]\n")).unwrap();
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_spigot")).arg("check").arg(file).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (fine, said) = check(&countries.display().to_string());
    assert!(fine, "{said}");
    let (fine, said) = check("nowhere.mmdb");
    assert!(!fine && said.contains("nowhere.mmdb cannot be read"), "{said}");

    // A file that somebody is in the middle of writing changes nothing.
    std::fs::write(&networks, "203.0.113.0,203.0.113.255").unwrap();
    demo.until_said("networks_refused");
    assert_eq!(status(&mut proxy, "198.51.100.8"), 403);
    demo.change(&["list", "deny", "203.0.113.9"]);
    assert_eq!(status(&mut proxy, "203.0.113.9"), 403, "and keeps no other change from being made");

    std::fs::write(&networks, "203.0.113.0,203.0.113.255,64500,Example\n").unwrap();
    std::fs::write(&countries, "203.0.113.0,203.0.113.255,DE\n").unwrap();
    demo.until_said("networks_loaded");
    demo.until("what is read counts", |_| status(&mut demo.connect(), "203.0.113.7") == 403);
    assert_eq!(status(&mut proxy, "198.51.100.8"), 200);
}
