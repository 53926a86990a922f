use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "no_user_agent",
    finds: "The request names no client software.",
    matters: "Every browser does. Scripts that do not care leave it out.",
    oat: &[11, 14],
    weight: 15,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let empty = matches!(seen.observation.user_agent, "" | "-") && !seen.observation.malformed;
    empty.then_some(Evidence::None)
}
