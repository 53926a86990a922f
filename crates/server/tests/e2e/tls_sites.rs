//! Several hosts with certificates of their own behind one address.

use std::time::Instant;

use rustls_pki_types::CertificateDer;

use super::demo::{Demo, OPEN, SOON, free_port};
use super::tls::{ask, certificate_of, connect_to, trusting};

const SHOP: [&str; 2] = ["shop.test", "*.shop.test"];

#[test]
fn each_name_is_shown_its_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate_of(&["first.test", "127.0.0.1"], folder.path(), "first.pem", "first.key");
    let shop = certificate_of(&SHOP, folder.path(), "shop.pem", "shop.key");
    let address = free_port();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let pair = |name: &str| {
        format!(
            "certificate = \"{}\"\nkey = \"{}\"\n",
            file(&format!("{name}.pem")),
            file(&format!("{name}.key"))
        )
    };
    let tls = format!("[tls]\nlisten = \"{address}\"\n{}[[tls.site]]\n{}", pair("first"), pair("shop"));
    let demo = Demo::start_with(folder, Some(&format!("{OPEN}{tls}")));
    let shown = |host: &'static str, certificate: &CertificateDer<'static>| {
        let connected = connect_to(host, address, &trusting(certificate.clone()));
        connected.map(|mut stream| assert!(ask(&mut stream).starts_with("HTTP/1.1 200"), "{host}"))
    };
    // A client trusts one certificate alone, and only for its names: being let in tells which one it was shown.
    for (host, its) in
        [("first.test", &first), ("127.0.0.1", &first), ("shop.test", &shop), ("a.shop.test", &shop)]
    {
        shown(host, its).unwrap_or_else(|error| panic!("{host}: {error}"));
        let other = if *its == first { &shop } else { &first };
        assert!(shown(host, other).is_err(), "{host}");
    }
    // A name that none holds for gets the first, which the client refuses for its name and not for its signer.
    for host in ["other.test", "a.b.shop.test"] {
        let refused = shown(host, &first).unwrap_err().to_string();
        assert!(refused.contains("not valid for name"), "{host}: {refused}");
    }

    // The certificate of a site changes as the first does, and what stands goes on.
    let mut standing = connect_to("shop.test", address, &trusting(shop.clone())).unwrap();
    let renewed = certificate_of(&SHOP, demo.folder.path(), "shop.pem", "shop.key");
    let begun = Instant::now();
    while shown("shop.test", &renewed).is_err() {
        assert!(begun.elapsed() < SOON, "new connections see the new certificate: {}", demo.log());
    }
    assert!(ask(&mut standing).starts_with("HTTP/1.1 200"));
    shown("first.test", &first).unwrap();

    // One that cannot be used, or that names no host, changes nothing for anybody.
    certificate_of(&[], demo.folder.path(), "shop.pem", "shop.key");
    demo.until_said("names no host");
    shown("shop.test", &renewed).unwrap();
    std::fs::write(demo.folder.path().join("shop.pem"), "nonsense").unwrap();
    demo.until_said("shop.pem cannot be used");
    shown("a.shop.test", &renewed).unwrap();
    shown("first.test", &first).unwrap();
}
