use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "invalid_proof",
    finds: "The request came with a signature, key or token of a trusted client that does not hold.",
    matters: "Trusted clients bring proofs that hold; whoever tries to pass for one brings others. A proof that is \
              missing means nothing.",
    oat: &[11, 14],
    weight: 40,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.observation.trusted.failed.map(Evidence::Word)
}
