//! TLS as clients meet it: versions, protocols, fingerprints, resumption, and certificates that change.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};
use rustls_pki_types::CertificateDer;

use super::demo::{Demo, OPEN, SOON, free_port};
use super::served::Served;

pub(crate) struct Secure {
    pub(crate) demo: Demo,
    pub(crate) address: SocketAddr,
}

/// A certificate for `localhost`, new each time, as PEM files in the folder; what a client has to trust.
pub(crate) fn certificate(folder: &Path) -> CertificateDer<'static> {
    certificate_of(&["localhost"], folder, "certificate.pem", "key.pem")
}

pub(crate) fn certificate_of(
    hosts: &[&str],
    folder: &Path,
    certificate: &str,
    key: &str,
) -> CertificateDer<'static> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(hosts).unwrap();
    // The key first: between the two writes they do not fit, which has to be refused and made good by the second.
    save(&folder.join(key), made.signing_key.serialize_pem());
    save(&folder.join(certificate), made.cert.pem());
    made.cert.der().clone()
}

/// Puts a file in its place at once: half of one would be read, and refused, for another reason.
fn save(file: &Path, bytes: impl AsRef<[u8]>) {
    let fresh = file.with_extension("fresh");
    std::fs::write(&fresh, bytes).unwrap();
    std::fs::rename(fresh, file).unwrap();
}

impl Secure {
    pub(crate) fn start(more: &str) -> (Self, CertificateDer<'static>) {
        let folder = tempfile::tempdir().unwrap();
        let trusted = certificate(folder.path());
        let address = free_port();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "{OPEN}{more}[tls]\nlisten = \"{address}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
            file("certificate.pem"),
            file("key.pem")
        );
        let demo = Demo::start_with(folder, Some(&config));
        (Self { demo, address }, trusted)
    }

    fn connect(
        &self,
        config: &Arc<ClientConfig>,
    ) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
        connect(self.address, config)
    }
}

fn connect(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    connect_to("localhost", address, config)
}

/// Asks for the certificate of a host. An address is no name that is asked for.
pub(crate) fn connect_to(
    host: &'static str,
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(SOON))?;
    let mut client = ClientConnection::new(config.clone(), host.try_into().unwrap()).unwrap();
    while client.is_handshaking() {
        client.complete_io(&mut socket)?;
    }
    Ok(StreamOwned::new(client, socket))
}

pub(crate) fn trusting(certificate: CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    // A resumed session shows no certificate.
    config.resumption = rustls::client::Resumption::disabled();
    Arc::new(config)
}

