//! Verification, in two parts so that garbage ends at the first: one leaf for the grinding, then `t` leaves and paths.
//!
//! What it cannot see: whether `g` is the smallest that passes. A solver may go on to the next one to draw other names,
//! at a price of `G` leaves for each draw; the puzzle's analysis counts that. So two different proofs can both verify
//! for one challenge, and only spending the challenge's id makes a submission single-use, never the proof's bytes.
//!
//! Nothing here is secret (the submitter knows every value compared), so no comparison needs constant time.

use core::fmt;

use crate::leaf::Leaf;
use crate::params::Params;
use crate::proof::Proof;
use crate::tree::{Names, climb, grind, grind_key, leaf_node};

/// Verifies `proof` for the challenge that hashes to `key`; costs at most `1 + t` leaves.
pub fn verify(leaves: &mut impl Leaf, key: &[u32; 8], params: Params, proof: &Proof) -> Result<(), Refused> {
    let ground = check_grind(leaves, key, params, proof)?;
    check_openings(leaves, &ground)
}

/// The first, cheap part: the shape, then one grinding leaf. A random proof passes with a chance of one in `G`.
pub fn check_grind<'a>(
    leaves: &mut impl Leaf,
    key: &'a [u32; 8],
    params: Params,
    proof: &'a Proof,
) -> Result<Ground<'a>, Refused> {
    if proof.paths.len() != params.path_nodes() {
        return Err(Refused::BadShape);
    }
    let f = grind_key(key, &proof.root, params.leaves());
    let names = grind(leaves, &f, params, proof.g).ok_or(Refused::BadGrind)?;
    Ok(Ground { key, params, proof, names })
}

/// The second part: computes each named leaf and climbs its path to the root.
pub fn check_openings(leaves: &mut impl Leaf, ground: &Ground<'_>) -> Result<(), Refused> {
    let Ground { key, params, proof, names } = ground;
    let paths = proof.paths.chunks_exact(usize::from(params.log2_n()));
    for ((index, path), name) in (0..params.open()).zip(paths).zip(names) {
        if climb(leaf_node(leaves, key, *name), *name, path) != proof.root {
            return Err(Refused::BadPath { index });
        }
    }
    Ok(())
}

/// A proof whose grinding was checked, with the names that followed from it. Only [`check_grind`] makes one.
#[derive(Debug)]
pub struct Ground<'a> {
    key: &'a [u32; 8],
    params: Params,
    proof: &'a Proof,
    names: Names,
}

/// Why a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The number of path nodes does not fit the parameters; [`Proof::decode`] never yields such a proof for them.
    BadShape,
    /// The grinding leaf does not pass.
    BadGrind,
    /// An opened leaf's path does not lead to the root.
    BadPath {
        /// Which opening, counted from 0 in the order of the names.
        index: u8,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::BadShape => f.write_str("the proof's paths do not fit the parameters"),
            Refused::BadGrind => f.write_str("the grinding leaf does not pass"),
            Refused::BadPath { index } => write!(f, "opening {index} does not lead to the root"),
        }
    }
}

impl core::error::Error for Refused {}
