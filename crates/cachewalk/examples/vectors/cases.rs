//! What the shared vectors are, computed. Byte strings are hexadecimal; words stand in them little-endian.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use spigot_cachewalk::tree::{DOMAIN_GRIND, grind, grind_key, leaf_node};
use spigot_cachewalk::{Params, Proof, Refused, Solver, Table, key, leaf, verify};

/// Everything in `vectors.json`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Vectors {
    pub(crate) keys: Vec<KeyCase>,
    pub(crate) leaves: Vec<LeafCase>,
    pub(crate) roots: Vec<RootCase>,
    pub(crate) proofs: Vec<ProofCase>,
    pub(crate) malformed: Vec<MalformedCase>,
    pub(crate) sha256: Vec<Sha256Case>,
}

/// BLAKE2s-256 of some bytes.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyCase {
    pub(crate) bytes: String,
    pub(crate) key: String,
}

/// One leaf, whole.
#[derive(Serialize, Deserialize)]
pub(crate) struct LeafCase {
    pub(crate) key: String,
    pub(crate) i: u32,
    pub(crate) dom: u32,
    pub(crate) leaf: String,
}

/// The root over `2^log2_n` leaves.
#[derive(Serialize, Deserialize)]
pub(crate) struct RootCase {
    pub(crate) key: String,
    pub(crate) log2_n: u8,
    pub(crate) root: String,
}

/// A challenge with its parameters and the proof that a solver that tries `g` in order finds.
#[derive(Serialize, Deserialize)]
pub(crate) struct ProofCase {
    pub(crate) challenge_and_mac: String,
    pub(crate) log2_n: u8,
    pub(crate) grind: u32,
    pub(crate) open: u8,
    pub(crate) g: u32,
    pub(crate) names: Vec<u32>,
    pub(crate) proof: String,
}

/// Bytes that are refused, and how.
#[derive(Serialize, Deserialize)]
pub(crate) struct MalformedCase {
    pub(crate) name: String,
    pub(crate) challenge_and_mac: String,
    pub(crate) log2_n: u8,
    pub(crate) grind: u32,
    pub(crate) open: u8,
    pub(crate) proof: String,
    pub(crate) refusal: String,
}

/// SHA-256 of `challenge_and_mac ‖ nonce`, where `nonce` is the smallest that gives `bits` leading zero bits.
#[derive(Serialize, Deserialize)]
pub(crate) struct Sha256Case {
    pub(crate) challenge_and_mac: String,
    pub(crate) bits: u32,
    pub(crate) nonce: u64,
    pub(crate) digest: String,
}

/// The file's text.
pub(crate) fn vectors() -> String {
    let (proofs, malformed) = (proofs(), malformed());
    let vectors =
        Vectors { keys: keys(), leaves: leaves(), roots: roots(), proofs, malformed, sha256: sha256() };
    let mut text = serde_json::to_string_pretty(&vectors).expect("plain data");
    text.push('\n');
    text
}

/// `ok`, or the name of what is wrong with `bytes` as a proof.
pub(crate) fn refusal(table: &mut Table, key: &[u32; 8], params: Params, bytes: &[u8]) -> String {
    let Ok(proof) = Proof::decode(bytes, params) else { return "malformed".into() };
    match verify(table, key, params, &proof) {
        Ok(()) => "ok".into(),
        Err(Refused::BadShape) => "bad_shape".into(),
        Err(Refused::BadGrind) => "bad_grind".into(),
        Err(Refused::BadPath { index }) => format!("bad_path:{index}"),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).expect("hexadecimal"))
        .collect()
}

pub(crate) fn hex_words(words: &[u32]) -> String {
    words.iter().map(|word| hex(&word.to_le_bytes())).collect()
}

pub(crate) fn unhex_words<const N: usize>(text: &str) -> [u32; N] {
    let bytes = unhex(text);
    std::array::from_fn(|n| u32::from_le_bytes(bytes[4 * n..4 * n + 4].try_into().expect("four bytes")))
}

/// Bytes 0, 1, 2, …; the lengths below stand on both sides of a block's end.
fn counting(length: usize) -> Vec<u8> {
    (0..length).map(|n| n as u8).collect()
}

fn keys() -> Vec<KeyCase> {
    let lengths = [0, 1, 3, 63, 64, 65, 127, 128, 129, 300];
    let cases = lengths.map(counting).into_iter().chain([b"abc".to_vec()]);
    cases.map(|bytes| KeyCase { key: hex_words(&key(&bytes)), bytes: hex(&bytes) }).collect()
}

fn leaves() -> Vec<LeafCase> {
    let mut table = Table::boxed();
    let keys = [[0; 8], [u32::MAX; 8], key(b"spigot"), key(b"cachewalk")];
    let places = [(0, 0), (1, 0), (8191, 0), (u32::MAX, 0), (0, 1), (4711, 1), (0, u32::MAX)];
    let mut cases = Vec::new();
    for key in keys {
        for (i, dom) in places {
            let leaf = hex_words(&leaf(&mut table, &key, i, dom));
            cases.push(LeafCase { key: hex_words(&key), i, dom, leaf });
        }
    }
    cases
}

fn roots() -> Vec<RootCase> {
    let case = |(log2_n, bytes): (u8, &[u8])| {
        let key = key(bytes);
        let params = Params::new(log2_n, 1, 1).expect("in bounds");
        let root = Solver::new(key, params).solve().root;
        RootCase { key: hex_words(&key), log2_n, root: hex_words(&root) }
    };
    [(4, &b"a"[..]), (5, b"b"), (6, b"c"), (8, b"d")].map(case).into()
}

