use super::{Seen, Signal};
use crate::Evidence;

/// Failures, a half of them left after each week, from which it speaks: more than the ladder lets anybody collect in one
/// go, so they were collected over several.
const MANY: u16 = 20;

pub(super) const SIGNAL: Signal = Signal {
    name: "failed_often",
    finds: "The client has failed twenty times or was restricted twice, of late.",
    matters: "Who is slow enough for the ladder's window comes back again and again.",
    oat: &[7, 8],
    weight: 15,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let history = seen.facts.history;
    (history.failures >= MANY || history.restrictions >= 2).then_some(Evidence::Count {
        count: history.failures.into(),
        limit: u32::from(MANY) - 1,
        window_millis: 0,
    })
}
