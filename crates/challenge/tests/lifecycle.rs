//! From a challenge to a clearance and back, and every way in which that must fail.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use spigot_challenge::{
    Binding, CHALLENGE_BYTES, Keyring, Kind, Place, Rejection, Secret, Submission, Terms, Verified,
    Workspace, admit, clearance, issue, kind, recognise,
};

const NOW: i64 = 1_795_248_000_000;

fn keys() -> Keyring {
    Keyring::new(&[(2, Secret::new([2; 32])), (1, Secret::new([1; 32]))])
}

fn binding() -> Binding<'static> {
    Binding {
        host: "shop.example",
        user_agent: "Firefox",
        client: "192.0.2.1".parse().unwrap(),
        errand: None,
    }
}

fn sha256(level: u8) -> Terms {
    Terms { kind: Kind::Sha256 { bits: 8 }, level, life_millis: 60_000 }
}

fn submit(
    keys: &Keyring,
    challenge: &[u8],
    proof: &[u8],
    binding: &Binding<'_>,
    now: i64,
) -> Result<Verified, Rejection> {
    admit(keys, Submission { challenge, proof }, binding, NOW - 1000, now)?.unspent(false)?.verify(
        proof,
        &mut Workspace::default(),
        now,
    )
}

fn solved(keys: &Keyring, terms: &Terms) -> spigot_challenge::Solved {
    let challenge = issue(keys, terms, &binding(), [9; 16], NOW);
    let proof = kind::sha256::solve(&challenge.bytes, 8);
    submit(keys, &challenge.bytes, &proof, &binding(), NOW + 10).unwrap().spent(true).unwrap()
}

#[test]
fn a_cachewalk_is_issued_solved_and_verified() {
    let keys = keys();
    let terms = Terms { kind: kind::cachewalk::of_log2(6), level: 2, life_millis: 60_000 };
    let challenge = issue(&keys, &terms, &binding(), [9; 16], NOW);
    let Kind::Cachewalk(params) = challenge.kind else { panic!("another kind") };
    let proof =
        spigot_cachewalk::Solver::new(spigot_cachewalk::key(&challenge.bytes), params).solve().encode();
    assert!(submit(&keys, &challenge.bytes, &proof, &binding(), NOW + 10).is_ok());
    let mut wrong = proof.clone();
    wrong[3] ^= 1;
    assert_eq!(submit(&keys, &challenge.bytes, &wrong, &binding(), NOW + 10).unwrap_err(), Rejection::Wrong);
    assert_eq!(
        submit(&keys, &challenge.bytes, &proof[1..], &binding(), NOW + 10).unwrap_err(),
        Rejection::Malformed
    );
}

#[test]
fn every_way_to_be_refused() {
    let keys = keys();
    let challenge = issue(&keys, &sha256(1), &binding(), [9; 16], NOW);
    let proof = kind::sha256::solve(&challenge.bytes, 8);
    let check = |challenge: &[u8], proof: &[u8], binding: Binding<'_>, now: i64, expected: Rejection| {
        assert_eq!(submit(&keys, challenge, proof, &binding, now).unwrap_err(), expected);
    };
    check(&challenge.bytes, &proof, binding(), NOW + 60_000, Rejection::Expired);
    check(&challenge.bytes, &proof, binding(), NOW - 70_000, Rejection::Stale);
    check(
        &challenge.bytes,
        &proof,
        Binding { host: "other.example", ..binding() },
        NOW,
        Rejection::OtherContext,
    );
    check(
        &challenge.bytes,
        &proof,
        Binding { user_agent: "Chrome", ..binding() },
        NOW,
        Rejection::OtherContext,
    );
    check(&challenge.bytes, &[0xff; 8], binding(), NOW, Rejection::Wrong);
    check(&challenge.bytes, &[], binding(), NOW, Rejection::Malformed);
    check(&challenge.bytes[1..], &proof, binding(), NOW, Rejection::Malformed);
    let old = issue(&keys, &sha256(1), &binding(), [9; 16], NOW - 2000);
    check(&old.bytes, &kind::sha256::solve(&old.bytes, 8), binding(), NOW, Rejection::Stale);
    let foreign = Keyring::new(&[(7, Secret::new([7; 32]))]);
    let theirs = issue(&foreign, &sha256(1), &binding(), [9; 16], NOW);
    check(&theirs.bytes, &proof, binding(), NOW, Rejection::UnknownKey);
    let wait = issue(
        &keys,
        &Terms { kind: Kind::Wait(kind::wait::Wait::first(5000, 1)), ..sha256(1) },
        &binding(),
        [9; 16],
        NOW,
    );
    check(&wait.bytes, &[], binding(), NOW + 4999, Rejection::TooEarly);
    assert!(submit(&keys, &wait.bytes, &[], &binding(), NOW + 5000).is_ok());
    let again = submit(&keys, &challenge.bytes, &proof, &binding(), NOW).unwrap();
    assert_eq!(again.spent(false).unwrap_err(), Rejection::Replay);
}

