//! The puzzle of `docs/puzzle.md`.

use spigot_cachewalk::{Leaf, Params, Proof, check_grind, check_openings, key};

use super::Kind;
use crate::issue::Challenge;
use crate::verify::Rejection;

pub(super) fn encode(params: Params) -> [u8; 7] {
    let grind = params.grind().to_le_bytes();
    [params.log2_n(), grind[0], grind[1], grind[2], grind[3], params.open(), 0]
}

pub(super) fn decode(bytes: [u8; 7]) -> Option<Params> {
    let grind = u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
    Params::new(bytes[0], grind, bytes[5]).ok()
}

/// Garbage ends at its length or at one leaf; only what was ground is opened.
pub(super) fn check(
    leaves: &mut impl Leaf,
    challenge: &Challenge,
    params: Params,
    proof: &[u8],
) -> Result<(), Rejection> {
    let proof = Proof::decode(proof, params).map_err(|_| Rejection::Malformed)?;
    let key = key(&challenge.bytes);
    let ground = check_grind(leaves, &key, params, &proof).map_err(|_| Rejection::Wrong)?;
    check_openings(leaves, &ground).map_err(|_| Rejection::Wrong)
}

/// The puzzle of `2^log2_n` leaves with the defaults of the specification; the exponent is kept within its bounds.
#[must_use]
pub fn of_log2(log2_n: u8) -> Kind {
    let default = Params::DEFAULT;
    Kind::Cachewalk(Params::new(log2_n.clamp(4, 20), default.grind(), default.open()).unwrap_or(default))
}
