use super::{Seen, Signal};
use crate::{Class, Evidence};

pub(super) const SIGNAL: Signal = Signal {
    name: "ill_reputed",
    finds: "The address is on a list of the kind reputation.",
    matters: "Others have seen abuse from it. It weighs what its list says, the largest where several have it, unless the route's weight is 0.",
    oat: &[7, 8, 14, 15, 17],
    weight: 40,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.listed.is(Class::Reputation).then_some(Evidence::None)
}
