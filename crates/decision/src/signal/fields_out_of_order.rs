use super::{Seen, Signal};
use crate::Evidence;

/// Who corrects a field or two goes back that often; who moves by headings or by voice, a little more.
const BACK: u32 = 4;

pub(super) const SIGNAL: Signal = Signal {
    name: "fields_out_of_order",
    finds: "Fields were entered backwards more often than there are fields.",
    matters: "People fill a form in from its beginning, and go back to mend something. A list of names goes any way.",
    oat: &[17, 19],
    weight: 5,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let focus = seen.observation.behaviour?.focus;
    (focus.backwards >= BACK && focus.backwards > focus.fields).then_some(Evidence::Measured {
        of: "focus.backwards",
        value: focus.backwards,
        bound: focus.fields.max(BACK - 1),
    })
}
