//! What a proof must survive and what must refuse it.

use proptest::prelude::*;
use spigot_cachewalk::tree::{grind, grind_key, leaf_nodes};
use spigot_cachewalk::{
    Malformed, OutOfBounds, Params, Phase, Progress, Proof, Refused, Solver, Table, check_grind,
    check_openings, key, verify,
};

/// Small, but with odds of a wrong proof passing (one in G · N^t) that no number of test runs meets.
const SMALL: (u8, u32, u8) = (7, 64, 3);

fn params((log2_n, grind, open): (u8, u32, u8)) -> Params {
    Params::new(log2_n, grind, open).expect("in bounds")
}

/// Decodes and verifies; both parts by hand must say the same as the whole.
fn check(key: &[u32; 8], params: Params, bytes: &[u8]) -> Result<Result<(), Refused>, Malformed> {
    let proof = Proof::decode(bytes, params)?;
    assert_eq!(proof.encode(), bytes, "one encoding");
    let mut table = Table::boxed();
    let whole = verify(&mut table, key, params, &proof);
    let parts =
        check_grind(&mut table, key, params, &proof).and_then(|ground| check_openings(&mut table, &ground));
    assert_eq!(whole, parts);
    Ok(whole)
}

#[test]
fn bounds_are_checked() {
    // Root and g are 20 bytes; a path of four nodes is 64.
    let cases = [
        ((3, 1, 1), Err(OutOfBounds::Log2N(3))),
        ((21, 1, 1), Err(OutOfBounds::Log2N(21))),
        ((255, 1, 1), Err(OutOfBounds::Log2N(255))),
        ((4, 0, 1), Err(OutOfBounds::Grind(0))),
        ((4, 1_000_001, 1), Err(OutOfBounds::Grind(1_000_001))),
        ((4, 1, 0), Err(OutOfBounds::Open(0))),
        ((4, 1, 17), Err(OutOfBounds::Open(17))),
        ((4, 1, 1), Ok(20 + 64)),
        ((20, 1_000_000, 16), Ok(20 + 5120)),
        ((13, 1000, 3), Ok(644)),
    ];
    for ((log2_n, grind, open), expected) in cases {
        assert_eq!(Params::new(log2_n, grind, open).map(Params::proof_bytes), expected);
    }
    assert_eq!(Params::DEFAULT, params((13, 1000, 3)));
}

#[test]
fn the_default_puzzle_is_solved_and_verified() {
    let key = key(b"default");
    let bytes = Solver::new(key, Params::DEFAULT).solve().encode();
    assert_eq!(bytes.len(), 644);
    assert_eq!(check(&key, Params::DEFAULT, &bytes), Ok(Ok(())));
}

#[test]
fn every_flipped_bit_is_refused() {
    let (key, params) = (key(b"flip"), params(SMALL));
    let bytes = Solver::new(key, params).solve().encode();
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let refused = check(&key, params, &flipped);
        let in_path = bit / 8 >= 20;
        match refused {
            Ok(Err(Refused::BadPath { index })) if in_path => {
                assert_eq!(usize::from(index), (bit / 8 - 20) / (16 * 7));
            }
            // A flip in root or g that happens to pass the grinding draws other names, and fails at the paths.
            Ok(Err(Refused::BadGrind | Refused::BadPath { .. })) if !in_path => {}
            other => panic!("bit {bit}: {other:?}"),
        }
    }
}

#[test]
fn a_later_g_that_passes_is_accepted() {
    // Not checkable, and priced: see the module `verify`.
    let (key, params) = (key(b"later"), params((4, 5, 2)));
    let mut table = Table::boxed();
    let mut nodes = vec![[0; 4]; 16];
    leaf_nodes(&mut table, &key, 0, &mut nodes);
    let tree = full_tree(&nodes);
    let first = Solver::new(key, params).solve();
    let f = grind_key(&key, &first.root, 16);
    let (g, names) =
        (first.g + 1..).find_map(|g| Some((g, grind(&mut table, &f, params, g)?))).expect("one in five");
    let paths = names[..2].iter().flat_map(|name| path(&tree, *name)).collect();
    let later = Proof { root: first.root, g, paths };
    assert_eq!(verify(&mut table, &key, params, &later), Ok(()));
}

fn full_tree(leaves: &[[u32; 4]]) -> Vec<Vec<[u32; 4]>> {
    let mut levels = vec![leaves.to_vec()];
    while levels[levels.len() - 1].len() > 1 {
        let below = &levels[levels.len() - 1];
        let above = below.chunks(2).map(|two| spigot_cachewalk::tree::parent(&two[0], &two[1])).collect();
        levels.push(above);
    }
    levels
}