#[test]
fn a_challenge_comes_back_from_its_network_or_from_the_other_family() {
    let keys = keys();
    let at = |client: &str| Binding { client: client.parse().unwrap(), ..binding() };
    let check = |issued: &str, submitted: &str, expected: Result<(), Rejection>| {
        let challenge = issue(&keys, &sha256(1), &at(issued), [9; 16], NOW);
        let proof = kind::sha256::solve(&challenge.bytes, 8);
        let here = at(submitted);
        let verified = submit(&keys, &challenge.bytes, &proof, &here, NOW).map(|_| ());
        assert_eq!(verified, expected, "to {issued}, from {submitted}");
        let exchanged = recognise(&keys, &challenge.bytes, &here, NOW - 1000, NOW).map(|_| ());
        assert_eq!(exchanged, expected, "exchanged: to {issued}, from {submitted}");
    };
    check("192.0.2.1", "192.0.99.1", Ok(()));
    check("192.0.2.1", "192.1.2.1", Err(Rejection::OtherNetwork));
    check("192.0.2.1", "2001:db8::1", Ok(()));
    check("2001:db8::1", "2001:db8:9::1", Ok(()));
    check("2001:db8::1", "2001:db9::1", Err(Rejection::OtherNetwork));
    check("2001:db8::1", "198.51.100.1", Ok(()));
    assert!(Rejection::OtherNetwork.is_honest(), "phones do this");
}

#[test]
fn a_challenge_that_comes_back_from_the_other_family_clears_its_own_network() {
    let keys = keys();
    let challenge = issue(&keys, &sha256(2), &binding(), [9; 16], NOW);
    let proof = kind::sha256::solve(&challenge.bytes, 8);
    let farm = Binding { client: "2001:db8::1".parse().unwrap(), ..binding() };
    let solved = submit(&keys, &challenge.bytes, &proof, &farm, NOW).unwrap().spent(true).unwrap();
    let (cookie, _) = clearance::seal(&keys, &solved, &farm, 3_600_000, 100, [5; 32], NOW);
    let check = |client: &str, expected: Place| {
        let here = Binding { client: client.parse().unwrap(), ..binding() };
        assert_eq!(clearance::open(&keys, &cookie, &here, NOW).unwrap().1, expected, "{client}");
    };
    check("192.0.2.1", Place::Home);
    check("2001:db8::1", Place::OtherFamily);
    // Had the submission's network become its home, this would be the other family's first.
    check("198.51.100.1", Place::OtherNetwork);
}

#[test]
fn a_clearance_holds_for_its_client_only() {
    let keys = keys();
    let (cookie, given) =
        clearance::seal(&keys, &solved(&keys, &sha256(2)), &binding(), 3_600_000, 100, [5; 32], NOW);
    let check = |binding: Binding<'_>, now: i64, expected: Result<Place, clearance::Refused>| {
        let opened = clearance::open(&keys, &cookie, &binding, now);
        let from = opened.map(|(clearance, from)| {
            assert_eq!(clearance, given);
            from
        });
        assert_eq!(from, expected, "{binding:?} at {now}");
    };
    let at = |client: &str| Binding { client: client.parse().unwrap(), ..binding() };
    check(binding(), NOW, Ok(Place::Home));
    check(at("192.0.99.1"), NOW, Ok(Place::Home));
    check(at("2001:db8::1"), NOW, Ok(Place::OtherFamily));
    check(at("198.51.100.1"), NOW, Ok(Place::OtherNetwork));
    check(Binding { user_agent: "Chrome", ..binding() }, NOW, Err(clearance::Refused::OtherClient));
    check(Binding { host: "x.example", ..binding() }, NOW, Err(clearance::Refused::OtherClient));
    check(binding(), NOW + 3_600_000, Err(clearance::Refused::Expired));
    // After a rotation the older key still opens it; once that is gone, it does not.
    let rotated = Keyring::new(&[(3, Secret::new([3; 32])), (2, Secret::new([2; 32]))]);
    assert!(clearance::open(&rotated, &cookie, &binding(), NOW).is_ok());
    let later = Keyring::new(&[(3, Secret::new([3; 32]))]);
    assert_eq!(clearance::open(&later, &cookie, &binding(), NOW), Err(clearance::Refused::NotOurs));
}

