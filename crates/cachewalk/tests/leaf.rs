//! The kernel: RFC 7693's own vectors, and what makes a leaf a function of its arguments and of nothing else.

use proptest::prelude::*;
use spigot_cachewalk::{Table, blake2s_256, leaf};

fn check_blake2s(bytes: &[u8], expected: &str) {
    let digest: String = blake2s_256(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, expected);
}

#[test]
fn blake2s_of_the_rfc() {
    // RFC 7693, appendix B.
    check_blake2s(b"abc", "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
    // Python's `hashlib.blake2s`.
    check_blake2s(b"", "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9");
}

#[test]
fn blake2s_self_test_of_the_rfc() {
    // RFC 7693, appendix E, the unkeyed half at 32 bytes: the lengths 0, 3, 64, 65, 255, 1024 of its sequence, digests
    // hashed together. The RFC's own grand hash covers keyed and shorter digests too, which this code does not have.
    let mut all = Vec::new();
    for length in [0usize, 3, 64, 65, 255, 1024] {
        all.extend_from_slice(&blake2s_256(&selftest_sequence(length)));
    }
    check_blake2s(&all, SELFTEST);
}

/// Made with Python's `hashlib.blake2s`.
const SELFTEST: &str = "7c23dc21fe153229b4b6eb325499e60fbc1b4889893882f3852b5b06d2048a4e";

/// `selftest_seq` of RFC 7693, appendix E.
fn selftest_sequence(length: usize) -> Vec<u8> {
    let mut a = 0xdead_4badu32.wrapping_mul(length as u32);
    let mut b = 1u32;
    let step = |_| {
        let t = a.wrapping_add(b);
        a = b;
        b = t;
        (t >> 24) as u8
    };
    (0..length).map(step).collect()
}

/// The leaf written a second time, word for word from the specification and without a thought for speed.
fn slow_leaf(key: &[u32; 8], i: u32, dom: u32) -> [u32; 8] {
    use spigot_cachewalk::blake2s::block;
    const C: [u32; 8] =
        [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1, 0xd3a2646d, 0xfd7046c5, 0xb55a4f09];
    let head: Vec<u32> = key.iter().copied().chain([i, 14, 2048, dom, 0, 0, 0, 0]).collect();
    let h = block(&head.try_into().expect("sixteen"), 64);
    let mut x = h;
    let mut s = Vec::new();
    for _ in 0..8 {
        for l in 0..8 {
            let sum = x[l].wrapping_add(h[(l + 4) % 8]).rotate_left(7);
            x[l] = sum.wrapping_mul(C[l]) ^ x[(l + 1) % 8];
        }
        s.extend(x);
    }
    let walk = |x: &mut [u32; 8], s: &[u32], p: u32| {
        let y = *x;
        for l in 0..8 {
            let first = s[(y[l] >> (32 - p)) as usize];
            let second = s[((y[l] >> 5) % (1 << p)) as usize] | 1;
            x[l] = (y[l] ^ first).wrapping_mul(second).wrapping_add(y[(l + 1) % 8].rotate_left(9));
        }
    };
    for p in 6..=13 {
        for _ in 0..1 << (p - 3) {
            walk(&mut x, &s, p);
            s.extend(x);
        }
    }
    for step in 0..2048 {
        walk(&mut x, &s, 14);
        s[8 * step..8 * step + 8].copy_from_slice(&x);
    }
    let tail: Vec<u32> = x.into_iter().chain(h.map(|word| s[word as usize % s.len()])).collect();
    block(&tail.try_into().expect("sixteen"), 65u32.wrapping_add(dom))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fast_is_slow(key: [u32; 8], i: u32, dom in prop_oneof![Just(0), Just(1), any::<u32>()]) {
        prop_assert_eq!(leaf(&mut Table::boxed(), &key, i, dom), slow_leaf(&key, i, dom));
    }

    #[test]
    fn a_used_table_gives_the_same_leaf(key: [u32; 8], i: u32, other: [u32; 8]) {
        let mut used = Table::boxed();
        let _ = leaf(&mut used, &other, !i, 1);
        prop_assert_eq!(leaf(&mut used, &key, i, 0), leaf(&mut Table::boxed(), &key, i, 0));
    }
}
