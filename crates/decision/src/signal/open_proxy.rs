use super::{Seen, Signal};
use crate::{Class, Evidence};

pub(super) const SIGNAL: Signal = Signal {
    name: "open_proxy",
    finds: "The address is on a list of the kind proxy.",
    matters: "A proxy that anybody may use; hardly anybody but programs does.",
    oat: &[8, 11],
    weight: 40,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.listed.is(Class::Proxy).then_some(Evidence::None)
}
