//! Submissions to a gateway without sockets, with threads that a test can hold.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, Response, header};
use serde_json::{Value, json};
use spigot_cachewalk::{Solver, key};
use spigot_challenge::{Binding, Challenge, Keyring, Kind, Secret, Terms, Workspace, issue, kind, to_text};
use spigot_decision::policy::load;
use spigot_decision::{Evidence, Keys, Millis, ReasonKind, Source};
use spigot_event::{Event, Maintained, Recorder, RecorderSettings, Sink, SinkError};
use spigot_intel::Software;
use spigot_state::{Memory, MemorySettings};

use crate::body::Through;
use crate::marks::Marks;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::settings::Settings;
use crate::verifier::Verifier;

const NOW: i64 = 1_795_248_000_000;
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";

thread_local! {
    static MARKS: &'static Marks = Box::leak(Box::new(Marks::new(None)));
}

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &[Event]) -> Result<(), SinkError> {
        Ok(())
    }
    fn maintain(&mut self, _: Millis) -> Result<Maintained, SinkError> {
        Ok(Maintained::default())
    }
}

/// A gateway with one verifying thread and room for one more submission behind it.
fn gateway(policy: &str) -> Arc<Gateway<Memory>> {
    let snapshot = Snapshot {
        policy: Arc::new(load("test.toml", policy).unwrap_or_else(|problems| panic!("{problems}"))),
        settings: Settings::default(),
        keyring: Keyring::new(&[(1, Secret::new([1; 32]))]),
        networks: Arc::default(),
        reputations: Arc::default(),
        service: Arc::default(),
    };
    let settings = MemorySettings { counter_bytes: 4 << 20, spends_max: 1000 };
    let state = Arc::new(Memory::new(settings, Millis(NOW)));
    let time = AtomicI64::new(NOW);
    let clock = Arc::new(move || Millis(time.load(Ordering::Relaxed)));
    let (recorder, _) = Recorder::start(Nowhere, RecorderSettings::default());
    let gateway = Gateway::new(snapshot, state, recorder, clock, Keys(1, 2));
    let mut gateway = Arc::into_inner(gateway).expect("nobody else has it yet");
    gateway.verifier = Verifier::new(1, 1);
    Arc::new(gateway)
}

fn seen(headers: &HeaderMap, client: u8, now: i64) -> Seen<'_> {
    Seen {
        client: IpAddr::from([192, 0, 2, client]),
        host: "shop.example",
        method: "POST",
        path: "/.spigot/solve",
        matched: "/.spigot/solve",
        query: "",
        headers,
        user_agent: AGENT,
        software: Software::default(),
        secure: true,
        marks: MARKS.with(|marks| *marks),
        told: None,
        story: spigot_decision::Story::default(),
        header_order: 0,
        errand: None,
        behaviour: None,
        now: Millis(now),
    }
}

/// A submission that is right, for a challenge with this id.
fn solution(gateway: &Gateway<Memory>, id: u8) -> Vec<u8> {
    let (challenge, asked) = issued(gateway, id, NOW);
    let Kind::Cachewalk(params) = challenge.kind else { panic!("another kind") };
    let proof = Solver::new(key(&challenge.bytes), params).solve().encode();
    let mut posted: Value = serde_json::from_slice(&asked).expect("JSON");
    posted["proof"] = to_text(&proof).into();
    posted.to_string().into_bytes()
}

/// A challenge with this id, and what a question about it holds.
fn issued(gateway: &Gateway<Memory>, id: u8, now: i64) -> (Challenge, Vec<u8>) {
    let snapshot = gateway.snapshot.load();
    let binding = Binding {
        host: "shop.example",
        user_agent: AGENT,
        client: IpAddr::from([192, 0, 2, 1]),
        errand: None,
    };
    let terms = Terms { kind: kind::cachewalk::of_log2(4), level: 2, life_millis: 60_000 };
    let challenge = issue(&snapshot.keyring, &terms, &binding, [id; 16], now);
    let asked = json!({ "challenge": to_text(&challenge.bytes) }).to_string().into_bytes();
    (challenge, asked)
}

fn body(response: &Response<Through>) -> Value {
    let Through::Bytes(bytes) = response.body() else { panic!("no body") };
    serde_json::from_slice(bytes).expect("JSON")
}

/// Holds the gateway's one verifying thread until the sender is dropped.
fn hold(gateway: &Arc<Gateway<Memory>>) -> Sender<()> {
    let (open, gate) = channel::<()>();
    let (began, begun) = channel();
    let held = gateway.clone();
    std::thread::spawn(move || {
        let job = held.verifier.run(move |_: &mut Workspace| {
            let _ = began.send(());
            let _ = gate.recv();
        });
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(job)
    });
    begun.recv().expect("the thread takes the job");
    open
}

