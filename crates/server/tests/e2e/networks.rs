//! A program that takes another IPv6 address for each request, behind a proxy that Spigot trusts.

use super::challenge::{of_page, solve, submit};
use super::client::{Answer, Connection};
use super::demo::Demo;

const POLICY: &str = "trusted_proxies = [\"127.0.0.1\"]\nforwarded_header = \"x-client-address\"\n[restrict]\nslow_from = 5\nrestrict_from = 8\nsteps = \"1h\"\n[[route]]\nname = \"asked\"\nmatch = \"/products/**\"\nask = \"always\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\n";
/// What a /56 and a /48 may fail, as docs/policy.md says.
const PER_56: usize = 4 * 8;
const PER_48: usize = 16 * 8;

fn request(connection: &mut Connection, address: &str, method: &str, target: &str, body: &str) -> Answer {
    let headers = [
        ("Accept", "text/html"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Client-Address", address),
    ];
    connection.request(method, target, &headers, body.as_bytes())
}

/// Posts to the log-in from each address; how many of the posts the application saw.
fn guess(connection: &mut Connection, addresses: impl Iterator<Item = String>) -> usize {
    let statuses = addresses.enumerate().map(|(n, address)| {
        let body = format!("email=ada%40example.org&password={address}-{n}");
        (request(connection, &address, "POST", "/login", &body).status, address)
    });
    let mut passed = 0;
    for (status, address) in statuses {
        assert!(matches!(status, 401 | 403), "{status} for {address}");
        passed += usize::from(status == 401);
    }
    passed
}

#[test]
fn rotating_within_a_network_ends_soon_and_the_neighbours_do_not_notice() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(POLICY));
    let mut proxy = demo.connect();

    // Somebody in the network holds a clearance from before.
    let held = "2001:db8:7:4242::1";
    let page = request(&mut proxy, held, "GET", "/products/1", "");
    assert_eq!(page.status, 403);
    let solved = proxy.request(
        "POST",
        "/.spigot/solve",
        &[("Content-Type", "application/json"), ("X-Client-Address", held)],
        solve(&of_page(&page)).as_bytes(),
    );
    let cookie = solved.cookie();

    // A new /64 each time, all in one /56 of another /48.
    let in_one_56 = (0..200).map(|n| format!("2001:db8:9:ab{:02x}::{n:x}", n % 256));
    assert_eq!(guess(&mut proxy, in_one_56), PER_56);
    assert_eq!(request(&mut proxy, "2001:db8:9:cd00::1", "GET", "/", "").status, 200, "another /56 there");

    // A new /56 each time, all in one /48.
    let in_one_48 = (0..400).map(|n| format!("2001:db8:7:{:02x}{:02x}::{n:x}", n % 256, n / 256));
    assert_eq!(guess(&mut proxy, in_one_48), PER_48);
    let stopped = request(&mut proxy, "2001:db8:7:ffff::99", "GET", "/", "");
    assert!(
        stopped.status == 403 && stopped.header("retry-after").is_some(),
        "a new address of it: {stopped:?}"
    );
    assert_eq!(request(&mut proxy, "2001:db8:8:1::1", "POST", "/login", "email=a&password=b").status, 401);
    assert_eq!(request(&mut proxy, "2001:db8:8:1::1", "GET", "/", "").status, 200, "the /48 beside it");
    let cleared = [("Accept", "text/html"), ("X-Client-Address", held), ("Cookie", cookie.as_str())];
    assert_eq!(proxy.request("GET", "/", &cleared, b"").status, 200, "who holds a clearance is its own");

    // From a peer that nobody trusts the header means nothing.
    let mut untrusted = demo.connect_from(2);
    assert_eq!(request(&mut untrusted, "2001:db8:7::1", "GET", "/", "").status, 200);
    assert_eq!(submit(&mut untrusted, "{}").status, 400);
}
