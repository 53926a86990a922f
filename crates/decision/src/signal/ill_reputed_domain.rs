use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "ill_reputed_domain",
    finds: "The address's domain has an ill name: spam or farmed accounts have come from it.",
    matters: "Whoever sends spam keeps domains for it. Lists of them age, and people have mailboxes in some.",
    oat: &[17, 19],
    weight: 25,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.facts.ill_reputed_domain.then_some(Evidence::None)
}
