//! A nonce such that `SHA-256(challenge bytes ‖ nonce as 8 bytes little-endian)` starts with so many zero bits.

use sha2::{Digest, Sha256};

use super::Kind;
use crate::issue::Challenge;
use crate::verify::Rejection;

pub(super) const PROOF_BYTES: usize = 8;

pub(super) fn encode(bits: u8) -> [u8; 7] {
    [bits, 0, 0, 0, 0, 0, 0]
}

pub(super) fn decode(bytes: [u8; 7]) -> Option<Kind> {
    (1..=40).contains(&bytes[0]).then_some(Kind::Sha256 { bits: bytes[0] })
}

pub(super) fn check(challenge: &Challenge, bits: u8, proof: &[u8]) -> Result<(), Rejection> {
    let nonce: [u8; 8] = proof.try_into().map_err(|_| Rejection::Malformed)?;
    if zero_bits(&challenge.bytes, nonce) >= u32::from(bits) { Ok(()) } else { Err(Rejection::Wrong) }
}

fn zero_bits(challenge: &[u8], nonce: [u8; 8]) -> u32 {
    let hash = Sha256::new().chain_update(challenge).chain_update(nonce).finalize();
    u64::from_be_bytes(hash[..8].try_into().expect("8 of 32 bytes")).leading_zeros()
}

/// Finds the smallest nonce; for tests and tools.
#[must_use]
pub fn solve(challenge: &[u8], bits: u8) -> [u8; 8] {
    (0u64..)
        .map(u64::to_le_bytes)
        .find(|nonce| zero_bits(challenge, *nonce) >= u32::from(bits))
        .unwrap_or_default()
}
