//! A state that is away: routes that are `closed` say so in their sender's own form, the others serve.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use spigot_challenge::{Keyring, Secret};
use spigot_decision::policy::{Ladder, PrefixMap, Strike, load};
use spigot_decision::{Count, Facts, Keys, Millis, Outcome, Plan, Prefix};
use spigot_event::{Event, Maintained, Recorder, RecorderSettings, Sink, SinkError};
use spigot_gateway::{Beside, BesideKind, Door, Front, Gateway, Settings, Snapshot, listen, serve};
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

fn start(front: Front) -> SocketAddr {
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
        let served = serve(gateway, listener, front, stopped);
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
    answer
}

#[test]
fn closed_routes_are_unavailable_in_the_form_of_the_sender() {
    let address = start(Front::default());
    let check = |path: &str, header: &str, status: &str, with: &[&str]| {
        let answer = ask(address, path, header).to_ascii_lowercase();
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

/// Envoy takes a fault over HTTP for Spigot's absence, and may be told to let requests pass then. What was decided is no
/// absence.
#[test]
fn no_door_is_told_a_refusal_as_a_fault_that_it_would_let_pass() {
    let check = |kind: BesideKind, header: &str, status: &str| {
        let peers = PrefixMap::new(Prefix::parse("127.0.0.0/8").map(|prefix| (prefix, ())));
        let door = Door::Beside(Arc::new(Beside { kind, peers }));
        let address = start(Front { door, ..Front::default() });
        let told = "X-Real-IP: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Uri: /closed/a\r\nX-Forwarded-Host: shop.test";
        let path = if kind == BesideKind::EnvoyHttp { "/check/closed/a" } else { "/check" };
        let answer = ask(address, path, &format!("{told}\r\n{header}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{kind:?} {header}: {answer}");
        (address, answer)
    };
    let (address, answer) = check(BesideKind::EnvoyHttp, "Accept: application/json", "303");
    let to = answer.lines().find_map(|line| line.strip_prefix("location: ")).expect("it is sent on");
    for (times, status) in [("first", "503"), ("second", "403")] {
        let waited = ask(address, to, "Accept: application/json");
        assert!(waited.starts_with(&format!("HTTP/1.1 {status} ")), "the {times} time: {waited}");
    }
    check(BesideKind::EnvoyHttp, "Content-Type: application/grpc", "429");
    check(BesideKind::Caddy, "Accept: application/json", "503");
    // What its configuration does not say is no reason to let pass, either.
    let unsaid = "X-Forwarded-Proto: http";
    check(BesideKind::EnvoyHttp, unsaid, "403");
    check(BesideKind::Caddy, unsaid, "500");
}
