//! The commitment's arithmetic: nodes, the root a path leads to, the grinding key, and the names of the leaves to open.
//!
//! - A node is four words. A leaf's node is the first four words of `leaf(key, i, 0)`.
//! - `parent(l, r)` is the first four words of `B(l[0..4] ‖ r[0..4] ‖ 0 × 8, 32)`.
//! - Leaf `i` sits at position `i` of the lowest level; the parent of positions `2j` and `2j+1` is position `j` above.
//! - A path lists siblings from the leaf's own level up to the two children of the root, so bit `d` of the index says
//!   whether the running node is the right (1) or the left (0) input at path entry `d`.
//! - The grinding key is `f = B(key[0..8] ‖ root[0..4] ‖ N ‖ 0 × 3, 52)`.
//! - `g` passes when `leaf(f, g, 1)[0] ≤ ⌊2^32 / G⌋`, compared in 64 bits (`G = 1` lets everything pass).
//! - The names are words 1, 2, … of that leaf, each modulo `N`. A leaf has seven such words. Where `t > 7` asks for
//!   more, they go on with the eight words of `B(leaf[0..8] ‖ 1 ‖ 0 × 7, 53)` and then `B(leaf[0..8] ‖ 2 ‖ 0 × 7, 53)`.
//! - Names are drawn with replacement: when two are equal that leaf is opened twice, its path sent twice and both
//!   checked. So a proof has one length, and the chance that a fraction φ of the leaves survives is exactly `φ^t`.

use crate::blake2s::block;
use crate::leaf::Leaf;
use crate::params::{OPEN_MAX, Params};

/// A node of the tree: the first sixteen bytes of a digest.
pub type Node = [u32; 4];
/// A node's size in an encoded proof.
pub const NODE_BYTES: usize = 16;
/// The names of the leaves to open; the first `t` count, the rest are zero.
pub type Names = [u32; OPEN_MAX as usize];

/// Domain of the committed leaves.
pub const DOMAIN_LEAF: u32 = 0;
/// Domain of the grinding leaves.
pub const DOMAIN_GRIND: u32 = 1;

const TAG_PARENT: u32 = 32;
const TAG_GRIND_KEY: u32 = 52;
const TAG_MORE_NAMES: u32 = 53;

/// Computes leaf `i` and keeps what the tree keeps of it.
#[must_use]
pub fn leaf_node(leaves: &mut impl Leaf, key: &[u32; 8], i: u32) -> Node {
    let [a, b, c, d, ..] = leaves.leaf(key, i, DOMAIN_LEAF);
    [a, b, c, d]
}

/// Computes the leaves `first`, `first + 1`, … into `out`: a worker's share.
pub fn leaf_nodes(leaves: &mut impl Leaf, key: &[u32; 8], first: u32, out: &mut [Node]) {
    for (i, node) in (first..).zip(out) {
        *node = leaf_node(leaves, key, i);
    }
}

/// The node above `left` and `right`.
#[must_use]
pub fn parent(left: &Node, right: &Node) -> Node {
    let mut m = [0u32; 16];
    m[..4].copy_from_slice(left);
    m[4..8].copy_from_slice(right);
    let [a, b, c, d, ..] = block(&m, TAG_PARENT);
    [a, b, c, d]
}

/// The root that `path` leads to from `node` at position `index` of the lowest level.
#[must_use]
pub fn climb(mut node: Node, mut index: u32, path: &[Node]) -> Node {
    for sibling in path {
        node = if index & 1 == 0 { parent(&node, sibling) } else { parent(sibling, &node) };
        index >>= 1;
    }
    node
}

/// The grinding key `f`, bound to the challenge (through `key`), the root and the number of leaves.
#[must_use]
pub fn grind_key(key: &[u32; 8], root: &Node, leaves: u32) -> [u32; 8] {
    let mut m = [0u32; 16];
    m[..8].copy_from_slice(key);
    m[8..12].copy_from_slice(root);
    m[12] = leaves;
    block(&m, TAG_GRIND_KEY)
}

/// Tries one `g`: the names of the leaves to open when it passes. Costs one leaf.
#[must_use]
pub fn grind(leaves: &mut impl Leaf, grind_key: &[u32; 8], params: Params, g: u32) -> Option<Names> {
    let ground = leaves.leaf(grind_key, g, DOMAIN_GRIND);
    let passes = u64::from(ground[0]) <= (1u64 << 32) / u64::from(params.grind());
    passes.then(|| names(&ground, params))
}

fn names(ground: &[u32; 8], params: Params) -> Names {
    let mut more = [0u32; 16];
    more[..8].copy_from_slice(ground);
    let mut words = [0u32; 24];
    words[..8].copy_from_slice(ground);
    for n in 1..=2 {
        more[8] = n as u32;
        words[8 * n..8 * n + 8].copy_from_slice(&block(&more, TAG_MORE_NAMES));
    }
    let mut names = [0; OPEN_MAX as usize];
    for (name, word) in names.iter_mut().zip(&words[1..]).take(usize::from(params.open())) {
        // N is a power of two.
        *name = word & (params.leaves() - 1);
    }
    names
}
