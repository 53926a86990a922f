use super::{Seen, Signal};
use crate::Evidence;

/// One field may have been filled by the page's own script, from an address or a draft.
const FIELDS: u32 = 2;

pub(super) const SIGNAL: Signal = Signal {
    name: "fields_filled_unseen",
    finds: "Fields are filled that nobody entered, or that were entered and filled without a single input.",
    matters: "Values were set from outside of the page. Browsers' own filling in does not count.",
    oat: &[8, 17, 19],
    weight: 10,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let behaviour = seen.observation.behaviour?;
    let by_client = behaviour.filled_by_client();
    let unentered = behaviour.focus.filled_unentered.min(by_client);
    let silent = if behaviour.fill.inputs == 0 { by_client } else { 0 };
    let unseen = unentered.max(silent);
    (unseen >= FIELDS).then_some(Evidence::Measured {
        of: "focus.filled_unentered",
        value: unseen,
        bound: FIELDS - 1,
    })
}
