//! A proof and its one encoding.
//!
//! All words little-endian, nothing between the fields, no length and no version (the challenge carries both):
//!
//! | bytes | field |
//! |---|---|
//! | 0–15 | `root`, four words |
//! | 16–19 | `g`, one word |
//! | 20– | `t` paths in the order of the names; a path is `log2 N` nodes of four words, from the leaf's sibling upward |
//!
//! The names of the opened leaves are never sent: the verifier derives them from `key`, `root`, `N` and `g`. The opened
//! leaves are not sent either: it computes them. So for given parameters there is one length, every bit of it is
//! checked, and any byte string of that length decodes.

use alloc::vec::Vec;
use core::fmt;

use crate::params::Params;
use crate::tree::{NODE_BYTES, Node};

/// A solver's answer. Decoded is not verified: see [`mod@crate::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The commitment to all leaves.
    pub root: Node,
    /// The grinding number.
    pub g: u32,
    /// `t` authentication paths of `log2 N` nodes each, one after the other.
    pub paths: Vec<Node>,
}

impl Proof {
    /// The proof as bytes; [`Params::proof_bytes`] of them.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity((self.paths.len() + 2) * NODE_BYTES);
        let head = self.root.iter().chain(core::iter::once(&self.g));
        for word in head.chain(self.paths.iter().flatten()) {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads a proof for `params`. The length is all that can be wrong here, and it is looked at first.
    pub fn decode(bytes: &[u8], params: Params) -> Result<Proof, Malformed> {
        let malformed = Malformed { expected: params.proof_bytes(), got: bytes.len() };
        if bytes.len() != params.proof_bytes() {
            return Err(malformed);
        }
        let (root, rest) = bytes.split_first_chunk().ok_or(malformed)?;
        let (g, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (paths, []) = rest.as_chunks() else { return Err(malformed) };
        Ok(Proof { root: node(root), g: u32::from_le_bytes(*g), paths: paths.iter().map(node).collect() })
    }
}

fn node(bytes: &[u8; NODE_BYTES]) -> Node {
    let mut node = [0; 4];
    for (word, four) in node.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*four);
    }
    node
}

/// Bytes that are not a proof for the parameters: they have the wrong length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The one length that a proof for the parameters has.
    pub expected: usize,
    /// The length that was given.
    pub got: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a proof for these parameters has {} bytes; this has {}", self.expected, self.got)
    }
}

impl core::error::Error for Malformed {}