fn path(levels: &[Vec<[u32; 4]>], name: u32) -> Vec<[u32; 4]> {
    let under_root = &levels[..levels.len() - 1];
    (0..).zip(under_root).map(|(depth, level)| level[(name >> depth) as usize ^ 1]).collect()
}

#[test]
fn a_proof_of_another_shape_is_refused_before_any_leaf() {
    let (key, asked) = (key(b"shape"), params((5, 1, 2)));
    let mut proof = Solver::new(key, asked).solve();
    let mut table = Table::boxed();
    let other = params((5, 1, 3));
    assert_eq!(verify(&mut table, &key, other, &proof), Err(Refused::BadShape));
    proof.paths.clear();
    assert_eq!(verify(&mut table, &key, asked, &proof), Err(Refused::BadShape));
}

#[test]
fn progress_is_honest_and_slices_and_ranges_change_nothing() {
    let (key, params) = (key(b"slices"), params(SMALL));
    let whole = Solver::new(key, params).solve();

    let mut solver = Solver::new(key, params);
    let start = Progress { leaves_done: 0, leaves_total: 128, phase: Phase::Leaves };
    assert_eq!(solver.progress(), start);
    assert_eq!(solver.step(0), start);
    assert_eq!(solver.step(3).leaves_done, 3);

    // Two workers, out of order, one overlapping what is there.
    let mut table = Table::boxed();
    let mut share = [[0; 4]; 50];
    leaf_nodes(&mut table, &key, 70, &mut share);
    assert_eq!(solver.merge(70, &share).expect("fits").leaves_done, 53);
    leaf_nodes(&mut table, &key, 1, &mut share);
    assert_eq!(solver.merge(1, &share).expect("fits").leaves_done, 101);
    assert!(solver.merge(100, &share).is_err());
    assert!(solver.merge(u32::MAX, &share).is_err());
    assert_eq!(solver.merge(128, &[]).expect("nothing fits").leaves_done, 101);
    assert_eq!((solver.root(), solver.proof()), (None, None));

    assert_eq!(
        solver.step(27),
        Progress { leaves_done: 128, leaves_total: 128, phase: Phase::Grind { tried: 0 } }
    );
    assert_eq!(solver.root(), Some(whole.root));
    let mut tried = 0;
    while solver.step(1).phase != Phase::Done {
        tried += 1;
        assert_eq!(solver.progress().phase, Phase::Grind { tried });
    }
    assert_eq!((tried, solver.proof()), (whole.g, Some(whole)));
    assert_eq!(solver.step(1000).phase, Phase::Done);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn solved_means_verified(seed: [u8; 16], log2_n in 4u8..8, grind in 1u32..40, open in 1u8..=16) {
        let (key, params) = (key(&seed), params((log2_n, grind, open)));
        let bytes = Solver::new(key, params).solve().encode();
        prop_assert_eq!(check(&key, params, &bytes), Ok(Ok(())));
    }

    #[test]
    fn another_key_refuses(seed: [u8; 16], other: [u8; 17]) {
        let params = params(SMALL);
        let bytes = Solver::new(key(&seed), params).solve().encode();
        prop_assert!(matches!(check(&key(&other), params, &bytes), Ok(Err(_))));
    }

    #[test]
    fn other_parameters_refuse(seed: [u8; 16]) {
        // The same length, so that only the tree's and the grinding's own binding to N can tell.
        let (key, asked) = (key(&seed), params((6, 64, 4)));
        let bytes = Solver::new(key, params((8, 64, 3))).solve().encode();
        prop_assert!(matches!(check(&key, asked, &bytes), Ok(Err(_))));
    }
}

proptest! {
    #[test]
    fn any_length_but_one_is_malformed(bytes in prop::collection::vec(any::<u8>(), 0..800)) {
        let params = Params::DEFAULT;
        let malformed = Malformed { expected: 644, got: bytes.len() };
        let expected = if bytes.len() == 644 { None } else { Some(malformed) };
        prop_assert_eq!(Proof::decode(&bytes, params).err(), expected);
    }

    #[test]
    fn garbage_of_the_right_length_is_refused(bytes in prop::collection::vec(any::<u8>(), 644)) {
        let refused = check(&[0; 8], Params::DEFAULT, &bytes);
        prop_assert!(matches!(refused, Ok(Err(_))));
    }
}