#[tokio::test]
async fn while_verifying_is_held_others_are_answered_and_a_full_queue_says_come_again() {
    let gateway = gateway("");
    let snapshot = gateway.snapshot.load_full();
    let headers = HeaderMap::new();
    let (first, second) = (solution(&gateway, 1), solution(&gateway, 2));
    let gate = hold(&gateway);

    let seen_first = seen(&headers, 1, NOW);
    let mut waiting = pin!(gateway.solve(&snapshot, &seen_first, &first));
    let poll = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(poll, Poll::Pending), "it waits for the thread");

    // Another request of the same thread is decided meanwhile.
    let other = seen(&headers, 9, NOW);
    assert_eq!(gateway.decide_own(&snapshot, &other).await.decision.action.name(), "allow");

    let refused = gateway.solve(&snapshot, &seen(&headers, 2, NOW), &second).await;
    assert_eq!((refused.status().as_u16(), body(&refused)["code"].as_str()), (503, Some("busy")));
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert!(!refused.headers().contains_key(header::SET_COOKIE));

    drop(gate);
    assert_eq!(waiting.await.status(), 200);
    let again = gateway.solve(&snapshot, &seen(&headers, 2, NOW), &second).await;
    assert_eq!(again.status(), 200, "the same submission is as good as before: {}", body(&again));
    assert!(again.headers().contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn what_is_spent_or_restricted_costs_no_verification() {
    let gateway = gateway("");
    let snapshot = gateway.snapshot.load_full();
    let headers = HeaderMap::new();
    let right = solution(&gateway, 1);
    let at = seen(&headers, 1, NOW);
    assert_eq!(gateway.solve(&snapshot, &at, &right).await.status(), 200);
    // With the thread held, only what needs none is answered at all.
    let gate = hold(&gateway);
    let spent = gateway.solve(&snapshot, &at, &right).await;
    assert_eq!(body(&spent)["code"], "spent");
    let steps = snapshot.policy.ladder.restrict_from;
    for n in 0..steps {
        let refused = gateway.solve(&snapshot, &at, b"{}").await;
        assert_eq!(body(&refused)["code"], "malformed", "failure {n}");
    }
    let restricted = gateway.solve(&snapshot, &at, &solution(&gateway, 3)).await;
    assert_eq!((restricted.status().as_u16(), body(&restricted)["code"].as_str()), (403, Some("blocked")));
    assert!(restricted.headers().contains_key(header::RETRY_AFTER));
    drop(gate);
    let later = seen(&headers, 1, NOW + 61_000);
    let wrong_time = gateway.solve(&snapshot, &later, &solution(&gateway, 3)).await;
    assert_eq!(body(&wrong_time)["code"], "expired", "looked at again once the restriction is over");
}

/// The answer to a challenge of these terms, issued for an errand or none, that comes back with this proof.
async fn answered(
    gateway: &Gateway<Memory>,
    terms: Terms,
    errand: Option<spigot_challenge::Errand<'_>>,
    proof: &[u8],
    later: i64,
) -> Response<Through> {
    let snapshot = gateway.snapshot.load_full();
    let headers = HeaderMap::new();
    let asking = Seen { errand, ..seen(&headers, 1, NOW) };
    let challenge = gateway.issue(&snapshot, &asking, &terms);
    let posted = json!({ "challenge": to_text(&challenge.bytes), "proof": to_text(proof) }).to_string();
    gateway.solve(&snapshot, &seen(&headers, 1, NOW + later), posted.as_bytes()).await
}

#[tokio::test]
async fn a_step_of_a_wait_opens_nothing_where_proofs_are_posted() {
    let gateway = gateway("");
    let wait = kind::wait::Wait::first(1_000, 3);
    let terms = Terms { kind: Kind::Wait(wait), level: 3, life_millis: 60_000 };
    let over = answered(&gateway, terms, None, b"", 2_000).await;
    assert_eq!(body(&over)["code"], "wrong");
    assert!(!over.headers().contains_key(header::SET_COOKIE));
    let expired = answered(&gateway, terms, None, b"", 61_000).await;
    assert_eq!((&body(&expired)["code"], &body(&expired)["challenge"]), (&json!("expired"), &Value::Null));
}

#[tokio::test]
async fn a_fresh_challenge_asks_for_what_is_asked_for_here() {
    let gateway = gateway("");
    let easy = Terms { kind: kind::cachewalk::of_log2(4), level: 1, life_millis: 60_000 };
    let Kind::Cachewalk(params) = easy.kind else { panic!("another kind") };
    let proof = vec![0; params.proof_bytes()];
    let check = async |errand, kind: &str, log2_n: u64| {
        let refused = body(&answered(&gateway, easy, errand, &proof, 61_000).await);
        assert_eq!(refused["code"], "expired", "{refused}");
        assert_eq!(
            (&refused["challenge"]["kind"], &refused["challenge"]["log2_n"]),
            (&json!(kind), &json!(log2_n))
        );
    };
    // The own one again; for another site's the hardest.
    check(None, "cachewalk", 4).await;
    let elsewhere = spigot_challenge::Errand { site: "forum", action: "", data: "", press: false };
    let hardest = gateway.snapshot.load().policy.challenge.log2_work[2] + 3;
    check(Some(elsewhere), "cachewalk", hardest.into()).await;
    // The other puzzle is counted each time that it is asked for, so it does not come by itself.
    let other = Terms { kind: kind::pbkdf2::of_log2(4), ..easy };
    let refused = body(&answered(&gateway, other, None, &proof, 61_000).await);
    assert_eq!((&refused["code"], &refused["challenge"]["kind"]), (&json!("expired"), &json!("cachewalk")));
}

#[tokio::test]
async fn fresh_challenges_are_held_like_others() {
    let gateway = gateway("");
    let usual = gateway.snapshot.load().policy.challenge.log2_work[0];
    let terms = Terms { kind: kind::cachewalk::of_log2(usual), level: 1, life_millis: 60_000 };
    let Kind::Cachewalk(params) = terms.kind else { panic!("another kind") };
    let proof = vec![0; params.proof_bytes()];
    let mut asked = Vec::new();
    for _ in 0..65 {
        let refused = body(&answered(&gateway, terms, None, &proof, 61_000).await);
        asked.push(refused["challenge"]["log2_n"].as_u64().expect("a number") - u64::from(usual));
    }
    assert_eq!((asked[0], asked[31], asked[32], asked[63], asked[64]), (0, 0, 1, 1, 2), "{asked:?}");
}

#[tokio::test]
async fn a_clearance_has_one_network_of_each_family_and_few_requests_elsewhere() {
    let gateway = gateway("[challenge]\nroaming = 3\n");
    let snapshot = gateway.snapshot.load_full();
    let none = HeaderMap::new();
    let solved = gateway.solve(&snapshot, &seen(&none, 1, NOW), &solution(&gateway, 1)).await;
    let cookie = solved.headers()[header::SET_COOKIE].to_str().expect("text");
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, cookie.split(';').next().expect("a pair").parse().expect("a value"));
    let check = async |client: &str, expected: bool, why: &str| {
        let at = Seen { client: client.parse().expect("an address"), ..seen(&headers, 1, NOW) };
        assert_eq!(gateway.clearance(&snapshot, &at).await.presented.is_some(), expected, "{client}: {why}");
    };
    for _ in 0..10 {
        check("192.0.2.1", true, "where it was given").await;
        check("192.0.77.1", true, "the same network").await;
        check("2001:db8:1::1", true, "the first of the other family").await;
        check("2001:db8:ffff::1", true, "the same network of the other family").await;
    }
    check("198.51.100.1", true, "abroad, the first").await;
    check("2001:dead::1", true, "a second network of the other family, the second abroad").await;
    check("198.51.100.1", true, "the third").await;
    for elsewhere in ["198.51.100.1", "203.0.113.1", "2001:dead::1"] {
        check(elsewhere, false, "its requests abroad are used up").await;
    }
    // Its owner can find out why.
    let at = Seen { client: "203.0.113.1".parse().expect("an address"), ..seen(&headers, 1, NOW) };
    let decision = gateway.decide_own(&snapshot, &at).await.decision;
    let why = decision.reasons.iter().find(|reason| reason.source == Source::ClearanceElsewhere);
    let evidence = why.map(|reason| (reason.kind, reason.evidence));
    let Some((ReasonKind::Tells, Evidence::Count { count, limit: 3, .. })) = evidence else {
        panic!("{:?}", decision.reasons)
    };
    assert!(count > 3, "{count}");
    check("192.0.2.1", true, "at home it still holds").await;
    check("2001:db8:1::1", true, "and there").await;
}

