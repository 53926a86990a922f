use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "page_hidden",
    finds: "A form was used on a page that was never in sight.",
    matters: "A tab that was opened in the background is nothing unusual, but nobody writes into one.",
    oat: &[8, 17, 19],
    weight: 30,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let behaviour = seen.observation.behaviour?;
    let used = behaviour.fill.inputs.max(behaviour.pointer.presses);
    (behaviour.visibility.hidden_throughout && used > 0).then_some(Evidence::Measured {
        of: "fill.inputs",
        value: used,
        bound: 0,
    })
}
