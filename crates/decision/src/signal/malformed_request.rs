use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "malformed_request",
    finds: "The request is no valid HTTP, or its path can be read in several ways.",
    matters: "Browsers never send such; probes for parsers that disagree do. The gateway refuses them before any \
              decision, so this speaks in replays of other servers' logs.",
    oat: &[14, 18],
    weight: 60,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.observation.malformed.then_some(Evidence::None)
}
