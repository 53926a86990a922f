use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "hints_mismatch",
    finds: "The client hints name another browser, version or system than the user agent.",
    matters: "Browsers fill both in from one place. A person who changes the user agent by hand has them differ, too.",
    oat: &[11, 14],
    weight: 25,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    super::contradiction(seen, seen.observation.story.hints)
}
