//! `cachewalk`, version 1: a puzzle whose cost is a walk in a table that fits a core's cache and nothing smaller.
//!
//! One source for the verifier (here) and for the solver (here, and compiled for the browser in `web/solver`). This
//! crate does no I/O, reads no clock, has no dependencies and no randomness; the challenge's fields, its MAC, its expiry
//! and its single use are the caller's.
//!
//! - [`blake2s`]: the compression function, `B(m, tag)`, and the hash that makes a key out of a challenge.
//! - [`mod@leaf`]: the walk.
//! - [`tree`]: the commitment, the grinding key and the names of the leaves to open.
//! - [`params`]: what a challenge asks for, in bounds.
//! - [`proof`]: a proof and its encoding. [`mod@verify`]: its verification. [`solver`]: the state machine that makes one.
//!
//! Each module's page states its part of the format completely; together they are enough to write another
//! implementation. Words are 32 bits and little-endian wherever bytes meet words; arithmetic is modulo 2³²; `x ‖ y` is
//! concatenation; `rotl` rotates left. The key is BLAKE2s-256 of the challenge's bytes followed by its MAC, as eight
//! words: [`key`].
//!
//! ```
//! use spigot_cachewalk::{Params, Proof, Solver, Table, key, verify};
//!
//! let key = key(b"challenge bytes and their MAC");
//! let params = Params::new(4, 2, 3)?;
//! let bytes = Solver::new(key, params).solve().encode();
//!
//! let proof = Proof::decode(&bytes, params)?;
//! verify(&mut Table::boxed(), &key, params, &proof)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod blake2s;
pub mod leaf;
pub mod params;
#[cfg(feature = "alloc")]
pub mod proof;
#[cfg(feature = "alloc")]
pub mod solver;
pub mod tree;
#[cfg(feature = "alloc")]
pub mod verify;

pub use blake2s::blake2s_256;
/// The puzzle's key: BLAKE2s-256 of the challenge's bytes followed by its MAC, as eight little-endian words.
pub use blake2s::blake2s_256_words as key;
pub use leaf::{Leaf, Table, leaf};
pub use params::{OutOfBounds, Params};
#[cfg(feature = "alloc")]
pub use proof::{Malformed, Proof};
#[cfg(feature = "alloc")]
pub use solver::{Phase, Progress, Solver};
pub use tree::Node;
#[cfg(feature = "alloc")]
pub use verify::{Ground, Refused, check_grind, check_openings, verify};
