use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "spam_detected",
    finds: "A form field that people cannot see came filled in.",
    matters: "Programs fill in every field; people leave empty what the page hides from them. It decides alone.",
    oat: &[17, 19],
    weight: 100,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.observation.honeypot_filled.then_some(Evidence::None)
}
