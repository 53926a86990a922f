use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "solved_lately",
    finds: "The client solved a challenge in the last days.",
    matters: "It weighs nothing by itself: it is for conditions that spare those who have just proved themselves.",
    oat: &[],
    weight: 0,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let solves = seen.facts.history.solves;
    (solves > 0).then_some(Evidence::Count { count: solves.into(), limit: 0, window_millis: 0 })
}
