use super::{Seen, Signal};
use crate::Evidence;

/// Who was first seen within so many seconds is new: long enough for a visit's first page with all that it brings.
const NEW_SECONDS: u32 = 60;

pub(super) const SIGNAL: Signal = Signal {
    name: "new_here",
    finds: "The client was first seen less than a minute ago.",
    matters: "Everybody is new once, so it weighs nothing by itself; a route that hardly anybody reaches first may give it a weight.",
    oat: &[],
    weight: 0,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    (seen.facts.available && seen.facts.history.known_seconds < NEW_SECONDS).then_some(Evidence::None)
}
