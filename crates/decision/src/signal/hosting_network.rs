use super::{Seen, Signal};
use crate::{Class, Evidence};

pub(super) const SIGNAL: Signal = Signal {
    name: "hosting_network",
    finds: "The address is on a list of the kind hosting, on none of a VPN or of Tor, and no verified crawler's.",
    matters: "Programs live in data centres. People come from there through VPN services, which is why an address that a more particular list knows is what that list says.",
    oat: &[8, 11, 15],
    weight: 40,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let more_is_known = [Class::Vpn, Class::Tor].iter().any(|class| seen.listed.is(*class))
        || seen.facts.reputation.verified().is_some();
    (seen.listed.is(Class::Hosting) && !more_is_known).then_some(Evidence::None)
}
