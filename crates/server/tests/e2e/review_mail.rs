//! The weekly review as mail, to a server of our own that speaks as much SMTP as it takes (RFC 5321, 3207, 4954).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use super::demo::{Demo, OPEN, SOON};
use super::reading::Panel;

/// What a stub is like.
#[derive(Clone, Default)]
struct Stub {
    /// It offers STARTTLS with this.
    tls: Option<Arc<ServerConfig>>,
    /// What it says to a mail's first line, where that is no.
    refuses: Option<&'static str>,
}

/// A line that the client said, and whether in private; a mail is one of several lines.
type Said = (String, bool);

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Stub {
    /// Starts it; what clients say, and its port.
    fn start(self) -> (Receiver<Said>, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, said) = channel();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                stream.set_read_timeout(Some(SOON)).unwrap();
                // A client that goes away is one that was refused.
                let _ = self.open(stream, &sender);
            }
        });
        (said, port)
    }

    fn open(&self, mut stream: TcpStream, said: &Sender<Said>) -> std::io::Result<()> {
        stream.write_all(b"220 stub ESMTP\r\n")?;
        let wants_tls = self.talk(&mut BufReader::new(&mut stream as &mut dyn Stream), false, said)?;
        let Some(config) = self.tls.clone().filter(|_| wants_tls) else { return Ok(()) };
        let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
        let mut private = StreamOwned::new(connection, stream);
        self.talk(&mut BufReader::new(&mut private as &mut dyn Stream), true, said).map(drop)
    }

    /// Answers until the end, or until privacy is to begin.
    fn talk(
        &self,
        stream: &mut BufReader<&mut dyn Stream>,
        private: bool,
        said: &Sender<Said>,
    ) -> std::io::Result<bool> {
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Ok(false);
            }
            let line = line.trim_end().to_owned();
            let _ = said.send((line.clone(), private));
            let word = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let answer = match word.as_str() {
                "EHLO" if private => "250-stub\r\n250 AUTH PLAIN",
                "EHLO" if self.tls.is_some() => "250-stub\r\n250 STARTTLS",
                "EHLO" => "250 stub",
                "STARTTLS" => "220 go ahead",
                "AUTH" => "235 welcome",
                "MAIL" => self.refuses.unwrap_or("250 fine"),
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            stream.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
            match word.as_str() {
                "STARTTLS" => return Ok(true),
                "QUIT" => return Ok(false),
                "DATA" => {
                    let lines = stream.by_ref().lines().map_while(Result::ok);
                    let mail: Vec<String> = lines.take_while(|line| line != ".").collect();
                    let _ = said.send((mail.join("\n"), private));
                    stream.get_mut().write_all(b"250 taken\r\n")?;
                }
                _ => {}
            }
        }
    }
}

/// A certificate for this machine: as the server shows it, and as PEM.
fn certificate() -> (Arc<ServerConfig>, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key.into()).unwrap();
    (Arc::new(config), made.cert.pem())
}

/// A demo whose review has been due for long.
fn due(port: u16, ca: &str, more: &str) -> Demo {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    write("review-sent.json", "{\"version\":1,\"due_millis\":0,\"mail_due_millis\":0}");
    let (ca, password) = (write("ca.pem", ca), write("password", "hush-hush\n"));
    let config = format!(
        "{OPEN}{more}[review.mail]\nhost = \"127.0.0.1\"\nport = {port}\nca = '{ca}'\nuser = \"spigot\"\npassword = {{ file = '{password}' }}\nfrom = \"Spigot <spigot@example.org>\"\nto = [\"Operators <ops@example.org>\", \"ada@example.org\"]\n"
    );
    Demo::start_with(folder, Some(&config))
}

/// What the page Health knows of the mail.
fn report(demo: &Demo) -> Value {
    let health = Panel::of(demo, "operator").get("/api/health");
    let reports = health["nodes"][0]["reports"].as_array().unwrap();
    reports.iter().find(|one| one["way"] == "mail").unwrap().clone()
}