proptest! {
    #[test]
    fn no_changed_bit_is_believed(bit in 0..CHALLENGE_BYTES * 8) {
        let keys = keys();
        let mut challenge = issue(&keys, &sha256(1), &binding(), [9; 16], NOW);
        challenge.bytes[bit / 8] ^= 1 << (bit % 8);
        let proof = kind::sha256::solve(&challenge.bytes, 8);
        let refused = submit(&keys, &challenge.bytes, &proof, &binding(), NOW).unwrap_err();
        prop_assert!(matches!(refused, Rejection::Forged | Rejection::UnknownKey | Rejection::UnknownVersion));
    }

    #[test]
    fn no_bytes_panic(challenge in prop::collection::vec(any::<u8>(), 0..200), cookie in "[A-Za-z0-9_-]{0,160}") {
        let keys = keys();
        prop_assert!(submit(&keys, &challenge, &challenge, &binding(), NOW).is_err());
        prop_assert!(clearance::open(&keys, &cookie, &binding(), NOW).is_err());
    }
}

#[test]
fn secrets_do_not_print() {
    assert_eq!(
        format!("{:?} {:?}", Secret::new([0x41; 32]), keys()),
        "Secret(..) Keyring { keys: [Key(2), Key(1)] }"
    );
}

/// What the fields of a signed challenge are, for the tests that put them together anew.
const FIELDS: [(&str, std::ops::Range<usize>); 11] = [
    ("version", 0..1),
    ("algorithm", 1..2),
    ("key id", 2..6),
    ("id", 6..22),
    ("issued", 22..30),
    ("expires", 30..38),
    ("level", 38..39),
    ("parameters", 39..46),
    ("context", 46..62),
    ("network", 62..67),
    ("mac", 67..99),
];

#[test]
fn no_field_of_one_challenge_fits_another() {
    let keys = keys();
    let mine = issue(&keys, &sha256(1), &binding(), [9; 16], NOW);
    // Every field differs but version, algorithm and key id.
    let terms = Terms { kind: Kind::Sha256 { bits: 1 }, level: 3, life_millis: 90_000 };
    let elsewhere = Binding {
        host: "other.example",
        user_agent: "Chrome",
        client: "2001:db8::1".parse().unwrap(),
        errand: None,
    };
    let other = issue(&keys, &terms, &elsewhere, [8; 16], NOW + 1);
    for (name, range) in &FIELDS[3..] {
        let mut spliced = mine.bytes;
        spliced[range.clone()].copy_from_slice(&other.bytes[range.clone()]);
        assert_ne!(spliced, mine.bytes, "{name} differs");
        let proof = kind::sha256::solve(&spliced, 8);
        assert_eq!(
            submit(&keys, &spliced, &proof, &binding(), NOW + 2).unwrap_err(),
            Rejection::Forged,
            "{name}"
        );
    }
    // Bytes moved over the border between two fields, as where fields are signed without their lengths.
    for pair in FIELDS[..10].windows(2) {
        let mut moved = mine.bytes;
        let border = pair[1].1.start;
        moved.swap(border - 1, border);
        if moved == mine.bytes {
            continue;
        }
        let proof = kind::sha256::solve(&moved, 8);
        assert!(
            submit(&keys, &moved, &proof, &binding(), NOW + 2).is_err(),
            "{} into {}",
            pair[0].0,
            pair[1].0
        );
    }
}

