use super::{Seen, Signal};
use crate::Evidence;

/// Name and password come from the clipboard of many a password manager.
const FIELDS: u32 = 3;

pub(super) const SIGNAL: Signal = Signal {
    name: "pasted_everything",
    finds: "Three or more fields are filled, each of them pasted.",
    matters: "Whoever sends many forms carries lists. Two fields are a password manager without an extension.",
    oat: &[17, 19],
    weight: 10,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let behaviour = seen.observation.behaviour?;
    let filled = behaviour.filled_by_client();
    let all = filled >= FIELDS && behaviour.paste.fields >= filled;
    all.then_some(Evidence::Measured { of: "paste.fields", value: behaviour.paste.fields, bound: FIELDS - 1 })
}
