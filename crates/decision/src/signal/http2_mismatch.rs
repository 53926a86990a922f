use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "http2_mismatch",
    finds: "The HTTP/2 connection is not set up as the browser that the user agent names does it.",
    matters: "Libraries announce other settings, in another order. Proxies that open TLS do so too.",
    oat: &[11, 14],
    weight: 20,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    super::contradiction(seen, seen.observation.story.http2)
}
