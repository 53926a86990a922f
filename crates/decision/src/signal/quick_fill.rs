use super::{Seen, Signal};
use crate::Evidence;

/// Nobody writes two words in two fields in this time.
pub(super) const MILLIS: u32 = 500;
/// One field may come from a text replacement, or from a key that writes a whole code.
pub(super) const FIELDS: u32 = 2;

pub(super) const SIGNAL: Signal = Signal {
    name: "quick_fill",
    finds: "Several fields of a form were filled in within half a second, and not by the browser itself.",
    matters: "Programs write fields at once. What a browser fills in does not count, nor what a password manager's \
              extension does where a pointer, a finger or a key was seen besides.",
    oat: &[8, 17, 19],
    weight: 30,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let behaviour = seen.observation.behaviour?;
    let fill = behaviour.fill;
    let by_itself = fill.inputs >= FIELDS && behaviour.filled_by_client() >= FIELDS && fill.millis < MILLIS;
    let by_a_manager = behaviour.only_scripted() && behaviour.hand_seen();
    (by_itself && !by_a_manager).then_some(Evidence::Measured {
        of: "fill.millis",
        value: fill.millis,
        bound: MILLIS,
    })
}
