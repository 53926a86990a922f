//! The service without a connection, under a clock that a test sets. Whatever it answers here is held to the document.

mod answers;
mod captchala;
mod openapi;
mod strictness;
mod widget;

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::Value;
use spigot_challenge::token::{Grounds, seal};
use spigot_challenge::{
    Binding, Errand, Keyring, Kind, Secret, Solved, Submission, Terms, Workspace, admit, issue, kind,
};
use spigot_decision::policy::load;
use spigot_decision::{Keys, Millis};
use spigot_documented::{Answer, Document};
use spigot_event::{Event, Maintained, Recorder, RecorderSettings, Sink, SinkError};
use spigot_state::{Memory, MemorySettings};

use crate::door::api::OPENAPI;
use crate::pipeline::{Gateway, Snapshot};
use crate::settings::{Service as ServiceSettings, Settings};
use crate::site_keys::{SiteKey, SiteKeys, tests::site};

pub(crate) const SITE: &str = "site-key";
pub(crate) const SECRET: &str = "0x0123456789abcdef0123456789abcdef01234567";
pub(crate) const HOST: &str = "shop.example";
pub(crate) const VISITOR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
/// How long its tokens count, in milliseconds.
pub(crate) const LIFE: i64 = 300_000;
const NOW: i64 = 1_795_248_000_000;

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::read(OPENAPI).expect("the document"));

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &[Event]) -> Result<(), SinkError> {
        Ok(())
    }
    fn maintain(&mut self, _: Millis) -> Result<Maintained, SinkError> {
        Ok(Maintained::default())
    }
}

/// A service with one site.
pub(crate) struct Service {
    gateway: Arc<Gateway<Memory>>,
    time: Arc<AtomicI64>,
    solved: Solved,
    sealed: AtomicI64,
}

/// What a token is sealed for.
#[derive(Clone, Copy)]
pub(crate) struct For<'a> {
    pub(crate) host: &'a str,
    pub(crate) action: &'a str,
    pub(crate) data: &'a str,
    pub(crate) account: &'a str,
    pub(crate) risk: u8,
}

pub(crate) const LOGIN: For<'_> = For { host: HOST, action: "login", data: "", account: "ada", risk: 0 };

impl Service {
    pub(crate) fn start() -> Self {
        Self::start_with("", |site| site)
    }

    /// With keys for tests switched on.
    pub(crate) fn start_for_tests() -> Self {
        Self::new("", |site| site, true)
    }

    pub(crate) fn start_with(policy: &str, change: fn(SiteKey) -> SiteKey) -> Self {
        Self::new(policy, change, false)
    }

    fn new(policy: &str, change: fn(SiteKey) -> SiteKey, test_keys: bool) -> Self {
        let keyring = Keyring::new(&[(1, Secret::new([7; 32]))]);
        let solved = solved(&keyring);
        let sites = SiteKeys::new([change(site(SITE, SECRET)), site("other-site", "0xother")]);
        let snapshot = Snapshot {
            policy: Arc::new(load("test.toml", policy).unwrap_or_else(|problems| panic!("{problems}"))),
            settings: Settings::default(),
            keyring,
            networks: Arc::default(),
            reputations: Arc::default(),
            service: Arc::new(ServiceSettings { sites, test_keys }),
        };
        let settings = MemorySettings { counter_bytes: 4 << 20, spends_max: 1000 };
        let state = Arc::new(Memory::new(settings, Millis(NOW - 1000)));
        let time = Arc::new(AtomicI64::new(NOW));
        let told = time.clone();
        let clock = Arc::new(move || Millis(told.load(Ordering::Relaxed)));
        let (recorder, _) = Recorder::start(Nowhere, RecorderSettings::default());
        let gateway = Gateway::new(snapshot, state, recorder, clock, Keys(1, 2));
        Self { gateway, time, solved, sealed: AtomicI64::new(0) }
    }

    pub(crate) fn pass_millis(&self, millis: i64) {
        self.time.fetch_add(millis, Ordering::Relaxed);
    }

    /// A token for [`VISITOR`].
    pub(crate) fn token(&self, of: For<'_>) -> String {
        self.token_of(SITE, of)
    }

    pub(crate) fn token_of(&self, site: &str, of: For<'_>) -> String {
        let mut entropy = [0; 40];
        entropy[..8].copy_from_slice(&self.sealed.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        let errand = Errand { site, action: of.action, data: of.data, press: false };
        let binding = Binding { host: of.host, user_agent: "test", client: VISITOR, errand: Some(errand) };
        let grounds = Grounds::Solved(&self.solved, of.account, of.risk);
        let now = self.time.load(Ordering::Relaxed);
        let keyring = &self.gateway.snapshot.load().keyring;
        seal(keyring, grounds, &binding, u32::try_from(LIFE).expect("5 minutes"), entropy, now).0
    }

    /// Asks, and holds the answer to the document.
    pub(crate) async fn ask(&self, request: Request<Bytes>) -> (u16, Value) {
        let server = IpAddr::from([198, 51, 100, 1]);
        let answer = self.gateway.ask_service(server, &request).await;
        (answer.status().as_u16(), held(request.uri().path(), request.method().as_str(), &answer))
    }

    pub(crate) async fn form(&self, path: &str, headers: &[(&str, &str)], body: String) -> (u16, Value) {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(body.into()).expect("a request")).await
    }

    pub(crate) async fn json(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(body.to_string().into()).expect("a request")).await
    }
}

fn solved(keys: &Keyring) -> Solved {
    let binding = Binding { host: HOST, user_agent: "test", client: VISITOR, errand: None };
    let terms = Terms { kind: Kind::Sha256 { bits: 4 }, level: 2, life_millis: 60_000 };
    let challenge = issue(keys, &terms, &binding, [9; 16], NOW);
    let proof = kind::sha256::solve(&challenge.bytes, 4);
    let submission = Submission { challenge: &challenge.bytes, proof: &proof };
    let admitted = admit(keys, submission, &binding, NOW - 1000, NOW).expect("it is ours");
    let verified =
        admitted.unspent(false).expect("it is not spent").verify(&proof, &mut Workspace::default(), NOW);
    verified.expect("it is right").spent(true).expect("it is the first")
}

/// An answer's body, as the document shows it.
fn held(path: &str, method: &str, answer: &Response<Bytes>) -> Value {
    let media_type = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let answer = Answer {
        to: (method, path),
        status: answer.status().as_u16(),
        media_type: media_type.unwrap_or_default(),
        body: answer.body(),
    };
    DOCUMENT.held(&answer).unwrap_or_else(|why| panic!("{why}"))
}