/// Asks over HTTP/1.1; the whole answer.
pub(crate) fn ask(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> String {
    ask_for(stream, "/whoami")
}

fn ask_for(stream: &mut StreamOwned<ClientConnection, TcpStream>, path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let (mut answer, mut piece) = (String::new(), [0; 8192]);
    let is_whole = |answer: &str| {
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        Some(body.len() >= length.parse().ok()?)
    };
    while is_whole(&answer) != Some(true) {
        let count = stream.read(&mut piece).unwrap();
        assert_ne!(count, 0, "cut off: {answer}");
        answer.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    answer
}

/// What curl says with these arguments: its answer, then version and status. `None` when there is no such curl.
fn curl(address: SocketAddr, arguments: &[&str]) -> Option<String> {
    let url = format!("https://localhost:{}/whoami", address.port());
    let output = Command::new("curl")
        .args(["-sk", "--resolve", &format!("localhost:{}:127.0.0.1", address.port())])
        .args(["-w", "\n%{http_version} %{http_code}", &url])
        .args(arguments)
        .output()
        .ok()?;
    // 2: an option that this curl does not know; 4: a feature that it was built without.
    (!matches!(output.status.code(), Some(2 | 4)))
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn versions_protocols_and_fingerprints_of_real_programs() {
    let (secure, _) = Secure::start("");
    let check = |arguments: &[&str], version: &str, fingerprint: &str| match curl(secure.address, arguments) {
        Some(said) => {
            assert!(said.ends_with(&format!("\n{version} 200")), "{arguments:?}: {said}");
            assert!(said.contains(fingerprint), "{arguments:?}: {said}");
            assert_eq!(said.contains("x-spigot-fingerprint-http2"), version == "2", "{said}");
        }
        None => println!("skipped: no such curl {arguments:?}"),
    };
    check(&["--http2"], "2", "\"t13d");
    check(&["--http1.1"], "1.1", "h1_");
    check(&["--http1.1", "--tls-max", "1.2"], "1.1", "\"t12d");
    check(&["--http2", "--tls-max", "1.2"], "2", "\"t12d");
    check(&["--no-alpn", "--tlsv1.3"], "1.1", "00_");
    match Command::new("curl").arg("--version").output() {
        Ok(output) if String::from_utf8_lossy(&output.stdout).starts_with("curl 7.88.1 ") => {
            check(&["--http2"], "2", "\"t13d3112h2_e8f1e7e78f70_b26ce05bbdd6\"");
            check(&["--http2"], "2", "\"3:100;4:33554432;2:0|33488897|0|m,p,s,a\"");
        }
        _ => println!("skipped: another curl has other fingerprints"),
    }
}

#[test]
fn events_keep_the_fingerprints_and_are_found_by_them() {
    let (secure, trusted) = Secure::start("");
    let mut stream = secure.connect(&trusting(trusted)).unwrap();
    let told = |answer: &str, layer: &str| {
        let name = format!("[\"x-spigot-fingerprint-{layer}\",\"");
        let value = answer.split_once(&name).unwrap_or_else(|| panic!("no {layer}: {answer}")).1;
        value.split('"').next().unwrap().to_owned()
    };
    let answer = ask(&mut stream);
    let (tls, header) = (told(&answer, "tls"), told(&answer, "header"));
    // One that has no TLS and other headers.
    assert_eq!(secure.demo.connect().get("/whoami").status, 200);
    secure.demo.until("both are written", |health| health["events"]["written"].as_u64() == Some(2));
    for fingerprint in [&tls, &tls[..10].to_ascii_uppercase(), &header] {
        let found = secure.demo.command(&["events", "--fingerprint", fingerprint, "--format", "json"]);
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        let record: serde_json::Value =
            serde_json::from_str(&found).unwrap_or_else(|error| panic!("{error}: {found}"));
        assert_eq!(record["fingerprints"], serde_json::json!({ "tls": tls, "header": header }));
        let story = secure.demo.command(&["explain", record["id"].as_str().unwrap()]);
        let story = String::from_utf8_lossy(&story.stdout).into_owned();
        assert!(story.contains(&format!("Fingerprints: TLS {tls}, header {header}.")), "{story}");
    }
    let none = secure.demo.command(&["events", "--fingerprint", "t00"]);
    assert!(String::from_utf8_lossy(&none.stdout).contains("Nothing happened that fits"));
}

#[test]
fn a_list_holds_fingerprints() {
    let (secure, trusted) = Secure::start("");
    let config = trusting(trusted);
    let answer = || ask(&mut secure.connect(&config).unwrap());
    let first = answer();
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    let tls = first.split_once("[\"x-spigot-fingerprint-tls\",\"").unwrap().1.split('"').next().unwrap();
    let listed = |entry: &str| {
        let file = secure.demo.folder.path().join("policy.toml");
        let before = std::fs::read_to_string(file).unwrap();
        let list = format!(
            "[[list]]\nname = \"tools\"\nkind = \"deny\"\naction = \"block\"\nentries = [\"{entry}\"]\n"
        );
        let before = before.split("[[list]]").next().unwrap();
        let revision = secure.demo.revision();
        secure.demo.write(&format!("{before}{list}"));
        secure.demo.until("the list is in force", |health| health["revision"] != revision);
    };
    listed(&format!("fingerprint:{tls}"));
    assert!(answer().starts_with("HTTP/1.1 403"), "by its JA4");
    assert_eq!(secure.demo.connect().get("/").status, 200, "who has none is not on it");
    listed("fingerprint:t13d1516h2_8daaf6152771_b186095e22b6");
    assert!(answer().starts_with("HTTP/1.1 200"), "another's");
}

#[test]
fn the_fingerprint_of_openssl() {
    let (secure, _) = Secure::start("");
    let spawned = Command::new("openssl")
        .args([
            "s_client",
            "-quiet",
            "-ign_eof",
            "-servername",
            "localhost",
            "-connect",
            &format!("localhost:{}", secure.address.port()),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut client) = spawned else { return println!("skipped: openssl is not here") };
    let request = b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    client.stdin.take().unwrap().write_all(request).unwrap();
    let said = client.wait_with_output().unwrap().stdout;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("\"t13d31"), "{said}");
    let version = Command::new("openssl").arg("version").output().unwrap().stdout;
    if String::from_utf8_lossy(&version).starts_with("OpenSSL 3.0.") {
        assert!(said.contains("\"t13d311000_e8f1e7e78f70_1f22a2ca17c4\""), "{said}");
    }
}

#[test]
fn sessions_resume() {
    let (secure, trusted) = Secure::start("");
    let base = trusting(trusted);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let mut config =
            builder.dangerous().with_custom_certificate_verifier(verifier(&secure)).with_no_client_auth();
        config.resumption = rustls::client::Resumption::in_memory_sessions(8);
        let config = Arc::new(config);
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut stream = secure.connect(&config).unwrap();
            assert!(ask(&mut stream).starts_with("HTTP/1.1 200"));
            kinds.push(stream.conn.handshake_kind().unwrap());
        }
        assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed], "{version:?}");
    }
    assert!(ask(&mut secure.connect(&base).unwrap()).contains("200"));
}

