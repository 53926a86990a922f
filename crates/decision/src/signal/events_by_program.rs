use super::{Seen, Signal};
use crate::Evidence;

/// A password manager's extension sends a key or two for each field, so that the page takes notice.
const KEYS: u32 = 12;

pub(super) const SIGNAL: Signal = Signal {
    name: "events_by_program",
    finds: "A script in the page moved a pointer, pressed it, or typed.",
    matters: "No hand makes such events. Extensions make a few keys' worth, which do not count.",
    oat: &[8, 17, 19],
    weight: 20,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let behaviour = seen.observation.behaviour?;
    let measured = |of, value, bound| Some(Evidence::Measured { of, value, bound });
    match (behaviour.pointer.untrusted, behaviour.keys.untrusted) {
        (0, 0..KEYS) => None,
        (0, keys) => measured("keys.untrusted", keys, KEYS - 1),
        (pointer, _) => measured("pointer.untrusted", pointer, 0),
    }
}
