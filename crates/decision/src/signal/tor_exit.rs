use super::{Seen, Signal};
use crate::{Class, Evidence};

pub(super) const SIGNAL: Signal = Signal {
    name: "tor_exit",
    finds: "The address is on a list of the kind tor.",
    matters: "The exit of the Tor network, which people need and abuse passes through. Alone it marks the event.",
    oat: &[11],
    weight: 25,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.listed.is(Class::Tor).then_some(Evidence::None)
}
