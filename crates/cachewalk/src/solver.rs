//! A solver that is driven in short slices and may have leaves computed elsewhere.
//!
//! Inner nodes are made as soon as both children are there, so that no slice ends in a burst of hashing and ranges may
//! arrive in any order.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::leaf::{Leaf, Table};
use crate::params::Params;
use crate::proof::Proof;
use crate::tree::{Names, Node, grind, grind_key, leaf_node, parent};

/// A puzzle being solved. Memory: 20 bytes per node, two nodes per leaf, and what computes the leaves (64 KiB).
pub struct Solver<L = Box<Table>> {
    key: [u32; 8],
    params: Params,
    leaves: L,
    /// A heap: node `n` is above `2n` and `2n + 1`, the root is 1, leaf `i` is `N + i`; 0 is unused.
    nodes: Vec<Option<Node>>,
    leaves_done: u32,
    /// Every leaf below this one is done.
    next_leaf: u32,
    stage: Stage,
}

enum Stage {
    Leaves,
    Grind { key: [u32; 8], g: u32 },
    Done { g: u32, names: Names },
}

impl Solver {
    /// Begins on the challenge that hashes to `key`.
    #[must_use]
    pub fn new(key: [u32; 8], params: Params) -> Solver {
        Solver::over(Table::boxed(), key, params)
    }
}

impl<L: Leaf> Solver<L> {
    /// Begins with leaves of another kind.
    #[must_use]
    pub fn over(leaves: L, key: [u32; 8], params: Params) -> Self {
        Solver {
            key,
            params,
            leaves,
            nodes: vec![None; 2 * params.leaves() as usize],
            leaves_done: 0,
            next_leaf: 0,
            stage: Stage::Leaves,
        }
    }

    /// Computes at most `budget_leaves` leaves, of the commitment or of the grinding, and reports.
    pub fn step(&mut self, budget_leaves: u32) -> Progress {
        for _ in 0..budget_leaves {
            match self.stage {
                Stage::Leaves => self.step_leaf(),
                Stage::Grind { key, g } => self.step_grind(&key, g),
                Stage::Done { .. } => break,
            }
        }
        self.progress()
    }

    /// Takes the nodes of leaves `first`, `first + 1`, … that [`crate::tree::leaf_nodes`] computed elsewhere.
    ///
    /// They are believed. Leaves that are already there are kept as they are.
    pub fn merge(&mut self, first: u32, nodes: &[Node]) -> Result<Progress, OutOfRange> {
        let leaves = self.params.leaves();
        let fits = first <= leaves && nodes.len() <= (leaves - first) as usize;
        if !fits {
            return Err(OutOfRange { first, count: nodes.len(), leaves });
        }
        for (i, node) in (first..).zip(nodes) {
            self.insert(i, *node);
        }
        Ok(self.progress())
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let phase = match self.stage {
            Stage::Leaves => Phase::Leaves,
            Stage::Grind { g, .. } => Phase::Grind { tried: g },
            Stage::Done { .. } => Phase::Done,
        };
        Progress { leaves_done: self.leaves_done, leaves_total: self.params.leaves(), phase }
    }

    /// The root, once all leaves are there.
    #[must_use]
    pub fn root(&self) -> Option<Node> {
        self.nodes[1]
    }

    /// The proof, once the phase is [`Phase::Done`].
    #[must_use]
    pub fn proof(&self) -> Option<Proof> {
        let Stage::Done { g, names } = self.stage else { return None };
        let mut paths = Vec::with_capacity(self.params.path_nodes());
        for name in &names[..usize::from(self.params.open())] {
            let mut at = (self.params.leaves() + name) as usize;
            while at > 1 {
                paths.push(self.nodes[at ^ 1]?);
                at >>= 1;
            }
        }
        Some(Proof { root: self.root()?, g, paths })
    }

    /// Solves to the end.
    #[must_use]
    pub fn solve(mut self) -> Proof {
        loop {
            self.step(u32::MAX);
            if let Some(proof) = self.proof() {
                return proof;
            }
        }
    }

    fn step_leaf(&mut self) {
        let leaves = self.params.leaves();
        while self.next_leaf < leaves && self.nodes[(leaves + self.next_leaf) as usize].is_some() {
            self.next_leaf += 1;
        }
        let node = leaf_node(&mut self.leaves, &self.key, self.next_leaf);
        self.insert(self.next_leaf, node);
    }

    fn step_grind(&mut self, key: &[u32; 8], g: u32) {
        self.stage = match grind(&mut self.leaves, key, self.params, g) {
            Some(names) => Stage::Done { g, names },
            // With G at most a million, all 2^32 fail with a chance below e^-4000; wrapping is as good as any answer.
            None => Stage::Grind { key: *key, g: g.wrapping_add(1) },
        };
    }

    fn insert(&mut self, i: u32, node: Node) {
        let mut at = (self.params.leaves() + i) as usize;
        if self.nodes[at].is_some() {
            return;
        }
        self.nodes[at] = Some(node);
        self.leaves_done += 1;
        while at > 1 {
            at >>= 1;
            let (Some(left), Some(right)) = (&self.nodes[2 * at], &self.nodes[2 * at + 1]) else { return };
            self.nodes[at] = Some(parent(left, right));
        }
        if let Some(root) = &self.nodes[1] {
            let key = grind_key(&self.key, root, self.params.leaves());
            self.stage = Stage::Grind { key, g: 0 };
        }
    }
}

/// How far a solver is. The leaves are a known amount of work; the grinding is not (`G` leaves on average).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Committed leaves that are there.
    pub leaves_done: u32,
    /// `N`.
    pub leaves_total: u32,
    /// What is being done now.
    pub phase: Phase,
}

/// What a solver is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Computing the committed leaves.
    Leaves,
    /// Searching for `g`.
    Grind {
        /// Values of `g` that did not pass.
        tried: u32,
    },
    /// The proof is ready.
    Done,
}

/// A merged range that is not inside the leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The range's first leaf.
    pub first: u32,
    /// The range's length.
    pub count: usize,
    /// `N`.
    pub leaves: u32,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} leaves from leaf {} do not fit into {}", self.count, self.first, self.leaves)
    }
}

impl core::error::Error for OutOfRange {}