proptest! {
    #[test]
    fn no_proof_of_random_bytes_passes(bytes in prop::collection::vec(any::<u8>(), 0..900), log2_n in 4u8..8, pbkdf2: bool) {
        let keys = keys();
        let kind = if pbkdf2 { kind::pbkdf2::of_log2(log2_n) } else { kind::cachewalk::of_log2(log2_n) };
        let challenge = issue(&keys, &Terms { kind, level: 2, life_millis: 60_000 }, &binding(), [9; 16], NOW);
        let (Kind::Cachewalk(params) | Kind::Pbkdf2(params)) = kind else { panic!("another kind") };
        let mut right_length = bytes.clone();
        right_length.resize(params.proof_bytes(), 0x5a);
        for proof in [bytes, right_length] {
            prop_assert!(submit(&keys, &challenge.bytes, &proof, &binding(), NOW).is_err());
        }
    }

    #[test]
    fn no_text_is_read_in_two_ways(text in "[A-Za-z0-9_=+/-]{0,140}") {
        // Whatever is accepted is the one way of writing it, so that nothing is spent under two names.
        if let Some(bytes) = spigot_challenge::from_text(&text) {
            prop_assert_eq!(spigot_challenge::to_text(&bytes), text);
        }
    }

    #[test]
    fn no_changed_cookie_is_believed(at in 0usize..130, bit in 0u8..8) {
        let keys = keys();
        let (cookie, _) = clearance::seal(&keys, &solved(&keys, &sha256(2)), &binding(), 3_600_000, 100, [5; 32], NOW);
        let mut bytes = spigot_challenge::from_text(&cookie).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let changed = spigot_challenge::to_text(&bytes);
        prop_assert_eq!(clearance::open(&keys, &changed, &binding(), NOW), Err(clearance::Refused::NotOurs));
    }
}

#[test]
fn only_a_providers_word_verifies_its_challenge_and_it_verifies_no_other() {
    let keys = keys();
    let provider = kind::provider::Provider { id: [1, 2, 3, 4, 5, 6], doublings: 2 };
    let terms = Terms { kind: Kind::Provider(provider), level: 3, life_millis: 60_000 };
    let challenge = issue(&keys, &terms, &binding(), [9; 16], NOW);
    assert_eq!(recognise(&keys, &challenge.bytes, &binding(), NOW - 1000, NOW).unwrap().terms(), terms);
    let admitted = |challenge: &[u8], token: &[u8]| {
        admit(&keys, Submission { challenge, proof: token }, &binding(), NOW - 1000, NOW)
    };
    // No token verifies by itself, whatever it is.
    for token in [&b"a"[..], &[0; 32], &[b'x'; kind::provider::TOKEN_BYTES_MAX]] {
        let unspent = admitted(&challenge.bytes, token).unwrap().unspent(false).unwrap();
        let refused = unspent.verify(token, &mut Workspace::default(), NOW).unwrap_err();
        assert_eq!(refused, Rejection::Wrong);
    }
    for token in [&b""[..], &[b'x'; kind::provider::TOKEN_BYTES_MAX + 1]] {
        assert_eq!(admitted(&challenge.bytes, token).unwrap_err(), Rejection::Malformed);
    }
    #[allow(clippy::disallowed_methods, reason = "the word of a provider, for the test")]
    let vouched = |challenge: &[u8], token: &[u8]| {
        admitted(challenge, token).unwrap().unspent(false).unwrap().vouched()
    };
    assert_eq!(vouched(&challenge.bytes, b"a token").unwrap().spent(true).unwrap().challenge().level, 3);
    let puzzle = issue(&keys, &sha256(1), &binding(), [9; 16], NOW);
    let proof = kind::sha256::solve(&puzzle.bytes, 8);
    assert_eq!(vouched(&puzzle.bytes, &proof).unwrap_err(), Rejection::Wrong);
    // The provider stands in the signed bytes: algorithm, parameters, level.
    for at in [1, 38, 39, 40, 45] {
        let mut other = challenge.bytes;
        other[at] ^= 1;
        assert_eq!(admitted(&other, b"a token").unwrap_err(), Rejection::Forged, "byte {at}");
    }
}
