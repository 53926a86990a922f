//! The servers behind: how they are spoken to, which one is asked, and what happens when one fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use h2::Reason;
use http::{Request, Response};

use super::application::{Application, Exchange};
use super::http2::{Modern, Pieces, ask, doing};
use super::served::Served;

fn named(name: &'static str) -> impl Fn(&mut Exchange) -> bool + Send + Sync + 'static {
    move |exchange| {
        exchange.answer(name);
        true
    }
}

#[test]
fn one_of_two_is_killed_and_comes_back_and_no_get_is_lost() {
    let first = Application::start(named("first"));
    let mut second = Application::start(named("second"));
    let address = second.address;
    let served = Served::start(&format!(
        "upstream = [\"{}\", \"http://{address}\"]\n[bounds]\npass_over = \"20ms\"\npass_over_most = \"50ms\"",
        first.address
    ));
    let mut connection = served.connect();
    let mut get = |until: &dyn Fn(&str, usize) -> bool, what: &str| {
        let begun = Instant::now();
        for count in 1.. {
            let answer = connection.get("/");
            assert_eq!(answer.status, 200, "{what}, request {count}: {}", answer.text());
            if until(&answer.text(), count) {
                return;
            }
            assert!(begun.elapsed().as_secs() < 20, "never: {what}");
        }
    };
    get(&|name, _| name == "second", "both are asked");
    get(&|name, _| name == "first", "both are asked");
    second.kill();
    get(&|name, count| name == "first" && count > 200, "one is gone");
    let back = Application::start_at(address, named("second, again"));
    get(&|name, _| name == "second, again", "it is tried again by itself");
    drop(back);
    get(&|_, count| count > 50, "gone once more");
}

#[test]
fn with_nobody_there_the_refusal_names_the_decision() {
    let gone = Application::start(named("gone")).address;
    let served = Served::start(&format!("upstream = \"http://{gone}\""));
    for turn in 0..3 {
        let answer = served.connect().request("GET", "/", &[("Accept", "application/json")], b"");
        assert_eq!(answer.status, 502, "{turn}");
        let told = answer.json();
        assert_eq!(
            (told["code"].as_str(), told["decision"].as_str().map(str::len)),
            (Some("upstream"), Some(16))
        );
    }
    let page = served.connect().get("/");
    assert!(page.status == 502 && page.text().contains("cannot be reached"), "{}", page.text());
    let back = Application::start_at(gone, named("back"));
    assert_eq!(
        served.connect().get("/").text(),
        "back",
        "the only one is asked even while it is passed over"
    );
    drop(back);
}

#[test]
fn what_never_answers_is_a_timeout() {
    let silent = Application::start(|exchange| {
        exchange.line();
        false
    });
    let served =
        Served::start(&format!("upstream = \"{}\"\n[bounds]\nanswer_time = \"100ms\"", silent.address));
    let answer = served.connect().get("/");
    assert!(answer.status == 504 && answer.text().contains("in time"), "{}", answer.text());
}

/// A kept connection ends without an answer, after the request was read: it may have had its effect.
#[test]
fn only_what_is_idempotent_is_sent_again() {
    let check = |method: &'static str, body: &'static [u8], status: u16, times: usize| {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let application = Application::start(move |exchange| {
            exchange.body();
            if exchange.head[0].contains("/first") {
                exchange.answer("first");
                return true;
            }
            counted.fetch_add(1, Ordering::SeqCst);
            if exchange.turn > 1 {
                return false;
            }
            exchange.answer("on a new connection");
            true
        });
        let served = Served::start(&format!("upstream = \"{}\"", application.address));
        let mut connection = served.connect();
        assert_eq!(connection.get("/first").text(), "first");
        let answer = connection.request(method, "/second", &[("Accept", "text/html")], body);
        assert_eq!((answer.status, asked.load(Ordering::SeqCst)), (status, times), "{method}");
    };
    check("GET", b"", 200, 2);
    check("PUT", b"whole and small", 200, 2);
    check("DELETE", b"", 200, 2);
    check("POST", b"order=1", 502, 1);
    check("PATCH", b"order=1", 502, 1);
}

/// And on a connection that never answers twice in a row there is one more attempt, not many.
#[test]
fn it_is_sent_again_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let application = Application::start(move |exchange| {
        if exchange.head[0].contains("/first") {
            exchange.answer("first");
            return true;
        }
        counted.fetch_add(1, Ordering::SeqCst);
        false
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let mut connection = served.connect();
    connection.get("/first");
    assert_eq!(connection.get("/second").status, 502);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn http2_without_tls_over_one_connection() {
    let application = Modern::start(None);
    let served = Served::start(&format!("upstream = \"h2c://{}\"", application.address));
    let told = served.connect().request("POST", "/a%20b?c=d", &[("Accept", "*/*")], b"body").json();
    let expected = serde_json::json!({
        "version": "HTTP/2.0", "host": null, "authority": "shop.test", "scheme": "http",
        "target": "/a%20b?c=d", "body": "body", "trailers": null,
    });
    assert_eq!(told, expected);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = served.connect();
                for _ in 0..25 {
                    assert_eq!(connection.get("/").status, 200);
                }
            });
        }
    });
    assert_eq!(application.connections.load(Ordering::SeqCst), 1, "all share one");
    let over_http2 = Request::get("http://shop.test/x").body(Pieces::default()).unwrap();
    let told = ask(served.address, vec![over_http2]).remove(0).unwrap();
    assert!(told.status == 200 && told.body.contains("\"authority\":\"shop.test\""), "{told:?}");
}

