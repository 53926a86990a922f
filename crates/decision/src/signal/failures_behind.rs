use super::{Seen, Signal};
use crate::Evidence;

/// Failures from which it speaks.
const MANY: u32 = 5;

pub(super) const SIGNAL: Signal = Signal {
    name: "failures_behind",
    finds: "Five or more failures of this client lie in the ladder's window.",
    matters: "Failed log-ins and refused submissions come in rows from those who guess.",
    oat: &[7, 8],
    weight: 30,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    (seen.failures >= MANY).then_some(Evidence::Count {
        count: seen.failures,
        limit: MANY - 1,
        window_millis: 0,
    })
}