/// Checks as a browser does, against the certificate in the folder.
fn verifier(secure: &Secure) -> Arc<dyn rustls::client::danger::ServerCertVerifier> {
    use rustls_pki_types::pem::PemObject;
    let file = secure.demo.folder.path().join("certificate.pem");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
}

#[test]
fn certificates_change_while_connections_stand() {
    let (secure, first) = Secure::start("");
    let folder = secure.demo.folder.path();
    let first = trusting(first);
    let mut standing = secure.connect(&first).unwrap();
    assert!(ask(&mut standing).starts_with("HTTP/1.1 200"));

    // Saved files are noticed without being told of.
    let second = trusting(certificate(folder));
    secure.demo.until_said("certificates_loaded");
    let start = Instant::now();
    while secure.connect(&second).is_err() {
        assert!(start.elapsed() < SOON, "new connections see the new certificate");
    }
    assert!(secure.connect(&first).is_err());
    assert!(ask(&mut standing).starts_with("HTTP/1.1 200"), "an old connection goes on");

    // Broken ones are refused, with what is wrong, and change nothing.
    for (name, text, said) in [
        ("certificate.pem", "nonsense", "certificate.pem cannot be used"),
        (
            "key.pem",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "key.pem cannot be used together",
        ),
    ] {
        let good = std::fs::read(folder.join(name)).unwrap();
        save(&folder.join(name), text);
        secure.demo.until_said(said);
        assert!(secure.demo.log().contains("certificates_refused"), "{}", secure.demo.log());
        assert!(ask(&mut secure.connect(&second).unwrap()).starts_with("HTTP/1.1 200"));
        save(&folder.join(name), good);
    }

    // A signal asks for certificates and policy together, and each stands or falls for itself.
    let before = secure.demo.revision();
    let config = std::fs::read_to_string(folder.join("policy.toml")).unwrap();
    let third = trusting(certificate(folder));
    secure.demo.write(&config.replace("\"/**\"\n", "\"/**\"\nask = \"always\"\n"));
    secure.demo.signal("HUP");
    secure.demo.until("the new policy decides", |health| health["revision"] != before);
    let start = Instant::now();
    while secure.connect(&third).is_err() {
        assert!(start.elapsed() < SOON, "the new certificate is in force");
    }
    assert!(ask(&mut secure.connect(&third).unwrap()).starts_with("HTTP/1.1 403"));
    assert!(
        ask(&mut standing).starts_with("HTTP/1.1 403"),
        "an old connection's requests see the new policy"
    );
    let good = secure.demo.revision();
    save(&folder.join("certificate.pem"), "nonsense again");
    secure.demo.write("[[route]]\nname = 7\n");
    secure.demo.signal("HUP");
    secure.demo.until_said("configuration_refused");
    assert_eq!(secure.demo.revision(), good);
    assert!(
        ask(&mut secure.connect(&third).unwrap()).starts_with("HTTP/1.1 403"),
        "both stand as they stood"
    );
}

#[test]
fn a_handshake_that_stalls() {
    let (secure, trusted) = Secure::start("[bounds]\nhead_time = \"1s\"\n");
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n"] {
        let start = Instant::now();
        let mut socket = TcpStream::connect(secure.address).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        socket.write_all(bytes).unwrap();
        // It may be told why it is let go; it is let go.
        let mut rest = Vec::new();
        let read = socket.read_to_end(&mut rest);
        assert!(!read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "{bytes:x?}");
        assert!(start.elapsed() < SOON && !rest.starts_with(b"HTTP"), "{rest:x?}");
    }
    assert!(secure.connect(&trusting(trusted)).is_ok());
}

#[test]
fn the_service_has_an_address_with_tls() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = certificate(folder.path());
    let (own, service) = (free_port(), free_port());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let _served = Served::start(&format!(
        "upstream = \"http://127.0.0.1:9\"\n[tls]\nlisten = \"{own}\"\ncertificate = \"{}\"\nkey = \"{}\"\n\
         [service]\nlisten_tls = \"{service}\"\n",
        file("certificate.pem"),
        file("key.pem")
    ));
    let mut stream = connect(service, &trusting(trusted)).unwrap();
    let answer = ask_for(&mut stream, "/health");
    assert!(answer.ends_with("{\"status\":\"serving\"}"), "{answer}");
}