#[tokio::test]
async fn a_solution_from_another_network_gets_a_fresh_challenge_and_no_clearance() {
    let gateway = gateway("");
    let snapshot = gateway.snapshot.load_full();
    let headers = HeaderMap::new();
    let right = solution(&gateway, 1);
    let from = |client: &str| Seen { client: client.parse().expect("an address"), ..seen(&headers, 1, NOW) };
    for elsewhere in ["198.51.100.1", "192.1.2.1"] {
        let refused = gateway.solve(&snapshot, &from(elsewhere), &right).await;
        let problem = body(&refused);
        assert_eq!((refused.status().as_u16(), &problem["code"]), (400, &json!("other_network")));
        assert!(!refused.headers().contains_key(header::SET_COOKIE));
        assert_eq!(
            (&problem["challenge"]["kind"], &problem["challenge"]["log2_n"]),
            (&json!("cachewalk"), &json!(4))
        );
        // The fresh one is that network's: it cannot be exchanged for one of home either.
        let fresh = json!({ "challenge": problem["challenge"]["challenge"] }).to_string();
        let exchanged = body(&gateway.fallback(&snapshot, &from("192.0.2.1"), fresh.as_bytes()).await);
        assert_eq!(exchanged["code"], "other_network");
        assert!(exchanged["challenge"]["challenge"].is_string(), "again with a fresh one: {exchanged}");
    }
    // Nobody was restricted for it, nothing was spent, and the other family is not another network.
    let solved = gateway.solve(&snapshot, &from("2001:db8::1"), &right).await;
    assert_eq!(solved.status(), 200, "{}", body(&solved));
    assert!(solved.headers().contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn one_address_exchanges_twenty_challenges_in_ten_minutes() {
    let gateway = gateway("");
    let snapshot = gateway.snapshot.load_full();
    let headers = HeaderMap::new();
    let mut id = 0;
    let mut ask = async |client: u8, now: i64| {
        id += 1;
        let right: Value = serde_json::from_slice(&issued(&gateway, id, now).1).expect("JSON");
        let asked = json!({ "challenge": right["challenge"] }).to_string();
        let answer = gateway.fallback(&snapshot, &seen(&headers, client, now), asked.as_bytes()).await;
        let waits = answer.headers().contains_key(header::RETRY_AFTER);
        assert_eq!(waits, answer.status() == 429, "{}", body(&answer));
        let said = body(&answer);
        if answer.status() == 200 { said["challenge"]["kind"].clone() } else { said["code"].clone() }
    };
    for n in 1..=20 {
        assert_eq!(ask(1, NOW).await, "pbkdf2", "question {n}");
    }
    assert_eq!(ask(1, NOW).await, "too_often");
    assert_eq!(ask(1, NOW + 590_000).await, "too_often", "ten minutes are not over");
    assert_eq!(ask(2, NOW).await, "pbkdf2", "another address has its own");
    assert_eq!(ask(1, NOW + 1_800_000).await, "pbkdf2", "later again");
}

#[tokio::test]
async fn random_submissions_mint_nothing() {
    use proptest::prelude::Strategy;
    use proptest::strategy::ValueTree;

    let gateway = gateway("[restrict]\nrestrict_from = 10000\nslow_from = 10000\n");
    let snapshot = gateway.snapshot.load_full();
    let headers = HeaderMap::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let bodies = proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200);
    let right = String::from_utf8(solution(&gateway, 1)).expect("JSON");
    for n in 0..300 {
        let random = bodies.new_tree(&mut runner).expect("a body").current();
        let text = to_text(&random);
        let half = json!({ "challenge": text, "proof": text, "millis": 1 }).to_string();
        // The right one with a letter of its values changed.
        let mut changed: Value = serde_json::from_str(&right).expect("JSON");
        let field = if n % 2 == 0 { "challenge" } else { "proof" };
        let mut letters = changed[field].as_str().expect("text").as_bytes().to_vec();
        let at = random.len() % letters.len();
        letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
        changed[field] = String::from_utf8(letters).expect("letters").into();
        for body in [random, half.into_bytes(), changed.to_string().into_bytes()] {
            let at = seen(&headers, 1, NOW);
            let refused = gateway.solve(&snapshot, &at, &body).await;
            assert!(refused.status().is_client_error(), "turn {n}: {body:?}");
            assert!(!refused.headers().contains_key(header::SET_COOKIE), "turn {n}: {body:?}");
            let refused = gateway.fallback(&snapshot, &at, &body).await;
            let unchanged = field == "proof" && body.starts_with(b"{\"challenge\"");
            assert!(refused.status().is_client_error() || unchanged, "turn {n}: {body:?}");
        }
    }
    assert_eq!(gateway.solve(&snapshot, &seen(&headers, 1, NOW), right.as_bytes()).await.status(), 200);
}
