//! Challenges, proofs and clearances that we did not make: whatever they hold, they are refused.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use spigot_cachewalk::{Solver, key};
use spigot_challenge::{
    Binding, Challenge, Keyring, Kind, Secret, Submission, Terms, Workspace, admit, clearance, from_text,
    issue, kind, recognise, to_text,
};

const NOW: i64 = 1_795_248_000_000;

/// The right proof of the one challenge.
static PROOF: OnceLock<Vec<u8>> = OnceLock::new();

fn solve(issued: &Challenge) -> Vec<u8> {
    let Kind::Cachewalk(params) = issued.kind else { unreachable!("it was asked for") };
    Solver::new(key(&issued.bytes), params).solve().encode()
}

fuzz_target!(|data: &[u8]| {
    let keys = Keyring::new(&[(1, Secret::new([1; 32]))]);
    let client = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let binding = Binding { host: "shop.example", user_agent: "Firefox", client, errand: None };
    let terms = Terms { kind: kind::cachewalk::of_log2(4), level: 2, life_millis: 60_000 };
    let issued = issue(&keys, &terms, &binding, [9; 16], NOW);

    // A challenge of ours with some of its bits turned, and one that is none.
    let mut turned = issued.bytes.to_vec();
    turned.iter_mut().zip(data).for_each(|(byte, change)| *byte ^= change);
    let same = turned == issued.bytes;
    assert_eq!(recognise(&keys, &turned, &binding, NOW - 1, NOW).is_ok(), same);
    assert_eq!(recognise(&keys, data, &binding, NOW - 1, NOW).is_ok(), data == &issued.bytes[..]);

    // A proof with some of its bits turned; the changes begin at its end, where the paths are.
    let mut proof = PROOF.get_or_init(|| solve(&issued)).clone();
    proof.iter_mut().rev().zip(data).for_each(|(byte, change)| *byte ^= change);
    let right = PROOF.get() == Some(&proof);
    let submission = Submission { challenge: &issued.bytes, proof: &proof };
    let admitted =
        admit(&keys, submission, &binding, NOW - 1, NOW).expect("it is ours, and as long as it has to be");
    let unspent = admitted.unspent(false).expect("it was not spent");
    assert_eq!(unspent.verify(&proof, &mut Workspace::default(), NOW).is_ok(), right);

    // As a cookie: in letters of its own, and as it stands.
    assert!(clearance::open(&keys, &to_text(data), &binding, NOW).is_err());
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(clearance::open(&keys, text, &binding, NOW).is_err());
        // One text for the same bytes: a cookie that is kept out by its text stays out.
        assert!(from_text(text).is_none_or(|bytes| to_text(&bytes) == text));
    }
});
