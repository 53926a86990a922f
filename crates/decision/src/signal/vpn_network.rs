use super::{Seen, Signal};
use crate::{Class, Evidence};

pub(super) const SIGNAL: Signal = Signal {
    name: "vpn_network",
    finds: "The address is on a list of the kind vpn.",
    matters: "The exit of a VPN service: people who want to be left alone, and programs that want not to be known. Alone it asks nobody for anything.",
    oat: &[11],
    weight: 10,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.listed.is(Class::Vpn).then_some(Evidence::None)
}
