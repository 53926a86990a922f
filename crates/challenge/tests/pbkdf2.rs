//! The shared vectors of the kind `pbkdf2`, which the browser's code is tested with too. After a meant change of the
//! format, `UPDATE_EXPECT=1` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use spigot_cachewalk::{Leaf, Params, Proof, Solver, key, verify};
use spigot_challenge::Kind;
use spigot_challenge::kind::pbkdf2::{Leaves, of_log2};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/solver/pbkdf2.vectors.json");

fn hex(words: &[u32]) -> String {
    words.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
}

fn solved() -> (Vec<u8>, Params, Proof) {
    let challenge: Vec<u8> = (0..94).collect();
    let params = Params::new(6, 8, 3).unwrap();
    let proof = Solver::over(Leaves, key(&challenge), params).solve();
    (challenge, params, proof)
}

#[test]
fn the_shared_vectors() {
    let mut text = String::from("{\n  \"leaves\": [\n");
    let keys = [[0; 8], [u32::MAX; 8], key(b"spigot")];
    let cases: Vec<String> = keys
        .iter()
        .flat_map(|key| [(0, 0), (1, 0), (u32::MAX, 0), (4711, 1)].map(|(i, dom)| (key, i, dom)))
        .map(|(key, i, dom)| {
            let leaf = hex(&Leaves.leaf(key, i, dom));
            format!(r#"    {{ "key": "{}", "i": {i}, "dom": {dom}, "leaf": "{leaf}" }}"#, hex(key))
        })
        .collect();
    let (challenge, params, proof) = solved();
    let bytes = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    write!(
        text,
        "{}\n  ],\n  \"proof\": {{ \"challenge\": \"{}\", \"log2_n\": {}, \"grind\": {}, \"open\": {}, \"proof\": \"{}\" }}\n}}\n",
        cases.join(",\n"),
        bytes(&challenge),
        params.log2_n(),
        params.grind(),
        params.open(),
        bytes(&proof.encode())
    )
    .unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(FILE, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(FILE).unwrap(), text, "run with UPDATE_EXPECT=1 if it was meant");
}

#[test]
fn a_proof_holds_for_its_own_leaf_only() {
    let (challenge, params, proof) = solved();
    let key = key(&challenge);
    assert_eq!(verify(&mut Leaves, &key, params, &proof), Ok(()));
    let mut table = spigot_cachewalk::Table::boxed();
    assert!(verify(&mut table, &key, params, &proof).is_err(), "the walk's leaves are others");
}

#[test]
fn grinding_stays_an_eighth() {
    for log2_n in 4..=20 {
        let Kind::Pbkdf2(params) = of_log2(log2_n) else { panic!("another kind") };
        assert_eq!((params.log2_n(), params.grind(), params.open()), (log2_n, (1 << log2_n) / 8, 3));
    }
}