#[test]
fn a_review_that_is_due_is_mailed_in_private() {
    let (tls, pem) = certificate();
    let (said, port) = Stub { tls: Some(tls), ..Stub::default() }.start();
    let demo = due(port, &pem, "");
    demo.until_said("review_sent");
    let all: Vec<Said> = said.try_iter().collect();
    let (open, private): (Vec<&Said>, Vec<&Said>) = all.iter().partition(|(_, private)| !private);
    let words = |said: &[&Said]| -> Vec<String> {
        let words = said.iter().map(|(line, _)| line.split(' ').next().unwrap_or_default().to_owned());
        words.filter(|word| word.len() == 4 || word == "STARTTLS").collect()
    };
    assert_eq!(words(&open), ["EHLO", "STARTTLS"]);
    assert_eq!(words(&private)[..6], ["EHLO", "AUTH", "MAIL", "RCPT", "RCPT", "DATA"]);
    let line = |begin: &str| private.iter().find(|(line, _)| line.starts_with(begin)).map(|(line, _)| line);
    let plain = line("AUTH PLAIN ").unwrap().trim_start_matches("AUTH PLAIN ");
    assert_eq!(STANDARD.decode(plain).unwrap(), b"\0spigot\0hush-hush");
    let mail = &private.iter().find(|(line, _)| line.contains("Subject: ")).unwrap().0;
    for part in [
        "From: Spigot <spigot@example.org>",
        "Subject: Spigot: weekly review until ",
        "Auto-Submitted: auto-generated",
        "Content-Type: multipart/alternative",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
        "Weekly review, ",
        "<h1>Weekly review</h1>",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    let report = report(&demo);
    assert!(report["sent_millis"].as_i64() > Some(0) && report["failed"].is_null(), "{report}");
    assert_eq!(report["to"], format!("127.0.0.1:{port}"));
    assert!(!demo.log().contains("hush"), "{}", demo.log());
    let kept = std::fs::read_to_string(demo.folder.path().join("review-sent.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert!(kept["mail_due_millis"].as_i64() > Some(1_700_000_000_000), "{kept}");
}

/// What the server must not hear is not said, and Health tells why nothing came.
#[test]
fn a_server_that_is_not_private_or_not_the_one_gets_nothing() {
    let (tls, _) = certificate();
    let (_, others) = certificate();
    let check = |stub: Stub, hears: &[&str], why: &str| {
        let (said, port) = stub.start();
        let demo = due(port, &others, "");
        demo.until_said("review_unsent");
        let heard: Vec<Said> = said.try_iter().collect();
        for (line, _) in &heard {
            assert!(hears.iter().any(|word| line.starts_with(word)), "{line} was said");
        }
        let report = report(&demo);
        let failed = report["failed"].as_str().unwrap().to_lowercase();
        assert!(failed.contains(why), "{failed}");
        assert!(report["attempts"].as_u64() >= Some(1) && report["sent_millis"].is_null(), "{report}");
        assert!(report["next_millis"].as_i64() > Some(1_700_000_000_000), "{report}");
        assert!(!demo.log().contains("hush") && !failed.contains("hush"));
    };
    check(Stub::default(), &["EHLO", "QUIT"], "starttls");
    check(Stub { tls: Some(tls), ..Stub::default() }, &["EHLO", "STARTTLS", "QUIT"], "certificate");
}

/// The hook does not wait for the mail, and is not sent again with it.
#[test]
fn each_way_is_for_itself() {
    let (tls, pem) = certificate();
    let (_said, port) = Stub { tls: Some(tls), refuses: Some("451 come back later") }.start();
    let (posted, url) = super::review_hook::hook();
    let demo = due(port, &pem, &format!("[review]\nurl = \"{url}\"\n"));
    posted.recv_timeout(SOON).unwrap();
    demo.until_said("review_unsent");
    let report = report(&demo);
    assert!(report["failed"].as_str().unwrap().contains("come back later"), "{report}");
    assert!(demo.log().contains("\"way\":\"hook\""), "{}", demo.log());
    let kept = std::fs::read_to_string(demo.folder.path().join("review-sent.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert!(kept["due_millis"].as_i64() > Some(1_700_000_000_000), "{kept}");
    assert_eq!(kept["mail_due_millis"], 0, "{kept}");
    assert!(posted.try_recv().is_err(), "it was posted twice");
}
