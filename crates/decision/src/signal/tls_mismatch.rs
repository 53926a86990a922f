use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "tls_mismatch",
    finds: "The TLS handshake is not that of the browser that the user agent names.",
    matters: "A program that says it is a browser mostly brings its own TLS. So do proxies that open TLS to look inside, as some companies and virus scanners have: it adds, and does not decide.",
    oat: &[11, 14],
    weight: 30,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    super::contradiction(seen, seen.observation.story.tls)
}