#[test]
fn what_a_server_has_not_looked_at_is_sent_again() {
    let application = doing(|number, _, mut respond| match number {
        1 => respond.send_reset(Reason::REFUSED_STREAM),
        3 => respond.send_reset(Reason::INTERNAL_ERROR),
        _ => {
            let mut body = respond.send_response(Response::new(()), false).unwrap();
            body.send_data(format!("request {number}").into(), true).unwrap();
        }
    });
    let served = Served::start(&format!("upstream = \"h2c://{application}\""));
    let mut connection = served.connect();
    let mut post = || connection.request("POST", "/", &[], b"once");
    assert_eq!(post().text(), "request 0");
    assert_eq!(post().text(), "request 2");
    // That one may have been acted upon.
    assert_eq!(post().status, 502);
    assert_eq!(post().text(), "request 4");
}

#[test]
fn http2_from_the_client_is_http1_with_its_host() {
    let application = Modern::start(None);
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let request = Request::get("http://shop.test:81/x").body(Pieces::default()).unwrap();
    let told = ask(served.address, vec![request]).remove(0).unwrap();
    let told: serde_json::Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(
        (&told["version"], &told["host"], &told["target"]),
        (&"HTTP/1.1".into(), &"shop.test:81".into(), &"/x".into())
    );
}

#[test]
fn tls_with_a_verified_certificate_and_either_protocol() {
    let authority = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let server = |protocols: &[&str]| {
        let key = rustls_pki_types::PrivateKeyDer::try_from(authority.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![authority.cert.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    let (good, other) = (file("good.pem", authority.cert.pem()), file("other.pem", stranger.cert.pem()));
    let check = |protocols: &[&str], ca: &str, host: &str, expected: Result<&str, u16>| {
        let application = Modern::start(Some(server(protocols)));
        let port = application.address.port();
        let served = Served::start(&format!("upstream = \"https://{host}:{port}\"\nupstream_ca = \"{ca}\""));
        let answer = served.connect().request("GET", "/", &[("Accept", "*/*")], b"");
        match expected {
            Ok(version) => assert_eq!(answer.json()["version"], version, "{protocols:?} {}", answer.text()),
            Err(status) => assert_eq!(answer.status, status, "{protocols:?} {ca} {host}"),
        }
        if expected.is_ok() {
            let mut connection = served.connect();
            connection.send(b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
            assert_eq!(connection.head().status, 101, "an upgrade has an HTTP/1.1 connection of its own");
            connection.send(b"hello");
            assert_eq!(connection.bytes(5), b"hello");
        }
    };
    check(&["h2", "http/1.1"], &good, "localhost", Ok("HTTP/2.0"));
    check(&["http/1.1"], &good, "localhost", Ok("HTTP/1.1"));
    check(&["h2"], &other, "localhost", Err(502));
    check(&["h2"], &good, "127.0.0.1", Err(502));
}

#[test]
fn what_is_no_upstream_is_said_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let check = |line: &str, parts: &[&str]| {
        let file = folder.path().join("spigot.toml");
        std::fs::write(&file, format!("listen = \"127.0.0.1:8080\"\n{line}\n")).unwrap();
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_spigot")).arg("check").arg(&file).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.success(), parts.is_empty(), "{line}: {said}");
        for part in parts {
            assert!(said.contains(part), "{line}: {said}");
        }
    };
    check("upstream = [\"app:3000\", \"http://app\", \"h2c://app:1\", \"127.0.0.1:1\"]", &[]);
    check("upstream = \"app\"", &["spigot.toml:2", "\"app\" is no upstream", "h2c://"]);
    check("upstream = \"http://app/path\"", &["is no upstream", "a path is not possible"]);
    check("upstream = \"ftp://app\"", &["no upstream can be spoken to by \"ftp\""]);
    check("upstream = \"http://app:0x50\"", &["no port between 1 and 65535"]);
    check("upstream = \"https://app\"\nupstream_ca = \"/nowhere.pem\"", &["spigot.toml:3", "cannot be used"]);
}
