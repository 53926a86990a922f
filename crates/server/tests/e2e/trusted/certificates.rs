use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::{ASKED, ask, told};
use crate::demo::{Demo, free_port};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// A client's certificate and key as PEM files; and the certificate's bytes.
    fn client(&self, folder: &Path, name: &str) -> Vec<u8> {
        let mut parameters = CertificateParams::new(vec![format!("{name}.example")]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let made = parameters.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), made.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        made.der().to_vec()
    }
}

const PARTNER: &str = "[[trusted]]\nname = \"partner\"\nproof = \"certificate\"\ncertificate = \"dns:partner.example\"\ngives = \"pass\"\n";

#[test]
fn a_verified_certificate_is_its_clients_proof() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let files = folder.path().to_owned();
    let file = |name: &str| files.join(name).display().to_string();
    let server = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(file("server.pem"), server.cert.pem()).unwrap();
    std::fs::write(file("server.key"), server.signing_key.serialize_pem()).unwrap();
    std::fs::write(file("clients.pem"), &authority.pem).unwrap();
    authority.client(folder.path(), "partner");
    authority.client(folder.path(), "other");
    stranger.client(folder.path(), "stranger");
    let address = free_port();
    let config = format!(
        "{PARTNER}{ASKED}[tls]\nlisten = \"{address}\"\ncertificate = \"{}\"\nkey = \"{}\"\nclient_ca = \"{}\"\n",
        file("server.pem"),
        file("server.key"),
        file("clients.pem")
    );
    let demo = Demo::start_with(folder, Some(&config));
    let status = |client: Option<&str>| -> Option<String> {
        let port = address.port();
        let mut curl = Command::new("curl");
        curl.args(["-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Accept: application/json"]).args([
            "--resolve",
            &format!("localhost:{port}:127.0.0.1"),
            &format!("https://localhost:{port}/whoami"),
        ]);
        if let Some(client) = client {
            curl.args(["--cert", &file(&format!("{client}.pem")), "--key", &file(&format!("{client}.key"))]);
        }
        let output = curl.output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(without) = status(None) else { return println!("skipped: there is no curl") };
    assert_eq!(without, "403", "without one it is asked as everybody");
    assert_eq!(status(Some("partner")).as_deref(), Some("200"));
    assert_eq!(status(Some("other")).as_deref(), Some("403"), "one that is nobody's here");
    assert_eq!(status(Some("stranger")).as_deref(), Some("000"), "signed by somebody else: no connection");
    // The signers change while it runs.
    std::fs::write(file("clients.pem"), format!("{}{}", authority.pem, stranger.pem)).unwrap();
    demo.until_said("certificates_loaded");
    assert_eq!(status(Some("stranger")).as_deref(), Some("403"));
}

#[test]
fn only_a_trusted_proxy_shows_certificates_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let der = Authority::new().client(folder.path(), "partner");
    let config = format!(
        "trusted_proxies = \"127.0.0.1\"\nclient_certificate_header = \"Client-Cert\"\n{PARTNER}{ASKED}"
    );
    let demo = Demo::start_with(folder, Some(&config));
    let shown = format!(":{}:", STANDARD.encode(&der));
    let passed = ask(&mut demo.connect(), &[("Client-Cert", &shown)]);
    assert_eq!((passed.status, told(&passed, "x-spigot-trusted").as_deref()), (200, Some("partner")));
    let escaped = format!(
        "-----BEGIN%20CERTIFICATE-----%0A{}%0A-----END%20CERTIFICATE-----%0A",
        STANDARD.encode(&der).replace('+', "%2B")
    );
    assert_eq!(ask(&mut demo.connect(), &[("Client-Cert", &escaped)]).status, 200, "as nginx writes it");
    assert_eq!(ask(&mut demo.connect(), &[("Client-Cert", ":AAAA:")]).status, 403);
    assert_eq!(ask(&mut demo.connect_from(9), &[("Client-Cert", &shown)]).status, 403, "from anybody");
}
