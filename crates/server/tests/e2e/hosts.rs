//! Several sites behind one address, told apart by their host.

use super::application::{Application, Exchange};
use super::served::Served;

fn named(name: &'static str) -> impl Fn(&mut Exchange) -> bool + Send + Sync + 'static {
    move |exchange| {
        exchange.answer(name);
        true
    }
}

#[test]
fn each_host_reaches_its_own_upstream_however_it_is_written() {
    let (shop, wide, other) = (
        Application::start(named("shop")),
        Application::start(named("wide")),
        Application::start(named("other")),
    );
    let sites = |last: &str| {
        format!(
            "{last}[[site]]\nhost = [\"shop.example\", \"Buy.Example\"]\nupstream = \"{}\"\n[[site]]\nhost = \"*.shop.example\"\nupstream = \"{}\"\n",
            shop.address, wide.address
        )
    };
    let check = |served: &Served, host: &str, expected: Option<&str>| {
        let mut connection = served.connect();
        connection.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes());
        let answer = connection.answer(false);
        match expected {
            Some(name) => assert_eq!((answer.status, answer.text().as_str()), (200, name), "{host}"),
            None => assert_eq!(answer.status, 421, "{host}: {}", answer.text()),
        }
    };
    let strict = Served::start(&sites(""));
    for host in [
        "shop.example",
        "SHOP.Example",
        "shop.example:8080",
        "shop.example.",
        "Shop.Example.:443",
        "buy.example",
    ] {
        check(&strict, host, Some("shop"));
    }
    for host in ["a.shop.example", "A.B.SHOP.EXAMPLE", "a.shop.example:1", "a.shop.example."] {
        check(&strict, host, Some("wide"));
    }
    for host in ["other.example", "notshop.example", "shop.example.evil", "example", "127.0.0.1", "[::1]:80"]
    {
        check(&strict, host, None);
    }
    // With an upstream at the top nobody is turned away.
    let open = Served::start(&sites(&format!("upstream = \"{}\"\n", other.address)));
    check(&open, "shop.example.", Some("shop"));
    check(&open, "a.shop.example", Some("wide"));
    check(&open, "other.example", Some("other"));
}
