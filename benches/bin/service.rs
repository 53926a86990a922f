//! The challenge service on one thread, without a network: what garbage costs, what a real proof costs, what a question
//! of a site's server costs.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin service
//! ```
//!
//! Everything that a request goes through is in it but the connection: reading, the decision, counters, the spent set,
//! the event, the answer's text. Over a socket HTTP comes on top: see `benches/proxy`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Request;
use spigot_cachewalk::{Params, Solver, key};
use spigot_challenge::token::{Grounds, Strictness, seal};
use spigot_challenge::{
    Binding, Errand, Keyring, Kind, Secret, Solved, Submission, Terms, Workspace, admit, issue, kind,
};
use spigot_decision::policy::load;
use spigot_decision::{Keys, Level, Millis};
use spigot_event::{Event, Maintained, Recorder, RecorderSettings, Sink, SinkError};
use spigot_gateway::{
    Gateway, HeldSecret, Press, SecretDigest, Service, Settings, SiteKey, SiteKeys, Snapshot,
};
use spigot_state::{Memory, MemorySettings};

const NOW: i64 = 1_800_000_000_000;
const SITE: &str = "3f0c7a52-6d0e-4f4e-9b53-0a3d0c9f1d11";
const SECRET: &str = "0x0123456789abcdef0123456789abcdef01234567";
const ROUNDS: usize = 100_000;
/// Each is solved first, for about a third of a second.
const SOLVES: usize = 60;

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &[Event]) -> Result<(), SinkError> {
        Ok(())
    }
    fn maintain(&mut self, _: Millis) -> Result<Maintained, SinkError> {
        Ok(Maintained::default())
    }
}

fn keyring() -> Keyring {
    Keyring::new(&[(1, Secret::new([7; 32]))])
}

fn gateway() -> Arc<Gateway<Memory>> {
    let site = SiteKey {
        key: SITE.to_owned(),
        name: "bench".into(),
        hosts: vec!["shop.example".to_owned()],
        level: Level::Medium,
        strictness: Strictness::Loose,
        press: Press::Never,
        token_millis: 300_000,
        secrets: vec![HeldSecret { number: 1, digest: SecretDigest::of(SECRET), retires: None }],
    };
    let snapshot = Snapshot {
        policy: Arc::new(load("bench.toml", "").unwrap_or_else(|problems| panic!("{problems}"))),
        settings: Settings::default(),
        keyring: keyring(),
        networks: Arc::default(),
        reputations: Arc::default(),
        service: Arc::new(Service { sites: SiteKeys::new([site]), test_keys: false }),
    };
    let state = Memory::new(MemorySettings::default(), Millis(NOW - 1000));
    let (recorder, _) = Recorder::start(Nowhere, RecorderSettings::default());
    Gateway::new(snapshot, Arc::new(state), recorder, Arc::new(|| Millis(NOW)), Keys(1, 2))
}

fn binding() -> Binding<'static> {
    let errand = Errand { site: SITE, action: "login", data: "", press: false };
    let client = IpAddr::from([192, 0, 2, 1]);
    Binding { host: "shop.example", user_agent: "bench", client, errand: Some(errand) }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(async {
        garbage().await;
        issued().await;
        siteverify().await;
        solves().await;
    });
    proofs();
}

/// Submissions that are none, each from an address of its own: nobody is restricted before they are looked at.
async fn garbage() {
    let gateway = gateway();
    let body = serde_json::json!({
        "protocol": 1, "site_key": SITE, "challenge": "A".repeat(132), "proof": "A".repeat(2000), "millis": 300,
    });
    let request = post("/.spigot/widget/solve", body.to_string());
    let start = Instant::now();
    for n in 0..ROUNDS {
        let client = Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(n).unwrap_or(0) * 16);
        let answer = gateway.ask_service(client.into(), &request).await;
        assert_eq!(answer.status(), 400);
    }
    told("garbage refused", ROUNDS, start.elapsed());
}

/// Challenges for widgets, each for an address of its own, as visitors have.
async fn issued() {
    let gateway = gateway();
    let body = serde_json::json!({ "protocol": 1, "site_key": SITE, "action": "login" });
    let request = post("/.spigot/widget/challenge", body.to_string());
    let start = Instant::now();
    for n in 0..ROUNDS {
        let client = Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(n).unwrap_or(0) * 16);
        let answer = gateway.ask_service(client.into(), &request).await;
        assert!(answer.body().windows(12).any(|w| w == b"\"challenge\":"), "{:?}", answer.body());
    }
    told("challenges issued", ROUNDS, start.elapsed());
}

