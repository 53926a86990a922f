use super::{Seen, Signal};
use crate::Evidence;

/// An eye tracker, a switch or a screen reader that presses for somebody needs one or two.
const PRESSES: u32 = 3;

pub(super) const SIGNAL: Signal = Signal {
    name: "pointer_without_way",
    finds: "A pointer pressed in several places and was hardly seen on its way there.",
    matters: "A program's pointer appears where it presses. So does a finger, which does not count, and an eye tracker, \
              which is why it weighs little.",
    oat: &[8, 17, 19],
    weight: 10,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let pointer = seen.observation.behaviour?.pointer;
    let appears = pointer.touches == 0 && pointer.presses >= PRESSES && pointer.moves <= pointer.presses * 2;
    appears.then_some(Evidence::Measured {
        of: "pointer.moves",
        value: pointer.moves,
        bound: pointer.presses * 2,
    })
}
