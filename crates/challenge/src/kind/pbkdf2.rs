//! The protocol of `cachewalk` with another leaf: PBKDF2-HMAC-SHA-256 (RFC 8018) of 300 iterations. For browsers whose
//! engine does not compile (lock-down modes): WebCrypto gives them native speed there, and nothing gives it to the walk.
//!
//! `leaf(key, i, dom)`: password is `key`, 32 bytes; salt is `spigot leaf` ‖ `i` ‖ `dom`; 32 bytes are derived. Words
//! are little-endian. `G` is kept at an eighth of `N`, which is what it is to `N` in the default puzzle, so that the
//! bound on cheating is the same.
//!
//! Graphics cards are good at this one. So it is asked for by the browser, but its cost and what it buys are the
//! server's, and it buys less.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use spigot_cachewalk::{Leaf, Params};

use super::Kind;

/// Iterations of each leaf.
pub const ITERATIONS: u32 = 300;
const SALT: &[u8; 11] = b"spigot leaf";

/// Computes the leaves; it needs no memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leaves;

impl Leaf for Leaves {
    fn leaf(&mut self, key: &[u32; 8], i: u32, dom: u32) -> [u32; 8] {
        let mut password = [0; 32];
        for (to, word) in password.chunks_exact_mut(4).zip(key) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        // Keyed once: each iteration starts from a copy, so it costs two compressions and not four.
        let keyed = Hmac::<Sha256>::new_from_slice(&password).expect("HMAC takes any key length");
        let first = keyed.clone().chain_update(SALT).chain_update(i.to_le_bytes());
        // The block number: 32 bytes are one block.
        let first = first.chain_update(dom.to_le_bytes()).chain_update(1u32.to_be_bytes());
        let mut turn: [u8; 32] = first.finalize().into_bytes().into();
        let mut derived = turn;
        for _ in 1..ITERATIONS {
            turn = keyed.clone().chain_update(turn).finalize().into_bytes().into();
            derived.iter_mut().zip(turn).for_each(|(sum, byte)| *sum ^= byte);
        }
        std::array::from_fn(|n| {
            u32::from_le_bytes([derived[4 * n], derived[4 * n + 1], derived[4 * n + 2], derived[4 * n + 3]])
        })
    }
}

/// The puzzle of `2^log2_n` leaves; the exponent is kept within its bounds.
#[must_use]
pub fn of_log2(log2_n: u8) -> Kind {
    let log2_n = log2_n.clamp(4, 20);
    let default = Params::DEFAULT;
    Kind::Pbkdf2(Params::new(log2_n, (1 << log2_n) / 8, default.open()).unwrap_or(default))
}