/// Questions about genuine tokens, each asked once.
async fn siteverify() {
    let gateway = gateway();
    let keys = keyring();
    let solved = solved(&keys);
    let requests: Vec<_> = (0..ROUNDS)
        .map(|n| {
            let mut entropy = [0; 40];
            entropy[..8].copy_from_slice(&(n as u64).to_le_bytes());
            let (token, _) = seal(&keys, Grounds::Solved(&solved, "", 0), &binding(), 300_000, entropy, NOW);
            post("/turnstile/v0/siteverify", format!("secret={SECRET}&response={token}&remoteip=192.0.2.1"))
        })
        .collect();
    let server = IpAddr::from([198, 51, 100, 1]);
    let start = Instant::now();
    for request in &requests {
        let answer = gateway.ask_service(server, request).await;
        assert!(answer.body().windows(14).any(|w| w == b"\"success\":true"));
    }
    told("siteverify, tokens redeemed", ROUNDS, start.elapsed());
    let start = Instant::now();
    for request in &requests {
        assert!(gateway.ask_service(server, request).await.body().windows(9).any(|w| w == b"duplicate"));
    }
    told("siteverify, tokens spent", ROUNDS, start.elapsed());
    let request = post("/turnstile/v0/siteverify", format!("secret={SECRET}&response={}", "A".repeat(400)));
    let start = Instant::now();
    for _ in 0..ROUNDS {
        gateway.ask_service(server, &request).await;
    }
    told("siteverify, garbage refused", ROUNDS, start.elapsed());
}

/// What a visitor's browser sends after it solved, up to the token in the answer. The proof is verified on a thread of
/// its own meanwhile, so that the way there and back is in it.
async fn solves() {
    let gateway = gateway();
    let ask = post(
        "/.spigot/widget/challenge",
        serde_json::json!({ "protocol": 1, "site_key": SITE, "action": "login" }).to_string(),
    );
    let mut submissions = Vec::new();
    for n in 0..SOLVES {
        let client = IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(n).unwrap_or(0) * 16));
        let answer = gateway.ask_service(client, &ask).await;
        let asked: serde_json::Value = serde_json::from_slice(answer.body()).expect("JSON");
        let word = |name: &str| asked[name].as_u64().expect("a number") as u32;
        let params = Params::new(word("log2_n") as u8, word("grind"), word("open") as u8).expect("a puzzle");
        let challenge = asked["challenge"].as_str().expect("a text");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(challenge).expect("base64url");
        let proof = BASE64_URL_SAFE_NO_PAD.encode(Solver::new(key(&bytes), params).solve().encode());
        let body = serde_json::json!({
            "protocol": 1, "site_key": SITE, "action": "login", "challenge": challenge, "proof": proof, "millis": 300,
        });
        submissions.push((client, post("/.spigot/widget/solve", body.to_string())));
    }
    let start = Instant::now();
    for (client, submission) in &submissions {
        let answer = gateway.ask_service(*client, submission).await;
        assert!(answer.body().windows(8).any(|w| w == b"\"token\":"), "{:?}", answer.body());
    }
    told("real proofs submitted, a token each", SOLVES, start.elapsed());
}

/// Real proofs of the default puzzle at its default work: signature, context, proof. It is verified on threads of its
/// own, one per core.
fn proofs() {
    let keys = keyring();
    let policy = load("bench.toml", "").unwrap_or_else(|problems| panic!("{problems}"));
    let log2_work = policy.challenge.log2_work[1];
    let terms = Terms { kind: kind::cachewalk::of_log2(log2_work), level: 2, life_millis: 120_000 };
    let solved: Vec<_> = (0..4u8)
        .map(|n| {
            let challenge = issue(&keys, &terms, &binding(), [n; 16], NOW);
            let Kind::Cachewalk(params) = challenge.kind else { panic!("another kind") };
            let proof = Solver::new(key(&challenge.bytes), params).solve().encode();
            (challenge.bytes, proof)
        })
        .collect();
    let mut workspace = Workspace::default();
    let rounds = 4000;
    let start = Instant::now();
    for n in 0..rounds {
        let (challenge, proof) = &solved[n % solved.len()];
        let submission = Submission { challenge, proof };
        let admitted = admit(&keys, submission, &binding(), NOW - 1000, NOW).expect("it is ours");
        let unspent = admitted.unspent(false).expect("it is not spent");
        unspent.verify(proof, &mut workspace, NOW).expect("it is right");
    }
    told(&format!("real proofs of 2^{log2_work} leaves verified"), rounds, start.elapsed());
}

fn solved(keys: &Keyring) -> Solved {
    let terms = Terms { kind: Kind::Sha256 { bits: 4 }, level: 2, life_millis: 60_000 };
    let challenge = issue(keys, &terms, &binding(), [9; 16], NOW);
    let proof = kind::sha256::solve(&challenge.bytes, 4);
    let submission = Submission { challenge: &challenge.bytes, proof: &proof };
    let admitted = admit(keys, submission, &binding(), NOW - 1000, NOW).expect("it is ours");
    let unspent = admitted.unspent(false).expect("it is not spent");
    let verified = unspent.verify(&proof, &mut Workspace::default(), NOW).expect("it is right");
    verified.spent(true).expect("it is the first")
}

fn post(path: &str, body: String) -> Request<Bytes> {
    Request::post(path)
        .header("host", "challenge.example")
        .header("origin", "https://shop.example")
        .header("user-agent", "bench")
        .body(Bytes::from(body))
        .expect("a request")
}

fn told(what: &str, rounds: usize, took: Duration) {
    let micros = took.as_secs_f64() * 1e6 / rounds as f64;
    println!("{what}: {micros:.1} µs each, {:.0} a second and core", 1e6 / micros);
}