/// (log2 N, G, t); the second collides among its names for certain, the third needs the further names.
const PARAMETERS: [(u8, u32, u8); 6] =
    [(4, 1, 1), (4, 2, 16), (6, 10, 8), (7, 50, 7), (9, 100, 3), (5, 1, 16)];

fn proofs() -> Vec<ProofCase> {
    (0..).zip(PARAMETERS).map(|(n, parameters)| proof(n, parameters).0).collect()
}

fn proof(n: usize, (log2_n, difficulty, open): (u8, u32, u8)) -> (ProofCase, Proof) {
    let challenge = counting(40 + 30 * n);
    let key = key(&challenge);
    let params = Params::new(log2_n, difficulty, open).expect("in bounds");
    let proof = Solver::new(key, params).solve();
    let f = grind_key(&key, &proof.root, params.leaves());
    let names = grind(&mut Table::boxed(), &f, params, proof.g).expect("solved");
    let case = ProofCase {
        challenge_and_mac: hex(&challenge),
        log2_n,
        grind: difficulty,
        open,
        g: proof.g,
        names: names[..usize::from(open)].to_vec(),
        proof: hex(&proof.encode()),
    };
    (case, proof)
}

fn malformed() -> Vec<MalformedCase> {
    let (base, solved) = proof(4, PARAMETERS[4]);
    let bytes = solved.encode();
    let last = bytes.len() - 1;
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let path_bytes = 16 * usize::from(base.log2_n);
    let mut swapped = bytes.clone();
    swapped[20..20 + 2 * path_bytes].rotate_left(path_bytes);
    let mut upside_down = solved;
    upside_down.paths[..usize::from(base.log2_n)].reverse();
    let bodies = [
        ("empty", Vec::new()),
        ("one byte short", bytes[..last].to_vec()),
        ("one byte long", [&bytes[..], &[0]].concat()),
        ("one path short", bytes[..bytes.len() - path_bytes].to_vec()),
        ("one path long", [&bytes[..], &bytes[20..20 + path_bytes]].concat()),
        ("all zero", vec![0; bytes.len()]),
        ("all ones", vec![0xff; bytes.len()]),
        ("another root", flipped(0)),
        ("another g", flipped(16)),
        ("first path's first bit", flipped(20)),
        ("second path's first bit", flipped(20 + path_bytes)),
        ("last byte", flipped(last)),
        ("first and second path exchanged", swapped),
        ("first path from the root downward", upside_down.encode()),
        ("only one path is honest", lazy(&base)),
    ];
    let key = key(&unhex(&base.challenge_and_mac));
    let params = Params::new(base.log2_n, base.grind, base.open).expect("in bounds");
    let case = |(name, bytes): (&str, Vec<u8>)| MalformedCase {
        name: name.into(),
        challenge_and_mac: base.challenge_and_mac.clone(),
        log2_n: base.log2_n,
        grind: base.grind,
        open: base.open,
        proof: hex(&bytes),
        refusal: refusal(&mut Table::boxed(), &key, params, &bytes),
    };
    bodies.map(case).into()
}

/// A proof over a commitment of which half the leaves were made up, ground until the first opening is an honest one and
/// the second is not.
fn lazy(base: &ProofCase) -> Vec<u8> {
    let key = key(&unhex(&base.challenge_and_mac));
    let params = Params::new(base.log2_n, base.grind, base.open).expect("in bounds");
    let half = params.leaves() / 2;
    let mut table = Table::boxed();
    let honest: Vec<_> = (0..half).map(|i| leaf_node(&mut table, &key, i)).collect();
    // The made-up leaves change with each round, until a root's smallest g names what is wanted.
    for round in 0.. {
        let mut solver = Solver::new(key, params);
        let made_up: Vec<_> = (half..2 * half).map(|i| [i, round, 0, DOMAIN_GRIND]).collect();
        solver.merge(0, &honest).and_then(|_| solver.merge(half, &made_up)).expect("in range");
        let proof = solver.solve();
        let f = grind_key(&key, &proof.root, params.leaves());
        let names = grind(&mut table, &f, params, proof.g).expect("solved");
        if names[0] < half && names[1] >= half {
            return proof.encode();
        }
    }
    unreachable!("one round in four ends it")
}

fn sha256() -> Vec<Sha256Case> {
    let case = |(length, bits): (usize, u32)| {
        let challenge = counting(length);
        let hash =
            |nonce: u64| Sha256::new().chain_update(&challenge).chain_update(nonce.to_le_bytes()).finalize();
        let zeros = |digest: &[u8]| {
            let whole = digest.iter().take_while(|byte| **byte == 0).count();
            8 * whole as u32 + digest.get(whole).map_or(0, |byte| byte.leading_zeros())
        };
        let nonce = (0..).find(|nonce| zeros(&hash(*nonce)) >= bits).expect("some nonce");
        Sha256Case { challenge_and_mac: hex(&challenge), bits, nonce, digest: hex(&hash(nonce)) }
    };
    // 47 + 8 is the longest that fits one block with its padding; 48 + 8 the shortest that does not.
    [(0, 0), (1, 4), (47, 8), (48, 10), (63, 12), (64, 13), (65, 1), (119, 16), (120, 9)].map(case).into()
}
