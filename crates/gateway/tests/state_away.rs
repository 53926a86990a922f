//! A state that is away: routes that are `closed` say so in their sender's own form, the others serve.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use spigot_challenge::{Keyring, Secret};
use spigot_decision::policy::{Ladder, Strike, load};
use spigot_decision::{Count, Facts, Keys, Millis, Outcome, Plan};
use spigot_event::{Event, Maintained, Recorder, RecorderSettings, Sink, SinkError};
use spigot_gateway::{Front, Gateway, Settings, Snapshot, listen, serve};
use spigot_state::{Begun, Claim, SpendError, State};

/// Nothing can be asked.
struct Away;

impl State for Away {
    async fn fetch(&self, _: &Plan, _: &str, _: Millis) -> Facts {
        Facts::default()
    }
    async fn begin(&self, _: &Plan, _: Millis) -> Option<Begun> {
        None
    }
    async fn count(&self, _: &Count, _: Millis) -> Option<u32> {
        None
    }
    async fn report(&self, _: &Outcome, _: &Ladder, _: Millis) -> Option<Strike> {
        None
    }
    async fn solved(&self, _: &[u64], _: Millis) {}
    async fn is_spent(&self, _: &[u8; 16], _: Millis) -> Result<bool, SpendError> {
        Err(SpendError::Away)
    }
    async fn claim(&self, _: &[u8; 16], _: u64, _: Millis, _: Millis) -> Result<Claim, SpendError> {
        Err(SpendError::Away)
    }
}

struct Forgets;

impl Sink for Forgets {
    fn write(&mut self, _: &[Event]) -> Result<(), SinkError> {
        Ok(())
    }
    fn maintain(&mut self, _: Millis) -> Result<Maintained, SinkError> {
        Ok(Maintained::default())
    }
}

const POLICY: &str = "
[[route]]
name = \"closed\"
match = \"/closed/**\"
unavailable = \"closed\"
[[route]]
name = \"open\"
match = \"/**\"
";

fn start() -> SocketAddr {
    let policy = load("policy.toml", POLICY).unwrap_or_else(|problems| panic!("{problems}"));
    let snapshot = Snapshot {
        policy: Arc::new(policy),
        settings: Settings::default(),
        keyring: Keyring::new(&[(1, Secret::new([7; 32]))]),
        networks: Arc::default(),
        reputations: Arc::default(),
        service: Arc::default(),
    };
    let (recorder, _writer) = Recorder::start(Forgets, RecorderSettings::default());
    let gateway =
        Gateway::new(snapshot, Arc::new(Away), recorder, Arc::new(|| Millis(1_800_000_000_000)), Keys(1, 2));
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let served = serve(gateway, listener, Front::default(), stopped);
        let _ = tokio::task::LocalSet::new().block_on(&runtime, served);
    });
    address
}

fn ask(address: SocketAddr, path: &str, header: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out can be set");
    let head = format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n{header}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer.to_ascii_lowercase()
}

#[test]
fn closed_routes_are_unavailable_in_the_form_of_the_sender() {
    let address = start();
    let check = |path: &str, header: &str, status: &str, with: &[&str]| {
        let answer = ask(address, path, header);
        assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{path} {header}: {answer}");
        for part in with {
            assert!(answer.contains(part), "{path} {header}: no {part:?} in {answer}");
        }
    };
    let html = "content-type: text/html";
    let problem = "content-type: application/problem+json";
    check("/closed/a", "Accept: text/html", "503", &["retry-after: 5", html]);
    check("/closed/a", "Accept: application/json", "503", &["retry-after: 5", problem, "state_unavailable"]);
    check("/closed/a", "Accept: image/png", "503", &["retry-after: 5", "content-type: text/plain"]);
    check("/closed/a", "Content-Type: application/grpc", "200", &["retry-after: 5", "grpc-status: 14"]);
    // Open routes go on: here only as far as the site, which this gateway has not.
    check("/open", "Accept: text/html", "421", &[]);
}
