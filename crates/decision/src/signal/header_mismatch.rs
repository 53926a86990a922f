use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "header_mismatch",
    finds: "The header fields are not what the browser that the user agent names sends, by presence or order.",
    matters: "Copying a user agent is easy, and many stop there. One field that is missing says nothing: proxies and extensions remove some.",
    oat: &[11, 14],
    weight: 15,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    super::contradiction(seen, seen.observation.story.headers)
}
