//! The vectors shared with the browser's solver are what this code yields, and this code passes them.

#[path = "../examples/vectors/cases.rs"]
#[allow(dead_code, reason = "the example writes, the test reads")]
mod cases;

use cases::{Vectors, hex, hex_words, refusal, unhex, unhex_words, vectors};
use spigot_cachewalk::{Params, Solver, Table, key, leaf};

const KEPT: &str = include_str!("../../../web/solver/vectors.json");

#[test]
fn the_kept_file_is_what_the_code_yields() {
    assert!(
        vectors() == KEPT,
        "run `cargo run -p spigot-cachewalk --release --example vectors -- --write`, and see whether the \
         change of the format is meant"
    );
}

#[test]
fn the_code_passes_the_kept_file() {
    let kept: Vectors = serde_json::from_str(KEPT).expect("vectors.json");
    let mut table = Table::boxed();
    for case in &kept.keys {
        assert_eq!(hex_words(&key(&unhex(&case.bytes))), case.key, "key of {}", case.bytes);
    }
    for case in &kept.leaves {
        let leaf = leaf(&mut table, &unhex_words(&case.key), case.i, case.dom);
        assert_eq!(hex_words(&leaf), case.leaf, "leaf {} of {} in {}", case.i, case.key, case.dom);
    }
    for case in &kept.proofs {
        let key = key(&unhex(&case.challenge_and_mac));
        let params = Params::new(case.log2_n, case.grind, case.open).expect("in bounds");
        assert_eq!(refusal(&mut table, &key, params, &unhex(&case.proof)), "ok", "{params:?}");
        assert_eq!(hex(&Solver::new(key, params).solve().encode()), case.proof, "{params:?}");
    }
    for case in &kept.malformed {
        let key = key(&unhex(&case.challenge_and_mac));
        let params = Params::new(case.log2_n, case.grind, case.open).expect("in bounds");
        assert_eq!(refusal(&mut table, &key, params, &unhex(&case.proof)), case.refusal, "{}", case.name);
    }
}
